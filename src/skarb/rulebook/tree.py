"""What can be done with a checked tree besides compiling it: fill in values, narrow it to known facts, compute it slowly.

`fill` puts the parameters and lists of a day in their places. `narrow` removes what known codes already decide. `truth` and
`compute` walk the tree over one set of facts; the explanation and the cases use them, the generated function never does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any

from skarb.core.errors import ConfigurationError
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
    Or,
    Parameter,
    Plus,
    Ratio,
    Share,
    Within,
    children,
    share_of,
    walk,
)

Known = Mapping[str, frozenset[str | bool]]

TRUE, FALSE = And(()), Or(())  # an empty `and` holds, an empty `or` does not

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the node with each of its parts changed."""
    at = node.offset
    match node:
        case And(parts):
            return And(tuple(map(change, parts)), offset=at)
        case Or(parts):
            return Or(tuple(map(change, parts)), offset=at)
        case Not(part):
            return Not(change(part), offset=at)
        case Named(name, means):
            return Named(name, change(means), offset=at)
        case Compare(sign, left, right):
            return Compare(sign, change(left), change(right), offset=at)
        case Within(item, codes, negated):
            return Within(change(item), change(codes), negated, offset=at)
        case Missing(fact, negated):
            return Missing(change(fact), negated, offset=at)
        case Plus(left, right):
            return Plus(change(left), change(right), offset=at)
        case Minus(left, right):
            return Minus(change(left), change(right), offset=at)
        case Share(amount, ratio, mode):
            return Share(change(amount), change(ratio), mode, offset=at)
        case Least(parts):
            return Least(tuple(map(change, parts)), offset=at)
        case Greatest(parts):
            return Greatest(tuple(map(change, parts)), offset=at)
    return node


def fill(
    node: Node, parameters: Mapping[str, Node], lists: Mapping[str, tuple[str, ...]], conditions: Mapping[str, Node] | None = None
) -> Node:
    """Put the values of a day in the place of parameters and lists; `conditions` are named ones that are filled already.

    A part that names none of them stays the object that it is, so what looks at many editions knows it again.
    Raises: ConfigurationError if one has no value.
    """

    def change(part: Node) -> Node:
        match part:
            case Parameter(name):
                if name not in parameters:
                    raise ConfigurationError(f"parameter {name!r} has no value on this day")
                return parameters[name]
            case Codes((), name):
                if name not in lists:
                    raise ConfigurationError(f"list {name!r} has no codes on this day")
                return Codes(lists[name], name, offset=part.offset)
            case Named(name, means) if conditions is not None and name in conditions:
                return part if means is conditions[name] else Named(name, conditions[name], offset=part.offset)
        filled = {id(one): change(one) for one in children(part)}
        kept = all(filled[id(one)] is one for one in children(part))
        return part if kept else rebuild(part, lambda one: filled[id(one)])

    return change(node)


def names_in(node: Node) -> Iterator[str]:
    """Yield the parameters and lists that a tree needs, meanings of named conditions included."""
    match node:
        case Parameter(name):
            yield name
        case Codes((), name):
            yield name
    for child in children(node):
        yield from names_in(child)


def names_of(node: Node) -> set[str]:
    """Return everything that a tree names, directly or through conditions: facts, features, parameters, lists, conditions."""
    return {part.name for part in walk(node) if isinstance(part, Parameter | Codes | Named | Fact)}


# -- narrowing -----------------------------------------------------------------------------------------------------------------


def narrow(node: Node, known: Known) -> Node:
    """Simplify a condition by what facts can still be; TRUE or FALSE when that decides it.

    `known` gives the codes, or truths of a flag, that are still possible for some facts.
    """
    match node:
        case And(parts):
            return _all_of([narrow(part, known) for part in parts])
        case Or(parts):
            return _any_of([narrow(part, known) for part in parts])
        case Not(part):
            return opposite(narrow(part, known))
        case Named(_, means):
            # Narrowed, it means something else than its name says, so it goes on without the name.
            inner = narrow(means, known)
            return node if inner == means else inner
        case Fact(name) if name in known and len(known[name]) == 1:
            return TRUE if True in known[name] else FALSE
        case Compare("==" | "!=" as sign, Fact(name), Code(code)) | Compare("==" | "!=" as sign, Code(code), Fact(name)) if (
            name in known
        ):
            return _decided(node, known[name], {code}, sign == "!=")
        case Within(Fact(name), Codes(codes), negated) if name in known:
            return _decided(node, known[name], set(codes), negated)
    return node


def _decided(node: Node, possible: frozenset[str | bool], wanted: set[str], negated: bool) -> Node:
    if possible <= wanted:
        return FALSE if negated else TRUE
    if possible.isdisjoint(wanted):
        return TRUE if negated else FALSE
    return node


