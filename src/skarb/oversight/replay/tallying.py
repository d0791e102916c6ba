"""The kernel of a replay as it happened: rows of one kind are counted together, whatever their number.

A row's kind is its case, the interval of every quantity it lies in, and a group: what else is to be told apart. A full table stops the kernel at
the row that found no room. Sums of money are kept in two words of 32 bits and more, exact for any number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.tables import Table, Whole, enter, find, room_left

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Fields = Numbers | Sequence[Numbers]  # a row for each varying fact, or a column that nobody copied

MISSING = -(1 << 63)
FEW = 16  # steps that are sooner counted than searched
BLOCK = 2048  # rows whose kinds are numbered together: what is known of them stays near the processor


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
    left = last - first
    while left > 1:
        half = left >> 1
        if value >= steps[first + found + half - 1]:
            found += half
        left -= half
    if value >= steps[first + found]:
        found += 1
    return found


def number_kinds(
    quantities: Quantities, cases: Places, fields: Fields, first: Whole, count: Whole, at: Whole, mixed: Numbers, values: Numbers
) -> None:
    """Number the intervals that the quantities of some rows lie in, quantity by quantity, so that a processor takes several rows at once.

    Steps that all of the rows reach, or none, are not looked at row by row: days mostly lie between the same two.
    Shape: `count` rows from `first` on, whose numbers begin at `at` in `fields`; `mixed` takes their kinds, `values` is room for as many.
    """
    alike: Whole = np.int64(0)
    for row in range(count):
        mixed[row] = 0
    for number in range(quantities.bounds.shape[0]):
        low, high, radix = quantities.bounds[number, 3], quantities.bounds[number, 4], quantities.bounds[number, 5]
        term, beside = quantities.bounds[number, 0], quantities.bounds[number, 2]
        if beside < 0 and quantities.bounds[number, 1] == term + 1 and quantities.term_factors[term] == 1:
            own = fields[quantities.term_fields[term]][at : at + count]
        else:
            add_up(quantities, number, cases, fields, first, count, at, values)
            own = values[:count]
        least = most = own[0]
        for row in range(count):
            least, most = min(least, own[row]), max(most, own[row])
        while low < high and quantities.steps[low] <= least:
            low += 1
            alike += radix
        while low < high and quantities.steps[high - 1] > most:
            high -= 1
        if high - low <= FEW:
            for place in range(low, high):
                step = quantities.steps[place]
                for row in range(count):
                    mixed[row] += radix if own[row] >= step else 0
        else:
            for row in range(count):
                mixed[row] += radix * interval(quantities.steps, low, high, own[row])
    for row in range(count):
        mixed[row] += alike


def add_up(
    quantities: Quantities, number: Whole, cases: Places, fields: Fields, first: Whole, count: Whole, at: Whole, values: Numbers
) -> None:
    """Add up the terms of a quantity for some rows."""
    beside = quantities.bounds[number, 2]
    for row in range(count):
        values[row] = quantities.beside[beside, cases[first + row]] if beside >= 0 else 0
    for term in range(quantities.bounds[number, 0], quantities.bounds[number, 1]):
        factor = quantities.term_factors[term]
        column = fields[quantities.term_fields[term]][at : at + count]
        for row in range(count):
            values[row] += factor * column[row]


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
    fields: Fields,
    money: Whole,
    origin: Whole,
    quantities: Quantities,
    cells: Table,
    sums: Sums,
    firsts: Numbers,
    which: Places,
    mixed: Numbers,
    values: Numbers,
    counting: bool,
) -> Whole:
    """Count rows from `start` on into cells; return the first row not counted.

    Shape: `fields` a row for each varying fact and a column for each row; `firsts` the position of a cell's first row and its varying facts.
    `money` is the row of `fields` that is summed, `origin` the position of the first row; `which` takes the cell of every row. `mixed` and `values`
    are room for a block.
    Without `counting` only the cells of rows are found that were counted before.
    """
    for first in range(start, cases.shape[0], BLOCK):
        last = min(first + BLOCK, cases.shape[0])
        number_kinds(quantities, cases, fields, first, last - first, first, mixed, values)
        row = locate(cells, cases, groups, mixed, first, first, last, which)
        while row < last and room_left(cells) > 0:
            cell = enter(cells, np.int64(cases[row]), mixed[row - first], groups[row])
            firsts[cell, 0] = origin + row
            for field in range(len(fields)):
                firsts[cell, 1 + field] = fields[field][row]
            row = locate(cells, cases, groups, mixed, first, row, last, which)
        if counting:
            count(sums, which, fields[money], first, row)
        if row < last:
            return row
    return cases.shape[0]


def locate(
    cells: Table, cases: Places, groups: Numbers, mixed: Numbers, first: Whole, start: Whole, last: Whole, which: Places
) -> Whole:
    """Find the cells of the rows of a block from `start` on; return the first row whose cell is new."""
    for row in range(start, last):
        cell = find(cells, np.int64(cases[row]), mixed[row - first], groups[row])
        if cell < 0:
            return row
        which[row] = cell
    return last


def count(sums: Sums, which: Places, worth: Numbers, first: Whole, last: Whole) -> None:
    """Count rows whose cells were found: a loop of its own, in which no row waits for the row before to be found."""
    for row in range(first, last):
        add(sums, which[row], worth[row])


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
