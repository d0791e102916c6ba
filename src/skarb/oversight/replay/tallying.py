"""The kernel of a replay as it happened: rows of one kind are counted together, whatever their number.

A row's kind is its case, the interval of every quantity it lies in, and a group: what else is to be told apart. Cells stand in a hash table with
open addressing; a full one stops the kernel at the row that found no room. Sums of money are kept in two words of 32 bits and more, exact for
any number of rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int32]

MISSING = -(1 << 63)
FEW = 6  # steps that are sooner counted than searched


def interval(steps: Numbers, first: int, last: int, value: int) -> int:
    """Return how many of some rising steps a value reaches."""
    found = 0
    if last - first <= FEW:
        for place in range(first, last):
            if value >= steps[place]:
                found += 1
        return found
    left = last - first
    while left > 1:
        half = left >> 1
        if value >= steps[first + found + half - 1]:
            found += half
        left -= half
    if value >= steps[first + found]:
        found += 1
    return found


def kind(
    row: int,
    case: int,
    fields: Numbers,
    bounds: Numbers,
    term_fields: Numbers,
    term_factors: Numbers,
    beside: Numbers,
    steps: Numbers,
) -> np.uint64:
    """Return the number of the intervals that a row's quantities lie in.

    Shape: `bounds` has a row for each quantity: its first and last term, its row of `beside` or -1, its first and last step, its radix.
    """
    mixed = np.uint64(0)
    for number in range(bounds.shape[0]):
        value = np.int64(0)
        for term in range(bounds[number, 0], bounds[number, 1]):
            value += term_factors[term] * fields[term_fields[term], row]
        if bounds[number, 2] >= 0:
            value += beside[bounds[number, 2], case]
        mixed += np.uint64(interval(steps, bounds[number, 3], bounds[number, 4], value)) * np.uint64(bounds[number, 5])
    return mixed


def slot_of(case: int, mixed: np.uint64, group: int, mask: int) -> int:
    """Return where in the table the search for a cell begins."""
    word = mixed * np.uint64(0x9E3779B97F4A7C15)
    word ^= np.uint64(case) * np.uint64(0xC2B2AE3D27D4EB4F)
    word ^= np.uint64(group) * np.uint64(0x165667B19E3779F9)
    word ^= word >> np.uint64(29)
    word *= np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(word >> np.uint64(32)) & mask


def tally(
    start: int,
    cases: Places,
    groups: Numbers,
    fields: Numbers,
    money: int,
    origin: int,
    bounds: Numbers,
    term_fields: Numbers,
    term_factors: Numbers,
    beside: Numbers,
    steps: Numbers,
    slots: Places,
    used: int,
    cell_cases: Places,
    cell_kinds: Words,
    cell_groups: Numbers,
    counts: Numbers,
    low: Numbers,
    high: Numbers,
    firsts: Numbers,
    which: Places,
    counting: bool,
) -> tuple[int, int]:
    """Count rows from `start` on into cells; return the first row not counted and how many cells are used.

    Shape: `fields` a row for each varying fact and a column for each row; `firsts` the position of a cell's first row and its varying facts.
    `money` is the row of `fields` that is summed, `origin` the position of the first row; `which` takes the cell of every row.
    Without `counting` only the cells of rows are found that were counted before.
    """
    mask = slots.shape[0] - 1
    room = cell_cases.shape[0]
    for row in range(start, cases.shape[0]):
        case, group = cases[row], groups[row]
        mixed = kind(row, case, fields, bounds, term_fields, term_factors, beside, steps)
        slot = slot_of(case, mixed, group, mask)
        cell = slots[slot] - 1
        while cell >= 0 and (cell_kinds[cell] != mixed or cell_cases[cell] != case or cell_groups[cell] != group):
            slot = (slot + 1) & mask
            cell = slots[slot] - 1
        if cell < 0:
            if used == room:
                return row, used
            cell = used
            used += 1
            slots[slot] = used
            cell_cases[cell], cell_kinds[cell], cell_groups[cell] = case, mixed, group
            firsts[cell, 0] = origin + row
            for field in range(fields.shape[0]):
                firsts[cell, 1 + field] = fields[field, row]
        which[row] = cell
        if not counting:
            continue
        counts[cell] += 1
        worth = fields[money, row]
        if worth != MISSING:
            low[cell] += worth & 0xFFFFFFFF
            high[cell] += worth >> 32
    return cases.shape[0], used


def enter(slots: Places, used: int, cell_cases: Places, cell_kinds: Words, cell_groups: Numbers) -> None:
    """Fill an empty table with the cells there are."""
    mask = slots.shape[0] - 1
    for cell in range(used):
        slot = slot_of(cell_cases[cell], cell_kinds[cell], cell_groups[cell], mask)
        while slots[slot] != 0:
            slot = (slot + 1) & mask
        slots[slot] = cell + 1
