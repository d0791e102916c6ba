"""How names are judged: weights and thresholds as data, kept in policy.yaml beside this file or handed in by the institution."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from skarb.core.errors import ConfigurationError
from skarb.screening.names.model import Verdict

_SAME_NAME = 0.98  # no policy may clear a name as like as this


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of likeness; see likeness.py."""

    answered: float
    replaced: float
    edits: float
    edits_most: int
    patronymic: int  # letters that one counts for which only one of the names has
    turned: float
    only_query: float
    only_listed: float


class Candidates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which names get a closer look: at least so like by trigrams, at most so many."""

    floor: float
    room: int


class Bits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of evidence; see evidence.py. Units: bits."""

    birth_day: float
    birth_month: float
    birth_swapped: float
    birth_near: float
    near_years: int
    birth_other_day: float
    birth_apart: float
    birth_far: float
    far_years: int
    country_most: float
    country_other: float
    gender_same: float
    gender_other: float
    document_same: float
    document_other: float
    kind_other: float
    rarity_most: float


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A verdict and when it is given."""

    rule: str
    then: Verdict
    likeness_min: float = 0.0
    evidence_min: float | None = None
    evidence_max: float | None = None

    def holds(self, likeness: float, evidence: float) -> bool:
        """Tell whether the rule speaks of these two numbers."""
        return (
            likeness >= self.likeness_min
            and (self.evidence_min is None or evidence >= self.evidence_min)
            and (self.evidence_max is None or evidence <= self.evidence_max)
        )


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that judging names needs to know."""

    reading: Reading
    candidates: Candidates
    evidence: Bits
    verdicts: tuple[Rule, ...]

    def verdict(self, likeness: float, evidence: float) -> Rule:
        """Return the first rule that holds."""
        return next(rule for rule in self.verdicts if rule.holds(likeness, evidence))

    @property
    def least(self) -> float:
        """The likeness below which no rule looks at a name."""
        return min((rule.likeness_min for rule in self.verdicts if rule.then != "clear"), default=1.0)

    @property
    def sure(self) -> float:
        """The likeness from which on every rule says what it says of equal names."""
        return max((rule.likeness_min for rule in self.verdicts), default=1.0)


def make_policy(content: Any, where: str) -> Policy:
    """Return a policy out of what a file says.

    Raises: ConfigurationError if it cannot be read, leaves a case without an answer, or would clear the same name.
    """
    try:
        policy = msgspec.convert(content, Policy)
    except msgspec.ValidationError as problem:
        raise ConfigurationError(f"{where}: {problem}; the one that comes with Skarb shows what is expected") from problem
    last = policy.verdicts[-1] if policy.verdicts else None
    if last is None or last.likeness_min > 0 or last.evidence_min is not None or last.evidence_max is not None:
        raise ConfigurationError(
            f"{where}: the last of `verdicts` must hold for everything (no likeness_min, evidence_min or evidence_max)"
        )
    for rule in policy.verdicts:
        if rule.then != "clear" and rule.likeness_min <= _SAME_NAME and rule.evidence_min is None and rule.evidence_max is None:
            return policy
        if rule.then == "clear":
            break
    raise ConfigurationError(
        f"{where}: `verdicts` may clear a name that is the same; before any rule that clears there must be one without conditions on evidence "
        f"that gives possible from a likeness_min of at most {_SAME_NAME}"
    )


@cache
def default_policy() -> Policy:
    """Return the policy that comes with Skarb."""
    content = files("skarb.screening.names").joinpath("policy.yaml").read_text(encoding="utf-8")
    return make_policy(yaml.safe_load(content), "policy.yaml")
