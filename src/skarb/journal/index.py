"""The index of ids: which instruction was seen before, and where its answer stands.

An open-addressing table in memory, derived from the journal and never stored. Keys and digests lie in two dense columns in
the order of the journal; a slot of the table holds 32 bits of the key and the position in those columns, and the full
128-bit key is compared on every hit.

Units: 32 bytes of columns per id and 8 bytes per slot, with the table between three and six eighths full: 43 to 54 MB per
million ids, and for a moment up to twice that while the columns or the table double.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.errors import Unavailable, ensure

Columns = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEW = -1
POSITION_MAX = (1 << 32) - 2
_SMALLEST_TABLE = 1 << 10
_WORTH_COMPILING = 2_000  # rows; fewer are done sooner by the interpreter than a compiler is loaded


class IdIndex:
    """Keys and digests of all instructions of a book, to be asked and added to by the batch."""

    def __init__(self) -> None:
        self.count = 0
        self._work = 0  # rows handled so far
        # A secret multiplier: nobody outside can choose ids that crowd into one corner of the table.
        self._secret = np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
        self._keys: Columns = np.empty((_SMALLEST_TABLE, 2), np.uint64)
        self._digests: Columns = np.empty((_SMALLEST_TABLE, 2), np.uint64)
        self._slots: Columns = np.zeros(_SMALLEST_TABLE, np.uint64)

    def recall(self, keys: bytes | bytearray | memoryview, digests: bytes | bytearray | memoryview) -> tuple[Positions, Flags]:
        """Say for each instruction where it was answered first, and whether it was the same content.

        Shape: positions: -1 new; 0 and more the position in the book; -2 - i the id stands already in row i of this very call.
        The flag is true where position is not -1 and the digest equals that of the earlier one.
        """
        rows_keys, rows_digests = _columns(keys), _columns(digests)
        ensure(len(rows_keys) == len(rows_digests), "there is one digest for each key")
        positions = np.empty(len(rows_keys), np.int64)
        same = np.zeros(len(rows_keys), np.bool_)
        scratch = np.zeros(1 << max(4, (2 * len(rows_keys)).bit_length()), np.int64)
        with np.errstate(over="ignore"):
            self._kernel(_recall, len(rows_keys))(
                rows_keys,
                rows_digests,
                self._keys,
                self._digests,
                self._slots,
                self._shift,
                self._secret,
                scratch,
                positions,
                same,
            )
        return positions, same

    def add(self, keys: bytes | bytearray | memoryview, digests: bytes | bytearray | memoryview) -> None:
        """Add new instructions at the next positions.

        Raises: BrokenPromise if one of them is there already; Unavailable beyond four thousand million ids.
        """
        rows_keys, rows_digests = _columns(keys), _columns(digests)
        ensure(len(rows_keys) == len(rows_digests), "there is one digest for each key")
        start, stop = self.count, self.count + len(rows_keys)
        if stop > POSITION_MAX:
            raise Unavailable(f"the index holds at most {POSITION_MAX:,} ids in one book; continue in a new book")
        self._make_room(stop)
        self._keys[start:stop] = rows_keys
        self._digests[start:stop] = rows_digests
        self._place(start, stop)
        self.count = stop

    def _make_room(self, needed: int) -> None:
        if needed > len(self._keys):
            self._keys, self._digests = _grown(self._keys, self.count, needed), _grown(self._digests, self.count, needed)
        size = len(self._slots)
        while 4 * needed > 3 * size:
            size *= 2
        if size != len(self._slots):
            self._slots = np.zeros(size, np.uint64)
            self._place(0, self.count)

    def _place(self, start: int, stop: int) -> None:
        with np.errstate(over="ignore"):
            twice = self._kernel(_insert, stop - start)(self._keys, start, stop, self._slots, self._shift, self._secret)
        ensure(twice < 0, f"an id is journalled once, position {twice} repeats an earlier one")

    def _kernel(self, kernel: Callable[..., Any], rows: int) -> Callable[..., Any]:
        self._work += rows
        return kernel if self._work < _WORTH_COMPILING else _compiled(kernel)

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
def _compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel at its first use; the machine code is kept beside the source for the next start."""
    from numba import njit

    return njit(cache=True, nogil=True)(kernel)  # type: ignore[no-any-return]


def _insert(keys: Columns, start: int, stop: int, slots: Columns, shift: np.uint64, secret: np.uint64) -> int:
    """Enter the keys of some positions into the table; return the position of the first that is there already, or -1."""
    mask = len(slots) - 1
    upper, low_half = np.uint64(32), np.uint64(0xFFFFFFFF)
    for position in range(start, stop):
        low, high = keys[position, 0], keys[position, 1]
        slot = np.int64(((low ^ (high << upper)) * secret) >> shift)
        mark = high & ~low_half
        while slots[slot] != 0:
            if slots[slot] & ~low_half == mark:
                other = np.int64(slots[slot] & low_half) - 1
                if keys[other, 0] == low and keys[other, 1] == high:
                    return position
            slot = (slot + 1) & mask
        slots[slot] = mark | np.uint64(position + 1)
    return -1


def _recall(
    asked: Columns,
    asked_digests: Columns,
    keys: Columns,
    digests: Columns,
    slots: Columns,
    shift: np.uint64,
    secret: np.uint64,
    scratch: Positions,
    positions: Positions,
    same: Flags,
) -> None:
    """Look every asked key up, first in the table, then among the rows before it in the same call."""
    mask, scratch_mask = len(slots) - 1, len(scratch) - 1
    upper, low_half = np.uint64(32), np.uint64(0xFFFFFFFF)
    for row in range(len(asked)):
        low, high = asked[row, 0], asked[row, 1]
        mixed = (low ^ (high << upper)) * secret
        slot, mark = np.int64(mixed >> shift), high & ~low_half
        found = np.int64(-1)
        while slots[slot] != 0:
            if slots[slot] & ~low_half == mark:
                other = np.int64(slots[slot] & low_half) - 1
                if keys[other, 0] == low and keys[other, 1] == high:
                    found = other
                    break
            slot = (slot + 1) & mask
        if found >= 0:
            positions[row] = found
            same[row] = digests[found, 0] == asked_digests[row, 0] and digests[found, 1] == asked_digests[row, 1]
            continue
        positions[row] = -1
        slot = np.int64(mixed >> upper) & scratch_mask
        while scratch[slot] != 0:
            other = scratch[slot] - 1
            if asked[other, 0] == low and asked[other, 1] == high:
                found = other
                break
            slot = (slot + 1) & scratch_mask
        if found >= 0:
            positions[row] = -2 - found
            same[row] = asked_digests[found, 0] == asked_digests[row, 0] and asked_digests[found, 1] == asked_digests[row, 1]
        else:
            scratch[slot] = row + 1
