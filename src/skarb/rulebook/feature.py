"""Named features: what somebody has done so far, as one number that a condition may name like a fact.

"More than ten thousand abroad since the first of the month" needs a total that no single instruction holds. A feature says it once: what is added up,
over whom, which instructions count, and in which window of days. Only instructions that the law permitted and the ledger posted count, in the
order of the journal, each by its own facts and its own legal day. A feature has no say over time of its own: the edition that asks for a total
also says, of everything posted before, what counts.

A total may always be missing: when something that counts has no value, and when facts were gathered under a law that did not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.rulebook.expression import Fact, Node, walk, write
from skarb.rulebook.model import Feature
from skarb.rulebook.schema import COUNT, Field, Schema, money
from skarb.rulebook.tree import fill, names_in

TOTAL_MAX = 1000 * LEGAL_VALUE_MAX
"""Where a sum stops: a thousand times the largest amount, so that comparing it with any amount of the law stays true."""
COUNT_MAX = 10**9

Calendar = Literal["day", "month", "quarter", "year"]
CALENDAR: tuple[str, ...] = get_args(Calendar)
DAYS_MAX = 3660  # of a window that moves along


@dataclass(frozen=True, slots=True)
class Counted:
    """What a total is made of: features that differ in nothing but their names share it."""

    sum: str
    over: tuple[str, ...]
    window: str
    of: Node | None


def counted(feature: Feature) -> Counted:
    """Return what a feature's total is made of. The values of the day are filled in, so another day's law may count something else."""
    return Counted(feature.sum, feature.over, feature.window, feature.of)


def field_of(feature: Feature, currency: str) -> Field:
    """Return a feature as a field that conditions may name."""
    if not feature.sum:
        return Field(feature.name, COUNT, True, 0, limit_of(""))
    limit = limit_of(feature.sum)
    return Field(feature.name, money("USD" if feature.sum == "value_usd" else currency), True, -limit, limit)


def with_features(fields: Schema, features: Iterable[Feature], currency: str) -> Schema:
    """Return the fields of facts and, after them, the features in the order of their names."""
    return {**fields, **{one.name: field_of(one, currency) for one in sorted(features, key=lambda one: one.name)}}


def features_in(node: Node | None, features: Mapping[str, Feature]) -> set[str]:
    """Return the features that a condition names, meanings of named conditions included."""
    return set() if node is None else {one.name for one in walk(node) if isinstance(one, Fact) and one.name in features}


def values_in(node: Node, features: Mapping[str, Feature]) -> set[str]:
    """Return the parameters and lists that a condition needs, those of its features included."""
    inside = [of for name in features_in(node, features) if (of := features[name].of) is not None]
    return {name for one in (node, *inside) for name in names_in(one)}


def filled(feature: Feature, parameters: Mapping[str, Node], lists: Mapping[str, tuple[str, ...]]) -> Feature:
    """Put the values of a day into a feature.

    Raises: ConfigurationError if one has no value.
    """
    return feature if feature.of is None else replace(feature, of=fill(feature.of, parameters, lists))


def describe(feature: Feature) -> str:
    """Return a feature's definition in words."""
    what = f"sum of {feature.sum}" if feature.sum else "number of instructions"
    of = f", where {write(feature.of)}" if feature.of else ""
    window = f"in the calendar {feature.window}" if feature.window in CALENDAR else f"in {feature.window}"
    itself = "this one included" if feature.including else "before this one"
    return f"{what} by {' and '.join(feature.over)} {window}, {itself}{of}"


def limit_of(summed: str) -> int:
    """Return where a total of a fact, or of instructions, stops."""
    return TOTAL_MAX if summed else COUNT_MAX


def window_days(window: str) -> int:
    """Return how many days a window that moves along has; 0 for one of the calendar."""
    return 0 if window in CALENDAR else int(window.partition(" ")[0])


class Seen:
    """Facts with the totals of an edition by their names, for whoever looks at facts by name."""

    __slots__ = ("facts", "totals")

    def __init__(self, facts: Any, names: Iterable[str]) -> None:
        self.facts = facts
        self.totals = dict(zip(names, facts.totals, strict=True)) if facts.totals else dict.fromkeys(names)

    def __getattr__(self, name: str) -> Any:
        return self.totals[name] if name in self.totals else getattr(self.facts, name)
