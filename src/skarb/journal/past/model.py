"""A book's past in words: accounts by address and asset, heights by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import NotFound, ensure, shorten
from skarb.journal.model import Opening
from skarb.ledger.past import Known, Past, Totals

_MANY = 256  # accounts from which on it is sooner done to go through all changes once
_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)


class Heights(NamedTuple):
    """How far the book went after each batch. Shape: one item per batch, the first one stands for the empty book."""

    recorded_at: NDArray[np.uint64]
    transfers: NDArray[np.uint64]
    expiries: NDArray[np.uint64]

    def changes(self, sequence: int) -> int:
        """Return how many changes there were after a batch."""
        return int(self.transfers[sequence] + self.expiries[sequence])


@dataclass(frozen=True)
class BookPast:
    """All that can be asked about the past of one book, up to one batch."""

    book: str
    sequence: int  # the last batch it knows
    head: bytes  # after that batch
    past: Past
    openings: Sequence[Opening]  # of each account, in the ledger's order
    heights: Heights

    @property
    def known(self) -> Known:
        """The index."""
        return self.past.known

    def find(self, address: str, asset: str | None = None, *, below: bool = False) -> list[int]:
        """Return the accounts at an address, or at it and below it, in one asset or in all.

        Raises: NotFound
        """
        stem = address.rstrip("/")
        found = [
            row
            for row, opening in enumerate(self.openings)
            if (opening.address == stem or (below and opening.address.startswith(f"{stem}/"))) and asset in (None, opening.asset)
        ]
        if not found:
            what = f"no account at {shorten(stem)!r}" + (" or below it" if below else "") + (f" in {asset}" if asset else "")
            parts = sorted({one.address.partition("/")[0] for one in self.openings})
            there = f", below {', '.join(parts[:8])}" if parts else ""
            raise NotFound(f"book {self.book} has {what}; it has {len(self.openings):,} accounts{there}")
        return found

    def sums(self, rows: Sequence[int], recorded: int | None, effective: int | None) -> dict[str, tuple[Totals, int]]:
        """Return for each asset the sums over some accounts, and how many they are; moments as in `Known.totals`."""
        count = self.known.until(recorded)
        table = self.known.all_totals(len(self.openings), count, effective) if len(rows) >= _MANY else None
        of: dict[str, list[int]] = {}
        for row in rows:
            of.setdefault(self.openings[row].asset, []).append(row)
        if table is not None:
            return {asset: (sum_of(table[own]), len(own)) for asset, own in of.items()}
        totals = {row: self.known.totals_until(row, count, effective) for row in rows}
        return {asset: (sum((totals[row] for row in own), Totals()), len(own)) for asset, own in of.items()}

    def supply(self, height: int) -> dict[str, tuple[Totals, int]]:
        """Return for each asset the sums over all its accounts after a batch, and how many accounts it has by now.

        Raises: NotFound beyond the last batch.
        """
        if not 0 <= height <= self.sequence:
            raise NotFound(f"book {self.book} has no batch {height}; give one from 0 (the empty book) to {self.sequence}")
        table = self.known.all_totals(len(self.openings), self.heights.changes(height))
        of: dict[str, list[int]] = {}
        for row, opening in enumerate(self.openings):
            of.setdefault(opening.asset, []).append(row)
        return {asset: (sum_of(table[own]), len(own)) for asset, own in of.items()}


def sum_of(table: NDArray[np.uint64]) -> Totals:
    """Sum rows of words exactly: halves of 32 bits cannot overflow 64 within the accounts that a ledger can have."""
    ensure(len(table) < 1 << 31, "a ledger has fewer than 2^31 accounts")
    words = [int((column & _LOW).sum()) + (int((column >> _HALF).sum()) << 32) for column in table.T]
    below = (table.T[2::3] >> np.uint64(63)).sum(axis=1)  # how many are below zero
    sums = [
        words[place] + (words[place + 1] << 64) + (words[place + 2] << 128) - (int(below[place // 3]) << 192)
        for place in (0, 3, 6, 9)
    ]
    return Totals(sums[0], sums[1], sums[2], sums[3])
