"""The index: changes in one array, and runs over stretches of them in three sizes, each sixteen times the other.

A question about the past up to some change is answered by the largest runs that fit below it, then smaller ones, then by
looking at the fewer than 16,384 changes that are left: no number of runs grows with the book but that of the largest. Runs are never changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skarb.core.compiled import Kind
from skarb.core.errors import ensure
from skarb.ledger.machine import Ledger
from skarb.ledger.model import Marks
from skarb.ledger.past.engine import Kernel, kernel
from skarb.ledger.past.model import CHANGE, NOTED, WORDS, Changes, Run, Totals, Words, totals_of
from skarb.ledger.past.sorting import DIGIT

FOREVER = (1 << 64) - 1
_CHUNK = 8_192  # transfers that are taken from the books at once, while they may not move
_SMALLEST = 1 << 10


class Shape(NamedTuple):
    """How large runs are."""

    bits: int = 14  # changes of the smallest run, as a power of two
    step: int = 4  # each larger size, likewise
    sizes: int = 3

    def changes(self, level: int) -> int:
        """Return how many changes a run of a level covers."""
        return 1 << (self.bits + self.step * level)


SHAPE = Shape()


class Known(NamedTuple):
    """The past as far as it was known when somebody asked; it stays as it is when the ledger moves on."""

    changes: Changes
    length: int  # how many changes there are; the array has room for more
    marks: Marks  # how far into the books that is
    runs: tuple[tuple[Run, ...], ...]  # of each size, the smallest first
    shape: Shape
    kernel: Kernel

    def until(self, moment: int | None) -> int:
        """Return how many changes were recorded up to a moment, by default all."""
        return self.length if moment is None else bisect_right(self.changes["moment"], moment, 0, self.length)

    def totals(self, account: int, *, recorded: int | None = None, effective: int | None = None) -> Totals:
        """Return what an account had with effect up to a moment, as it was known at another; both by default the last.

        Units: nanoseconds since 1970; both moments belong to their past.
        """
        return self.totals_until(account, self.until(recorded), effective)

    def totals_until(self, account: int, count: int, effective: int | None = None) -> Totals:
        """Return the same for the first so many changes."""
        sums = np.zeros(WORDS, np.uint64)
        moment = np.uint64(FOREVER if effective is None else max(effective, 0))
        rest = 0
        for run in self.cover(count):
            self.kernel.add_run(self.changes, *run, account, moment, sums)
            rest = run.base + len(run.legs) // 2
        self.kernel.add_rest(self.changes, rest, count, account, moment, sums)
        return totals_of(sums)

    def cover(self, count: int) -> Iterator[Run]:
        """Yield the fewest runs that cover the first so many changes, but for a rest smaller than any."""
        place = 0
        for level in reversed(range(self.shape.sizes)):
            size = self.shape.changes(level)
            while place + size <= count and place // size < len(self.runs[level]):
                yield self.runs[level][place // size]
                place += size

    def all_totals(self, accounts: int, count: int, effective: int | None = None) -> Words:
        """Return the sums of so many accounts after the first so many changes, going through them once.

        Shape: one row per account, in its place; columns as in `model`.
        """
        sums = np.zeros((accounts, WORDS), np.uint64)
        self.kernel.add_all(self.changes, count, np.uint64(FOREVER if effective is None else max(effective, 0)), sums)
        return sums

    @property
    def nbytes(self) -> int:
        """How much memory the changes and runs take."""
        return self.length * CHANGE.itemsize + sum(run.nbytes for level in self.runs for run in level)


class Past:
    """The index of one ledger. One thread writes it; `known` may be asked by any."""

    def __init__(self, kind: Kind | None = None, shape: Shape = SHAPE) -> None:
        self._kind = kind
        self._shape = shape
        self._runs: list[list[Run]] = [[] for _ in range(shape.sizes)]
        self._changes: Changes = np.empty(0, CHANGE)
        self.known = Known(self._changes, 0, Marks(0, 0), tuple(() for _ in self._runs), shape, kernel(kind, 0))

    @classmethod
    def of(cls, changes: Changes, runs: list[list[Run]], marks: Marks, shape: Shape = SHAPE) -> Past:
        """Return an index that was kept, so that it can go on."""
        past = cls(shape=shape)
        past._changes, past._runs = changes, runs
        past._publish(len(changes), marks)
        return past

    def follow(self, ledger: Ledger, marks: Marks | None = None) -> None:
        """Take in what happened in the books, up to marks that the ledger gave, by default all of it."""
        marks = ledger.marks if marks is None else marks
        while self.known.marks.transfers < marks.transfers or self.known.marks.expiries < marks.expiries:
            count, taken = self._take(ledger, marks)
            self._sort(count)
            self._publish(count, taken)

    def _take(self, ledger: Ledger, marks: Marks) -> tuple[int, Marks]:
        """Take some changes from the books; return how many there are then, and how far into the books that is."""
        count, (first, note) = self.known.length, self.known.marks
        last = min(first + _CHUNK, marks.transfers)
        self._make_room(count + last - first + marks.expiries - note)
        latest = self._changes["moment"][count - 1] if count else np.uint64(0)
        run = kernel(self._kind, count + last - first)
        with ledger.still(self.known.marks, Marks(last, marks.expiries)) as books:
            after = int(run.gather(books, first, last, note, marks.expiries, self._changes, count, latest))
        return after, Marks(last, note + after - count - (last - first))

    def _make_room(self, need: int) -> None:
        if need > len(self._changes):
            larger = np.empty(max(_SMALLEST, need, len(self._changes) * 3 // 2), CHANGE)
            larger[: self.known.length] = self._changes[: self.known.length]
            self._changes = larger  # whoever asks the old one keeps it

    def _sort(self, count: int) -> None:
        for level, runs in enumerate(self._runs):
            size = self._shape.changes(level)
            while (len(runs) + 1) * size <= count:
                runs.append(make_run(kernel(self._kind, count), self._changes, len(runs) * size, size))

    def _publish(self, count: int, marks: Marks) -> None:
        old = self.known.runs
        runs = tuple(
            old[level] if len(runs) == len(old[level]) else (*old[level], *runs[len(old[level]) :])
            for level, runs in enumerate(self._runs)
        )
        self.known = Known(self._changes, count, marks, runs, self._shape, kernel(self._kind, count))


def make_run(run: Kernel, changes: Changes, base: int, count: int) -> Run:
    """Sort a stretch of changes into a run."""
    order = np.empty(0, np.uint32)
    if not run.is_in_order(changes, base, base + count):
        order = np.argsort(changes["effective"][base : base + count], kind="stable").astype(np.uint32)
    keys, legs, keys_after, legs_after = (np.empty(2 * count, np.uint32) for _ in range(4))
    highest = int(run.cut(changes, base, count, order, keys, legs))
    counts = np.empty(1 << DIGIT, np.uint32)
    for shift in range(0, max(highest.bit_length(), 1), DIGIT):
        run.sort_by_digit(keys, legs, shift, counts, keys_after, legs_after)
        keys, legs, keys_after, legs_after = keys_after, legs_after, keys, legs
    most = min(2 * count, highest + 1)
    accounts, starts = np.empty(most, np.uint32), np.empty(most + 1, np.uint32)
    found = int(run.group(keys, accounts, starts))
    sums = np.empty((-(-2 * count // NOTED), WORDS), np.uint64)
    made = Run(base, accounts[:found].copy(), starts[: found + 1].copy(), legs.copy(), sums)
    ensure(int(made.starts[-1]) == 2 * count, "every change has two legs in its run")
    run.note_sums(changes, base, made.starts, made.legs, sums, np.zeros(WORDS, np.uint64))
    return made
