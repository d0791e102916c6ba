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
from typing import get_args

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.compiled import choose_kind
from skarb.core.decision import Outcome
from skarb.core.errors import ConfigurationError
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers
from skarb.oversight.replay.arrange import arrange
from skarb.oversight.replay.asking import Asking, Expected, totals_of
from skarb.oversight.replay.cases import read_cases
from skarb.oversight.replay.concern import concerned
from skarb.oversight.replay.funds import NOTHING, Funds, approved_later, has_transfers, reached_from
from skarb.oversight.replay.funds import follow as follow_funds
from skarb.oversight.replay.happened import Apart, counted_name
from skarb.oversight.replay.happened import Counted as Count
from skarb.oversight.replay.keep import Keep, State, name_of
from skarb.oversight.replay.living import DONE, FULL, UNFUNDED, WORLDS, Features, Followed, Kinds, Tracks
from skarb.oversight.replay.model import Comparison, Question, Sum
from skarb.oversight.replay.passing import Passing
from skarb.oversight.replay.read import Chunk, Rows
from skarb.oversight.replay.spans import editions_between, months_between
from skarb.oversight.replay.summing import Summary, groups_of
from skarb.oversight.replay.tables import Table
from skarb.oversight.replay.tally import WORTH_COMPILING, Cells, empty_sums, empty_table, grown, kernels, longer, table_of
from skarb.oversight.replay.tallying import BLOCK, Sums
from skarb.rulebook import Rulebook
from skarb.rulebook.coding import MISSING
from skarb.rulebook.feature import COUNT_MAX, TOTAL_MAX, window_days
from skarb.rulebook.quantities import Quantities, Quantity

Numbers = npt.NDArray[np.int64]
Progress = Callable[[int], None]
Changed = Callable[[Numbers, Numbers, Numbers], None]  # told positions, answers before and answers after of changed rows
Unfunded = Callable[[Numbers], None]  # told positions

