"""The checker: what every name in an expression means, and proof that the expression always has an answer.

After checking every condition is two-valued: an optional fact is compared only where `is missing` has been excluded before it,
from left to right. Nothing can overflow: the limits of facts and parameters are carried through sums and shares and must stay
within 64 bits. Money meets only money of its currency, codes only codes of their own list. Nothing grows beyond what every engine can read, however
often named conditions name each other. What is wrong is reported at its place with what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

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
    Name,
    Named,
    Node,
    Not,
    Or,
    Parameter,
    Plus,
    Share,
    Text,
    Within,
    children,
    share_of,
    write,
)
from skarb.rulebook.parse import Fault, Report
from skarb.rulebook.schema import COUNT, DAY, FLAG, INT64_MAX, INT64_MIN, RATIO, Schema, Type, nearest, suggest

RATIO_MAX = 10**9  # of numerator and denominator: then every step of an exact share fits into 64 bits
PARTS_MAX = 10_000  # nodes of an expression, its named conditions written out
NESTED_MAX = 100  # and how deep; Python's own parser ends at 200 brackets, SQLite at 1,000

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition whose names are resolved, and which optional facts it proves to be there."""

    node: Node
    if_true: frozenset[str] = _NOTHING  # optional facts that are not missing when the condition is true
    if_false: frozenset[str] = _NOTHING
    extent: tuple[int, int] = (1, 1)  # how many nodes, and how deep, with named conditions written out


@dataclass(frozen=True, slots=True)
class Span:
    """A type and every value a parameter takes: its limits, or the ratios."""

    type: Type
    low: int = 0
    high: int = 0
    ratios: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """All that an expression may name."""

    facts: Schema
    parameters: Mapping[str, Span] = field(default_factory=dict)
    lists: Mapping[str, Type] = field(default_factory=dict)  # the type of the codes in it
    conditions: Mapping[str, Checked] = field(default_factory=dict)

    def kind(self, name: str) -> str:
        """Return what a name stands for, in words; "" when it is unknown."""
        tables = {"fact": self.facts, "parameter": self.parameters, "list": self.lists, "condition": self.conditions}
        return next((kind for kind, table in tables.items() if name in table), "")


@dataclass(frozen=True, slots=True)
class _Value:
    node: Node
    type: Type
    low: int = 0
    high: int = 0
    ratios: tuple[tuple[int, int], ...] = ()


def check(node: Node, scope: Scope, report: Report, known: frozenset[str] = _NOTHING) -> Checked | None:
    """Check a condition; None, with everything wrong reported, when it does not hold water.

    `known` are optional facts that are not missing where this condition is looked at.
    """
    checker = _Checker(scope, report)
    checked = checker.try_condition(node, known)
    if checker.faults:
        return None
    parts, nested = size = extent(checked.node, scope.conditions)
    if parts > PARTS_MAX or nested > NESTED_MAX:
        given = f"{parts} parts, nested {nested} deep, with named conditions written out"
        report(
            node.offset, given, f"at most {PARTS_MAX} parts, nested {NESTED_MAX} deep", "name fewer conditions within each other"
        )
        return None
    return replace(checked, extent=size)


def extent(node: Node, conditions: Mapping[str, Checked] = MappingProxyType({})) -> tuple[int, int]:
    """Return how many nodes a tree has and how deep it is, taking what is known of named conditions."""
    below = [
        conditions[one.name].extent if isinstance(one, Named) and one.name in conditions else extent(one, conditions)
        for one in children(node)
    ]
    return 1 + sum(parts for parts, _ in below), 1 + max((nested for _, nested in below), default=0)


