"""As it happened: every row with the facts it was decided by, under the law and under a draft.

Rows of one kind get the same answers, so they are counted first and each kind is decided once, by the very code that decides instructions. What was
recorded beside each row is compared with what the law says now: where nothing is amiss the two are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.compiled import choose_kind
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers, Asked
from skarb.oversight.replay.arrange import Arrangement, arrange
from skarb.oversight.replay.cases import Cases, read_cases
from skarb.oversight.replay.keep import Keep, State, name_of
from skarb.oversight.replay.model import Comparison, Dimension, Question
from skarb.oversight.replay.read import Chunk, Piece, Rows
from skarb.oversight.replay.spans import editions_between, months_between
from skarb.oversight.replay.summing import Summary, groups_of
from skarb.oversight.replay.tally import WORTH_COMPILING, Cells, Lane, Lanes, Tally
from skarb.rulebook import Rulebook
from skarb.rulebook.quantities import quantities_of

Numbers = npt.NDArray[np.int64]
Progress = Callable[[int], None]  # told how far the reading has come, as a position

MONEY = "value"
LANES = 2  # tallies that count at once


@dataclass(frozen=True)
class _Laid:
    """What the rows are looked at through."""

    cases: Cases
    arrangement: Arrangement

    def count(self, tally: Tally, chunk: Chunk, counting: bool = True) -> npt.NDArray[np.int32]:
        fields = self.arrangement.columns(chunk.columns, chunk.cases, self.cases.columns)
        return tally.add(chunk.origin, chunk.cases, chunk.groups(), fields, counting)


@dataclass(frozen=True)
class Apart:
    """What is counted beside rows that are lived through: how finely, which cases are left out, which answers have numbers, and what is kept."""

    rows: Rows
    cases: Cases
    arrangement: Arrangement
    left_out: npt.NDArray[np.bool_]
    answers: Answers
    kept: State | None = None
    columns: Sequence[str] = ()  # that are read, too
    pick: Callable[[Chunk], Chunk] | None = None  # what is taken of rows, by whatever thread reads them
    take: Callable[[Chunk], None] | None = None  # who takes it, in the order of the rows


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
        keep: Keep | None = None,
        apart: Apart | None = None,
    ) -> None:
        """Count. Kinds are fine enough for all the laws and for the dimensions.

        Raises: ConfigurationError if the rows cannot be told apart by so much at once.
        """
        self._rows = rows = apart.rows if apart else Rows(connection, first_day, last_day, groups_of(by))
        cases, (first, last) = apart.cases if apart else read_cases(connection), rows.days
        turns = {day for law in laws for day in law.boundaries if first < day <= last}
        if apart is None:
            editions = [edition for law in laws for edition in editions_between(law, first, last)]
            months = months_between(first, last) if "month" in by else ()
            quantities = quantities_of(editions, PER_ROW, {"day": turns.union(months)})
            arrangement = arrange(quantities, PER_ROW, cases)
        else:
            arrangement = apart.arrangement
        self._laid = laid = _Laid(cases, arrangement)
        self._tally = Tally(laid.arrangement, MONEY, rows.stop)
        name = counted_name(laws, by, rows, laid.arrangement) if keep else ""
        kept = apart.kept if apart and apart.kept else keep.load(name) if keep else None
        self._done = kept.rows if kept else 0
        if kept:
            self._tally.restore(kept.arrays)
        side_by_side = (
            [Tally(laid.arrangement, MONEY, rows.stop) for _ in range(LANES - 1)] if rows.stop >= WORTH_COMPILING else []
        )

        def work(piece: Piece, lane: Lane) -> Chunk | None:
            chunk = piece.read(lane.room)
            laid.count(lane.tally, chunk)
            return apart.pick(chunk) if apart and apart.pick else None

        def tell(picked: Chunk | None) -> None:
            if picked and apart and apart.take:
                apart.take(picked)

        with Lanes([self._tally, *side_by_side], tell) as lanes:
            for piece in rows.pieces(apart.columns if apart else (), self._done):
                lanes.add(partial(work, piece))
                self._done = done = piece.origin + piece.rows
                if keep:
                    keep.offer(name, lambda done=done: State(done, lanes.settle().state()))  # type: ignore[misc]
                if progress:
                    progress(done)
            lanes.settle()
        self.cells = self._tally.cells()
        self._left_out = np.zeros(len(self.cells), np.bool_) if apart is None else apart.left_out[self.cells.cases]
        if apart is not None:
            self.cells = self.cells.where(~self._left_out)
        kinds, self._cell_kinds = _kinds(self.cells)
        fields = self.cells.firsts[kinds, 1 : 1 + len(PER_ROW)]
        self._asked = Asked(
            cases.columns,
            self.cells.cases[kinds],
            PER_ROW,
            fields,
            turns,
            choose_kind(rows.stop >= WORTH_COMPILING),
            None if apart is None else apart.answers,
        )
        self.answers = self._asked.answers
        self._summary = Summary(connection, rows, cases, self.answers, by)

    def state(self) -> State:
        """Return what was counted, for a count that is not to be made again."""
        return State(self._done, self._tally.state())

    def answer(self, law: Rulebook) -> Numbers:
        """Return the number of the answer that a law gives to each cell."""
        return self._asked.ask(law)[self._cell_kinds]

    def compare(self, before: Numbers, after: Numbers) -> Comparison:
        """Return what happens between the answers of two laws, as `answer` gives them."""
        return self._summary.compare(self.cells, before, after)

    def changes(
        self, before: Numbers, after: Numbers, progress: Progress | None = None
    ) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Yield positions, answers before and answers after of all rows that are decided otherwise, some at a time."""
        changed = self.answers.differ(before, after)
        before, after = map(self._with_left_out, (before, after))
        for chunk, rows, cells in self.found(changed, ["rowid"], progress):
            yield chunk.columns["rowid"][rows], before[cells], after[cells]

    def found(
        self, wanted: npt.NDArray[np.bool_], columns: Sequence[str], progress: Progress | None = None
    ) -> Iterator[tuple[Chunk, Numbers, npt.NDArray[np.int32]]]:
        """Yield the rows of some cells again with further columns: a chunk, the places of those rows in it, and their cells."""
        wanted = self._with_left_out(wanted)
        if not wanted.any():
            return
        for chunk in self._rows.chunks(columns):
            which = self._laid.count(self._tally, chunk, counting=False)
            rows = np.flatnonzero(wanted[which])
            if progress:
                progress(chunk.origin + len(which))
            if len(rows):
                yield chunk, rows, which[rows]

    def _with_left_out(self, of_cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what is said of cells with noughts for those that are left out, as rows are found in them, too."""
        found = np.zeros(len(self._left_out), of_cells.dtype)
        found[~self._left_out] = of_cells
        return found


def counted_name(laws: Sequence[Rulebook], by: Sequence[Dimension], rows: Rows, arrangement: Arrangement) -> str:
    """Return what a count is kept under."""
    return name_of("counted", laws, by, rows, arrangement)


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


def as_happened(
    connection: duckdb.DuckDBPyConnection, question: Question, progress: Progress | None = None, keep: Keep | None = None
) -> Happened:
    """Decide every row of a lake between two days by two laws.

    Raises: ConfigurationError if the rows cannot be told apart by so much at once.
    """
    laws = question.law, question.draft
    counted = Counted(connection, laws, question.first_day, question.last_day, question.by, progress, keep)
    before, after = counted.answer(question.law), counted.answer(question.draft)
    return Happened(counted, before, after, counted.compare(before, after))


def _kinds(cells: Cells) -> tuple[Numbers, Numbers]:
    """Return the first cell of each kind, and the kind of each cell: cells of one kind differ only in their group."""
    both = np.empty(len(cells), [("case", "<i8"), ("kind", "<i8")])
    both["case"], both["kind"] = cells.cases, cells.kinds
    _, first, inverse = np.unique(both, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
