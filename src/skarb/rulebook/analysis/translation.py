"""Conditions as formulas of a solver, and a solver's model as facts.

A code is a number in the order of its list, a flag a truth, a day, a count or an amount a whole number within the limits of its
field, and an optional fact has a truth beside it that says whether it is missing. The checker has proved that a missing value
is never looked at, so what the number is then does not matter. Shares are exact: whole numbers are divided as `share_of`
divides them, in all three ways of rounding.

Equal parts of trees are translated once. The solver (z3) is imported when the first translation is made.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from skarb.core.errors import ensure
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
    Mode,
    Money,
    Named,
    Node,
    Not,
    Or,
    Plus,
    Ratio,
    Share,
    Within,
    walk,
)
from skarb.rulebook.schema import TOTALS, Field, Schema, Type
from skarb.rulebook.tree import COMPARE, Keys

if TYPE_CHECKING:
    import z3

_COUNTRIES = tuple("".join(pair) for pair in product(string.ascii_uppercase, repeat=2))


def codes_of(type_: Type) -> tuple[str, ...]:
    """Return every code of a type; the only open list is that of two-letter codes."""
    codes = type_.codes or tuple(code for code in _COUNTRIES if type_.admits(code))
    ensure(codes, f"every code of the pattern {type_.pattern!r} is known to the solver")
    return codes


class Translation:
    """From trees to formulas over one set of facts, and back from models to facts."""

    def __init__(self, fields: Schema) -> None:
        import z3

        self.z3, self.context, self.fields = z3, z3.Context(), fields
        self.keys = Keys()
        self.limits: list[z3.BoolRef] = []  # what holds of every fact that was named so far
        self._terms: dict[int, Any] = {}
        self._facts: dict[int, frozenset[str]] = {}
        self._variables: dict[str, Any] = {}
        self._numbers: dict[Type, dict[str, int]] = {}

    @cached_property
    def true(self) -> Any:
        """The formula that always holds."""
        return self.z3.BoolVal(True, self.context)

    def number(self, value: int) -> Any:
        """Return a whole number."""
        return self.z3.IntVal(value, self.context)

    # -- facts -----------------------------------------------------------------------------------------------------------------

    def variable(self, name: str) -> Any:
        """Return what stands for a fact; its limits are noted when it is first named."""
        if name not in self._variables:
            field = self.fields[name]
            if field.type.base == "flag":
                self._variables[name] = self.z3.Bool(name, self.context)
            else:
                made = self._variables[name] = self.z3.Int(name, self.context)
                low, high = (0, len(codes_of(field.type)) - 1) if field.type.base == "code" else (field.low, field.high)
                self.limits += [made >= low, made <= high]
        return self._variables[name]

    def missing(self, name: str) -> Any:
        """Return the truth that an optional fact is missing."""
        return self.z3.Bool(f"{name} is missing", self.context) if self.fields[name].optional else self.z3.Not(self.true)

    def code(self, type_: Type, code: str) -> int:
        """Return the number of a code."""
        if type_ not in self._numbers:
            self._numbers[type_] = {one: number for number, one in enumerate(codes_of(type_))}
        return self._numbers[type_][code]

    def equals(self, name: str, value: object) -> Any:
        """Return the formula that a fact has a value, None standing for a missing one."""
        field = self.fields[name]
        if value is None:
            return self.missing(name)
        if isinstance(value, bool):
            same = self.variable(name) == self.z3.BoolVal(value, self.context)
        else:
            same = self.variable(name) == self.number(self.code(field.type, value) if isinstance(value, str) else int(str(value)))
        return self.z3.And(self.z3.Not(self.missing(name)), same) if field.optional else same

    def value(self, model: z3.ModelRef, field: Field) -> object:
        """Return what a fact is in a model."""
        if field.optional and self.z3.is_true(model.eval(self.missing(field.name), model_completion=True)):
            return None
        found = model.eval(self.variable(field.name), model_completion=True)
        if field.type.base == "flag":
            return bool(self.z3.is_true(found))
        number: int = found.as_long()
        return codes_of(field.type)[number] if field.type.base == "code" else number

    def facts_in(self, node: Node) -> frozenset[str]:
        """Return the facts that a tree names."""
        key = self.keys.of(node)
        if key not in self._facts:
            self._facts[key] = frozenset(part.name for part in walk(node) if isinstance(part, Fact))
        return self._facts[key]

    # -- trees -----------------------------------------------------------------------------------------------------------------

    def term(self, node: Node) -> Any:
        """Return a tree as a formula or a number."""
        key = self.keys.of(node)
        if key not in self._terms:
            self._terms[key] = self._made(node)
        return self._terms[key]

    def _made(self, node: Node) -> Any:
        z3 = self.z3
        match node:
            case And(parts):
                return z3.And([self.true, *map(self.term, parts)])
            case Or(parts):
                return z3.Or([z3.Not(self.true), *map(self.term, parts)])
            case Not(part):
                return z3.Not(self.term(part))
            case Named(_, means):
                return self.term(means)
            case Compare(sign, left, right):
                return COMPARE[sign](*self._pair(left, right))
            case Within(Fact(name), Codes(codes), negated):
                type_ = self.fields[name].type
                among = z3.Or([z3.Not(self.true), *(self.variable(name) == self.code(type_, code) for code in codes)])
                return z3.Not(among) if negated else among
            case Missing(Fact(name), negated):
                return z3.Not(self.missing(name)) if negated else self.missing(name)
            case Fact(name):
                return self.variable(name)
            case Count(value) | Day(value) | Money(value):
                return self.number(value)
            case Plus(left, right):
                return self.term(left) + self.term(right)
            case Minus(left, right):
                return self.term(left) - self.term(right)
            case Share(amount, Ratio(numerator, denominator), mode):
                return self._share(self.term(amount), numerator, denominator, mode)
            case Least(parts):
                return self._first(parts, lambda one, other: one <= other)
            case Greatest(parts):
                return self._first(parts, lambda one, other: one >= other)
        raise TypeError(f"{type(node).__name__} cannot be translated; was it checked and filled?")

    def _pair(self, left: Node, right: Node) -> tuple[Any, Any]:
        match left, right:
            case Fact(name), Code(code):
                return self.variable(name), self.number(self.code(self.fields[name].type, code))
            case Code(), Fact():
                second, first = self._pair(right, left)
                return first, second
            case Code(one), Code(other):
                return self.number(0), self.number(int(one != other))
        return self.term(left), self.term(right)

    def _share(self, amount: Any, numerator: int, denominator: int, mode: Mode) -> Any:
        size = self.z3.If(amount < 0, -amount, amount) * numerator
        whole, rest = size / denominator, size % denominator
        if mode != "down":
            more = rest > 0 if mode == "up" else 2 * rest >= denominator
            whole += self.z3.If(more, self.number(1), self.number(0))
        return self.z3.If(amount < 0, -whole, whole)

    def _first(self, parts: tuple[Node, ...], before: Callable[[Any, Any], Any]) -> Any:
        found = self.term(parts[0])
        for part in parts[1:]:
            other = self.term(part)
            found = self.z3.If(before(found, other), found, other)
        return found


def defaults_of(facts: type) -> Mapping[str, object]:
    """Return the defaults of facts, by name; activity and day have none."""
    import msgspec

    fields = msgspec.structs.fields(facts)
    return {one.name: one.default for one in fields if one.default is not msgspec.NODEFAULT and one.name != TOTALS}
