"""Worlds: what is known while rows are lived through, in the world of the law and in that of the draft.

Kinds of rows, what laws say of them between the steps of their totals, the totals, the money that is followed, and what was counted so far. The
kernel does the work; whatever it does not know yet is asked for here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions
from skarb.core.decision import Outcome
from skarb.lake import PER_ROW
from skarb.oversight.replay.answers import Answers
from skarb.oversight.replay.arrange import Arrangement
from skarb.oversight.replay.asking import Asking, Expected, Totals
from skarb.oversight.replay.cases import Cases
from skarb.oversight.replay.funds import NOTHING, Funds
from skarb.oversight.replay.living import DONE, FULL, UNFUNDED, WORLDS, Features, Followed, Kinds, Tracks
from skarb.oversight.replay.model import Answer, Sum
from skarb.oversight.replay.passing import Passing
from skarb.oversight.replay.read import Chunk
from skarb.oversight.replay.tables import Table
from skarb.oversight.replay.tally import Cells, empty_sums, empty_table, grown, longer, table_of
from skarb.oversight.replay.tallying import BLOCK, Sums
from skarb.rulebook.coding import MISSING
from skarb.rulebook.feature import COUNT_MAX, TOTAL_MAX, window_days

Numbers = npt.NDArray[np.int64]

_ANSWERS = get_args(Outcome)
POSTED = _ANSWERS.index("posted")
_TURNED_DOWN = [_ANSWERS.index(one) for one in ("not_posted", "conflict")]
_BEFORE, _AFTER = range(WORLDS)  # the worlds of the law and of the draft


@dataclass(frozen=True)
class Sight:
    """What rows are looked at through."""

    cases: Cases
    concerned: npt.NDArray[np.bool_]  # of each case: whether totals have to do with it
    totals: Totals
    base: Arrangement  # of what the laws compare of a row alone
    shown: Arrangement  # of what they compare with totals
    approved_later: Numbers  # positions
    first_day: int  # that is asked about
    actual: bool  # whether only what really came to pass is in the totals


class Worlds:
    """Two worlds side by side."""

    def __init__(self, sight: Sight, asking: Asking, answers: Answers, kernel: Functions) -> None:
        """Begin with nothing done yet, and nothing known of kinds."""
        self._sight, self._asking, self._answers, self._kernel = sight, asking, answers, kernel
        width, room = len(PER_ROW) + len(sight.base.wholes), 1 << 12
        self._kinds = Kinds(
            empty_table(room),
            np.zeros((room, WORLDS), np.int64),
            np.zeros(room, np.int64),
            np.zeros((room, WORLDS), np.int64),
            np.zeros((room, width), np.int64),
            np.zeros(room, np.int64),
        )
        self._features = Features(
            np.array([track for track, _ in sight.totals.features], np.int64),
            np.array([itself for _, itself in sight.totals.features], np.bool_),
        )
        self._beside = np.zeros(
            (width + len(sight.totals.names), 1), np.int64
        )  # the numbers of one row and the totals it is shown
        self._room = np.empty((2, BLOCK), np.int64)  # of the kernel
        self._shown_kinds, self._shown_answers = empty_table(room), np.zeros(room, np.int64)
        self.permits = np.zeros(0, np.bool_)
        self.begin(NOTHING)

    def begin(self, funds: Funds) -> None:
        """Begin with nothing done yet, and with accounts to follow; what is known of kinds of rows stays known."""
        room, tracks = 1 << 12, self._sight.totals.tracks
        self._tracks = Tracks(
            np.array([PER_ROW.index(one.sum) if one.sum else -1 for one in tracks], np.int64),
            np.array([window_days(one.window) for one in tracks], np.int64),
            np.array([TOTAL_MAX if one.sum else COUNT_MAX for one in tracks], np.int64),
            empty_table(room),
            np.zeros((room, WORLDS), np.int64),
        )
        self._lines, self._sums = empty_table(room), empty_sums(room)
        self._kinds.latest[:] = 0
        self.funds = funds
        self._money = Followed(funds.legs, np.zeros((WORLDS, len(funds.accounts), 2), np.uint64), np.zeros(1, np.int64))
        self.unfunded = Sum()

    def live(self, passing: Passing, chunk: Chunk) -> tuple[Numbers, Numbers, Numbers]:
        """Live through some rows; return the answers in both worlds, and the positions of those that are lost and of those that are unfunded."""
        sight = self._sight
        fields = sight.base.fields(chunk.columns, chunk.cases, sight.cases.columns)
        own, counting = sight.concerned[chunk.cases], chunk.columns["day"] >= sight.first_day
        answers, became = self._live(chunk, fields, own, counting, passing.keys(chunk), passing.periods(chunk))
        short = became & (UNFUNDED << _BEFORE | UNFUNDED << _AFTER) == UNFUNDED << _AFTER
        if short.any():
            self.unfunded += _worth(chunk.columns["value"][short])
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
        posted, possible = chunk.columns["answer"] == POSTED, ~np.isin(chunk.columns["answer"], _TURNED_DOWN)
        if len(self._sight.approved_later):
            possible &= ~np.isin(chunk.columns["rowid"], self._sight.approved_later)
        groups, places = chunk.groups(), self._seek(which, keys, periods)
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
                self._sight.actual,
                self._money,
                keys,
                periods,
                places,
                self._kinds,
                self._tracks,
                self._features,
                self._beside,
                *self._room,
                self._sight.shown.quantities,
                self._shown_kinds,
                self._shown_answers,
                self.permits,
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
            self.learn_verdicts()

    def _seek(self, which: npt.NDArray[np.int32], keys: Numbers, periods: Numbers) -> Numbers:
        """Return where the totals of some rows are, for each track."""
        places, row = np.zeros(keys.shape, np.int64), 0
        while (
            row := self._kernel["seek"](
                row, which, keys, periods, self._kinds, self._features, self._tracks, places, self._room[0]
            )
        ) < len(which):
            table = grown(self._tracks.table, self._kernel)
            self._tracks = self._tracks._replace(table=table, sums=longer(self._tracks.sums, len(table.keys)))
        return places

    def _recognise(self, cases: npt.NDArray[np.int32], fields: Numbers) -> npt.NDArray[np.int32]:
        """Return the kinds of some rows, and learn what there is to be known of new ones."""
        which, row, known = np.empty(len(cases), np.int32), 0, int(self._kinds.table.used[0])
        while (
            row := self._kernel["recognise"](row, cases, fields, self._sight.base.quantities, self._kinds, which, *self._room)
        ) < len(cases):
            table = grown(self._kinds.table, self._kernel)
            self._kinds = Kinds(table, *(longer(column, len(table.keys)) for column in self._kinds[1:]))
        if (used := int(self._kinds.table.used[0])) > known:
            for world, one in enumerate(self._asking.learn(self._kinds, known, used)):
                self._expect(world, one)
            self.learn_verdicts()
        return which

    def _expect(self, world: int, said: Expected) -> None:
        """Enter what a law says of kinds between the steps of their totals."""
        count, place = len(said.entries), 0
        fields = np.zeros((len(self._sight.shown.names), count), np.int64)
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
                self._sight.shown.quantities,
                self._shown_kinds,
                self._shown_answers,
                *self._room,
            )
        ) < count:
            self._make_room()

    def learn_verdicts(self) -> None:
        """Learn of new answers which of them are permits."""
        known = self._answers.known
        if len(known) > len(self.permits):
            self.permits = np.array([one.verdict == "permit" for one in known], np.bool_)

    def _make_room(self) -> None:
        if full(self._shown_kinds):
            self._shown_kinds = grown(self._shown_kinds, self._kernel)
            self._shown_answers = longer(self._shown_answers, len(self._shown_kinds.keys))
        if full(self._lines):
            self._lines = grown(self._lines, self._kernel)
            self._sums = Sums(*(longer(column, len(self._lines.keys)) for column in self._sums))

    # -- going on --------------------------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Numbers], Sequence[Answer]]:
        """Return all that is known between two chunks: arrays, which change when more is lived through, and the answers that they speak of."""
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
        arrays |= {"accounts": self.funds.accounts, "balances": self._money.balances.view(np.int64), "next": self._money.next}
        arrays["unfunded"] = np.array([self.funds.start, self.unfunded.rows, *divmod(self.unfunded.money, 1 << 32)], np.int64)
        return arrays, self._answers.known

    def restore(self, arrays: Mapping[str, Numbers], answers: Sequence[Answer], follow: Callable[[Numbers, int], Funds]) -> None:
        """Know again what was known; `follow` finds the money of some accounts from a position on."""

        def table(name: str) -> Table:
            return table_of(arrays[name], self._kernel)

        def column(name: str, table: Table) -> Numbers:
            return longer(arrays[name], len(table.keys))

        start, rows, high, low = arrays["unfunded"].tolist()
        self.begin(follow(arrays["accounts"], start))
        self.unfunded = Sum(rows, (high << 32) + low)
        self._money.balances[:], self._money.next[:] = arrays["balances"].view(np.uint64), arrays["next"]
        kinds, tracks, self._shown_kinds, self._lines = table("kinds"), table("tracks"), table("shown"), table("lines")
        self._kinds = Kinds(kinds, *(column(name, kinds) for name in Kinds._fields[1:]))
        self._tracks = self._tracks._replace(table=tracks, sums=column("totals", tracks))
        self._shown_answers = column("shown_answers", self._shown_kinds)
        self._sums = Sums(*(column(name, self._lines) for name in Sums._fields))
        for answer in answers:
            self._answers.number(answer)
        self.learn_verdicts()

    def cells(self) -> tuple[Cells, Numbers, Numbers]:
        """Return what was counted, with the answers before and after."""
        used = int(self._lines.used[0])
        keys = self._lines.keys[:used]
        entries, before, after = keys[:, 0], keys[:, 1] >> 20, keys[:, 1] & ((1 << 20) - 1)
        positions = np.full((used, 1), -1, np.int64)
        firsts = np.concatenate([positions, self._kinds.firsts[entries]], axis=1)
        counts, low, high = (column[:used] for column in self._sums)
        kinds = self._kinds.table.keys
        return Cells(kinds[entries, 0], kinds[entries, 1], keys[:, 2], counts, low, high, firsts), before, after


def _worth(values: Numbers) -> Sum:
    """Return how many rows there are, and the sum of their values, those that are missing left out."""
    known = values[values != MISSING]
    return Sum(len(values), (int((known >> 32).sum()) << 32) + int((known & 0xFFFFFFFF).sum()))


def full(table: Table) -> bool:
    """Say whether a table has no room for another entry."""
    return len(table.keys) == int(table.used[0])
