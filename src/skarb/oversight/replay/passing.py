"""Passing: the rows that are lived through, taken out of all rows in the order of their journals.

Totals depend on the order of rows, and a database that picks rows by a list of cases gives them back in whatever order its threads find them. So
every row is read, in order, and what is not lived through is dropped here. What is left is put together until it is worth a turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions
from skarb.oversight.replay import read
from skarb.oversight.replay.read import Chunk, Rows
from skarb.rulebook.feature import Counted
from skarb.rulebook.windows import periods_of

Numbers = npt.NDArray[np.int64]

_SIDES = {
    "actor": "party",
    "counterparty": "counterparty",
    "venue": "venue",
    "wallet": "wallet",
    "asset": "asset",
}  # columns of rows


class Passing:
    """Rows on their way through, and whose totals of when they count in."""

    def __init__(
        self, rows: Rows, tracks: Sequence[Counted], among: npt.NDArray[np.bool_], also: Numbers, kernel: Functions
    ) -> None:
        """Make ready for all rows once; `among` says of each case whether its rows are taken, `also` are positions of others."""
        self._among, self._also, self._pick = among, also, kernel["pick"]
        self._keys = [rows.told_apart(["book", *(_SIDES[one] for one in track.over if one in _SIDES)]) for track in tracks]
        self.columns = list(dict.fromkeys(["rowid", "answer", *(part.column for parts in self._keys for part in parts)]))
        self._first: int = rows.days[0]
        days = np.arange(self._first, rows.days[1] + 1)
        self._periods = [periods_of(track.window, days) for track in tracks]
        self._waiting: list[Chunk] = []

    def pick(self, chunk: Chunk) -> Chunk:
        """Return what is wanted of some rows; any thread may."""
        return chunk.taken(self._wanted(chunk))

    def take(self, picked: Chunk) -> Iterator[Chunk]:
        """Take what was picked of some rows, and yield what is worth a turn now."""
        self._waiting.append(picked)
        if sum(len(one.cases) for one in self._waiting) >= read.CHUNK:
            joined = Chunk.joined(self._waiting)
            self._waiting = [joined.taken(slice(read.CHUNK, None))]
            yield joined.taken(slice(read.CHUNK))

    def rest(self) -> Iterator[Chunk]:
        """Yield what has not been worth a turn."""
        joined = Chunk.joined(self._waiting) if self._waiting else None
        self._waiting = []
        if joined and len(joined.cases):
            yield joined

    def _wanted(self, chunk: Chunk) -> Numbers:
        picked = np.empty(len(chunk.cases), np.int64)
        wanted = picked[: self._pick(chunk.cases, self._among, picked)]
        if len(self._also) and len(chunk.cases):
            positions = chunk.columns["rowid"]
            near = self._also[slice(*np.searchsorted(self._also, [positions[0], positions[-1] + 1]))]
            wanted = np.union1d(wanted, np.flatnonzero(np.isin(positions, near)))
        return wanted

    def keys(self, chunk: Chunk) -> Numbers:
        """Return for each track whose totals the rows count in, in one word."""
        return np.array([chunk.packed(parts) for parts in self._keys], np.int64).reshape(len(self._keys), len(chunk.cases))

    def periods(self, chunk: Chunk) -> Numbers:
        """Return for each track the period that the rows lie in."""
        days = chunk.columns["day"] - self._first
        return np.array([of[days] for of in self._periods], np.int64).reshape(len(self._periods), len(days))
