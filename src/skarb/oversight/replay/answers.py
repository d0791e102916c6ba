"""Answers: what editions decide about kinds of rows, each kind decided once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.model import Answer
from skarb.rulebook import Edition, Outcome, Rulebook
from skarb.rulebook.coding import dtype_of

Numbers = npt.NDArray[np.int64]


class Answers:
    """Gives equal answers of all editions equal numbers."""

    def __init__(self) -> None:
        self.known: list[Answer] = []
        self._numbers: dict[Answer, int] = {}

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
    days = fields[:, list(names).index("day")]
    for edition, rows in editions_on(rulebook, days):
        own = {name: fields[rows, place].astype(dtype_of(edition.fields[name])) for place, name in enumerate(names)}
        kernel = edition.kernel
        facts = {name: own[name] if name in own else columns[name][cases[rows]] for name in kernel.facts}
        found[rows] = answers.of_outcomes(edition.outcomes)[kernel.decide(facts).outcomes]
    return found


def editions_on(rulebook: Rulebook, days: Numbers) -> list[tuple[Edition, Numbers]]:
    """Return the editions in force on some days, each with the places of its days."""
    boundaries = np.array(rulebook.boundaries, np.int64)
    spans = np.searchsorted(boundaries, days, side="right")
    order = np.argsort(spans, kind="stable")
    starts = np.flatnonzero(np.diff(spans[order], prepend=-1))
    return [(rulebook.edition(int(days[rows[0]])), rows) for rows in np.split(order, starts[1:])] if len(order) else []
