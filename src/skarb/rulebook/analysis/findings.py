"""Findings: what the analysis has to say, and what it has proven.

A finding that *matters* is to be mended or accepted; the others are information. Every finding about what the law answers
carries a witness: facts, and the explanation of what the law decides about them, made by the same functions that decide
instructions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skarb.core.time import from_day
from skarb.rulebook.explain import Explanation
from skarb.rulebook.model import LAST_DAY, Acceptance, FindingKind

MEANING: Mapping[FindingKind, str] = {
    "conflict": "two provisions speak, their consequences differ, and nothing orders them",
    "narrowing": "a lower act forbids or refers what a higher one permits",
    "dead": "no facts make the provision decide",
    "impossible": "no facts meet the requirement",
    "gap": "facts on which the law is silent",
    "hole": "days without a value between two values, or without a provision between two versions",
    "overlap": "days on which two versions of a provision are in force",
    "unfollowed": "a provision that is said to be superseded has no successor",
    "unknown": "the solver gave up: nothing is proven",
    "expired": "an acceptance that ran out",
    "unused": "an acceptance of something that is not found any more",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """Facts that show a finding, and what the law decides about them."""

    day: int
    activity: str
    facts: Mapping[str, object]  # those that are not at their default
    shown: Mapping[str, str]  # the same as people write them
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the analysis found."""

    kind: FindingKind
    about: tuple[str, ...]  # provisions, the one that decides first; else acts, activities, parameters, lists
    says: str
    activities: tuple[str, ...] = ()
    days: tuple[tuple[int, int], ...] = ()  # first and last days
    reasons: tuple[str, ...] = ()  # what is enough to make it so
    witness: Witness | None = None
    matters: bool = True
    accepted: Acceptance | None = None

    @property
    def open(self) -> bool:
        """Say whether the finding is to be mended or accepted."""
        return self.matters and self.accepted is None

    def data(self) -> dict[str, Any]:
        """Return the finding as plain data for JSON."""
        seen, accepted = self.witness, self.accepted
        return {
            "finding": self.kind,
            "about": list(self.about),
            "says": self.says,
            "open": self.open,
            "activities": list(self.activities),
            "days": [
                {"from": str(from_day(first)), "to": None if last == LAST_DAY else str(from_day(last))}
                for first, last in self.days
            ],
            "reasons": list(self.reasons),
            "counter_example": seen and {"day": str(from_day(seen.day)), "facts": dict(seen.shown), **seen.explanation.data()},
            "accepted": accepted
            and {
                "reason": accepted.reason,
                "by": accepted.by,
                "until": str(from_day(accepted.until)),
                "where": str(accepted.place),
            },
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found, and how much was looked at."""

    findings: tuple[Finding, ...]
    proven: Mapping[str, int]  # what was shown to hold, in words, with counts

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that are to be mended or accepted."""
        return tuple(one for one in self.findings if one.open)
