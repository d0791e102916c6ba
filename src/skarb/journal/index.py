"""The index of ids: which instruction was seen before, and where its answer stands.

An open-addressing table in memory, derived from the journal. Keys lie in a dense column in the order of the journal; a slot of
the table holds 32 bits of the key and the place in that column, and the full 128-bit key is compared on every hit. With a shelf only
the latest keys stay in memory: when there are more than a limit they leave together, written down by a second thread.

Units: 16 bytes of column per id in memory and 8 bytes per slot, with the table between three and six eighths full: 27 to 38 MB per
million ids, and for a moment up to twice that while the column or the table doubles. An id on the shelf takes 13 bits of a filter.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple, Self

import numpy as np

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.core.errors import Unavailable, ensure
from skarb.journal import lookup
from skarb.journal.lookup import Columns, Positions
from skarb.ledger.cold import LIMIT, Shelf
from skarb.ledger.leaving import Leaving

NEW = -1
POSITION_MAX = (1 << 32) - 2
_SMALLEST_TABLE = 1 << 10
_WORTH_COMPILING = 2_000  # rows; fewer are done sooner by the interpreter than a compiler is loaded


class _Table(NamedTuple):
    """Keys in memory, and the table that finds them."""

    first: int  # position of the first key
    keys: Columns
    slots: Columns

    @classmethod
    def empty(cls, first: int) -> Self:
        """Return a table without keys."""
        return cls(first, np.empty((_SMALLEST_TABLE, 2), np.uint64), np.zeros(_SMALLEST_TABLE, np.uint64))

    @property
    def shift(self) -> np.uint64:
        """How far a mixed key is shifted to the right to give its slot."""
        return np.uint64(65 - len(self.slots).bit_length())


class IdIndex:
    """The keys of all instructions of a book, to be asked and added to by the batch."""

    def __init__(self, shelf: Shelf | None = None, limit: int = LIMIT) -> None:
        """Begin with the keys on the shelf, if there is one."""
        self._shelf = shelf
        self._limit = max(1, limit)
        self._leaving: Leaving[_Table] = Leaving(self._put)
        self.before = 0 if shelf is None else shelf.count  # positions that left
        self.count = self.before
        self._work = 0  # rows handled so far
        # A secret multiplier: nobody outside can choose ids that crowd into one corner of the table.
        self._secret = np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
        self._table = _Table.empty(self.before)

    def recall(self, keys: bytes | bytearray | memoryview) -> Positions:
        """Say for each instruction where its id was answered first.

        Shape: -1 new; 0 and more the position in the book; -2 - i the id stands already in row i of this very call.
        """
        rows = _columns(keys)
        positions = self._look(self._table, rows)
        if self.before:
            unknown = np.flatnonzero(positions == NEW)
            positions[unknown] = self._recall_cold(rows[unknown])
            again = np.flatnonzero(positions < NEW)
            first = positions[-2 - positions[again]]
            positions[again[first >= 0]] = first[first >= 0]
        return positions

    def add(self, keys: bytes | bytearray | memoryview) -> None:
        """Add new instructions at the next positions.

        Raises: BrokenPromise if one of them is there already; Unavailable beyond four thousand million ids.
        """
        rows = _columns(keys)
        stop = self.count + len(rows)
        if stop > POSITION_MAX:
            raise Unavailable(f"the index holds at most {POSITION_MAX:,} ids in one book; continue in a new book")
        if self.before:
            known = self._recall_cold(rows)
            ensure((known == NEW).all(), f"an id is journalled once, position {known.max(initial=NEW)} has it already")
        self._make_room(len(self) + len(rows))
        start = len(self)
        self._table.keys[start : start + len(rows)] = rows
        self._place(start, start + len(rows))
        self.count = stop
        if self._shelf is not None and len(self) > (2 * self._limit if self._leaving.busy else self._limit):
            self._put_away()

    def __len__(self) -> int:
        """How many keys are in memory, those on their way out left aside."""
        return self.count - self.before

    def put_away(self) -> None:
        """Put all keys away and return when they are written.

        Raises: Unavailable if they could not be; they stay in memory then.
        """
        if self._shelf is not None:
            self._put_away()
            self.finish_leaving()

    @property
    def is_leaving(self) -> bool:
        """Whether keys are being put away just now."""
        return self._leaving.busy

    def finish_leaving(self) -> None:
        """Return when no key is on its way out of memory.

        Raises: Unavailable if they could not be written.
        """
        if not self._leaving.finish():
            raise Unavailable(f"ids could not be put away, they stay in memory: {self._leaving.failure}")

    def _put_away(self) -> None:
        if not self._leaving.finish():
            self._leaving.again()
            return
        leaving = self._table._replace(keys=self._table.keys[: len(self)])
        self.before, self._table = self.count, _Table.empty(self.count)
        self._leaving.start(leaving)

    def _put(self, leaving: _Table) -> None:
        if self._shelf is not None:
            self._shelf.put([leaving.keys])

    def _recall_cold(self, rows: Columns) -> Positions:
        """Return where the ids stand among those that left memory, or -1."""
        self._leaving.tidy()
        positions = np.full(len(rows), NEW) if self._shelf is None else self._shelf.find(rows)
        leaving = self._leaving.what
        if leaving is not None:
            near = self._look(leaving, rows)
            positions[near >= 0] = near[near >= 0]
        return positions

    def _look(self, table: _Table, rows: Columns) -> Positions:
        positions = np.empty(len(rows), np.int64)
        scratch = np.zeros(1 << max(4, (2 * len(rows)).bit_length()), np.int64)
        run = self._kernel(len(rows))
        run["recall"](rows, table.keys, table.slots, table.shift, self._secret, scratch, positions)
        positions[positions >= 0] += table.first
        return positions

    def keys(self) -> bytes:
        """Return the keys of the instructions that are in memory, in order."""
        return self._table.keys[: len(self)].tobytes()

    def _make_room(self, needed: int) -> None:
        table = self._table
        if needed > len(table.keys):
            table = self._table = table._replace(keys=_grown(table.keys, len(self), needed))
        size = len(table.slots)
        while 4 * needed > 3 * size:
            size *= 2
        if size != len(table.slots):
            self._table = table._replace(slots=np.zeros(size, np.uint64))
            self._place(0, len(self))

    def _place(self, start: int, stop: int) -> None:
        table = self._table
        twice = self._kernel(stop - start)["insert"](table.keys, start, stop, table.slots, table.shift, self._secret)
        ensure(twice < 0, f"an id is journalled once, position {self.before + twice} repeats an earlier one")

    def _kernel(self, rows: int) -> Functions:
        self._work += rows
        return _load(choose_kind(self._work >= _WORTH_COMPILING))


def _columns(data: bytes | bytearray | memoryview) -> Columns:
    return np.frombuffer(data, np.dtype("<u8")).astype(np.uint64, copy=False).reshape(-1, 2)


def _grown(columns: Columns, filled: int, needed: int) -> Columns:
    wider = np.empty((max(needed, 2 * len(columns)), 2), np.uint64)
    wider[:filled] = columns[:filled]
    return wider


@cache
def _load(kind: Kind) -> Functions:
    return compiled([lookup], ("insert", "recall")) if kind == "numba" else interpreted([lookup])
