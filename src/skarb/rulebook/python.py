"""The checked tree as one generated Python function per activity: how a single instruction is decided.

The source is written from the tree alone, never from the text of a rulebook: names are facts of the schema, constants are written
with `repr`. A function returns at the first guard that holds. Facts that several guards look at first are read into locals once;
a named condition that several guards use is computed at most once, and only when one of them asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

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
    Plus,
    Ratio,
    Share,
    Within,
    children,
    share_of,
    walk,
)

if TYPE_CHECKING:
    from skarb.rulebook.edition import Guard

Decide = Callable[[Any], int]


def compile_choice(guards: Mapping[str, Sequence[Guard]], silence: tuple[int, int]) -> Decide:
    """Return a function from facts to the result of the first guard that holds.

    `silence` is the answer when none does, before and after approval.
    """
    return _compile({activity: choice_source(found, silence) for activity, found in guards.items()})


def compile_mask(guards: Mapping[str, Sequence[Guard]]) -> Decide:
    """Return a function from facts to the bits of every guard that holds."""
    return _compile({activity: mask_source(found) for activity, found in guards.items()})


def choice_source(guards: Sequence[Guard], silence: tuple[int, int]) -> tuple[str, ...]:
    """Return the lines of a function that stops at the first guard that holds."""
    writer = _Writer([guard.condition for guard in guards])
    lines: list[str] = []
    for guard in guards:
        answer = f"{guard.approved} if f.approved else {guard.result}" if guard.approved else str(guard.result)
        lines += writer.statement(guard.condition, f"return {answer}")
        if guard.condition == And(()) and not guard.approved:
            return tuple(lines)
    before, after = silence
    lines.append(f"return {before}" if before == after else f"return {after} if f.approved else {before}")
    return tuple(lines)


def mask_source(guards: Sequence[Guard]) -> tuple[str, ...]:
    """Return the lines of a function that collects every guard that holds."""
    if not guards:
        return ("return 0",)
    writer = _Writer([guard.condition for guard in guards])
    lines = ["m = 0"]
    for guard in guards:
        lines += writer.statement(guard.condition, f"m |= {1 << guard.result}")
    return (*lines, "return m")


def _compile(bodies: Mapping[str, tuple[str, ...]]) -> Decide:
    """Compile the functions, activities with the same text sharing one, and dispatch between them."""
    numbers: dict[tuple[str, ...], int] = {}
    table = {activity: numbers.setdefault(body, len(numbers)) for activity, body in bodies.items()}
    source = [f"def _{number}(f):\n    " + "\n    ".join(body) for body, number in numbers.items()]
    source.append("T = {" + ", ".join(f"{activity!r}: _{number}" for activity, number in table.items()) + "}")
    source.append("def decide(f):\n    return T[f.activity](f)")
    text = "\n\n".join(source)
    space: dict[str, Any] = {"share": share_of}
    exec(compile(text, "<edition>", "exec"), space)
    decide: Decide = space["decide"]
    decide.__doc__ = text
    return decide


class _Writer:
    """Writes the conditions of one function, reading shared facts and conditions once."""

    def __init__(self, conditions: Sequence[Node]) -> None:
        self.first_facts = Counter(
            name for one in conditions for name in {node.name for node in _first(one) if isinstance(node, Fact)}
        )
        self.first_named = Counter(
            name for one in conditions for name in {node.name for node in _first(one) if isinstance(node, Named)}
        )
        self.named = Counter(node.name for one in conditions for node in walk(one) if isinstance(node, Named))
        self.read: set[str] = set()  # facts in locals
        self.known: dict[str, str] = {}  # named conditions in locals, computed
        self.lazy: dict[str, str] = {}  # named conditions in locals, perhaps not computed

    def statement(self, condition: Node, then: str) -> list[str]:
        """Return the lines that do something when a condition holds."""
        lines = self.prepare(condition)
        if condition == And(()):
            return [*lines, then]
        text = self.text(condition)
        return [*lines, f"if {text}: {then}"]

    def prepare(self, condition: Node) -> list[str]:
        """Read into locals what the condition is sure to look at and others look at too."""
        lines = []
        for node in _first(condition):
            if isinstance(node, Fact) and node.name not in self.read and self.first_facts[node.name] > 1:
                lines.append(f"{node.name} = f.{node.name}")
                self.read.add(node.name)
        for node in walk(condition):
            if not isinstance(node, Named) or node.name in self.known or self.named[node.name] < 2:
                continue
            if (
                any(isinstance(one, Named) and one.name == node.name for one in _first(condition))
                and self.first_named[node.name] > 1
            ):
                name = f"n{len(self.known) + len(self.lazy)}"
                text = self.text(node.means)
                lines.append(f"{name} = {text}")
                self.known[node.name] = name
        return lines

    def text(self, node: Node, around: int = 0) -> str:
        """Write a condition or value; `around` is how tightly its surroundings bind."""
        text, binds = self.written(node)
        return f"({text})" if binds < around else text

    def written(self, node: Node) -> tuple[str, int]:
        match node:
            case Or(parts):
                return (" or ".join(self.text(part, 1) for part in parts), 0) if parts else ("False", 5)
            case And(parts):
                return (" and ".join(self.text(part, 2) for part in parts), 1) if parts else ("True", 5)
            case Not(part):
                return f"not {self.text(part, 2)}", 2
            case Named(name, means):
                if name in self.known:
                    return self.known[name], 5
                return self.written(means)
            case Compare(sign, left, right):
                return f"{self.text(left, 4)} {sign} {self.text(right, 4)}", 3
            case Within(item, Codes(codes), negated):
                return f"{self.text(item, 4)} {'not in' if negated else 'in'} {{{', '.join(map(repr, codes))}}}", 3
            case Missing(fact, negated):
                return f"{self.text(fact, 4)} is {'not ' if negated else ''}None", 3
            case Plus(left, right):
                return f"{self.text(left, 4)} + {self.text(right, 5)}", 4
            case Minus(left, right):
                return f"{self.text(left, 4)} - {self.text(right, 5)}", 4
            case Share(amount, Ratio(numerator, denominator), mode):
                return f"share({self.text(amount)}, {numerator}, {denominator}, {mode!r})", 5
            case Least(parts):
                return f"min({', '.join(map(self.text, parts))})", 5
            case Greatest(parts):
                return f"max({', '.join(map(self.text, parts))})", 5
            case Fact(name):
                return (name if name in self.read else f"f.{name}"), 5
            case Code(value) | Count(value) | Day(value) | Money(value):
                return (repr(value), 5) if not isinstance(value, int) or value >= 0 else (f"({value})", 5)
        raise TypeError(f"{type(node).__name__} cannot be compiled; was it checked and filled?")


def _first(node: Node) -> Iterator[Node]:
    """Yield what is looked at whenever a condition is: the first part of each `and` and `or`."""
    yield node
    match node:
        case And(parts) | Or(parts):
            if parts:
                yield from _first(parts[0])
        case _:
            for child in children(node):
                yield from _first(child)
