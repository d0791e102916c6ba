"""The law as the journal sees it: an edition that can decide again and say in words what its numbers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from skarb.core.decision import Decision, Measure, Verdict


class Answer(Protocol):
    """One answer that an edition can give."""

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""

    @property
    def measure(self) -> Measure:
        """How a refusal is carried out."""


class Law(Protocol):
    """What the journal asks of an edition (`skarb.rulebook.Edition`)."""

    @property
    def hash(self) -> str:
        """SHA-256 of the edition's normal form, hex."""

    @property
    def features(self) -> Mapping[str, Any]:
        """The running totals that it looks at, by name."""

    @property
    def asked(self) -> Mapping[str, tuple[int, ...]]:
        """Which of them the law of an activity looks at, by their places."""

    @property
    def outcomes(self) -> Sequence[Answer]:
        """The answers by number."""

    @property
    def decide(self) -> Callable[[Any], int]:
        """From facts to the number of the outcome."""

    @property
    def duties(self) -> Callable[[Any], int]:
        """From facts to the mask of the duties that apply."""

    @property
    def levy(self) -> Callable[[Any], int]:
        """From facts to the number of the levy that governs, 0 for none."""

    def ruling(self, outcome: int, duties: int, levy: int) -> Decision:
        """Return the numbers of a ruling in words."""


def load_law(text: bytes) -> Law:
    """Return the edition whose normal form this is; the rulebook is loaded only when it is needed."""
    from skarb.rulebook import Edition

    return Edition.from_normal(text)
