"""Types of the law's facts: what a field can hold, read off the facts' own declaration.

A field is a flag, a code of a closed list, a day, a count or money in one currency; it may be optional. Its limits come with it,
so that the checker can prove that no sum of facts leaves 64 bits. The engine has no list of fields of its own: it looks at
`core.facts.Facts`, and a field appended there can be used in the next provision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
LEGAL = "legal"  # stands for the country's currency until a country is known
TOTALS = "totals"  # the field of facts that holds the values of an edition's features; conditions know those by their own names

Base = Literal["flag", "code", "day", "count", "money", "ratio"]


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is. Two codes are of one type when they share a list, two amounts when they share a currency."""

    base: Base
    codes: tuple[str, ...] = ()  # of a code: the closed list; () = any text of the pattern
    pattern: str = ""
    currency: str = ""

    def __str__(self) -> str:
        if self.base == "money":
            return f"money in {self.currency}"
        if self.base == "code":
            return "country code" if self.pattern else "code"
        return {"flag": "flag (true or false)"}.get(self.base, self.base)

    def admits(self, code: str) -> bool:
        """Say whether a code belongs to this type."""
        return code in self.codes if self.codes else re.fullmatch(self.pattern, code) is not None

    def listing(self) -> str:
        """Return in words which codes there are."""
        return f"one of {', '.join(self.codes)}" if self.codes else "two capital letters"


FLAG, DAY, COUNT, RATIO = Type("flag"), Type("day"), Type("count"), Type("ratio")


def money(currency: str) -> Type:
    """Return the type of amounts in a currency."""
    return Type("money", currency=currency)


@dataclass(frozen=True, slots=True)
class Field:
    """One fact that a condition may name."""

    name: str
    type: Type
    optional: bool = False
    low: int = 0  # limits of days, counts and money, in whole units
    high: int = 0


Schema = Mapping[str, Field]


@cache
def schema(currency: str, facts: type = Facts) -> Schema:
    """Return the fields of a facts structure by name, legal money being in the given currency.

    Raises: ConfigurationError for a field whose type the law cannot use.
    """
    hints = get_type_hints(facts, include_extras=True)
    names = (name for name in facts.__struct_fields__ if name != TOTALS)  # type: ignore[attr-defined]
    fields = (_field(name, hints[name]) for name in names)
    return {one.name: _in_currency(one, currency) for one in fields}


def _in_currency(one: Field, currency: str) -> Field:
    return replace(one, type=money(currency)) if one.type.currency == LEGAL else one


def _field(name: str, hint: Any) -> Field:
    optional = get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)
    if optional:
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if hint is bool:
        return Field(name, FLAG, optional)
    if get_origin(hint) is Literal:
        return Field(name, Type("code", codes=get_args(hint)), optional)
    if get_origin(hint) is Annotated:
        meta = next((part for part in get_args(hint) if isinstance(part, msgspec.Meta)), msgspec.Meta())
        extra = meta.extra or {}
        low, high = meta.ge, meta.le
        match extra.get("type"):
            case "code" if meta.pattern:
                return Field(name, Type("code", pattern=meta.pattern), optional)
            case "day" | "count" | "money" as base if (
                isinstance(low, int) and isinstance(high, int) and INT64_MIN < low <= high <= INT64_MAX
            ):
                return Field(name, Type(base, currency=extra.get("currency", "")), optional, low, high)
    raise ConfigurationError(
        f"fact {name!r} has the type {hint}: expected bool, a Literal, or an annotated type of core.facts with limits of 64 bits"
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the known name that a misspelt one most resembles, "" when none does."""
    return next(iter(get_close_matches(name, list(names), 1, 0.7)), "")


def suggest(name: str, names: Iterable[str], otherwise: str = "") -> str:
    """Return the advice to a misspelt name."""
    near = nearest(name, names)
    return f"did you mean {near!r}?" if near else otherwise
