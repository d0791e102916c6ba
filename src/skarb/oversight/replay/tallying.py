"""The kernel of a replay as it happened: rows of one kind are counted together, whatever their number.

A row's kind is its case, the interval of every quantity it lies in, and a group: what else is to be told apart. A full table stops the kernel at
the row that found no room. Sums of money are kept in two words of 32 bits and more, exact for any number of rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.tables import Table, Whole, enter, find, room_left

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]

MISSING = -(1 << 63)
FEW = 6  # steps that are sooner counted than searched


class Quantities(NamedTuple):
    """Quantities as whole numbers.

    Shape: `bounds` has a row for each: its first and last term, its row of `beside` or -1, its first and last step, its radix. `term_fields` and
    `term_factors` say which numbers of a row are added how often, `beside` has a row for each expression over a case's facts.
    """

    bounds: Numbers
    term_fields: Numbers
    term_factors: Numbers
    beside: Numbers
    steps: Numbers


class Sums(NamedTuple):
    """What is added up for each entry of a table: rows, and money in two words."""

    counts: Numbers
    low: Numbers
    high: Numbers


def interval(steps: Numbers, first: Whole, last: Whole, value: Whole) -> Whole:
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


def kind(quantities: Quantities, case: Whole, fields: Numbers, row: Whole) -> Whole:
    """Return the number of the intervals that a row's quantities lie in."""
    mixed = np.int64(0)
    for number in range(quantities.bounds.shape[0]):
        value = np.int64(0)
        for term in range(quantities.bounds[number, 0], quantities.bounds[number, 1]):
            value += quantities.term_factors[term] * fields[quantities.term_fields[term], row]
        beside = quantities.bounds[number, 2]
        if beside >= 0:
            value += quantities.beside[beside, case]
        reached = interval(quantities.steps, quantities.bounds[number, 3], quantities.bounds[number, 4], value)
        mixed += reached * quantities.bounds[number, 5]
    return mixed


def add(sums: Sums, entry: Whole, worth: Whole) -> None:
    """Count one row."""
    sums.counts[entry] += 1
    if worth != MISSING:
        sums.low[entry] += worth & 0xFFFFFFFF
        sums.high[entry] += worth >> 32


def tally(
    start: Whole,
    cases: Places,
    groups: Numbers,
    fields: Numbers,
    money: Whole,
    origin: Whole,
    quantities: Quantities,
    cells: Table,
    sums: Sums,
    firsts: Numbers,
    which: Places,
    counting: bool,
) -> Whole:
    """Count rows from `start` on into cells; return the first row not counted.

    Shape: `fields` a row for each varying fact and a column for each row; `firsts` the position of a cell's first row and its varying facts.
    `money` is the row of `fields` that is summed, `origin` the position of the first row; `which` takes the cell of every row.
    Without `counting` only the cells of rows are found that were counted before.
    """
    for row in range(start, cases.shape[0]):
        case, group = np.int64(cases[row]), groups[row]
        mixed = kind(quantities, case, fields, row)
        cell = find(cells, case, mixed, group)
        if cell < 0:
            if room_left(cells) == 0:
                return row
            cell = enter(cells, case, mixed, group)
            firsts[cell, 0] = origin + row
            for field in range(fields.shape[0]):
                firsts[cell, 1 + field] = fields[field, row]
        which[row] = cell
        if counting:
            add(sums, cell, fields[money, row])
    return cases.shape[0]


def merge(
    start: Whole, cells: Table, sums: Sums, firsts: Numbers, other: Table, other_sums: Sums, other_firsts: Numbers
) -> Whole:
    """Add what was counted in other cells from one of them on; return the first that found no room, or how many there are."""
    for entry in range(start, other.used[0]):
        case, mixed, group = other.keys[entry, 0], other.keys[entry, 1], other.keys[entry, 2]
        cell = find(cells, case, mixed, group)
        if cell < 0:
            if room_left(cells) == 0:
                return entry
            cell = enter(cells, case, mixed, group)
            for field in range(firsts.shape[1]):
                firsts[cell, field] = other_firsts[entry, field]
        sums.counts[cell] += other_sums.counts[entry]
        sums.low[cell] += other_sums.low[entry]
        sums.high[cell] += other_sums.high[entry]
    return other.used[0]
