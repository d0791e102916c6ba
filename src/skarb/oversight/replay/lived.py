"""Lived through: rows in the order of their journals, each shown the totals of what came before.

`as-would-have` lets the two laws live apart: what the draft refuses never happened in its world, so it is in no later total there, and what it
frees did. What happened before the first day asked about happened in both worlds. A law that looks at totals is replayed `as-happened` this
way, too, with the totals of what really came to pass in both worlds. A row that the ledger turned down comes to pass in no world. A freed row counts
in totals as if the ledger had taken it, but for a referral that somebody approved: it came to pass with the row of the approval, and only there.

Money that a world did not receive cannot be spent there, see `funds`. Only rows of cases that totals concern, and rows that such money can have come
through, are lived through. All are counted by kind before or meanwhile, as `happened` does it, but for those that totals concern.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace as with_changes

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.compiled import choose_kind
from skarb.core.errors import ConfigurationError
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers
from skarb.oversight.replay.arrange import arrange
from skarb.oversight.replay.asking import Asking, totals_of
from skarb.oversight.replay.cases import read_cases
from skarb.oversight.replay.concern import concerned
from skarb.oversight.replay.funds import NOTHING, Funds, approved_later, has_transfers, reached_from
from skarb.oversight.replay.funds import follow as follow_funds
from skarb.oversight.replay.happened import Apart, counted_name
from skarb.oversight.replay.happened import Counted as Count
from skarb.oversight.replay.keep import Keep, State, name_of
from skarb.oversight.replay.model import Comparison, Question
from skarb.oversight.replay.passing import Passing
from skarb.oversight.replay.read import Chunk, Rows
from skarb.oversight.replay.spans import editions_between, months_between
from skarb.oversight.replay.summing import Summary, groups_of
from skarb.oversight.replay.tally import WORTH_COMPILING, kernels
from skarb.oversight.replay.worlds import POSTED, Sight, Worlds
from skarb.rulebook import Rulebook
from skarb.rulebook.feature import window_days
from skarb.rulebook.quantities import Quantities, Quantity

Numbers = npt.NDArray[np.int64]
Progress = Callable[[int], None]
Changed = Callable[[Numbers, Numbers, Numbers], None]  # told positions, answers before and answers after of changed rows
Unfunded = Callable[[Numbers], None]  # told positions

_APART = "apart "  # what was counted, among the arrays that are kept
_LONGEST = {"day": 1, "month": 31, "quarter": 92, "year": 366}  # days of a window of the calendar


def looks_at_totals(connection: duckdb.DuckDBPyConnection, laws: Sequence[Rulebook], first_day: int, last_day: int) -> bool:
    """Say whether a law looks at what was done before, on a day that the lake has rows of."""
    first, last = Rows(connection, first_day, last_day).days
    return any(edition.features for law in laws for edition in editions_between(law, first, last))


class Lived:
    """Two worlds, lived through row after row."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, question: Question, *, actual: bool) -> None:
        """Make ready; if `actual`, only what really came to pass is in the totals of both worlds."""
        self._connection, self._question, self._actual = connection, question, actual
        self._laws = (question.law, question.draft)
        self._all_rows = everything = Rows(connection, question.first_day, question.last_day, groups_of(question.by))
        editions = [one for law in self._laws for one in editions_between(law, *everything.days)]
        self._totals = totals = totals_of(editions)
        lookback = max((window_days(one.window) or _LONGEST[one.window] for one in totals.tracks), default=1) - 1
        self._rows = rows = Rows(connection, question.first_day - lookback, question.last_day, groups_of(question.by))
        self._cases = cases = read_cases(connection)
        self.answers = Answers()
        for one in editions:  # so that it does not matter who is asked first
            self.answers.of_outcomes(one.outcomes)
        self._summary = Summary(connection, rows, cases, self.answers, question.by)
        alone, among = self._quantities()
        base = arrange(alone, PER_ROW, cases)
        shown = arrange(among, (*base.names, *(f"whole {place}" for place in range(len(base.wholes))), *totals.names), cases)
        if shown.wholes:
            raise ConfigurationError(
                "a condition of the law does more with a total than compare a sum with it; such a law cannot be replayed yet"
            )
        self._sight = Sight(
            cases,
            concerned(cases, editions, totals.tracks),
            totals,
            base,
            shown,
            approved_later(connection),
            question.first_day,
            actual,
        )
        self._kernel = kernels(choose_kind(rows.stop >= WORTH_COMPILING))
        asking = Asking(self._laws, cases, totals, among, question.first_day, self.answers)
        self._worlds = Worlds(self._sight, asking, self.answers, self._kernel)

    def _quantities(self) -> tuple[list[Quantity], list[Quantity]]:
        """Return what the laws compare of a row alone, and what they compare with totals."""
        first, last = max(self._rows.days[0], self._question.first_day), self._rows.days[1]
        collected = Quantities((*PER_ROW, *self._totals.names))
        turns: set[int] = set()
        for law in self._laws:
            turns |= {day for day in law.boundaries if first < day <= last}
            for edition in editions_between(law, first, last):
                collected.add(edition, {name: self._totals.names[place] for name, place in self._totals.places(edition).items()})
        months = months_between(first, last) if "month" in self._question.by else ()
        collected.add_steps("day", {*turns, *months, self._question.first_day})
        found = collected.found()
        return [one for one in found if not self._sees(one)], [one for one in found if self._sees(one)]

    def _sees(self, quantity: Quantity) -> bool:
        return not quantity.facts.isdisjoint(self._totals.names)

    # -- living ----------------------------------------------------------------------------------------------------------------

    def run(
        self,
        progress: Progress | None = None,
        changed: Changed | None = None,
        keep: Keep | None = None,
        unfunded: Unfunded | None = None,
    ) -> Comparison:
        """Live through all rows, tell of those that are decided otherwise or unfunded, and return what happens between the two laws."""
        name = self._name() if keep else ""
        kept = keep.load(name, counted_name(self._laws, self._question.by, self._all_rows, self._sight.base)) if keep else None
        if kept:
            self._worlds.restore(kept.arrays, kept.answers, self._follow)
        if keep or changed or unfunded or self._rows.days != self._all_rows.days:
            count, lost = self._count(progress, keep, kept), None
        else:
            count, lost = self._count_beside(progress)
        before, after = (count.answer(law) for law in self._laws)
        again = kept is not None or not self._follow_money(count, (before, after), progress, lost)
        if (again and lost is None) or changed or unfunded:
            self._live_through(progress, changed, keep, name, kept, count.state() if keep else None, unfunded)
        if changed:
            for told in count.changes(before, after, progress):
                changed(*told)
        cells, own_before, own_after = self._worlds.cells()
        both = np.concatenate([before, own_before]), np.concatenate([after, own_after])
        return with_changes(self._summary.compare(count.cells.beside(cells), *both), unfunded=self._worlds.unfunded)

    def _count_beside(self, progress: Progress | None) -> tuple[Count, Numbers]:
        """Count all rows and live through those that totals concern, reading them once; return the count, and which positions are lost."""
        self._worlds.begin(self._worlds.funds)
        passing, lost = self._passing(), list[Numbers]()

        def live(picked: Chunk) -> None:
            lost.extend(self._worlds.live(passing, one)[1] for one in passing.take(picked))

        count = self._count(progress, None, None, passing, live)
        lost.extend(self._worlds.live(passing, one)[1] for one in passing.rest())
        return count, np.concatenate([*lost, np.zeros(0, np.int64)])

    def _follow_money(
        self, count: Count, answers: Sequence[Numbers], progress: Progress | None, lived: Numbers | None = None
    ) -> bool:
        """Find out which accounts are to be followed, if any; say whether all rows were lived through for that, with those accounts.

        Where they were `lived` through with none already, these are the positions of those that are lost.
        """
        if self._actual or not has_transfers(self._connection):
            return False
        lost = self._lost_apart(count, answers, progress)
        while True:
            lost, lived = np.union1d(lost, self._live_through(progress) if lived is None else lived), None
            accounts = reached_from(self._connection, lost, self._kernel["spread"]) if len(lost) else NOTHING.accounts
            start, known = int(lost[0]) if len(accounts) else 0, self._worlds.funds
            if (len(accounts), start) == (len(known.accounts), known.start):  # there are never fewer
                return True
            self._worlds.begin(self._follow(accounts, start))

    def _lost_apart(self, count: Count, answers: Sequence[Numbers], progress: Progress | None) -> Numbers:
        """Return the positions of rows that no total concerns, that came to pass, and that one of the two laws does not permit."""
        self._worlds.learn_verdicts()
        wanted = np.zeros(len(count.cells), np.bool_)
        for one in answers:
            wanted |= ~self._worlds.permits[one]
        wanted &= self._summary.may_have_come(count.cells)
        found = [
            chunk.columns["rowid"][rows[chunk.columns["answer"][rows] == POSTED]]
            for chunk, rows, _ in count.found(wanted, ["rowid", "answer"], progress)
        ]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _count(
        self,
        progress: Progress | None,
        keep: Keep | None,
        kept: State | None,
        passing: Passing | None = None,
        take: Callable[[Chunk], None] | None = None,
    ) -> Count:
        """Count the rows that no total concerns; meanwhile somebody may take those that are `passing`."""
        first, last = self._question.first_day, self._question.last_day
        known = None
        if kept:
            arrays = {name.removeprefix(_APART): array for name, array in kept.arrays.items() if name.startswith(_APART)}
            known = State(int(arrays.pop("rows")[0]), arrays)
        columns, pick = (passing.columns, passing.pick) if passing else ((), None)
        left_out = self._sight.concerned
        apart = Apart(self._all_rows, self._cases, self._sight.base, left_out, self.answers, known, columns, pick, take)
        return Count(self._connection, self._laws, first, last, self._question.by, progress, keep, apart)

    def _live_through(
        self,
        progress: Progress | None,
        changed: Changed | None = None,
        keep: Keep | None = None,
        name: str = "",
        kept: State | None = None,
        counted: State | None = None,
        unfunded: Unfunded | None = None,
    ) -> Numbers:
        """Live through rows, and return the positions of those that came to pass and do not in one of the two worlds."""
        if kept is None:
            self._worlds.begin(self._worlds.funds)
        passing, lost = self._passing(), [np.zeros(0, np.int64)]

        def live(chunk: Chunk) -> None:
            (before, after), gone, short = self._worlds.live(passing, chunk)
            lost.append(gone)
            positions = chunk.columns["rowid"]
            if unfunded and len(short):
                unfunded(short)
            if changed:
                told = self._sight.concerned[chunk.cases] & (chunk.columns["day"] >= self._question.first_day)
                rows = np.flatnonzero(self.answers.differ(before, after) & told)
                if len(rows):
                    changed(positions[rows], before[rows], after[rows])
            done = int(positions[-1]) + 1
            if keep and counted:
                keep.offer(name, lambda: self._state(done, counted))
            if progress:
                progress(done)

        for chunk in self._rows.chunks(passing.columns, position=kept.rows if kept else 0):
            for one in passing.take(passing.pick(chunk)):
                live(one)
        for one in passing.rest():
            live(one)
        return np.concatenate(lost)

    def _passing(self) -> Passing:
        return Passing(self._rows, self._totals.tracks, self._sight.concerned, self._worlds.funds.rows, self._kernel)

    def _follow(self, accounts: Numbers, start: int) -> Funds:
        return follow_funds(self._connection, accounts, start)

    # -- going on --------------------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        what = f"lived {self._actual} {self._question.first_day} {self._totals}"
        return name_of(what, self._laws, self._question.by, self._rows, self._sight.base, self._sight.shown)

    def _state(self, rows: int, counted: State) -> State:
        """Return all that is known between two chunks; the arrays change when more is lived through."""
        arrays, answers = self._worlds.state()
        arrays |= {f"{_APART}{name}": column for name, column in counted.arrays.items()}
        arrays[f"{_APART}rows"] = np.array([counted.rows], np.int64)
        return State(rows, arrays, answers)
