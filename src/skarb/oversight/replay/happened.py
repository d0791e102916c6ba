"""As it happened: every row with the facts it was decided by, under the law and under a draft.

Rows of one kind get the same answers, so they are counted first and each kind is decided once, by the very code that decides instructions. What was
recorded beside each row is compared with what the law says now: where nothing is amiss the two are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.facts import Facts
from skarb.core.time import from_day, to_day
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers, decide
from skarb.oversight.replay.arrange import Arrangement, arrange
from skarb.oversight.replay.model import Answer, Comparison, Dimension, Question, Sum, Transition, merged
from skarb.oversight.replay.read import Chunk, Rows, case_columns
from skarb.oversight.replay.tally import Cells, Tally
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.quantities import Quantity, quantities_of

Numbers = npt.NDArray[np.int64]
Progress = Callable[[int], None]  # told how far the reading has come, as a position

MONEY = "value"
_COLUMNS: dict[Dimension, str] = {"venue": "venue", "book": "book"}  # dimensions that are columns of rows


@dataclass(frozen=True)
class _Laid:
    """What the rows are looked at through."""

    cases: list[Facts]
    columns: dict[str, Numbers]  # of the cases
    arrangement: Arrangement

    def fields(self, chunk: Chunk) -> Numbers:
        return self.arrangement.fields(chunk.columns, chunk.cases, self.columns)


class Counted:
    """The rows of a lake between two days, counted by kind; any of some laws can now be asked about all of them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        laws: Sequence[Rulebook],
        first_day: int,
        last_day: int,
        by: tuple[Dimension, ...] = (),
        progress: Progress | None = None,
    ) -> None:
        """Count. Kinds are fine enough for all the laws and for the dimensions.

        Raises: ConfigurationError if the rows cannot be told apart by so much at once.
        """
        self._connection, self.by = connection, by
        self._rows = rows = Rows(connection, first_day, last_day, [_COLUMNS[one] for one in by if one in _COLUMNS])
        cases = rows.cases()
        self._laid = laid = _Laid(cases, case_columns(cases), arrange(_quantities(laws, rows.days, "month" in by), PER_ROW, cases))
        self._tally = Tally(laid.arrangement, MONEY, rows.stop)
        for chunk in rows.chunks():
            self._tally.add(chunk.origin, chunk.cases, chunk.groups, laid.fields(chunk))
            if progress:
                progress(chunk.origin + len(chunk.cases))
        self.cells = self._tally.cells()
        self.answers = Answers()
        self._kinds, self._cell_kinds = _kinds(self.cells)
        self._split = rows.split(self.cells.groups)

    def answer(self, law: Rulebook) -> Numbers:
        """Return the number of the answer that a law gives to each cell."""
        fields = self.cells.firsts[self._kinds, 1 : 1 + len(PER_ROW)]
        return decide(law, self.answers, self._laid.cases, self.cells.cases[self._kinds], PER_ROW, fields)[self._cell_kinds]

    def compare(self, before: Numbers, after: Numbers) -> Comparison:
        """Return what happens between the answers of two laws, as `answer` gives them."""
        cells = self.cells
        recorded = self._recorded()
        by = [self._dimension(one) for one in self.by]
        keys = np.stack([*(places for _, places in by), before, after], axis=1)
        distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
        counts, low, high = (np.zeros(len(distinct), np.int64) for _ in range(3))
        for total, column in ((counts, cells.counts), (low, cells.low), (high, cells.high)):
            np.add.at(total, inverse.reshape(-1), column)
        slices = tuple(
            Transition(
                self.answers.known[key[-2]],
                self.answers.known[key[-1]],
                Sum(rows, (top << 32) + bottom),
                tuple(labels[place] for (labels, _), place in zip(by, key[:-2], strict=True)),
            )
            for key, rows, top, bottom in zip(distinct.tolist(), counts.tolist(), high.tolist(), low.tolist(), strict=True)
        )
        known = recorded >= 0
        return Comparison(
            transitions=merged(slices),
            slices=tuple(sorted(slices, key=lambda one: -one.sum.rows)) if by else (),
            rows=int(cells.counts.sum()),
            differing=int(cells.counts[known & self.differ(np.where(known, recorded, 0), before)].sum()),
            undecided=int(cells.counts[~known].sum()),
        )

    def differ(self, before: Numbers, after: Numbers) -> npt.NDArray[np.bool_]:
        """Say where two answers differ in verdict or provision."""
        numbers: dict[tuple[str, str], int] = {}
        same = np.array([numbers.setdefault((one.verdict, one.provision), len(numbers)) for one in self.answers.known] or [0], np.int64)
        return same[before] != same[after]

    def changes(self, before: Numbers, after: Numbers, progress: Progress | None = None) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Yield positions, answers before and answers after of all rows that are decided otherwise, some at a time."""
        changed = self.differ(before, after)
        for chunk in self._rows.chunks():
            which = self._tally.add(chunk.origin, chunk.cases, chunk.groups, self._laid.fields(chunk), counting=False)
            rows = np.flatnonzero(changed[which])
            if progress:
                progress(chunk.origin + len(which))
            if len(rows):
                cells = which[rows]
                yield chunk.columns["position"][rows], before[cells], after[cells]

    def _recorded(self) -> Numbers:
        """Return the number of the answer that was recorded for each cell, -1 where none was."""
        asked = "SELECT edition, outcome, verdict, provision, measure, assumed FROM outcomes"
        numbers = {(row[0], row[1]): self.answers.number(Answer(*row[2:])) for row in self._connection.execute(asked).fetchall()}
        pairs = zip(self._split["edition"].tolist(), self._split["outcome"].tolist(), strict=True)
        return np.array([numbers.get(pair, -1) for pair in pairs], np.int64)

    def _dimension(self, dimension: Dimension) -> tuple[list[str], Numbers]:
        """Return the labels of a dimension, and the place of each cell's own among them."""
        cases = [self._laid.cases[case] for case in self.cells.cases.tolist()]
        if dimension in _COLUMNS:
            labels = _labels(self._connection, dimension, self._split[_COLUMNS[dimension]])
        elif dimension == "month":
            labels = [f"{from_day(one):%Y-%m}" for one in self.cells.firsts[:, 1 + PER_ROW.index("day")].tolist()]
        elif dimension == "activity":
            labels = [case.activity for case in cases]
        else:
            labels = ["resident" if case.actor_resident else "non_resident" for case in cases]
        distinct = sorted(set(labels))
        places = {label: place for place, label in enumerate(distinct)}
        return distinct, np.array([places[label] for label in labels], np.int64)


