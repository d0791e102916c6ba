"""Entries: legs in words become the ledger's records, opening the accounts they need.

An account is an address in words and an asset; its id is a hash of both, so the same words always mean the same account.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.transfer import ACCOUNT, TRANSFER, TransferFlag, leg_id
from skarb.desk.model import Leg
from skarb.desk.plan import FLOORED
from skarb.desk.roll import Plain
from skarb.journal.chart import Chart, account_record
from skarb.journal.model import Opening

_LINKED = TransferFlag.linked.value
_HALF = (1 << 64) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CODE = 1  # the only kind of account and transfer there is so far


class Posting(NamedTuple):
    """What a batch does to the ledger."""

    openings: list[Opening]
    accounts: NDArray[np.void]  # one ACCOUNT record per opening
    transfers: NDArray[np.void]  # TRANSFER records
    owners: NDArray[np.uint32]  # of each transfer: the row of its instruction


class _Opener:
    """Finds the accounts of a batch and opens those that are missing."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.openings: list[Opening] = []
        self._records: list[bytes] = []

    def account(self, address: str, asset: str) -> bytes:
        """Return the id of an account."""
        known = self.chart.ids.get(asset)
        return (known.get(address) if known is not None else None) or self._open(address, asset)

    def records(self, first: int = 0) -> NDArray[np.void]:
        """Return the accounts to open, or those from a place on. Shape: one ACCOUNT record per opening."""
        return np.frombuffer(bytearray(b"".join(self._records[first:])), dtype=ACCOUNT)

    def _open(self, address: str, asset: str) -> bytes:
        opening = Opening(address, asset)
        self.chart.learn((opening,))
        self.openings.append(opening)
        floor = 0 if address.startswith(FLOORED) else None
        self._records.append(account_record(address, asset, self.chart.ledgers[asset], floor=floor))
        return self.chart.ids[asset][address]


class Entries:
    """The transfers of one batch while instruction after instruction is planned."""

    def __init__(self, chart: Chart) -> None:
        self._opener = _Opener(chart)
        self._ids: list[bytes] = []
        self._debits: list[bytes] = []
        self._credits: list[bytes] = []
        self._units: list[int] = []
        self._keys: list[bytes] = []
        self._effective: list[int] = []
        self._ledgers: list[int] = []
        self._rows: list[int] = []
        self._linked: list[int] = []  # places of transfers that stand or fall with the next one

    def add(self, row: int, key: bytes, legs: tuple[Leg, ...], at: datetime) -> None:
        """Add the transfers of one instruction, with effect from its instant; they stand or fall together."""
        account = self._opener.account
        effective = max((at - _EPOCH) // _MICROSECOND * 1000, 0)
        for number, leg in enumerate(legs):
            if number:
                self._linked.append(len(self._ids) - 1)
            self._debits.append(account(leg.debit, leg.asset))
            self._credits.append(account(leg.credit, leg.asset))
            self._ids.append(leg_id(key, number) if number else key)
            self._units.append(leg.units)
            self._keys.append(key)
            self._effective.append(effective)
            self._ledgers.append(self._opener.chart.ledgers[leg.asset])
            self._rows.append(row)

    def accounts(self, first: int) -> NDArray[np.void]:
        """Return the accounts to open from a place on, as records."""
        return self._opener.records(first)

    def posting(self, first: int = 0) -> Posting:
        """Return what was added as records, or of the transfers only those from a place on."""
        ids, units = self._ids[first:], self._units[first:]
        records = np.zeros(len(ids), dtype=TRANSFER)
        columns = {"id": ids, "debit": self._debits[first:], "credit": self._credits[first:], "user": self._keys[first:]}
        for name, column in columns.items():
            _set_ids(records, name, _halves(b"".join(column)))
        if max(units, default=0) >> 64:
            records["amount_lo"] = [one & _HALF for one in units]
            records["amount_hi"] = [one >> 64 for one in units]
        else:
            records["amount_lo"] = units
        records["user_64"] = self._effective[first:]
        records["ledger"] = self._ledgers[first:]
        records["code"] = _CODE
        records["flags"][[place - first for place in self._linked if place >= first]] = _LINKED
        return Posting(self._opener.openings, self._opener.records(), records, np.array(self._rows[first:], "<u4"))


def post_plain(chart: Chart, plain: Plain, keys: bytes, moving: NDArray[np.bool_]) -> Posting:
    """Return one transfer, from the party to the other side, for each row that moves something."""
    rows = np.flatnonzero(moving)
    opener = _Opener(chart)
    sides = plain.parties[rows], plain.counterparties[rows]
    accounts = plain.roll.accounts(plain.asset)
    met = np.stack(sides, axis=1).ravel()  # in order, so that accounts are opened in order
    strange = list(dict.fromkeys(met[accounts[met, 0] == 0].tolist()))
    accounts[strange] = _halves(b"".join([opener.account(plain.roll.address(place), plain.asset) for place in strange]))
    records = np.zeros(len(rows), dtype=TRANSFER)
    ids = _halves(keys)[rows]
    for name, halves in {"id": ids, "debit": accounts[sides[0]], "credit": accounts[sides[1]], "user": ids}.items():
        _set_ids(records, name, halves)
    records["amount_lo"] = plain.units[rows]
    records["user_64"] = np.maximum(plain.at[rows], 0)
    records["ledger"] = chart.ledgers.get(plain.asset, 0)
    records["code"] = _CODE
    return Posting(opener.openings, opener.records(), records, rows.astype("<u4"))


def _halves(ids: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(ids, "<u8").reshape(-1, 2)


def _set_ids(records: NDArray[np.void], name: str, halves: NDArray[np.uint64]) -> None:
    records[f"{name}_lo"], records[f"{name}_hi"] = halves[:, 0], halves[:, 1]