_APART = "apart "  # what was counted, among the arrays that are kept
_ANSWERS = get_args(Outcome)
_POSTED = _ANSWERS.index("posted")
_TURNED_DOWN = [_ANSWERS.index(one) for one in ("not_posted", "conflict")]
_BEFORE, _AFTER = range(WORLDS)  # the worlds of the law and of the draft
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
        self._cases = read_cases(connection)
        self._concerned = concerned(self._cases, editions, totals.tracks)
        self._first_day = question.first_day - lookback
        groups = groups_of(question.by)
        self._funds, self._rows = NOTHING, (rows := Rows(connection, self._first_day, question.last_day, groups))
        self.answers = Answers()
        for one in editions:  # so that it does not matter who is asked first
            self.answers.of_outcomes(one.outcomes)
        self._summary = Summary(connection, rows, self._cases, self.answers, question.by)
        self._names = totals.names
        self._approved_later = approved_later(connection)
        base, shown = self._quantities()
        self._base = arrange(base, PER_ROW, self._cases)
        beside = (*self._base.names, *(f"whole {place}" for place in range(len(self._base.wholes))))
        self._shown = arrange(shown, (*beside, *self._names), self._cases)
        if self._shown.wholes:
            raise ConfigurationError(
                "a condition of the law does more with a total than compare a sum with it; such a law cannot be replayed yet"
            )
        self._asking = Asking(self._laws, self._cases, totals, shown, question.first_day, self.answers)
        self._tables()

    def _quantities(self) -> tuple[list[Quantity], list[Quantity]]:
        """Return what the laws compare of a row alone, and what they compare with totals."""
        first, last = max(self._rows.days[0], self._question.first_day), self._rows.days[1]
        collected = Quantities((*PER_ROW, *self._names))
        turns: set[int] = set()
        for law in self._laws:
            turns |= {day for day in law.boundaries if first < day <= last}
            for edition in editions_between(law, first, last):
                collected.add(edition, {name: self._names[place] for name, place in self._totals.places(edition).items()})
        months = months_between(first, last) if "month" in self._question.by else ()
        collected.add_steps("day", {*turns, *months, self._question.first_day})
        found = collected.found()
        return [one for one in found if not self._sees(one)], [one for one in found if self._sees(one)]

    def _sees(self, quantity: Quantity) -> bool:
        return not quantity.facts.isdisjoint(self._names)

    def _tables(self) -> None:
        width, room = len(PER_ROW) + len(self._base.wholes), 1 << 12
        self._kernel = kernels(choose_kind(self._rows.stop >= WORTH_COMPILING))
        self._kinds = Kinds(
            empty_table(room),
            np.zeros((room, WORLDS), np.int64),
            np.zeros(room, np.int64),
            np.zeros((room, WORLDS), np.int64),
            np.zeros((room, width), np.int64),
            np.zeros(room, np.int64),
        )
        self._features = Features(
            np.array([track for track, _ in self._totals.features], np.int64),
            np.array([itself for _, itself in self._totals.features], np.bool_),
        )
        self._beside = np.zeros((width + len(self._names), 1), np.int64)  # the numbers of one row and the totals it is shown
        self._room = np.empty((2, BLOCK), np.int64)  # of the kernel
        self._shown_kinds, self._shown_answers = empty_table(room), np.zeros(room, np.int64)
        self._permits = np.zeros(0, np.bool_)
        self._begin(NOTHING)

    def _begin(self, funds: Funds) -> None:
        """Begin with nothing done yet, and with accounts to follow; what is known of kinds of rows stays known."""
        room, tracks = 1 << 12, self._totals.tracks
        self._tracks = Tracks(
            np.array([PER_ROW.index(one.sum) if one.sum else -1 for one in tracks], np.int64),
            np.array([window_days(one.window) for one in tracks], np.int64),
            np.array([TOTAL_MAX if one.sum else COUNT_MAX for one in tracks], np.int64),
            empty_table(room),
            np.zeros(room, np.int64),
        )
        self._lines, self._sums = empty_table(room), empty_sums(room)
        self._kinds.latest[:] = 0
        self._funds = funds
        self._money = Followed(funds.legs, np.zeros((WORLDS, len(funds.accounts), 2), np.uint64), np.zeros(1, np.int64))
        self._unfunded = Sum()

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
        kept = keep.load(name, counted_name(self._laws, self._question.by, self._all_rows, self._base)) if keep else None
        if kept:
            self._restore(kept)
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
        return self._comparison(count.cells, before, after)

    def _count_beside(self, progress: Progress | None) -> tuple[Count, Numbers]:
        """Count all rows and live through those that totals concern, reading them once; return the count, and which positions are lost."""
        self._begin(self._funds)
        passing, lost = self._passing(), list[Numbers]()

        def live(chunk: Chunk) -> None:
            lost.extend(self._pass(passing, one)[1] for one in passing.take(chunk))

        count = self._count(progress, None, None, passing.columns, live)
        lost.extend(self._pass(passing, one)[1] for one in passing.rest())
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
            start, known = int(lost[0]) if len(accounts) else 0, self._funds
            if (len(accounts), start) == (len(known.accounts), known.start):  # there are never fewer
                return True
            self._begin(follow_funds(self._connection, accounts, start))

    def _lost_apart(self, count: Count, answers: Sequence[Numbers], progress: Progress | None) -> Numbers:
        """Return the positions of rows that no total concerns, that came to pass, and that one of the two laws does not permit."""
        self._learn_verdicts()
        wanted = np.zeros(len(count.cells), np.bool_)
        for one in answers:
            wanted |= ~self._permits[one]
        wanted &= self._summary.may_have_come(count.cells)
        found = [
            chunk.columns["rowid"][rows[chunk.columns["answer"][rows] == _POSTED]]
            for chunk, rows, _ in count.found(wanted, ["rowid", "answer"], progress)
        ]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _count(
        self,
        progress: Progress | None,
        keep: Keep | None,
        kept: State | None,
        columns: Sequence[str] = (),
        beside: Callable[[Chunk], None] | None = None,
    ) -> Count:
        """Count the rows that no total concerns; somebody `beside` may look at all of them with further columns."""
        first, last = self._question.first_day, self._question.last_day
        known = None
        if kept:
            arrays = {name.removeprefix(_APART): array for name, array in kept.arrays.items() if name.startswith(_APART)}
            known = State(int(arrays.pop("rows")[0]), arrays)
        apart = Apart(self._all_rows, self._cases, self._base, self._concerned, self.answers, known, columns, beside)
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
            self._begin(self._funds)
        passing, lost = self._passing(), [np.zeros(0, np.int64)]

        def live(chunk: Chunk) -> None:
            (before, after), gone, short = self._pass(passing, chunk)
            lost.append(gone)
            positions = chunk.columns["rowid"]
            if unfunded and len(short):
                unfunded(short)
            if changed:
                told = self._concerned[chunk.cases] & (chunk.columns["day"] >= self._question.first_day)
                rows = np.flatnonzero(self.answers.differ(before, after) & told)
                if len(rows):
                    changed(positions[rows], before[rows], after[rows])
            done = int(positions[-1]) + 1
            if keep and counted:
                keep.offer(name, lambda: self._state(done, counted))
            if progress:
                progress(done)

        for chunk in self._rows.chunks(passing.columns, position=kept.rows if kept else 0):
            for one in passing.take(chunk):
                live(one)
        for one in passing.rest():
            live(one)
        return np.concatenate(lost)

    def _passing(self) -> Passing:
        return Passing(self._rows, self._totals.tracks, self._concerned, self._funds.rows)

    def _pass(self, passing: Passing, chunk: Chunk) -> tuple[Numbers, Numbers, Numbers]:
        """Live through some rows; return the answers in both worlds, and the positions of those that are lost and of those that are unfunded."""
        fields = self._base.fields(chunk.columns, chunk.cases, self._cases.columns)
        own, counting = self._concerned[chunk.cases], chunk.columns["day"] >= self._question.first_day
        answers, became = self._live(chunk, fields, own, counting, passing.keys(chunk), passing.periods(chunk))
        short = became & (UNFUNDED << _BEFORE | UNFUNDED << _AFTER) == UNFUNDED << _AFTER
        if short.any():
            self._unfunded += _worth(chunk.columns["value"][short])
        positions = chunk.columns["rowid"]
        return answers.astype(np.int64), positions[became > 0], positions[short]

    def _live(
        self,
        chunk: Chunk,
        fields: Numbers,
        own: npt.NDArray[np.bool_],
        counting: npt.NDArray[np.bool_],
        keys: Numbers,
        periods: Numbers,
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """Return the answers to rows in both worlds, and what became of those that came to pass."""
        which, became = self._recognise(chunk.cases, fields), np.zeros(len(chunk.cases), np.uint8)
        answers, stopped, row = np.zeros((WORLDS, len(chunk.cases)), np.int32), np.zeros(4, np.int64), 0
        posted, possible = chunk.columns["answer"] == _POSTED, ~np.isin(chunk.columns["answer"], _TURNED_DOWN)
        if len(self._approved_later):
            possible &= ~np.isin(chunk.columns["rowid"], self._approved_later)
        groups = chunk.groups()
        while True:
            row = self._kernel["live"](
                row,
                chunk.cases,
                which,
                groups,
                fields,
                PER_ROW.index("value"),
                counting,
                own,
                chunk.columns["rowid"],
                posted,
                possible,
                self._actual,
                self._money,
                keys,
                periods,
                self._kinds,
                self._tracks,
                self._features,
                self._beside,
                *self._room,
                self._shown.quantities,
                self._shown_kinds,
                self._shown_answers,
                self._permits,
                self._lines,
                self._sums,
                answers,
                became,
                stopped,
            )
            if stopped[0] == DONE:
                return answers, became
            if stopped[0] == FULL:
                self._make_room()
            else:
                entry, world, place = stopped[1:].tolist()
                self._shown_answers[place] = self._asking.decide(self._kinds, entry, world, self._beside[:, 0].tolist())
            self._learn_verdicts()

    def _recognise(self, cases: npt.NDArray[np.int32], fields: Numbers) -> npt.NDArray[np.int32]:
        """Return the kinds of some rows, and learn what there is to be known of new ones."""
        which, row, known = np.empty(len(cases), np.int32), 0, int(self._kinds.table.used[0])
        while (
            row := self._kernel["recognise"](row, cases, fields, self._base.quantities, self._kinds, which, *self._room)
        ) < len(cases):
            table = grown(self._kinds.table, self._kernel)
            self._kinds = Kinds(table, *(longer(column, len(table.keys)) for column in self._kinds[1:]))
        if (used := int(self._kinds.table.used[0])) > known:
            for world, one in enumerate(self._asking.learn(self._kinds, known, used)):
                self._expect(world, one)
            self._learn_verdicts()
        return which

    def _expect(self, world: int, said: Expected) -> None:
        """Enter what a law says of kinds between the steps of their totals."""
        count, place = len(said.entries), 0
        fields = np.zeros((len(self._shown.names), count), np.int64)
        fields[len(fields) - len(said.totals) :] = said.totals
        cases = np.zeros(count, np.int32)  # of which totals between steps know nothing
        while (
            place := self._kernel["expect"](
                place,
                cases,
                fields,
                said.entries,
                world,
                said.answers,
                self._shown.quantities,
                self._shown_kinds,
                self._shown_answers,
                *self._room,
            )
        ) < count:
            self._make_room()

    def _learn_verdicts(self) -> None:
        known = self.answers.known
        if len(known) > len(self._permits):
            self._permits = np.array([one.verdict == "permit" for one in known], np.bool_)

    def _make_room(self) -> None:
        tracks = self._tracks
        if full(tracks.table, WORLDS * len(self._totals.tracks)):
            table = grown(tracks.table, self._kernel)
            self._tracks = tracks._replace(table=table, sums=longer(tracks.sums, len(table.keys)))
        if full(self._shown_kinds):
            self._shown_kinds = grown(self._shown_kinds, self._kernel)
            self._shown_answers = longer(self._shown_answers, len(self._shown_kinds.keys))
        if full(self._lines):
            self._lines = grown(self._lines, self._kernel)
            self._sums = Sums(*(longer(column, len(self._lines.keys)) for column in self._sums))

    # -- going on --------------------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        what = f"lived {self._actual} {self._question.first_day} {self._totals}"
        return name_of(what, self._laws, self._question.by, self._rows, self._base, self._shown)

    def _state(self, rows: int, counted: State) -> State:
        """Return all that is known between two chunks; the arrays change when more is lived through."""
        columns = {
            "kinds": (self._kinds.table, self._kinds._asdict()),
            "tracks": (self._tracks.table, {"totals": self._tracks.sums}),
            "shown": (self._shown_kinds, {"shown_answers": self._shown_answers}),
            "lines": (self._lines, self._sums._asdict()),
        }
        arrays: dict[str, Numbers] = {}
        for name, (table, beside) in columns.items():
            used = int(table.used[0])
            arrays[name] = table.keys[:used]
            arrays |= {key: column[:used] for key, column in beside.items() if key != "table"}
        arrays |= {"accounts": self._funds.accounts, "balances": self._money.balances.view(np.int64), "next": self._money.next}
        arrays["unfunded"] = np.array([self._funds.start, self._unfunded.rows, *divmod(self._unfunded.money, 1 << 32)], np.int64)
        arrays |= {f"{_APART}{name}": column for name, column in counted.arrays.items()}
        arrays[f"{_APART}rows"] = np.array([counted.rows], np.int64)
        return State(rows, arrays, self.answers.known)

    def _restore(self, kept: State) -> None:
        def table(name: str) -> Table:
            return table_of(kept.arrays[name], self._kernel)

        def column(name: str, table: Table) -> Numbers:
            return longer(kept.arrays[name], len(table.keys))

        start, rows, high, low = kept.arrays["unfunded"].tolist()
        self._begin(follow_funds(self._connection, kept.arrays["accounts"], start))
        self._unfunded = Sum(rows, (high << 32) + low)
        self._money.balances[:], self._money.next[:] = kept.arrays["balances"].view(np.uint64), kept.arrays["next"]
        kinds, tracks, self._shown_kinds, self._lines = table("kinds"), table("tracks"), table("shown"), table("lines")
        self._kinds = Kinds(kinds, *(column(name, kinds) for name in Kinds._fields[1:]))
        self._tracks = self._tracks._replace(table=tracks, sums=column("totals", tracks))
        self._shown_answers = column("shown_answers", self._shown_kinds)
        self._sums = Sums(*(column(name, self._lines) for name in Sums._fields))
        for answer in kept.answers:
            self.answers.number(answer)
        self._learn_verdicts()

    # -- what came of it -------------------------------------------------------------------------------------------------------

    def _comparison(self, apart: Cells, apart_before: Numbers, apart_after: Numbers) -> Comparison:
        used = int(self._lines.used[0])
        keys = self._lines.keys[:used]
        entries, before, after = keys[:, 0], keys[:, 1] >> 20, keys[:, 1] & ((1 << 20) - 1)
        positions = np.full((used, 1), -1, np.int64)
        firsts = np.concatenate([positions, self._kinds.firsts[entries]], axis=1)
        counts, low, high = (column[:used] for column in self._sums)
        cells = Cells(
            self._kinds.table.keys[entries, 0], self._kinds.table.keys[entries, 1], keys[:, 2], counts, low, high, firsts
        )
        compared = self._summary.compare(
            apart.beside(cells), np.concatenate([apart_before, before]), np.concatenate([apart_after, after])
        )
        return with_changes(compared, unfunded=self._unfunded)


def _worth(values: Numbers) -> Sum:
    """Return how many rows there are, and the sum of their values, those that are missing left out."""
    known = values[values != MISSING]
    return Sum(len(values), (int((known >> 32).sum()) << 32) + int((known & 0xFFFFFFFF).sum()))


def full(table: object, more: int = 1) -> bool:
    """Say whether a table has not got room for so many entries."""
    return len(table.keys) - int(table.used[0]) < more  # type: ignore[attr-defined]
