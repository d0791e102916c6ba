"""The nouns of a rulebook: what a country's folder says, read and checked.

Nothing here computes. A provision's condition is a checked tree; dates are legal days, `None` standing for an open end; every
noun knows where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from skarb.core.decision import Measure, Verdict
from skarb.rulebook.expression import Node
from skarb.rulebook.schema import Schema, Type
from skarb.rulebook.source import Place

Effect = Literal["permit", "refuse", "refer", "require", "report", "levy", "exempt", "define", "empower"]
Status = Literal["in_force", "expired", "superseded", "staged", "draft", "unknown"]
Certainty = Literal["primary_text", "secondary_source", "general_knowledge"]
Grade = Literal["A", "B", "C"]
FindingKind = Literal[
    "conflict", "narrowing", "dead", "impossible", "gap", "hole", "overlap", "unfollowed", "unknown", "expired", "unused"
]  # what `rulebook.analysis` can find
ACCEPTABLE: tuple[FindingKind, ...] = ("conflict", "dead", "impossible", "gap", "hole", "overlap", "unfollowed", "unknown")

FIRST_DAY, LAST_DAY = -25567, 73049  # the days a fact can fall on; open ends reach this far


@dataclass(frozen=True, slots=True)
class Country:
    """Whose law it is, and what its money and its day are."""

    code: str
    name: str
    currency: str
    decimals: int
    zone: str
    ranks: tuple[str, ...]  # kinds of act, the highest first


@dataclass(frozen=True, slots=True)
class Act:
    """A law, decree or rule book that provisions are cited from."""

    id: str
    title: str
    rank: str
    signed: int | None = None
    articles: tuple[str, ...] = ()  # () = not listed
    link: str = ""
    complete: tuple[str, ...] = ()  # activities about which it promises an answer for all facts
    place: Place | None = field(default=None, compare=False)
    title_in: Mapping[str, str] = field(default_factory=dict, compare=False)  # by language; `title` is English, or the original


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a provision stands in the law."""

    act: str
    article: str  # "?" where the article was not seen
    sources: tuple[str, ...] = ()
    article_in: Mapping[str, str] = field(default_factory=dict, compare=False)  # by language; for a word of English


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule of the law, as data."""

    id: str
    title: str
    cites: Citation
    start: int | None  # first day in force
    end: int | None  # last day in force
    status: Status
    activities: tuple[str, ...]  # groups written out, in the order given
    effect: Effect
    authority: tuple[str, ...]
    certainty: Certainty
    grade: Grade
    says: str
    when: Node | None = None
    needs: Node | None = None
    otherwise: Verdict = "refuse"  # of a requirement that is not met
    measure: Measure = "none"
    rate: str = ""  # name of the parameter a levy is computed with
    standing: bool = False
    exception_of: tuple[str, ...] = ()
    precedence: int = 0
    note: str = field(default="", compare=False)
    place: Place | None = field(default=None, compare=False)
    title_in: Mapping[str, str] = field(default_factory=dict, compare=False)  # by language; `title` is English, or the original
    says_in: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def enabled(self) -> bool:
        """Say whether the provision counts: grade C and drafts stand ready."""
        return self.grade != "C" and self.status != "draft"

    def in_force(self, day: int) -> bool:
        """Say whether a day lies between the provision's dates."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    @property
    def has_needs(self) -> bool:
        """Say whether this is a requirement that an instruction can fail to meet."""
        return self.effect == "require" and self.needs is not None


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value between two days."""

    start: int | None
    end: int | None
    value: str  # as written
    node: Node | None  # the constant; None where it depends on the base unit of the day
    multiple: tuple[int, int] = (0, 1)  # of the base unit, as a fraction
    cites: str = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ParameterSeries:
    """A dated value with a unit."""

    name: str
    unit: str
    type: Type
    values: tuple[Value, ...]  # by date, without overlap
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ListValue:
    """The codes of a list between two days."""

    start: int | None
    end: int | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeList:
    """A named list of codes of one type."""

    name: str
    fact: str  # any fact of the same type may use it
    type: Type
    values: tuple[ListValue, ...]
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LawList:
    """A list's codes on one day."""

    fact: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A running total with one definition; see `feature`."""

    name: str
    sum: str  # the fact that is added up: value or value_usd; "" counts instructions
    over: tuple[str, ...]  # whose total it is: parts of an instruction that must be the same
    window: str  # day, month, quarter or year of the calendar, or "30 days": this legal day and those before it
    including: bool  # whether the instruction that is decided counts itself
    of: Node | None = None  # which instructions count; None = all
    title: str = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """Facts, a day and what one provision must make of them."""

    provision: str
    day: int
    facts: Mapping[str, object]
    then: str
    place: Place


@dataclass(frozen=True, slots=True)
class EditionCase:
    """Facts, a day and what the whole edition must answer."""

    name: str
    day: int
    facts: Mapping[str, object]
    verdict: str
    provision: str
    place: Place
    measure: str | None = None  # None = not asked
    duties: tuple[str, ...] | None = None
    levy: str | None = None
    assumed: bool | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that is known and lived with, for a reason and for a time."""

    kind: FindingKind
    about: frozenset[str]  # ids of provisions and acts, names of activities, parameters and lists
    reason: str
    by: str
    until: int  # last day on which it counts
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Pack:
    """Everything a country's folder says about its law."""

    country: Country
    fields: Schema  # of the facts, and after them the features
    acts: Mapping[str, Act]
    provisions: Mapping[str, Provision]  # by id
    parameters: Mapping[str, ParameterSeries]
    conditions: Mapping[str, Node]
    lists: Mapping[str, CodeList]
    cases: tuple[Case, ...]
    edition_cases: tuple[EditionCase, ...]
    sources: Mapping[str, str] = field(default_factory=dict)  # id → title
    features: Mapping[str, Feature] = field(default_factory=dict)
    accepted: tuple[Acceptance, ...] = ()
