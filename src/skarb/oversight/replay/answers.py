"""Answers: what editions decide about kinds of rows, each kind decided once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.facts import Facts
from skarb.oversight.replay.model import Answer
from skarb.rulebook import Edition, Outcome, Rulebook
from skarb.rulebook.coding import MISSING

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
    cases: Sequence[Facts],
    which: npt.NDArray[np.int32],
    names: Sequence[str],
    fields: Numbers,
) -> Numbers:
    """Return the numbers of the answers that the law of each row's day gives to some rows.

    Shape: `which` the case of each row, `fields` a row for each and a column for each varying fact, named by `names`; the days are among them.
    """
    found = np.empty(len(which), np.int64)
    days = fields[:, list(names).index("day")]
    for edition, rows in editions_on(rulebook, days):
        numbers = answers.of_outcomes(edition.outcomes)
        found[rows] = numbers[_outcomes(edition, [cases[case] for case in which[rows].tolist()], names, fields[rows])]
    return found


def editions_on(rulebook: Rulebook, days: Numbers) -> list[tuple[Edition, Numbers]]:
    """Return the editions in force on some days, each with the places of its days."""
    boundaries = np.array(rulebook.boundaries, np.int64)
    spans = np.searchsorted(boundaries, days, side="right")
    order = np.argsort(spans, kind="stable")
    starts = np.flatnonzero(np.diff(spans[order], prepend=-1))
    return [(rulebook.edition(int(days[rows[0]])), rows) for rows in np.split(order, starts[1:])] if len(order) else []


def _outcomes(edition: Edition, cases: Sequence[Facts], names: Sequence[str], fields: Numbers) -> list[int]:
    from msgspec.structs import replace

    values: Any = fields[:, : len(names)].tolist()
    return [
        edition.decide(replace(case, **{name: None if one == MISSING else one for name, one in zip(names, row, strict=True)}))
        for case, row in zip(cases, values, strict=True)
    ]
