"""The index of ids: which instruction was seen before, and where its answer stands.

An open-addressing table in memory, derived from the journal and never stored. Keys lie in a dense column in the order of the
journal; a slot of the table holds 32 bits of the key and the position in that column, and the full 128-bit key is compared on
every hit.

Units: 16 bytes of column per id and 8 bytes per slot, with the table between three and six eighths full: 27 to 38 MB per
million ids, and for a moment up to twice that while the column or the table doubles.
"""

from __future__ import annotations

import os
from functools import cache

import numpy as np

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.core.errors import Unavailable, ensure
from skarb.journal import lookup
from skarb.journal.lookup import Columns, Positions

NEW = -1
POSITION_MAX = (1 << 32) - 2
_SMALLEST_TABLE = 1 << 10
_WORTH_COMPILING = 2_000  # rows; fewer are done sooner by the interpreter than a compiler is loaded


class IdIndex:
    """The keys of all instructions of a book, to be asked and added to by the batch."""

    def __init__(self) -> None:
        self.count = 0
        self._work = 0  # rows handled so far
        # A secret multiplier: nobody outside can choose ids that crowd into one corner of the table.
        self._secret = np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
        self._keys: Columns = np.empty((_SMALLEST_TABLE, 2), np.uint64)
        self._slots: Columns = np.zeros(_SMALLEST_TABLE, np.uint64)

    def recall(self, keys: bytes | bytearray | memoryview) -> Positions:
        """Say for each instruction where its id was answered first.

        Shape: -1 new; 0 and more the position in the book; -2 - i the id stands already in row i of this very call.
        """
        rows = _columns(keys)
        positions = np.empty(len(rows), np.int64)
        scratch = np.zeros(1 << max(4, (2 * len(rows)).bit_length()), np.int64)
        self._kernel(len(rows))["recall"](rows, self._keys, self._slots, self._shift, self._secret, scratch, positions)
        return positions

    def add(self, keys: bytes | bytearray | memoryview) -> None:
        """Add new instructions at the next positions.

        Raises: BrokenPromise if one of them is there already; Unavailable beyond four thousand million ids.
        """
        rows = _columns(keys)
        start, stop = self.count, self.count + len(rows)
        if stop > POSITION_MAX:
            raise Unavailable(f"the index holds at most {POSITION_MAX:,} ids in one book; continue in a new book")
        self._make_room(stop)
        self._keys[start:stop] = rows
        self._place(start, stop)
        self.count = stop

    def keys(self) -> bytes:
        """Return the keys of all instructions, in order."""
        return self._keys[: self.count].tobytes()

    def _make_room(self, needed: int) -> None:
        if needed > len(self._keys):
            self._keys = _grown(self._keys, self.count, needed)
        size = len(self._slots)
        while 4 * needed > 3 * size:
            size *= 2
        if size != len(self._slots):
            self._slots = np.zeros(size, np.uint64)
            self._place(0, self.count)

    def _place(self, start: int, stop: int) -> None:
        twice = self._kernel(stop - start)["insert"](self._keys, start, stop, self._slots, self._shift, self._secret)
        ensure(twice < 0, f"an id is journalled once, position {twice} repeats an earlier one")

    def _kernel(self, rows: int) -> Functions:
        self._work += rows
        return _load(choose_kind(self._work >= _WORTH_COMPILING))

    @property
    def _shift(self) -> np.uint64:
        return np.uint64(65 - len(self._slots).bit_length())


def _columns(data: bytes | bytearray | memoryview) -> Columns:
    return np.frombuffer(data, np.dtype("<u8")).astype(np.uint64, copy=False).reshape(-1, 2)


def _grown(columns: Columns, filled: int, needed: int) -> Columns:
    wider = np.empty((max(needed, 2 * len(columns)), 2), np.uint64)
    wider[:filled] = columns[:filled]
    return wider


@cache
def _load(kind: Kind) -> Functions:
    return compiled([lookup], ("insert", "recall")) if kind == "numba" else interpreted([lookup])
