"""The kernel of the index of ids: a hash table with open addressing from keys to positions.

A slot is one word: the upper 32 bits of the key and the position plus one; zero is empty. The full key is compared on every hit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Columns = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]


def insert(keys: Columns, start: int, stop: int, slots: Columns, shift: np.uint64, secret: np.uint64) -> int:
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


def recall(
    asked: Columns, keys: Columns, slots: Columns, shift: np.uint64, secret: np.uint64, scratch: Positions, positions: Positions
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
        else:
            scratch[slot] = row + 1
