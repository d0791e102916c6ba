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
    quantities: Quantities, cases: Places, fields: Numbers, first: Whole, count: Whole, at: Whole, mixed: Numbers, values: Numbers
) -> None:
    """Number the intervals that the quantities of some rows lie in, quantity by quantity, so that a processor takes several rows at once.

    Shape: `count` rows from `first` on, whose numbers begin at `at` in `fields`; `mixed` takes their kinds, `values` is room for as many.
    """
    for row in range(count):
        mixed[row] = 0
    for number in range(quantities.bounds.shape[0]):
        low, high, radix = quantities.bounds[number, 3], quantities.bounds[number, 4], quantities.bounds[number, 5]
        beside = quantities.bounds[number, 2]
        for row in range(count):
            values[row] = quantities.beside[beside, cases[first + row]] if beside >= 0 else 0
        for term in range(quantities.bounds[number, 0], quantities.bounds[number, 1]):
            factor = quantities.term_factors[term]
            column = fields[quantities.term_fields[term], at : at + count]
            for row in range(count):
                values[row] += factor * column[row]
        if high - low <= FEW:
            for place in range(low, high):
                step = quantities.steps[place]
                for row in range(count):
                    mixed[row] += radix if values[row] >= step else 0
        else:
            for row in range(count):
                mixed[row] += radix * interval(quantities.steps, low, high, values[row])


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
    worth = fields[money]
    for first in range(start, cases.shape[0], BLOCK):
        count = min(cases.shape[0] - first, BLOCK)
        number_kinds(quantities, cases, fields, first, count, first, mixed, values)
        for row in range(first, first + count):
            case, own, group = np.int64(cases[row]), mixed[row - first], groups[row]
            cell = find(cells, case, own, group)
            if cell < 0:
                if room_left(cells) == 0:
                    return row
                cell = enter(cells, case, own, group)
                firsts[cell, 0] = origin + row
                for field in range(fields.shape[0]):
                    firsts[cell, 1 + field] = fields[field, row]
            which[row] = cell
            if counting:
                add(sums, cell, worth[row])
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
