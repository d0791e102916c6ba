"""The nouns of a replay: what is asked of everything that happened, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skarb.core.decision import Measure, Verdict
from skarb.rulebook import Rulebook

Mode = Literal["as-happened", "as-would-have"]
Dimension = Literal["month", "activity", "venue", "residency", "book"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a law says about an instruction, in words that mean the same in every edition."""

    verdict: Verdict
    provision: str
    measure: Measure = "none"
    assumed: bool = False


@dataclass(frozen=True)
class Question:
    """What the law in force and a draft make of the same rows.

    Units: legal days since 1970-01-01, both included.
    """

    law: Rulebook
    draft: Rulebook
    first_day: int
    last_day: int
    by: tuple[Dimension, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows, and what they are worth together, in minor units of the legal currency; missing values add nothing."""

    rows: int = 0
    money: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.rows + other.rows, self.money + other.money)


@dataclass(frozen=True, slots=True)
class Transition:
    """Rows that one answer was given to, and would be given another, or the same."""

    before: Answer
    after: Answer
    sum: Sum
    of: tuple[str, ...] = ()  # the values of the dimensions asked for, in their order

    @property
    def changed(self) -> bool:
        """Say whether another answer would be given, or the same by another provision."""
        return (self.before.verdict, self.before.provision) != (self.after.verdict, self.after.provision)

    @property
    def refused(self) -> bool:
        """Say whether it would be newly kept from happening: refused, or referred where it was permitted."""
        return self.before.verdict == "permit" != self.after.verdict

    @property
    def freed(self) -> bool:
        """Say whether it would newly be permitted."""
        return self.after.verdict == "permit" != self.before.verdict


@dataclass(frozen=True)
class Comparison:
    """Every row under the law and under the draft.

    Shape: `transitions` one per pair of answers, `slices` one per pair and combination of the dimensions; those with the most rows first.
    """

    transitions: tuple[Transition, ...]
    slices: tuple[Transition, ...]
    rows: int
    differing: int  # rows that the lake says were decided otherwise than the law decides them now
    undecided: int  # rows of declared feeds that do not say what decided
    unfunded: Sum = Sum()  # rows that the draft permits, and for which its world has not got the money that there was


def merged(transitions: tuple[Transition, ...], dimensions: int = 0) -> tuple[Transition, ...]:
    """Return transitions summed over all dimensions but the first ones."""
    sums: dict[tuple[tuple[str, ...], Answer, Answer], Sum] = {}
    for one in transitions:
        key = one.of[:dimensions], one.before, one.after
        sums[key] = sums.get(key, Sum()) + one.sum
    found = (Transition(before, after, total, of) for (of, before, after), total in sums.items())
    return tuple(sorted(found, key=lambda one: (-one.sum.rows, one.of, one.before.provision, one.after.provision)))