@dataclass(frozen=True)
class Happened:
    """A replay as it happened."""

    counted: Counted = field(repr=False)
    before: Numbers = field(repr=False)  # by cell: the number of the answer
    after: Numbers = field(repr=False)
    comparison: Comparison

    def changes(self, progress: Progress | None = None) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Yield positions, answers before and answers after of all rows that are decided otherwise, some at a time."""
        return self.counted.changes(self.before, self.after, progress)


def as_happened(connection: duckdb.DuckDBPyConnection, question: Question, progress: Progress | None = None) -> Happened:
    """Decide every row of a lake between two days by two laws.

    Raises: ConfigurationError if the rows cannot be told apart by so much at once.
    """
    counted = Counted(connection, (question.law, question.draft), question.first_day, question.last_day, question.by, progress)
    before, after = counted.answer(question.law), counted.answer(question.draft)
    return Happened(counted, before, after, counted.compare(before, after))


def _quantities(laws: Sequence[Rulebook], days: tuple[int, int], by_month: bool) -> tuple[Quantity, ...]:
    first, last = days
    turns = {day for law in laws for day in law.boundaries if first < day <= last}
    editions = [edition for law in laws for edition in editions_between(law, first, last)]
    return quantities_of(editions, PER_ROW, {"day": turns | set(_months(first, last) if by_month else ())})


def editions_between(rulebook: Rulebook, first: int, last: int) -> list[Edition]:
    """Return the editions in force from one day to another."""
    days = [first, *(day for day in rulebook.boundaries if first < day <= last)] if first <= last else []
    return [rulebook.edition(day) for day in days]


def _months(first: int, last: int) -> Iterator[int]:
    """Yield the first days of the months that begin between two days."""
    day = from_day(first).replace(day=1)
    while to_day(day) <= last:
        yield to_day(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _kinds(cells: Cells) -> tuple[Numbers, Numbers]:
    """Return the first cell of each kind, and the kind of each cell: cells of one kind differ only in their group."""
    both = np.empty(len(cells), [("case", "<i8"), ("kind", "<i8")])
    both["case"], both["kind"] = cells.cases, cells.kinds
    _, first, inverse = np.unique(both, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _labels(connection: duckdb.DuckDBPyConnection, dimension: Dimension, numbers: Numbers) -> list[str]:
    wanted = sorted(set(numbers.tolist()) - {-1})
    table = "books" if dimension == "book" else "names"
    found = dict(connection.execute(f"SELECT number, name FROM {table} WHERE number IN (SELECT unnest(?::INTEGER[]))", [wanted]).fetchall())
    return [found.get(number, "none") for number in numbers.tolist()]
