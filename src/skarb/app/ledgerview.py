"""Look into a ledger without instructions, in words: its accounts with balances and limits, its transfers with their results; and take one back.

Transfers are read from the journal, where those that were rejected stand, too. An id is shown as it was given if the journal keeps it
(`model.ID_WORD`), else as 0x and 32 hex digits, which can be asked for as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.app.ledger import Answer, answers, single_step
from skarb.core.errors import NotFound, shorten
from skarb.core.transfer import TRANSFER, AccountFlag, Limit, TransferFlag, key_128, leg_id
from skarb.journal import Envelope, LedgerBook
from skarb.journal.chain import notes_of, openings_of
from skarb.journal.leaves import instant_words
from skarb.journal.model import ID_WORD, Opening
from skarb.ledger import Result, reversal_of
from skarb.ledger.books import Records
from skarb.ledger.machine import Codes

_NOBODY = Opening("", "")
_RAW = re.compile(r"0x[0-9a-f]{32}")
_MOVED = (
    TransferFlag.post_pending_transfer
    | TransferFlag.void_pending_transfer
    | TransferFlag.balancing_debit
    | TransferFlag.balancing_credit
)  # transfers whose amount the ledger settles


class AccountRow(NamedTuple):
    """An account as it stands. Units: smallest units of its asset."""

    address: str
    asset: str
    posted: int
    held_out: int
    held_in: int
    available: int
    floor: int | None
    ceiling: int | None
    closed: bool
    code: int
    flags: str


class TransferRow(NamedTuple):
    """A transfer as it was given, with what the ledger answered. Units: smallest units of its asset."""

    batch: int
    place: int  # in the batch
    id: str  # of a transaction for all of its transfers
    debit: str
    credit: str
    asset: str
    amount: int  # that really moved, where the ledger settled it
    code: int
    flags: str
    result: str
    settles: str  # the hold that it posts or voids
    effective: str  # nothing where it takes effect as it is recorded
    recorded: str
    metadata: str  # JSON, nothing where there is none


def accounts(book: LedgerBook, prefix: str = "") -> Iterator[AccountRow]:
    """Yield the accounts at an address and below it, or all, in the order in which they were opened."""
    stem, table = prefix.rstrip("/"), book.ledger.balances()
    for opening, sums in zip(book.chart.openings, table, strict=True):
        if stem and opening.address != stem and not opening.address.startswith(f"{stem}/"):
            continue
        balance = book.ledger.balance(book.account(opening.address, opening.asset))
        record = book.ledger.lookup_account(book.account(opening.address, opening.asset))
        yield AccountRow(
            opening.address,
            opening.asset,
            balance.posted,
            balance.debits_pending,
            balance.credits_pending,
            balance.available,
            None if record is None else _limit(record, "floor"),
            None if record is None else _limit(record, "ceiling"),
            balance.closed,
            int(sums["code"]),
            _names(AccountFlag(int(sums["flags"]) & ~AccountFlag.closed)),
        )


def account_words(envelope: Envelope, words: dict[tuple[str, str], str]) -> None:
    """Learn the metadata of the accounts that a batch opened, as JSON; an observer of the book's opening."""
    if len(envelope.accounts) and len(memoryview(envelope.notes)) > 1:
        openings = openings_of(envelope)
        for note in notes_of(envelope):
            if envelope.account_results[note.transfer] == Result.created:
                opening = openings[note.transfer]
                words[opening.address, opening.asset] = msgspec.json.encode(note.words).decode()


def transfers(book: LedgerBook, wanted: str | None = None, account: str | None = None) -> Iterator[TransferRow]:
    """Yield transfers in the order of the journal: all, those of one id, or those of the accounts at an address.

    Of an id these are the transfer, or those of the transaction, and what took them back. What was asked for again and was there already is
    left out: nothing happened.

    Raises: NotFound if there is no such account.
    """
    family = None if wanted is None else {key_of(wanted)}
    sides = [known[account] for known in book.chart.ids.values() if account in known] if account is not None else None
    if sides == []:
        raise NotFound(f"{book.book.path} has no account at {shorten(account)!r}")
    holds: dict[bytes, str] = {}
    for envelope in book.book.envelopes():
        if not len(envelope.transfers):
            continue
        records = np.frombuffer(envelope.transfers, TRANSFER)
        mask = np.frombuffer(envelope.results, np.uint8) != Result.exists.value
        if family is not None:
            mask &= _of(records, family)
        if sides is not None:
            mask &= np.any([_is(records, side, one) for one in sides for side in ("debit", "credit")], axis=0)
        holding = (records["flags"] & TransferFlag.pending) != 0
        if not mask.any() and not holding.any():
            continue
        words = {note.transfer: note.words for note in notes_of(envelope)}
        names = {_whole(records[place], "id"): one[ID_WORD] for place, one in words.items() if ID_WORD in one}
        holds |= {
            name: names[name] for name in (_whole(records[place], "id") for place in np.flatnonzero(holding)) if name in names
        }
        for place in np.flatnonzero(mask).tolist():
            failed = envelope.results[place] == Result.linked_event_failed
            if failed and book.ledger.lookup_transfer(_whole(records[place], "id")) is not None:
                continue  # a leg of a transaction that was there already
            yield _row(book, envelope, records[place], place, words.get(place, {}), names, holds)


