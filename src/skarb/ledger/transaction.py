"""Transactions of many legs, and their reversal, as transfers that stand or fall together.

A transaction says by how much each account changes. It becomes the fewest plain transfers that do just that: an account is either only
debited or only credited, so no order of the legs can make a floor or ceiling fail that holds in the end, or hold where it fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from skarb.core.errors import InputError
from skarb.core.transfer import TRANSFER, TransferFlag, leg_id
from skarb.ledger.books import Records

_WORD = (1 << 64) - 1
_LEGS_MAX = 1 << 13
_AMOUNT_MAX = (1 << 128) - 1
_NO_REVERSE = TransferFlag.pending | TransferFlag.void_pending_transfer


class Leg(NamedTuple):
    """The change of one account."""

    account: int  # its id
    ledger: int  # the number of the asset
    amount: int  # smallest units; above zero credits the account, below zero debits it


class _Move(NamedTuple):
    ledger: int
    debit: int
    credit: int
    amount: int


def transfers_of(transaction: int, legs: Iterable[Leg], *, code: int, user_128: int = 0, effective: int = 0) -> Records:
    """Return the linked transfers that a transaction becomes.

    Units: `effective` in nanoseconds since 1970, 0 when it takes effect as it is recorded.
    Shape: TRANSFER records; the first has the id of the transaction, the others ids that follow from it. Posted again, the first one
    answers `exists` and the others `linked_event_failed`.
    Raises: InputError if the legs of an asset do not add up to zero, if nothing moves, or if there are too many.
    """
    moves = _moves(list(legs))
    records = np.zeros(len(moves), TRANSFER)
    key = transaction.to_bytes(16, "little")
    for number, (record, move) in enumerate(zip(records, moves, strict=True)):
        own = transaction if not number else int.from_bytes(leg_id(key, number), "little")
        _set(record, id=own, debit=move.debit, credit=move.credit, amount=move.amount, user=user_128)
        record["ledger"] = move.ledger
    records["code"], records["user_64"] = code, effective
    records["flags"][:-1] = TransferFlag.linked
    return records


def reversal_of(record: np.void) -> Records:
    """Return the transfer that takes back one that was posted; `user` names what it takes back.

    Its id follows from the id of what it reverses, so a transfer is reversed once however often it is asked for.
    Raises: InputError if the record moved nothing: a hold is voided instead, and a void has nothing to take back.
    """
    if int(record["flags"]) & _NO_REVERSE:
        raise InputError(
            f"transfer {_whole(record, 'id'):#034x}: given a hold or a void, expected one that moved something; void the hold instead"
        )
    reversed_id = _whole(record, "id")
    made = blake2b(reversed_id.to_bytes(16, "little"), digest_size=16, person=b"skarb-reversal").digest()
    records = np.zeros(1, TRANSFER)
    _set(
        records[0],
        id=int.from_bytes(made, "little"),
        debit=_whole(record, "credit"),
        credit=_whole(record, "debit"),
        amount=_whole(record, "amount"),
        user=reversed_id,
    )
    records["ledger"], records["code"] = record["ledger"], record["code"]
    return records


def _moves(legs: list[Leg]) -> list[_Move]:
    if len(legs) > _LEGS_MAX:
        raise InputError(f"transaction: given {len(legs)} legs, expected at most {_LEGS_MAX}; split it")
    changes: dict[int, dict[int, int]] = {}  # ledger → account → change, in the order given
    for leg in legs:
        accounts = changes.setdefault(leg.ledger, {})
        accounts[leg.account] = accounts.get(leg.account, 0) + leg.amount
    moves: list[_Move] = []
    for ledger, accounts in changes.items():
        if total := sum(accounts.values()):
            raise InputError(
                f"transaction: the legs of ledger {ledger} add up to {total}, expected 0; every debit needs its credit"
            )
        moves += _matched(ledger, accounts)
    if not moves:
        raise InputError("transaction: given legs that change no account, expected at least one debit and one credit")
    return moves


def _matched(ledger: int, accounts: dict[int, int]) -> list[_Move]:
    """Pair debits with credits in the order given."""
    debits = [[account, -change] for account, change in accounts.items() if change < 0]
    credits_ = [[account, change] for account, change in accounts.items() if change > 0]
    moves: list[_Move] = []
    while debits:
        amount = min(debits[0][1], credits_[0][1])
        if amount > _AMOUNT_MAX:
            raise InputError(
                f"transaction: given the amount {amount} in ledger {ledger}, expected less than 2^128 smallest units"
            )
        moves.append(_Move(ledger, debits[0][0], credits_[0][0], amount))
        for side in (debits, credits_):
            side[0][1] -= amount
            if not side[0][1]:
                side.pop(0)
    return moves


def _set(record: np.void, **numbers: int) -> None:
    for name, number in numbers.items():
        record[f"{name}_lo"], record[f"{name}_hi"] = number & _WORD, number >> 64


def _whole(record: np.void, name: str) -> int:
    return int(record[f"{name}_lo"]) | int(record[f"{name}_hi"]) << 64
