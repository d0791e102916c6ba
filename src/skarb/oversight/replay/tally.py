"""Tally: rows counted by kind, chunk after chunk, in a table that grows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions, choose_kind, compiled, interpreted
from skarb.oversight.replay import tallying
from skarb.oversight.replay.arrange import Arrangement

_WORTH_COMPILING = 200_000  # rows


@dataclass(frozen=True)
class Cells:
    """Kinds of rows that occurred, with how many there were and what they were worth together.

    Shape: one entry per kind, in the order of first appearance. Units: money in minor units of the legal currency, missing values left out; the sum is
    `high` times 2**32 plus `low`.
    """

    cases: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.uint64]
    groups: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]  # position of the first row of the kind, and its varying facts

    def __len__(self) -> int:
        return len(self.cases)


class Tally:
    """Counts rows of one arrangement."""

    def __init__(self, arrangement: Arrangement, money: str, rows: int = _WORTH_COMPILING) -> None:
        """Start with an empty table; `money` is the fact that is summed, `rows` about how many there will be."""
        self._arrangement = arrangement
        self._money = arrangement.names.index(money)
        self._functions = _functions(choose_kind(rows >= _WORTH_COMPILING))
        self._width = 1 + len(arrangement.names) + len(arrangement.wholes)
        self._used = 0
        self._grow(1 << 12)

    def _grow(self, room: int) -> None:
        kept = self._table() if self._used else None
        self._cases, self._kinds = np.empty(room, np.int32), np.empty(room, np.uint64)
        self._groups, self._counts = np.empty(room, np.int64), np.zeros(room, np.int64)
        self._low, self._high = np.zeros(room, np.int64), np.zeros(room, np.int64)
        self._firsts = np.empty((room, self._width), np.int64)
        if kept:
            for new, old in zip(self._table(), kept, strict=True):
                new[: self._used] = old[: self._used]
        self._slots = np.zeros(2 * room, np.int32)
        self._functions["enter"](self._slots, self._used, self._cases, self._kinds, self._groups)

    def _table(self) -> tuple[npt.NDArray[Any], ...]:
        return self._cases, self._kinds, self._groups, self._counts, self._low, self._high, self._firsts

    def add(
        self,
        origin: int,
        cases: npt.NDArray[np.int32],
        groups: npt.NDArray[np.int64],
        fields: npt.NDArray[np.int64],
        counting: bool = True,
    ) -> npt.NDArray[np.int32]:
        """Count rows, or only find their cells; `origin` is the position of the first. Returns the cell of every row."""
        one, row = self._arrangement, 0
        which = np.empty(len(cases), np.int32)
        laid = (one.bounds, one.term_fields, one.term_factors, one.beside, one.steps)
        while True:
            row, self._used = self._functions["tally"](
                row, cases, groups, fields, self._money, origin, *laid, self._slots, self._used, *self._table(), which, counting
            )
            if row == len(cases):
                return which
            self._grow(2 * len(self._cases))

    def cells(self) -> Cells:
        """Return what was counted so far."""
        return Cells(*(column[: self._used].copy() for column in self._table()))


@cache
def _functions(kind: str) -> Functions:
    entries = ("tally", "enter")
    return compiled([tallying], entries, woven=("interval", "kind")) if kind == "numba" else interpreted([tallying])
