"""Conditions in words: lists of what must hold and what suffices, and single statements in the form "fact: value".

The form needs no declension, in which Belarusian and Russian would need the grammar of every word. A `not` is carried down to the statements, and
amounts are those of the day, with the name they have in the law.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skarb.core.amount import format_amount
from skarb.core.asset import currencies
from skarb.core.time import from_day
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import (
    And,
    Code,
    Codes,
    Compare,
    Count,
    Day,
    Fact,
    Greatest,
    Least,
    Minus,
    Missing,
    Money,
    Named,
    Node,
    Not,
    Operator,
    Or,
    Parameter,
    Plus,
    Ratio,
    Share,
    Within,
)
from skarb.rulebook.model import Country
from skarb.rulebook.schema import Schema
from skarb.rulebook.tree import TRUE
from skarb.rulebook.words import Words

_OPPOSITE: dict[str, Operator] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_UNKNOWN_COUNTRY = "XX"


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, at its depth below the heading of its list."""

    depth: int
    text: str


def phrases_of(edition: Edition, words: Words) -> Phrases:
    """Return how conditions of an edition are put into words."""
    return Phrases(
        words, edition.fields, edition.country, edition.parameters, {name: one.codes for name, one in edition.lists.items()}
    )


@dataclass(frozen=True)
class Phrases:
    """Puts conditions into words, with the values of one day."""

    words: Words
    fields: Schema
    country: Country
    parameters: dict[str, Node]
    lists: dict[str, tuple[str, ...]]

    def lines(self, node: Node) -> tuple[Line, ...]:
        """Return a condition as statements at their depths."""
        return tuple(self._lines(node, True, 0))

    def _lines(self, node: Node, holds: bool, depth: int) -> Iterator[Line]:
        """Yield the statements that say that a condition holds, or that it does not."""
        match node:
            case Not(part):
                yield from self._lines(part, not holds, depth)
            case Named(_, means):
                yield from self._lines(means, holds, depth)
            case And(parts) | Or(parts):
                if len(parts) == 0:
                    yield Line(depth, self.words.text("always_holds" if (node == TRUE) == holds else "never_holds"))
                    return
                every = isinstance(node, And) == holds
                flat = [one for part in parts for one in _flat(part, holds, every)]
                yield Line(depth, self.words.text("all_of" if every else "any_of"))
                for part, wanted in flat:
                    yield from self._lines(part, wanted, depth + 1)
            case _:
                yield Line(depth, self.statement(node, holds))

    def statement(self, node: Node, holds: bool = True) -> str:
        """Return one comparison as a statement."""
        words = self.words
        match node:
            case Not(part):
                return self.statement(part, not holds)
            case Fact(name):  # a flag
                return words.word("fact" if holds else "flag_not", name)
            case Missing(Fact(name), negated):
                return words.text("is_missing" if negated != holds else "is_present", fact=self.fact(name))
            case Within(Fact(name), Codes(codes, listed), negated):
                found = self.lists.get(listed, codes) if listed else codes
                key = (
                    ("is_in" if negated != holds else "is_not_in")
                    if len(found) != 1
                    else ("is_code" if negated != holds else "is_not_code")
                )
                told = ", ".join(self.code(name, code) for code in found)
                return words.text(key, fact=self.fact(name), **{"code" if len(found) == 1 else "codes": told})
            case Compare(sign, Fact(name), Code(code)) | Compare(sign, Code(code), Fact(name)):
                return words.text(
                    "is_code" if (sign == "==") == holds else "is_not_code", fact=self.fact(name), code=self.code(name, code)
                )
            case Compare(sign, left, right):
                sign = sign if holds else _OPPOSITE[sign]
                return str(words.messages[self._comparing(left, right)][sign]).format(
                    left=self.value(left), right=self.value(right)
                )
        raise TypeError(f"{type(node).__name__} is no statement")

    def _comparing(self, *sides: Node) -> str:
        bases = {self.fields[side.name].type.base for side in sides if isinstance(side, Fact)}
        if bases & {"flag", "code"}:
            return "compare_flags"
        return "compare_day" if "day" in bases or any(isinstance(side, Day) for side in sides) else "compare"

    def fact(self, name: str) -> str:
        """Return what a fact is called."""
        return self.words.word("fact", name)

    def code(self, fact: str, code: str) -> str:
        """Return what a code of a fact is called; countries keep their letters."""
        type_ = self.fields[fact].type
        if not type_.codes:
            return self.words.text("unknown_country") if code == _UNKNOWN_COUNTRY else code
        return self.words.word(group_of(self.fields, fact), code)

    def seen(self, name: str, value: object) -> str:
        """Return the value that a fact had."""
        type_ = self.fields[name].type
        match value:
            case None:
                return self.words.text("is_missing", fact=self.fact(name))
            case str():
                shown = self.code(name, value)
            case int() if type_.base == "money":
                shown = self.value(Money(value, type_.currency))
            case int() if type_.base == "day":
                shown = self.value(Day(value))
            case _:
                shown = str(value)
        return self.words.text("is_code", fact=self.fact(name), code=shown)

    def value(self, node: Node) -> str:
        """Return a value in words."""
        words = self.words
        match node:
            case Fact(name):
                return self.fact(name)
            case Parameter(name):
                return self.value(self.parameters[name]) if name in self.parameters else name
            case Money(value, currency, name):
                known = currencies().get(currency)
                decimals = self.country.decimals if currency == self.country.currency or known is None else known.decimals
                return self._named(f"{words.amount(format_amount(value, decimals))}\u00a0{currency}", name)
            case Count(value, name):
                return self._named(words.whole(value), name)
            case Day(value, name):
                return self._named(words.day(from_day(value)), name)
            case Ratio(top, bottom, name):
                return self._named(_ratio(top, bottom, words), name)
            case Plus(left, right):
                return words.text("plus", left=self.value(left), right=self.value(right))
            case Minus(left, right):
                return words.text("minus", left=self.value(left), right=self.value(right))
            case Share(amount, ratio):
                return words.text("share", ratio=self.value(ratio), amount=self.value(amount))
            case Least(parts):
                return words.text("least", parts="; ".join(map(self.value, parts)))
            case Greatest(parts):
                return words.text("greatest", parts="; ".join(map(self.value, parts)))
        return self.statement(node)

    def _named(self, value: str, name: str) -> str:
        return self.words.text("named_value", value=value, name=name) if name else value


def group_of(fields: Schema, fact: str) -> str:
    """Return the group of words for a fact's codes: the first fact that has the same codes gives it its name."""
    type_ = fields[fact].type
    return next(name for name, one in fields.items() if one.type == type_)


def _flat(node: Node, holds: bool, every: bool) -> Iterator[tuple[Node, bool]]:
    """Yield the parts of a condition that can stand in the same list as its neighbours, with whether each must hold."""
    match node:
        case Not(part):
            yield from _flat(part, not holds, every)
        case Named(_, means):
            yield from _flat(means, holds, every)
        case And(parts) | Or(parts) if parts and (isinstance(node, And) == holds) == every:
            for part in parts:
                yield from _flat(part, holds, every)
        case _:
            yield node, holds


def _ratio(numerator: int, denominator: int, words: Words) -> str:
    """Return a ratio as percent where that is exact to two decimals, else as a fraction."""
    hundredths, rest = divmod(numerator * 10_000, denominator)
    if rest:
        return f"{numerator}/{denominator}"
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{words.amount(text)}\u00a0%"