def _row(
    book: LedgerBook,
    envelope: Envelope,
    record: np.void,
    place: int,
    words: dict[str, str],
    names: dict[bytes, str],
    holds: dict[bytes, str],
) -> TransferRow:
    result, own, pending = Result(envelope.results[place]), _whole(record, "id"), _whole(record, "pending")
    moved = book.ledger.lookup_transfer(own) if result == Result.created and int(record["flags"]) & _MOVED else None
    told = record if moved is None else moved
    debit, credit = (book.chart.find(_whole(told, side)) or _NOBODY for side in ("debit", "credit"))
    amount = int(told["amount_lo"]) | int(told["amount_hi"]) << 64
    kept = {key: value for key, value in words.items() if key != ID_WORD}
    return TransferRow(
        envelope.sequence,
        place,
        names.get(own) or names.get(_whole(record, "user")) or _hex(own),
        debit.address,
        credit.address,
        debit.asset or credit.asset,
        amount,
        int(told["code"]),
        _names(TransferFlag(int(record["flags"]))),
        result.name,
        holds.get(pending, _hex(pending)) if any(pending) else "",
        instant_words(int(told["user_64"]) if int(told["user_64"]) < 1 << 63 else 0),
        instant_words(envelope.recorded_at),
        msgspec.json.encode(kept).decode() if kept else "",
    )


def reverse(book: LedgerBook, wanted: str) -> Answer:
    """Take back a transfer, or all transfers of a transaction together, durably; asked again it answers `repeated`.

    Raises: NotFound; InputError if it moved nothing.
    """
    key = key_of(wanted)
    records = [book.ledger.lookup_transfer(key)]
    if records[0] is None:
        raise NotFound(
            f"{book.book.path} has no transfer {wanted!r} that was created; ids are given as they were handed in, or as 0x and 32 hex digits"
        )
    while (more := book.ledger.lookup_transfer(leg_id(key, len(records)))) is not None:
        records.append(more)
    made = np.concatenate([reversal_of(record) for record in records if record is not None])
    made["flags"][:-1] = TransferFlag.linked
    future: Future[Codes] = book.post_async(made, {0: {"reverses": wanted}})
    return next(answers(book, single_step(wanted, made), future))


def key_of(wanted: str) -> bytes:
    """Return the key of a transfer from its id, as it was given or as 0x and 32 hex digits."""
    return int(wanted, 16).to_bytes(16, "little") if _RAW.fullmatch(wanted) else key_128(wanted)


def _limit(record: np.void, name: str) -> int | None:
    there, negative = Limit[name], Limit[f"{name}_negative"]
    bits = int(record["limits"])
    magnitude = int(record[f"{name}_lo"]) | int(record[f"{name}_hi"]) << 64
    return None if not bits & there else -magnitude if bits & negative else magnitude


def _of(records: Records, family: set[bytes]) -> NDArray[np.bool_]:
    """Say which transfers have one of some keys, or name one in `user`, as legs and reversals do; their own keys join in."""
    while True:
        halves = np.frombuffer(b"".join(family), "<u8").reshape(-1, 2)
        mask = np.zeros(len(records), bool)
        for name in ("id", "user"):
            mask |= np.isin(records[f"{name}_lo"], halves[:, 0]) & np.isin(records[f"{name}_hi"], halves[:, 1])
        found = {_whole(record, "id") for record in records[mask]} - family
        if not found:
            return mask
        family |= found


def _is(records: Records, name: str, key: bytes) -> NDArray[np.bool_]:
    low, high = np.frombuffer(key, "<u8")
    found: NDArray[np.bool_] = (records[f"{name}_lo"] == low) & (records[f"{name}_hi"] == high)
    return found


def _whole(record: np.void, name: str) -> bytes:
    return int(record[f"{name}_lo"]).to_bytes(8, "little") + int(record[f"{name}_hi"]).to_bytes(8, "little")


def _hex(key: bytes) -> str:
    return f"{int.from_bytes(key, 'little'):#034x}"


def _names(flags: AccountFlag | TransferFlag) -> str:
    return " ".join(flag.name or "" for flag in flags)
