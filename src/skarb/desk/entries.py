"""Entries: legs in words become the ledger's records, opening the accounts they need.

An account is an address in words and an asset; its id is a hash of both, so the same words always mean the same account.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct as Layout

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import ensure
from skarb.core.transfer import ACCOUNT, TRANSFER, Limit, TransferFlag, key_128
from skarb.desk.model import Leg
from skarb.desk.plan import FLOORED
from skarb.journal.model import Opening

_ACCOUNT = Layout("<16s16sQIIHHIQQQQQ")  # the fields of ACCOUNT, pairs of halves as 16 bytes
_ZERO = bytes(16)
_LINKED = TransferFlag.linked.value
_CODE = 1  # the only kind of account and transfer there is so far
ensure(_ACCOUNT.size == ACCOUNT.itemsize, "packed accounts have the ledger's layout")


class Chart:
    """The accounts of a book, by address and asset, and the ledger's number of each asset."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []  # in the order of the ledger's accounts
        self._ids: dict[tuple[str, str], bytes] = {}
        self._by_id: dict[bytes, Opening] = {}
        self._ledgers: dict[str, int] = {}

    def learn(self, openings: Iterable[Opening]) -> None:
        """Take over accounts that the journal has opened, in its order."""
        for opening in openings:
            self.openings.append(opening)
            account = account_id(opening.address, opening.asset)
            self._ids[(opening.address, opening.asset)] = account
            self._by_id[account] = opening
            self._ledgers.setdefault(opening.asset, len(self._ledgers) + 1)

    def opening(self, low: int, high: int) -> Opening:
        """Return the account with an id, given in two halves."""
        return self._by_id[int(low).to_bytes(8, "little") + int(high).to_bytes(8, "little")]

    def account(self, address: str, asset: str) -> bytes | None:
        """Return the id of an account, or None if it was never opened."""
        return self._ids.get((address, asset))

    def ledger(self, asset: str) -> int:
        """Return the ledger's number of an asset that has an account."""
        return self._ledgers[asset]


class Entries:
    """The records of one batch while it is being planned, kept as columns."""

    def __init__(self, chart: Chart) -> None:
        self.openings: list[Opening] = []
        self.owners: list[int] = []  # of each transfer: the row of its instruction
        self._chart = chart
        self._accounts: list[bytes] = []
        self._ids: list[bytes] = []
        self._debits: list[bytes] = []
        self._credits: list[bytes] = []
        self._units: list[int] = []
        self._keys: list[bytes] = []
        self._ledgers: list[int] = []
        self._linked: list[int] = []  # places of transfers that stand or fall with the next one

    def add(self, row: int, key: bytes, legs: tuple[Leg, ...]) -> None:
        """Add the transfers of one instruction; they stand or fall together."""
        for number, leg in enumerate(legs):
            if number:
                self._linked.append(len(self._ids) - 1)
            self._ids.append(key if number == 0 else key_128(f"{key.hex()} {number}"))
            self._debits.append(self._account(leg.debit, leg.asset))
            self._credits.append(self._account(leg.credit, leg.asset))
            self._units.append(leg.units)
            self._keys.append(key)
            self._ledgers.append(self._chart.ledger(leg.asset))
            self.owners.append(row)

    def accounts(self) -> NDArray[np.void]:
        """Return the accounts to open. Shape: one ACCOUNT record per opening."""
        return np.frombuffer(bytearray(b"".join(self._accounts)), dtype=ACCOUNT)

    def transfers(self) -> NDArray[np.void]:
        """Return the transfers to post. Shape: one TRANSFER record per owner."""
        records = np.zeros(len(self._ids), dtype=TRANSFER)
        amounts = [units.to_bytes(16, "little") for units in self._units]
        columns = {"id": self._ids, "debit": self._debits, "credit": self._credits, "amount": amounts, "user": self._keys}
        for name, column in columns.items():
            halves = np.frombuffer(b"".join(column), dtype="<u8")
            records[f"{name}_lo"], records[f"{name}_hi"] = halves[0::2], halves[1::2]
        records["ledger"] = self._ledgers
        records["code"] = _CODE
        records["flags"][self._linked] = _LINKED
        return records

    def _account(self, address: str, asset: str) -> bytes:
        known = self._chart.account(address, asset)
        if known is not None:
            return known
        made = account_id(address, asset)
        opening = Opening(address, asset)
        self._chart.learn((opening,))
        self.openings.append(opening)
        limits = Limit.floor.value if address.startswith(FLOORED) else 0
        ledger = self._chart.ledger(asset)
        self._accounts.append(_ACCOUNT.pack(made, _ZERO, 0, 0, ledger, _CODE, 0, limits, 0, 0, 0, 0, 0))
        return made


def account_id(address: str, asset: str) -> bytes:
    """Return the 128-bit id of the account at an address in words."""
    return key_128(f"{asset} {address}")
