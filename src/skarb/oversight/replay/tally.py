"""Tally: rows counted by kind, chunk after chunk, in a table that grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from queue import SimpleQueue
from typing import Generic, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions, choose_kind, compiled, interpreted
from skarb.ledger import wide
from skarb.oversight.replay import living, paying, tables, tallying
from skarb.oversight.replay.arrange import Arrangement
from skarb.oversight.replay.read import Room
from skarb.oversight.replay.tables import Table
from skarb.oversight.replay.tallying import Fields, Sums

WORTH_COMPILING = 200_000  # rows
AHEAD = 32  # works that wait for lanes while somebody is told of earlier ones

T = TypeVar("T")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Kinds of rows that occurred, with how many there were and what they were worth together.

    Shape: one entry per kind, in no order that says anything. Units: money in minor units of the legal currency, missing values left out;
    the sum is `high` times 2**32 plus `low`.
    """

    cases: Numbers
    kinds: Numbers
    groups: Numbers
    counts: Numbers
    low: Numbers
    high: Numbers
    firsts: Numbers  # position of a row of the kind, and its varying facts

    def __len__(self) -> int:
        return len(self.cases)

    def where(self, wanted: npt.NDArray[np.bool_]) -> Cells:
        """Return some of them."""
        return Cells(**{one.name: getattr(self, one.name)[wanted] for one in fields(self)})

    def beside(self, other: Cells) -> Cells:
        """Return these and others."""
        return Cells(**{one.name: np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)})


class Tally:
    """Counts rows of one arrangement."""

    def __init__(self, arrangement: Arrangement, money: str, rows: int = WORTH_COMPILING) -> None:
        """Start with an empty table; `money` is the fact that is summed, `rows` about how many there will be."""
        self._arrangement = arrangement
        self._money = arrangement.names.index(money)
        self._kernel = kernels(choose_kind(rows >= WORTH_COMPILING))
        self._room = np.empty((2, tallying.BLOCK), np.int64)
        self._clear()

    def _clear(self) -> None:
        self._cells, self._sums = empty_table(1 << 12), empty_sums(1 << 12)
        self._firsts = np.empty((1 << 12, 1 + len(self._arrangement.names) + len(self._arrangement.wholes)), np.int64)

    def add(
        self, origin: int, cases: npt.NDArray[np.int32], groups: Numbers, fields: Fields, counting: bool = True
    ) -> npt.NDArray[np.int32]:
        """Count rows, or only find their cells; `origin` is the position of the first. Returns the cell of every row."""
        which, row = np.empty(len(cases), np.int32), 0
        while True:
            row = self._kernel["tally"](
                row,
                cases,
                groups,
                fields,
                self._money,
                origin,
                self._arrangement.quantities,
                self._cells,
                self._sums,
                self._firsts,
                which,
                *self._room,
                counting,
            )
            if row == len(cases):
                return which
            self._make_room()

    def _make_room(self) -> None:
        self._cells = grown(self._cells, self._kernel)
        self._sums = Sums(*(longer(column, len(self._cells.keys)) for column in self._sums))
        self._firsts = longer(self._firsts, len(self._cells.keys))

    def take(self, other: Tally) -> None:
        """Take over what another tally of the same arrangement counted, and leave it empty."""
        counted = other._cells, other._sums, other._firsts
        entry = 0
        while (entry := self._kernel["merge"](entry, self._cells, self._sums, self._firsts, *counted)) < counted[0].used[0]:
            self._make_room()
        other._clear()

    def state(self) -> dict[str, Numbers]:
        """Return what was counted so far as arrays, for `restore`; they change when more is counted."""
        used = int(self._cells.used[0])
        sums = {name: column[:used] for name, column in zip(Sums._fields, self._sums, strict=True)}
        return {"cells": self._cells.keys[:used], "firsts": self._firsts[:used], **sums}

    def restore(self, kept: Mapping[str, Numbers]) -> None:
        """Know again what another tally of the same arrangement had counted."""
        self._cells = table_of(kept["cells"], self._kernel)
        room = len(self._cells.keys)
        self._firsts = longer(kept["firsts"], room)
        self._sums = Sums(*(longer(kept[name], room) for name in Sums._fields))

    def cells(self) -> Cells:
        """Return what was counted so far."""
        used = int(self._cells.used[0])
        keys = self._cells.keys[:used]
        counts, low, high = (column[:used].copy() for column in self._sums)
        return Cells(keys[:, 0].copy(), keys[:, 1].copy(), keys[:, 2].copy(), counts, low, high, self._firsts[:used].copy())


class Lane(NamedTuple):
    """A tally, and room to read into."""

    tally: Tally
    room: Room


class Lanes(Generic[T]):
    """Several tallies, a thread each; whoever is free takes the next work, and what comes of it is told in the order of the work."""

    def __init__(self, tallies: Sequence[Tally], tell: Callable[[T], None] | None = None) -> None:
        """Start with tallies of one arrangement; `tell` is called by whoever adds work."""
        self._tallies, self._tell = tallies, tell
        self._free: SimpleQueue[Lane] = SimpleQueue()
        for one in tallies:
            self._free.put(Lane(one, Room()))
        self._pool = ThreadPoolExecutor(len(tallies), "replay-tally")
        self._waiting: deque[Future[T]] = deque()

    def add(self, work: Callable[[Lane], T]) -> None:
        """Let a lane work, once one is free; where much is waiting, the earliest work is waited for."""
        self._waiting.append(self._pool.submit(self._worked, work))
        while len(self._waiting) > AHEAD or (self._waiting and self._waiting[0].done()):
            self._take()

    def settle(self) -> Tally:
        """Wait for all, and return the first tally, which has taken over what the others counted."""
        while self._waiting:
            self._take()
        for other in self._tallies[1:]:
            self._tallies[0].take(other)
        return self._tallies[0]

    def _worked(self, work: Callable[[Lane], T]) -> T:
        lane = self._free.get()
        try:
            return work(lane)
        finally:
            self._free.put(lane)

    def _take(self) -> None:
        found = self._waiting.popleft().result()
        if self._tell:
            self._tell(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def empty_table(room: int) -> Table:
    """Return a table with room for so many entries, a power of two."""
    return Table(np.zeros(2 * room, np.int32), np.empty((room, 3), np.int64), np.zeros(1, np.int64))


def empty_sums(room: int) -> Sums:
    """Return sums of nothing."""
    return Sums(*(np.zeros(room, np.int64) for _ in Sums._fields))


def grown(table: Table, kernel: Functions) -> Table:
    """Return a table with twice the room."""
    room = 2 * len(table.keys)
    found = Table(np.zeros(2 * room, np.int32), longer(table.keys, room), table.used)
    kernel["fill"](found)
    return found


def table_of(keys: Numbers, kernel: Functions) -> Table:
    """Return a table of the entries with these keys."""
    found = empty_table(max(1 << 12, 1 << len(keys).bit_length()))
    found.keys[: len(keys)] = keys
    found.used[0] = len(keys)
    kernel["fill"](found)
    return found


def longer(column: Numbers, length: int) -> Numbers:
    """Return a longer column that begins with what is there, noughts after it."""
    found = np.zeros((length, *column.shape[1:]), column.dtype)
    found[: len(column)] = column
    return found


@cache
def kernels(kind: str) -> Functions:
    """Return the functions of the replay's kernels."""
    modules = [wide, tables, tallying, paying, living]
    if kind != "numba":
        return interpreted(modules)
    return compiled(
        modules,
        ("tally", "merge", "recognise", "seek", "expect", "pick", "live", "fill", "spread"),
        woven=("slot_of", "find", "interval", "add"),
    )
