"""Answers: what editions decide about kinds of rows, each kind decided once.

From one edition to the next the law of most activities stays what it was, and a draft leaves most of it alone. So each law of an activity is asked
once, not each edition: a few thousand kinds condition by condition, more of them by a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.activity import ACTIVITIES
from skarb.core.compiled import Kind
from skarb.oversight.replay.model import Answer
from skarb.rulebook import Edition, Outcome, Provision, Rulebook
from skarb.rulebook.coding import dtype_of
from skarb.rulebook.edition import Guard
from skarb.rulebook.kernel import Kernel
from skarb.rulebook.masks import Masks
from skarb.rulebook.tree import names_in

Numbers = npt.NDArray[np.int64]

WORTH_PLANNING = 20_000  # kinds


class Answers:
    """Gives equal answers of all editions equal numbers, and keeps what was planned."""

    def __init__(self) -> None:
        self.known: list[Answer] = []
        self._numbers: dict[Answer, int] = {}
        self._guards: dict[Hashable, tuple[Sequence[Guard], Numbers]] = {}
        self._plans: dict[Hashable, tuple[Kernel, Numbers]] = {}
        self._names: dict[int, tuple[Provision, tuple[str, ...]]] = {}  # what a provision needs, by its identity, which is kept

    def number(self, answer: Answer) -> int:
        """Return the number of an answer."""
        found = self._numbers.get(answer)
        if found is None:
            found = self._numbers[answer] = len(self.known)
            self.known.append(answer)
        return found

    def of_outcomes(self, outcomes: Sequence[Outcome]) -> Numbers:
        """Return the numbers of the outcomes of an edition, by their place."""
        return np.array([self.number(Answer(one.verdict, one.provision, one.measure, one.assumed)) for one in outcomes], np.int64)

    def differ(self, before: Numbers, after: Numbers) -> npt.NDArray[np.bool_]:
        """Say where two answers differ in verdict or provision."""
        numbers: dict[tuple[str, str], int] = {}
        same = np.array([numbers.setdefault((one.verdict, one.provision), len(numbers)) for one in self.known] or [0], np.int64)
        return same[before] != same[after]  # type: ignore[no-any-return]

    def guards(self, edition: Edition, activity: str, law: Hashable) -> tuple[Sequence[Guard], Numbers]:
        """Return the guards of one activity, and the numbers of the answers that its outcomes are."""
        if law not in self._guards:
            self._guards[law] = edition.guards(activity, simple=False), self.of_outcomes(edition.outcomes)
        return self._guards[law]

    def plan(self, edition: Edition, activity: str, law: Hashable) -> tuple[Kernel, Numbers]:
        """Return a kernel for one activity, and the numbers of the answers that its outcomes are."""
        if law not in self._plans:
            self._plans[law] = Kernel(edition, (activity,), outcomes_only=True), self.of_outcomes(edition.outcomes)
        return self._plans[law]

    def law_of(self, edition: Edition, activity: str) -> Hashable:
        """Return what is equal when two editions answer alike to everything about an activity."""
        return activity, *(
            (
                id(one),
                edition.depths[name],
                edition.rank(one),
                self._values(edition, one),
            )
            for name, one in edition.open_provisions.items()
            if activity in one.activities
        )

    def _values(self, edition: Edition, provision: Provision) -> Hashable:
        if id(provision) not in self._names:
            nodes = (node for node in (provision.when, provision.needs) if node is not None)
            self._names[id(provision)] = provision, tuple(sorted({name for node in nodes for name in names_in(node)}))
        names = self._names[id(provision)][1]
        return tuple(edition.parameters.get(name) or edition.lists.get(name) for name in names)


@dataclass(frozen=True)
class Unit:
    """Kinds of rows that one law answers: of one activity, on days between which no law changes."""

    activity: str
    day: int  # one of them
    rows: Numbers  # the places of the kinds


class Asked:
    """Kinds of rows, and every answer that a law gave to some of them; a law that says the same of an activity is not asked again."""

    def __init__(
        self,
        columns: Mapping[str, npt.NDArray[Any]],
        cases: Numbers,
        names: Sequence[str],
        fields: Numbers,
        turns: Collection[int],
        kind: Kind | None = None,
        answers: Answers | None = None,
        called: Callable[[Edition], Mapping[str, str]] | None = None,
    ) -> None:
        """Sort kinds into units.

        Shape: `columns` the facts of every case, `cases` the case of each kind, `fields` a row for each kind and a column for each varying fact,
        named by `names`, the days among them. `turns` are the days on which a law changes. `kind` is where kernels run. `answers` are those that
        have numbers already. `called` says under which of `names` the features of an edition are found.
        """
        self.answers, self._kind = Answers() if answers is None else answers, kind
        self._called = called or (lambda edition: {})
        self._columns, self._cases, self._names, self._fields = columns, cases, tuple(names), fields
        self._units = units(columns["activity"][cases], fields[:, self._names.index("day")], turns)
        self._known: dict[tuple[int, Hashable], Numbers] = {}

    def ask(self, law: Rulebook) -> Numbers:
        """Return the number of the answer that a law gives to each kind."""
        waiting: dict[Hashable, tuple[Edition, str, list[int]]] = {}
        keys: list[Hashable] = []
        for place, unit in enumerate(self._units):
            edition = law.edition(unit.day)
            key: Hashable = (self.answers.law_of(edition, unit.activity), tuple(self._called(edition).items()))
            keys.append(key)
            if (place, key) not in self._known:
                waiting.setdefault(key, (edition, unit.activity, []))[2].append(place)
        for key, (edition, activity, places) in waiting.items():
            self._learn(edition, activity, key, places)
        found = np.empty(len(self._cases), np.int64)
        for place, (unit, key) in enumerate(zip(self._units, keys, strict=True)):
            found[unit.rows] = self._known[place, key]
        return found

    def _learn(self, edition: Edition, activity: str, key: Hashable, places: Sequence[int]) -> None:
        rows = np.concatenate([self._units[place].rows for place in places])
        facts = Columns(self._columns, self._cases[rows])
        own = {name: self._fields[rows, place] for place, name in enumerate(self._names)}
        own |= {name: own[found] for name, found in self._called(edition).items()}
        facts |= {name: own[name].astype(dtype_of(field)) for name, field in edition.fields.items() if name in own}
        if len(rows) < WORTH_PLANNING:
            guards, numbers = self.answers.guards(edition, activity, key)
            answered = numbers[Masks(edition.fields, facts, len(rows)).outcomes(guards)]
        else:
            kernel, numbers = self.answers.plan(edition, activity, key)
            answered = numbers[kernel.decide({name: facts[name] for name in kernel.facts}, self._kind).outcomes]
        stops = np.cumsum([len(self._units[place].rows) for place in places])[:-1]
        for place, part in zip(places, np.split(answered, stops), strict=True):
            self._known[place, key] = part


class Columns(dict[str, npt.NDArray[Any]]):
    """The facts of some kinds as columns; those of their cases are looked up when they are asked for."""

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]], cases: Numbers) -> None:
        super().__init__()
        self._columns, self._cases = columns, cases

    def __missing__(self, name: str) -> npt.NDArray[Any]:
        found = self[name] = self._columns[name][self._cases]
        return found


def units(activities: npt.NDArray[Any], days: Numbers, turns: Collection[int]) -> list[Unit]:
    """Sort kinds by their activities and by the spans between the days on which a law changes."""
    spans = np.searchsorted(np.array(sorted(turns), np.int64), days, side="right")
    keys = spans.astype(np.int64) << 16 | activities
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    parts = np.split(order, starts[1:]) if len(order) else []
    return [Unit(ACTIVITIES[int(activities[rows[0]])], int(days[rows[0]]), rows) for rows in parts]
