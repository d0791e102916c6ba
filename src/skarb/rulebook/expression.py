"""The expression tree of conditions: about twenty kinds of nodes, and what can be said about them without knowing any law.

The tree is read by the checker, by the compilers, by the explanation and by the comparison of editions; each of them is a short function over
these kinds. Names and quoted texts stay open until the checker says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from skarb.core.time import from_day

Mode = Literal["down", "up", "half_up"]
MODES: tuple[str, ...] = get_args(Mode)
Operator = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any part of an expression, with the offset in the text where it begins."""

    offset: int = field(default=0, compare=False)


# -- open until checked --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name, dotted or not: a fact, parameter, named condition or list."""

    name: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted text: a code, or the mode of a share."""

    text: str


# -- values --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact(Node):
    """The value of a field of the facts."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A dated value, not filled in yet."""

    name: str


@dataclass(frozen=True, slots=True)
class Code(Node):
    """One code of a closed list."""

    code: str


@dataclass(frozen=True, slots=True)
class Count(Node):
    """A whole number; with a name where a parameter was filled in."""

    value: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Day(Node):
    """A calendar day as days since 1970-01-01."""

    value: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Money(Node):
    """An amount in minor units; it comes from a parameter only, so it has a name."""

    value: int
    currency: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ratio(Node):
    """A share of one, as a fraction of whole numbers; it comes from a parameter only."""

    numerator: int
    denominator: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Codes(Node):
    """Several codes: written out, or a list of the country by its name."""

    codes: tuple[str, ...]
    name: str = ""


# -- logic ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class And(Node):
    """True when all parts are, looked at from left to right."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """True when one part is, looked at from left to right."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """True when the part is false."""

    part: Node


@dataclass(frozen=True, slots=True)
class Named(Node):
    """A condition of the country by its name, with its meaning."""

    name: str
    means: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two values of one type, compared."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Within(Node):
    """A code that is, or is not, one of several."""

    item: Node
    codes: Node
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing(Node):
    """An optional fact that is, or is not, missing."""

    fact: Node
    negated: bool = False


# -- arithmetic ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plus(Node):
    """A sum."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Minus(Node):
    """A difference."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Share(Node):
    """A ratio of an amount of money as whole minor units.

    Rounding: `down` towards zero, `up` away from zero, `half_up` to the nearest unit, halves away from zero.
    """

    amount: Node
    ratio: Node
    mode: Mode


@dataclass(frozen=True, slots=True)
class Least(Node):
    """The smallest of several values."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Greatest(Node):
    """The largest of several values."""

    parts: tuple[Node, ...]


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node, in the order they are written."""
    match node:
        case And(parts) | Or(parts) | Least(parts) | Greatest(parts):
            return parts
        case Not(part):
            return (part,)
        case Named(_, means):
            return (means,)
        case Compare(_, left, right) | Plus(left, right) | Minus(left, right):
            return (left, right)
        case Within(item, codes):
            return (item, codes)
        case Missing(fact):
            return (fact,)
        case Share(amount, ratio):
            return (amount, ratio)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, meanings of named conditions included."""
    yield node
    for child in children(node):
        yield from walk(child)


def share_of(amount: int, numerator: int, denominator: int, mode: Mode) -> int:
    """Return the exact share of an amount.

    Rounding: as `Share` says.
    """
    whole, rest = divmod(abs(amount) * numerator, denominator)
    if mode == "up":
        whole += rest > 0
    elif mode == "half_up":
        whole += 2 * rest >= denominator
    return -whole if amount < 0 else whole


# -- writing -------------------------------------------------------------------------------------------------------------------

_OR, _AND, _NOT, _COMPARE, _SUM, _ATOM = range(6)


def write(node: Node, around: int = _OR) -> str:
    """Write a tree as text: the canonical form, which parses to the same tree again."""
    text, binds = _written(node)
    return f"({text})" if binds < around else text


def _written(node: Node) -> tuple[str, int]:
    match node:
        case Or(parts):
            return " or ".join(write(part, _AND) for part in parts), _OR
        case And(parts):
            return " and ".join(write(part, _NOT) for part in parts), _AND
        case Not(part):
            return f"not {write(part, _NOT)}", _NOT
        case Compare(operator, left, right):
            return f"{write(left, _SUM)} {operator} {write(right, _SUM)}", _COMPARE
        case Within(item, codes, negated):
            return f"{write(item, _SUM)} {'not in' if negated else 'in'} {write(codes, _SUM)}", _COMPARE
        case Missing(fact, negated):
            return f"{write(fact, _SUM)} is {'not ' if negated else ''}missing", _COMPARE
        case Plus(left, right):
            return f"{write(left, _SUM)} + {write(right, _ATOM)}", _SUM
        case Minus(left, right):
            return f"{write(left, _SUM)} - {write(right, _ATOM)}", _SUM
        case Share(amount, ratio, mode):
            return f'share({write(amount)}, {write(ratio)}, "{mode}")', _ATOM
        case Least(parts):
            return f"min({', '.join(map(write, parts))})", _ATOM
        case Greatest(parts):
            return f"max({', '.join(map(write, parts))})", _ATOM
    return _written_value(node), _ATOM


def _written_value(node: Node) -> str:
    match node:
        case Name(name) | Fact(name) | Parameter(name) | Named(name):
            return name
        case Count(name=name) | Day(name=name) | Money(name=name) | Ratio(name=name) | Codes(name=name) if name:
            return name
        case Text(text) | Code(text):
            return f'"{text}"'
        case Count(value):
            return str(value)
        case Day(value):
            day = from_day(value)
            return f"date({day.year}, {day.month}, {day.day})"
        case Codes(codes):
            return f"({', '.join(f'{chr(34)}{code}{chr(34)}' for code in codes)}{',' if len(codes) == 1 else ''})"
    raise TypeError(f"an expression has no node {type(node).__name__}")
