"""A hash table of the kernels: three whole numbers lead to the number of an entry, entries being numbered as they come.

Open addressing; a slot holds the number of an entry plus one, nought is empty. Room is made outside the kernels (`grown`), which look at `room_left`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Whole = Any  # a word of 64 bits where compiled, a whole number where interpreted


class Table(NamedTuple):
    """Slots, the keys of the entries, and how many entries there are."""

    slots: npt.NDArray[np.int32]
    keys: Numbers  # three columns
    used: Numbers  # one number


def slot_of(mask: Whole, first: Whole, second: Whole, third: Whole) -> Whole:
    """Return where the search for a key begins."""
    word = np.uint64(second) * np.uint64(0x9E3779B97F4A7C15)
    word ^= np.uint64(first) * np.uint64(0xC2B2AE3D27D4EB4F)
    word ^= np.uint64(third) * np.uint64(0x165667B19E3779F9)
    word ^= word >> np.uint64(29)
    word *= np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(word >> np.uint64(32)) & mask


def find(table: Table, first: Whole, second: Whole, third: Whole) -> Whole:
    """Return the number of an entry, -1 if there is none."""
    mask = table.slots.shape[0] - 1
    slot = slot_of(mask, first, second, third)
    entry = table.slots[slot] - 1
    while entry >= 0 and (table.keys[entry, 0] != first or table.keys[entry, 1] != second or table.keys[entry, 2] != third):
        slot = (slot + 1) & mask
        entry = table.slots[slot] - 1
    return entry


def enter(table: Table, first: Whole, second: Whole, third: Whole) -> Whole:
    """Make a new entry, for which there is room, and return its number."""
    mask = table.slots.shape[0] - 1
    slot = slot_of(mask, first, second, third)
    while table.slots[slot] != 0:
        slot = (slot + 1) & mask
    entry = table.used[0]
    table.keys[entry, 0], table.keys[entry, 1], table.keys[entry, 2] = first, second, third
    table.used[0] = entry + 1
    table.slots[slot] = entry + 1
    return entry


def room_left(table: Table) -> Whole:
    """Return how many entries can still be made."""
    return table.keys.shape[0] - table.used[0]


def fill(table: Table) -> None:
    """Enter the keys there are into slots that are all empty."""
    mask = table.slots.shape[0] - 1
    for entry in range(table.used[0]):
        slot = slot_of(mask, table.keys[entry, 0], table.keys[entry, 1], table.keys[entry, 2])
        while table.slots[slot] != 0:
            slot = (slot + 1) & mask
        table.slots[slot] = entry + 1
