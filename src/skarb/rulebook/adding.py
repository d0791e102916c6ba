"""Kernels that add up running totals over rows in the order of the journal: one pass, no sorting, nothing allocated.

A sum is kept in two words of 32 bits each and a carry, so that no sum of 64-bit values can overflow; only what is shown stops at the limit. For a
window of the calendar each key remembers the sum of its latest period; for one that moves along, the rows of each key that are still in the window
hang together as a queue. Both need the days of each key to rise; the first row that comes late is handed back.

Runs in the interpreter, or compiled by numba, the same source; see `core.compiled`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

MISSING = -(1 << 63)  # stands for a value that nobody knows; the same as `coding.MISSING`
HALF = 32
LOW = (1 << 32) - 1
IN_ORDER = -1
NONE = -1
LATEST, HIGH, REST, UNKNOWN, HEAD, TAIL = range(6)  # columns of what is known of a key: latest period, sum, values missing, queue
COLUMNS = 6


def add_up_periods(
    keys: Rows, periods: Rows, values: Rows, counts: Flags, posted: Flags, including: bool, limit: int, known: Rows, out: Rows
) -> int:
    """Show each row the total of its key in its period; return the first row that comes late, or that all are in order."""
    for row in range(len(keys)):
        key = keys[row]
        if periods[row] != known[key, LATEST]:
            if periods[row] < known[key, LATEST]:
                return row
            known[key, LATEST] = periods[row]
            known[key, HIGH], known[key, REST], known[key, UNKNOWN] = 0, 0, 0
        out[row] = show(known, key, values[row], including and counts[row], limit)
        if counts[row] and posted[row]:
            add(known, key, values[row], 1)
    return IN_ORDER


def add_up_days(
    keys: Rows,
    days: Rows,
    values: Rows,
    counts: Flags,
    posted: Flags,
    including: bool,
    limit: int,
    window: int,
    known: Rows,
    following: Rows,
    out: Rows,
) -> int:
    """Show each row the total of its key in so many days up to its own; return as `add_up_periods` does."""
    for row in range(len(keys)):
        key = keys[row]
        if days[row] < known[key, LATEST]:
            return row
        known[key, LATEST] = days[row]
        while known[key, HEAD] != NONE and days[known[key, HEAD]] <= days[row] - window:
            add(known, key, values[known[key, HEAD]], -1)
            known[key, HEAD] = following[known[key, HEAD]]
        out[row] = show(known, key, values[row], including and counts[row], limit)
        if counts[row] and posted[row]:
            add(known, key, values[row], 1)
            following[row] = NONE
            if known[key, HEAD] == NONE:
                known[key, HEAD] = row
            else:
                following[known[key, TAIL]] = row
            known[key, TAIL] = row
    return IN_ORDER


def add(known: Rows, key: int, value: int, sign: int) -> None:
    """Add a value to what is known of a key, or take it away."""
    if value == MISSING:
        known[key, UNKNOWN] += sign
        return
    rest = known[key, REST] + sign * (value & LOW)
    known[key, HIGH] += sign * (value >> HALF) + (rest >> HALF)
    known[key, REST] = rest & LOW


def show(known: Rows, key: int, value: int, itself: bool, limit: int) -> int:
    """Return the total of a key, with a value of its own if the row counts itself."""
    if known[key, UNKNOWN] > 0 or (itself and value == MISSING):
        return MISSING
    high, rest = known[key, HIGH], known[key, REST]
    if itself:
        rest += value & LOW
        high += (value >> HALF) + (rest >> HALF)
        rest &= LOW
    if high > limit >> HALF:
        return limit
    if high < -(limit >> HALF) - 1:
        return -limit
    total: int = (high << HALF) + rest
    return max(-limit, min(total, limit))