def _all_of(parts: list[Node]) -> Node:
    kept: list[Node] = []
    for part in parts:
        if part == FALSE:
            return FALSE
        if part != TRUE:
            kept.extend(part.parts if isinstance(part, And) else (part,))
    return kept[0] if len(kept) == 1 else And(tuple(kept))


def _any_of(parts: list[Node]) -> Node:
    kept: list[Node] = []
    for part in parts:
        if part == TRUE:
            return TRUE
        if part != FALSE:
            kept.extend(part.parts if isinstance(part, Or) else (part,))
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def opposite(node: Node) -> Node:
    """Return the negation of a condition, without a `not` where a leaf can carry it."""
    if node == TRUE:
        return FALSE
    if node == FALSE:
        return TRUE
    match node:
        case Not(part):
            return part
        case Within(item, codes, negated):
            return Within(item, codes, not negated)
        case Missing(fact, negated):
            return Missing(fact, not negated)
        case Compare("==", left, right):
            return Compare("!=", left, right)
        case Compare("!=", left, right):
            return Compare("==", left, right)
    return Not(node)


def both(*parts: Node) -> Node:
    """Return the conjunction of conditions, simplified."""
    return _all_of(list(parts))


def settle(node: Node, holds: Set[Node], fails: Set[Node]) -> Node:
    """Simplify a condition by other conditions that are known to hold or to fail."""
    if node in fails:
        return FALSE
    if node in holds:
        return TRUE
    match node:
        case And(parts):
            return _all_of([settle(part, holds, fails) for part in parts])
        case Or(parts):
            return _any_of([settle(part, holds, fails) for part in parts])
        case Not(part):
            return opposite(settle(part, holds, fails))
        case Named(_, means):
            inner = settle(means, holds, fails)
            return node if inner == means else inner
    return node


def settle_in_turn(conditions: Iterable[Node]) -> list[Node]:
    """Simplify conditions that are tried in turn until one holds, each by the failing of those before it.

    Mostly what goes are exceptions that decide by themselves: had they applied, nobody would still be asking. What comes after a condition that
    is sure to hold is FALSE.
    """
    found: list[Node] = []
    fails: set[Node] = set()
    holds: set[Node] = set()
    for condition in conditions:
        settled = FALSE if TRUE in fails else settle(condition, holds, fails)
        found.append(settled)
        for asked in (condition, settled):
            for one in failing(asked):
                fails.add(one)
                holds.add(opposite(one))
    return found


def failing(node: Node) -> Iterator[Node]:
    """Yield everything that is known to fail when a condition does."""
    yield node
    match node:
        case Or(parts):
            for part in parts:
                yield from failing(part)
        case Named(_, means):
            yield from failing(means)


class Keys:
    """Gives equal parts of trees equal numbers, looking at each part once."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[Any, ...], int] = {}
        self.seen: dict[int, tuple[Node, int]] = {}  # by identity; the node is kept so that its identity stays its own

    def of(self, node: Node) -> int:
        """Return the number of a tree; equal trees have equal numbers."""
        found = self.seen.get(id(node))
        if found is None:
            names: tuple[str, ...] = type(node).__match_args__
            parts = [type(node), *(self._part(getattr(node, name)) for name in names)]
            found = self.seen[id(node)] = node, self.numbers.setdefault(tuple(parts), len(self.numbers))
        return found[1]

    def _part(self, value: Any) -> Any:
        if isinstance(value, Node):
            return self.of(value)
        return tuple(map(self._part, value)) if isinstance(value, tuple) else value


# -- slow evaluation -----------------------------------------------------------------------------------------------------------


def truth(node: Node, facts: object) -> bool:
    """Say whether a condition holds for the facts."""
    return bool(compute(node, facts))


def compute(node: Node, facts: object) -> Any:
    """Return the value of a tree for the facts."""
    match node:
        case And(parts):
            return all(compute(part, facts) for part in parts)
        case Or(parts):
            return any(compute(part, facts) for part in parts)
        case Not(part):
            return not compute(part, facts)
        case Named(_, means):
            return compute(means, facts)
        case Compare(sign, left, right):
            return COMPARE[sign](compute(left, facts), compute(right, facts))
        case Within(item, Codes(codes), negated):
            return (compute(item, facts) in codes) != negated
        case Missing(Fact(name), negated):
            return (getattr(facts, name) is None) != negated
        case Fact(name):
            return getattr(facts, name)
        case Code(value) | Count(value) | Day(value) | Money(value):
            return value
        case Plus(left, right):
            return compute(left, facts) + compute(right, facts)
        case Minus(left, right):
            return compute(left, facts) - compute(right, facts)
        case Share(amount, Ratio(numerator, denominator), mode):
            return share_of(compute(amount, facts), numerator, denominator, mode)
        case Least(parts):
            return min(compute(part, facts) for part in parts)
        case Greatest(parts):
            return max(compute(part, facts) for part in parts)
    raise TypeError(f"{type(node).__name__} has no value; was it checked and filled?")
