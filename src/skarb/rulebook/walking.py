"""The kernel that decides rows by any edition: every row goes from question to question until it meets an answer.

An edition is data here (`plan` writes it), so nothing is compiled for an edition, and fifty drafts cost no more to begin with than one. The rows of a
block go on together, one question each and round after round: while one waits for memory, the others go on.

The functions run as they are, or, the same source, compiled by numba (`core.compiled`); they allocate nothing.

Shape: a place names a question: `asks` holds there which row of `classes` to look at, `table` the place to go on at for class 0, and behind it for
class 1, 2 … A place from `ANSWER` on is an answer. Row 0 of `classes` is nought everywhere: a question about it is a note, and behind the place to go
on at stands the number of a bit to add. Row 1 holds the activity, by which an instruction finds its first question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Places = npt.NDArray[np.uint32]
    Numbers = npt.NDArray[np.int16]
    Words = npt.NDArray[np.int64]
    Classes = npt.NDArray[Any]  # u1, or u2 where an edition tells very much apart

ANSWER = 1 << 31
NUMBER = ANSWER - 1  # what is left of a place is the number of the answer


def answer(
    asks: Places,
    table: Places,
    roots: Places,
    powers: Words,
    classes: Classes,
    rows: int,
    at: Places,
    live: Places,
    outcomes: Numbers,
    duties: Words,
    levies: Numbers,
) -> None:
    """Write outcome, duties and levy of every row of a block; `roots` holds where each activity begins, for each of the three."""
    choose(asks, table, classes, begin(roots, 0, classes, rows, at, live), at, live)
    for row in range(rows):
        outcomes[row] = at[row] & NUMBER
        duties[row] = 0
    collect(asks, table, powers, classes, begin(roots, 1, classes, rows, at, live), at, live, duties)
    choose(asks, table, classes, begin(roots, 2, classes, rows, at, live), at, live)
    for row in range(rows):
        levies[row] = at[row] & NUMBER


def begin(roots: Places, track: int, classes: Classes, rows: int, at: Places, live: Places) -> int:
    """Put every row at its first question; how many are on their way, the first so many of `live`."""
    left = 0
    for row in range(rows):
        place = roots[track, classes[1, row]]
        at[row] = place
        live[left] = row
        left += place < ANSWER
    return left


def choose(asks: Places, table: Places, classes: Classes, left: int, at: Places, live: Places) -> None:
    """Bring every row to its answer: `at` holds where each is, `live` which are on their way."""
    while left > 0:
        kept = 0
        for number in range(left):
            row = live[number]
            place = at[row]
            place = table[place + classes[asks[place], row]]
            at[row] = place
            live[kept] = row
            kept += place < ANSWER
        left = kept


def collect(
    asks: Places, table: Places, powers: Words, classes: Classes, left: int, at: Places, live: Places, bits: Words
) -> None:
    """Bring every row to its end and add the bits noted on its way."""
    while left > 0:
        kept = 0
        for number in range(left):
            row = live[number]
            place = at[row]
            question = asks[place]
            if question == 0:
                bits[row] |= powers[table[place + 1]]
            place = table[place + classes[question, row]]
            at[row] = place
            live[kept] = row
            kept += place < ANSWER
        left = kept


def sort_numbers(column: Words, cuts: Words, low: int, high: int, missing: int, rows: int, out: Classes) -> int:
    """Write the class of each number, which is how many cuts do not lie above it; the first row beyond the limits, or -1."""
    beyond = False
    for row in range(rows):
        number = column[row]
        beyond |= ((number < low) | (number > high)) & (number != missing)
        out[row] = 0
    for cut in cuts:
        for row in range(rows):
            out[row] += column[row] >= cut
    if beyond:
        for row in range(rows):
            if (column[row] < low or column[row] > high) and column[row] != missing:
                return row
    return -1
