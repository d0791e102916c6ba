"""Answers: what editions decide about kinds of rows, each kind decided once.

From one edition to the next the law of most activities stays what it was, and a draft leaves most of it alone. So a plan is written for each law of an
activity that differs, not for each edition.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.model import Answer
from skarb.rulebook import Edition, Outcome, Provision, Rulebook
from skarb.rulebook.coding import dtype_of
from skarb.rulebook.kernel import Kernel
from skarb.rulebook.tree import names_in

Numbers = npt.NDArray[np.int64]


class Answers:
    """Gives equal answers of all editions equal numbers, and keeps what was planned."""

    def __init__(self) -> None:
        self.known: list[Answer] = []
        self._numbers: dict[Answer, int] = {}
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

    def plan(self, edition: Edition, activity: str, law: Hashable) -> tuple[Kernel, Numbers]:
        """Return a kernel for one activity, and the numbers of the answers that its outcomes are."""
        if law not in self._plans:
            self._plans[law] = Kernel(edition, (activity,)), self.of_outcomes(edition.outcomes)
        return self._plans[law]

    def law_of(self, edition: Edition, activity: str) -> Hashable:
        """Return what is equal when two editions answer alike to everything about an activity."""
        return activity, *(
            (id(one), edition.depths[name], edition.country.ranks.index(edition.acts[one.cites.act].rank), self._values(edition, one))
            for name, one in edition.open_provisions.items()
            if activity in one.activities
        )

    def _values(self, edition: Edition, provision: Provision) -> Hashable:
        if id(provision) not in self._names:
            nodes = (node for node in (provision.when, provision.needs) if node is not None)
            self._names[id(provision)] = provision, tuple(sorted({name for node in nodes for name in names_in(node)}))
        names = self._names[id(provision)][1]
        return tuple(edition.parameters.get(name) or edition.lists.get(name) for name in names)


def decide(
    rulebook: Rulebook,
    answers: Answers,
    columns: Mapping[str, npt.NDArray[Any]],
    cases: Numbers,
    names: Sequence[str],
    fields: Numbers,
) -> Numbers:
    """Return the numbers of the answers that the law of each row's day gives to some rows.

    Shape: `columns` the facts of every case, `cases` the case of each row, `fields` a row for each and a column for each varying fact, named by
    `names`; the days are among them.
    """
    found = np.empty(len(cases), np.int64)
    for edition, activity, law, rows in _alike(rulebook, answers, columns["activity"][cases], fields[:, list(names).index("day")]):
        kernel, numbers = answers.plan(edition, activity, law)
        own = {name: fields[rows, place].astype(dtype_of(edition.fields[name])) for place, name in enumerate(names)}
        facts = {name: own[name] if name in own else columns[name][cases[rows]] for name in kernel.facts}
        found[rows] = numbers[kernel.decide(facts).outcomes]
    return found


def _alike(
    rulebook: Rulebook, answers: Answers, activities: npt.NDArray[Any], days: Numbers
) -> list[tuple[Edition, str, Hashable, Numbers]]:
    """Return the places of rows that one law answers, with the activity and an edition that holds it."""
    spans = np.searchsorted(np.array(rulebook.boundaries, np.int64), days, side="right")
    keys = spans.astype(np.int64) << 16 | activities
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    found: dict[Hashable, tuple[Edition, str, list[Numbers]]] = {}
    for rows in np.split(order, starts[1:]) if len(order) else []:
        edition = rulebook.edition(int(days[rows[0]]))
        activity = edition.activities[int(activities[rows[0]])]
        found.setdefault(answers.law_of(edition, activity), (edition, activity, []))[2].append(rows)
    return [(edition, activity, law, np.concatenate(rows)) for law, (edition, activity, rows) in found.items()]