class _Checker:
    def __init__(self, scope: Scope, report: Report) -> None:
        self.scope, self.report, self.faults = scope, report, 0

    def try_condition(self, node: Node, known: frozenset[str]) -> Checked:
        """Check one part and report its fault, so that its neighbours are checked as well."""
        try:
            return self.condition(node, known)
        except Fault as fault:
            self.faults += 1
            self.report(fault.offset, fault.given, fault.expected, fault.todo)
            return Checked(node)

    def condition(self, node: Node, known: frozenset[str]) -> Checked:
        match node:
            case And(parts):
                return self.all_of(node, parts, known)
            case Or(parts):
                # De Morgan: an `or` proves when false what an `and` of the opposites proves when true.
                flipped = self.all_of(node, parts, known, flip=True)
                return Checked(Or(_parts(flipped.node), offset=node.offset), flipped.if_false, flipped.if_true)
            case Not(part):
                inner = self.condition(part, known)
                return Checked(Not(inner.node, offset=node.offset), inner.if_false, inner.if_true)
            case Missing(fact, negated):
                return self.missing(node, fact, negated)
            case Compare():
                return Checked(self.comparison(node, known))
            case Within():
                return Checked(self.within(node, known))
        value = self.value(node, known)
        if value.type != FLAG:
            raise Fault(node.offset, f"{write(node)} ({value.type})", "something true or false", "compare it with a value")
        if isinstance(value.node, Named):
            meaning = self.scope.conditions[value.node.name]
            return replace(meaning, node=value.node)
        return Checked(value.node)

    def all_of(self, node: Node, parts: tuple[Node, ...], known: frozenset[str], flip: bool = False) -> Checked:
        done: list[Node] = []
        proven: frozenset[str] = _NOTHING
        if_false: frozenset[str] | None = None
        for part in parts:
            one = self.try_condition(part, known | proven)
            holds, fails = (one.if_false, one.if_true) if flip else (one.if_true, one.if_false)
            if_false = proven | fails if if_false is None else if_false & (proven | fails)
            proven |= holds
            done.append(one.node)
        return Checked(And(tuple(done), offset=node.offset), proven, if_false or _NOTHING)

    def missing(self, node: Node, fact: Node, negated: bool) -> Checked:
        name = fact.name if isinstance(fact, Name) else ""
        if name not in self.scope.facts:
            raise Fault(fact.offset, write(fact), "a fact before `is missing`", self.hint(name))
        if not self.scope.facts[name].optional:
            raise Fault(fact.offset, name, "a fact that can be missing", f"{name!r} always has a value: leave `is missing` out")
        found = Missing(Fact(name, offset=fact.offset), negated, offset=node.offset)
        there = frozenset({name})
        return Checked(found, there, _NOTHING) if negated else Checked(found, _NOTHING, there)

    def comparison(self, node: Compare, known: frozenset[str]) -> Node:
        left, right = self.pair(node, known)
        if left.type == RATIO:
            raise Fault(node.offset, write(node), "values that can be compared", "use a ratio in share(money, ratio)")
        if node.operator not in ("==", "!=") and left.type.base in ("flag", "code"):
            raise Fault(node.offset, write(node), "== or != for flags and codes", "use `in` with a list for several codes")
        return Compare(node.operator, left.node, right.node, offset=node.offset)

    def pair(self, node: Compare, known: frozenset[str]) -> tuple[_Value, _Value]:
        if isinstance(node.left, Text) and isinstance(node.right, Text):
            raise Fault(node.offset, write(node), "a fact on one side")
        if isinstance(node.left, Text):
            right = self.value(node.right, known)
            return self.code(node.left, right), right
        left = self.value(node.left, known)
        if isinstance(node.right, Text):
            return left, self.code(node.right, left)
        right = self.value(node.right, known)
        self.alike(node, left, right)
        return left, right

    def alike(self, node: Node, left: _Value, right: _Value) -> None:
        if left.type != right.type:
            both = f"{left.type} and {right.type}" if str(left.type) != str(right.type) else f"two lists of {left.type}s"
            raise Fault(node.offset, f"{write(node)} ({both})", "two values of one type")

    def code(self, text: Text, beside: _Value) -> _Value:
        if beside.type.base != "code":
            raise Fault(text.offset, write(text), f"a value that is a {beside.type}, as {write(beside.node)} is")
        if not beside.type.admits(text.text):
            raise Fault(
                text.offset,
                write(text),
                f"a code of {write(beside.node)}: {beside.type.listing()}",
                self.like(text.text, beside.type),
            )
        return _Value(Code(text.text, offset=text.offset), beside.type)

    def like(self, text: str, type_: Type) -> str:
        return suggest(text, type_.codes)

    def within(self, node: Within, known: frozenset[str]) -> Node:
        item = self.value(node.item, known)
        if item.type.base != "code":
            raise Fault(node.item.offset, f"{write(node.item)} ({item.type})", "a fact that is a code before `in`")
        match node.codes:
            case Codes(texts):
                if not texts:
                    raise Fault(node.codes.offset, "()", "at least one code")
                for text in texts:
                    self.code(Text(text, offset=node.codes.offset), item)
                return Within(item.node, node.codes, node.negated, offset=node.offset)
            case Name(name) if name in self.scope.lists:
                if self.scope.lists[name] != item.type:
                    raise Fault(node.codes.offset, name, f"a list of codes of {write(item.node)}")
                return Within(item.node, Codes((), name, offset=node.codes.offset), node.negated, offset=node.offset)
            case Name(name):
                raise Fault(node.codes.offset, name, "a list of lists.yaml, or codes in brackets", self.hint(name))
            case Text(text):
                raise Fault(node.codes.offset, f'"{text}"', f'codes in brackets with a comma, ("{text}",)', "or compare with ==")
        raise Fault(node.codes.offset, write(node.codes), "a list of lists.yaml, or codes in brackets")

    # -- values --------------------------------------------------------------------------------------------------------------

    def value(self, node: Node, known: frozenset[str]) -> _Value:
        match node:
            case Name(name):
                return self.named(node, name, known)
            case Count(value):
                if value > INT64_MAX:
                    raise Fault(node.offset, str(value), "a number that fits into 64 bits")
                return _Value(node, COUNT, value, value)
            case Day(value):
                return _Value(node, DAY, value, value)
            case Plus(left, right) | Minus(left, right):
                return self.sum(node, self.value(left, known), self.value(right, known), isinstance(node, Plus))
            case Least(parts) | Greatest(parts):
                return self.extreme(node, [self.value(part, known) for part in parts], isinstance(node, Least))
            case Share(amount, ratio, mode):
                return self.share(node, self.value(amount, known), self.value(ratio, known), mode)
            case Text():
                raise Fault(node.offset, write(node), "a code only beside a fact: fact == code, fact in (code, …)")
            case Codes():
                raise Fault(node.offset, write(node), "codes in brackets only after `in`")
            case And() | Or() | Not() | Compare() | Within() | Missing():
                return _Value(self.condition(node, known).node, FLAG)
        raise Fault(node.offset, write(node), "a value")

    def named(self, node: Node, name: str, known: frozenset[str]) -> _Value:
        scope = self.scope
        if name in scope.facts:
            fact = scope.facts[name]
            if fact.optional and name not in known:
                todo = f"write `{name} is missing or …` or `{name} is not missing and …`"
                raise Fault(node.offset, name, f"{name!r} only where it is known not to be missing", todo)
            return _Value(Fact(name, offset=node.offset), fact.type, fact.low, fact.high)
        if name in scope.parameters:
            span = scope.parameters[name]
            return _Value(Parameter(name, offset=node.offset), span.type, span.low, span.high, span.ratios)
        if name in scope.conditions:
            return _Value(Named(name, scope.conditions[name].node, offset=node.offset), FLAG)
        if name in scope.lists:
            raise Fault(node.offset, name, "a list only after `in`")
        raise Fault(node.offset, name, "a fact, a parameter or a named condition", self.hint(name))

    def hint(self, name: str) -> str:
        if name == "missing":
            return "write `fact is missing`"
        if name in ("true", "false", "yes", "no"):
            return "a flag stands alone: write `x` or `not x`"
        scope = self.scope
        near = nearest(name, [*scope.facts, *scope.parameters, *scope.conditions, *scope.lists])
        return f"did you mean {near!r} (a {scope.kind(near)})?" if near else "it is unknown"

    def fits(self, node: Node, type_: Type, low: int, high: int, made: Node) -> _Value:
        if low <= INT64_MIN or high > INT64_MAX:  # the lowest number has no opposite, and stands for a missing one in columns
            raise Fault(node.offset, f"{write(node)} (between {low} and {high})", "a result that always fits into 64 bits")
        return _Value(made, type_, low, high)

    def sum(self, node: Node, left: _Value, right: _Value, plus: bool) -> _Value:
        result = self.sum_type(node, left.type, right.type, plus)
        low = left.low + right.low if plus else left.low - right.high
        high = left.high + right.high if plus else left.high - right.low
        return self.fits(node, result, low, high, (Plus if plus else Minus)(left.node, right.node, offset=node.offset))

    def sum_type(self, node: Node, left: Type, right: Type, plus: bool) -> Type:
        if left == right and left.base in ("count", "money"):
            return left
        if left == DAY and right == COUNT:
            return DAY
        if plus and left == COUNT and right == DAY:
            return DAY
        raise Fault(node.offset, f"{write(node)} ({left} and {right})", "counts, money of one currency, or a day and a count")

    def extreme(self, node: Node, parts: list[_Value], least: bool) -> _Value:
        first = parts[0]
        for part in parts:
            if part.type.base not in ("count", "day", "money"):
                raise Fault(part.node.offset, f"{write(part.node)} ({part.type})", "counts, days or money")
            self.alike(node, first, part)
        pick, make = (min, Least) if least else (max, Greatest)
        low, high = pick(part.low for part in parts), pick(part.high for part in parts)
        return _Value(make(tuple(part.node for part in parts), offset=node.offset), first.type, low, high)

    def share(self, node: Node, amount: _Value, ratio: _Value, mode: Mode) -> _Value:
        if amount.type.base != "money":
            raise Fault(amount.node.offset, f"{write(amount.node)} ({amount.type})", "money as the first value of share()")
        if ratio.type != RATIO:
            raise Fault(
                ratio.node.offset,
                f"{write(ratio.node)} ({ratio.type})",
                "a parameter with `unit: ratio` as the second value of share()",
            )
        ends = [share_of(end, top, bottom, mode) for end in (amount.low, amount.high) for top, bottom in ratio.ratios]
        made = Share(amount.node, ratio.node, mode, offset=node.offset)
        return self.fits(node, amount.type, min(ends, default=0), max(ends, default=0), made)


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)
