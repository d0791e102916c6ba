"""Entries: legs in words become the ledger's records, opening the accounts they need.

An account is an address in words and an asset; its id is a hash of both, so the same words always mean the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from struct import Struct as Layout

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import ensure
from skarb.core.transfer import ACCOUNT, TRANSFER, Limit, TransferFlag
from skarb.desk.model import Leg
from skarb.desk.plan import FLOORED
from skarb.journal.model import Opening

_ACCOUNT = Layout("<16s16sQIIHHIQQQQQ")  # the fields of ACCOUNT, pairs of halves as 16 bytes
_ZERO = bytes(16)
_LINKED = TransferFlag.linked.value
_HALF = (1 << 64) - 1
_CODE = 1  # the only kind of account and transfer there is so far
ensure(_ACCOUNT.size == ACCOUNT.itemsize, "packed accounts have the ledger's layout")


class Chart:
    """The accounts of a book, by address and asset, and the ledger's number of each asset."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []  # in the order of the ledger's accounts
        self.ids: dict[str, dict[str, bytes]] = {}  # account ids by asset and address
        self._by_id: dict[bytes, Opening] = {}
        self.ledgers: dict[str, int] = {}  # the ledger's number of each asset

    def learn(self, openings: Iterable[Opening]) -> None:
        """Take over accounts that the journal has opened, in its order."""
        for opening in openings:
            self.openings.append(opening)
            account = account_id(opening.address, opening.asset)
            self.ids.setdefault(opening.asset, {})[opening.address] = account
            self._by_id[account] = opening
            self.ledgers.setdefault(opening.asset, len(self.ledgers) + 1)

    def opening(self, low: int, high: int) -> Opening:
        """Return the account with an id, given in two halves."""
        return self._by_id[int(low).to_bytes(8, "little") + int(high).to_bytes(8, "little")]


class Entries:
    """The records of one batch while it is being planned, kept as columns."""

    def __init__(self, chart: Chart) -> None:
        self.openings: list[Opening] = []
        self._chart = chart
        self._accounts: list[bytes] = []
        self._ids: list[bytes] = []
        self._debits: list[bytes] = []
        self._credits: list[bytes] = []
        self._units: list[int] = []
        self._keys: list[bytes] = []
        self._ledgers: list[int] = []
        self._rows: list[int] = []
        self._linked: list[int] = []  # places of transfers that stand or fall with the next one

    def add(self, row: int, key: bytes, legs: tuple[Leg, ...]) -> None:
        """Add the transfers of one instruction; they stand or fall together."""
        for number, leg in enumerate(legs):
            if number:
                self._linked.append(len(self._ids) - 1)
            asset = leg.asset
            known = self._chart.ids.get(asset) or self._chart.ids.setdefault(asset, {})
            self._debits.append(known.get(leg.debit) or self._open(leg.debit, asset))
            self._credits.append(known.get(leg.credit) or self._open(leg.credit, asset))
            self._ids.append(_leg_id(key, number) if number else key)
            self._units.append(leg.units)
            self._keys.append(key)
            self._ledgers.append(self._chart.ledgers[asset])
            self._rows.append(row)

    def add_plain(
        self,
        asset: str,
        rows: Sequence[int],
        keys: Sequence[bytes],
        debits: Sequence[str],
        credits_: Sequence[str],
        units: Sequence[int],
    ) -> None:
        """Add one transfer for each of many instructions about one asset."""
        known = self._chart.ids.get(asset) or self._chart.ids.setdefault(asset, {})
        sides = list(map(known.get, debits)), list(map(known.get, credits_))
        if None in sides[0] or None in sides[1]:
            for place, (debit, credit) in enumerate(zip(debits, credits_, strict=True)):
                sides[0][place] = known.get(debit) or self._open(debit, asset)
                sides[1][place] = known.get(credit) or self._open(credit, asset)
        self._debits += sides[0]  # type: ignore[arg-type]
        self._credits += sides[1]  # type: ignore[arg-type]
        self._ids += keys
        self._units += units
        self._keys += keys
        self._ledgers += [self._chart.ledgers[asset]] * len(rows) if rows else []
        self._rows += rows

    def accounts(self) -> NDArray[np.void]:
        """Return the accounts to open. Shape: one ACCOUNT record per opening."""
        return np.frombuffer(bytearray(b"".join(self._accounts)), dtype=ACCOUNT)

    def transfers(self) -> NDArray[np.void]:
        """Return the transfers to post. Shape: one TRANSFER record per owner."""
        records = np.zeros(len(self._ids), dtype=TRANSFER)
        columns = {"id": self._ids, "debit": self._debits, "credit": self._credits, "user": self._keys}
        for name, column in columns.items():
            halves = np.frombuffer(b"".join(column), dtype="<u8")
            records[f"{name}_lo"], records[f"{name}_hi"] = halves[0::2], halves[1::2]
        if max(self._units, default=0) >> 64:
            records["amount_lo"] = [units & _HALF for units in self._units]
            records["amount_hi"] = [units >> 64 for units in self._units]
        else:
            records["amount_lo"] = self._units
        records["ledger"] = self._ledgers
        records["code"] = _CODE
        records["flags"][self._linked] = _LINKED
        return records

    def owners(self) -> NDArray[np.uint32]:
        """Return the row of each transfer's instruction."""
        return np.array(self._rows, dtype="<u4")

    def _open(self, address: str, asset: str) -> bytes:
        """Open an account and return its id."""
        made = account_id(address, asset)
        opening = Opening(address, asset)
        self._chart.learn((opening,))
        self.openings.append(opening)
        limits = Limit.floor.value if address.startswith(FLOORED) else 0
        ledger = self._chart.ledgers[asset]
        self._accounts.append(_ACCOUNT.pack(made, _ZERO, 0, 0, ledger, _CODE, 0, limits, 0, 0, 0, 0, 0))
        return made


def _leg_id(key: bytes, number: int) -> bytes:
    """Return the id of a further transfer of an instruction; its hash is of a kind of its own, so no instruction can have it."""
    return blake2b(key + bytes((number,)), digest_size=16, person=b"skarb-leg-128").digest()


def account_id(address: str, asset: str) -> bytes:
    """Return the 128-bit id of the account at an address in words."""
    return blake2b(f"{asset} {address}".encode(), digest_size=16, person=b"skarb-account").digest()
