"""Classes: what an edition tells apart in each fact.

A law that asks only whether a value lies above 1000.00 sees two kinds of values, and of 676 countries mostly three or four. `Kinds` reads off the
conditions which question rows of the kernel need and how a fact, or a computed comparison, becomes the number of its class.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skarb.core.errors import ConfigurationError
from skarb.rulebook.coding import MISSING, codes_of
from skarb.rulebook.expression import (
    And,
    Code,
    Codes,
    Compare,
    Count,
    Day,
    Fact,
    Missing,
    Money,
    Named,
    Node,
    Not,
    Operator,
    Or,
    Within,
    children,
    walk,
)
from skarb.rulebook.schema import INT64_MAX, Schema

PLAIN_MAX = 256  # a fact of up to so many codes is its own class: its column is taken as it stands
CLASSES_MAX = 1 << 16

_TURNED: dict[Operator, Operator] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Plain:
    """A code or a flag as it stands."""

    fact: str
    count: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A code of a long list by the class of each code: those that no condition tells apart share one."""

    fact: str
    classes: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many classes there are."""
        return max(self.classes) + 1


@dataclass(frozen=True, slots=True)
class Cut:
    """A number by how many cuts do not lie above it."""

    fact: str
    cuts: tuple[int, ...]  # rising

    @property
    def count(self) -> int:
        """How many classes there are."""
        return len(self.cuts) + 1

    def below(self, value: int) -> frozenset[int]:
        """Return the classes of the numbers below one of the cuts; of all numbers, for a value that is above every one."""
        return frozenset(range(bisect_right(self.cuts, value) if value <= INT64_MAX else self.count))


@dataclass(frozen=True, slots=True)
class Computed:
    """A comparison of computed values: 1 where it holds."""

    comparison: Compare
    count: int = 2


Kind = Plain | Folded | Cut | Computed


def kinds(fields: Schema, conditions: Iterable[Node]) -> dict[str | Compare, Kind]:
    """Return what conditions ask about, by the fact or the comparison; `activity` comes first.

    Raises: ConfigurationError for a fact that has no column of small numbers, or for more classes than can be told apart.
    """
    reading = _Reading(fields)
    for condition in conditions:
        reading.read(condition)
    found: dict[str | Compare, Kind] = {
        name: reading.kind_of(name) for name in ("activity", *sorted(reading.asked - {"activity"}))
    }
    found |= {comparison: Computed(comparison) for comparison in reading.computed}
    for name, kind in found.items():
        if kind.count > CLASSES_MAX:
            raise ConfigurationError(f"fact {name!r}: {kind.count} classes are told apart, expected at most {CLASSES_MAX}")
    return found


class _Reading:
    def __init__(self, fields: Schema) -> None:
        self.fields = fields
        self.asked = {"activity", "approved"}
        self.told: dict[str, set[frozenset[str]]] = {}  # sets of codes that conditions tell from the others
        self.cuts: dict[str, set[int]] = {}
        self.computed: dict[Compare, None] = {}
        self.done: set[int] = set()

    def kind_of(self, name: str) -> Kind:
        field = self.fields[name]
        if field.type.base not in ("code", "flag"):
            return Cut(name, tuple(sorted(self.cuts[name])))
        if field.optional:
            raise ConfigurationError(
                f"fact {name!r} is a {field.type} that can be missing: a column of small numbers has no place for it"
            )
        codes = codes_of(field)
        if len(codes) <= PLAIN_MAX:
            return Plain(name, len(codes) or 2)
        sets = sorted(self.told.get(name, ()), key=sorted)
        classes: dict[tuple[bool, ...], int] = {}
        return Folded(name, tuple(classes.setdefault(tuple(code in one for one in sets), len(classes)) for code in codes))

    def read(self, node: Node) -> None:
        match node:
            case Named(_, means):
                if id(means) not in self.done:
                    self.done.add(id(means))
                    self.read(means)
            case Fact(name):
                self.asked.add(name)
            case Missing(Fact(name)):
                self.cut(name, MISSING + 1)
            case Within(Fact(name), Codes(codes)):
                self.tell(name, codes)
            case Compare() if not is_condition(node.left, self.fields):
                self.comparison(turned(node))
            case _:
                for child in children(node):
                    self.read(child)

    def comparison(self, node: Compare) -> None:
        match node:
            case Compare(_, Fact(name), Code(code)):
                self.tell(name, (code,))
            case Compare(sign, Fact(name), Count(value) | Day(value) | Money(value)):
                self.cut(name, *(value + more for more in _STEPS[sign]))
            case _:
                self.computed[node] = None
                for fact in {one.name for one in walk(node) if isinstance(one, Fact)}:
                    self.tell(fact) if self.fields[fact].type.base == "code" else self.cut(fact)

    def tell(self, name: str, codes: tuple[str, ...] = ()) -> None:
        self.asked.add(name)
        self.told.setdefault(name, set()).add(frozenset(codes))

    def cut(self, name: str, *values: int) -> None:
        self.asked.add(name)
        self.cuts.setdefault(name, set()).update(value for value in values if value <= INT64_MAX)


_STEPS: Mapping[Operator, tuple[int, ...]] = {"<": (0,), ">=": (0,), "<=": (1,), ">": (1,), "==": (0, 1), "!=": (0, 1)}


def is_condition(node: Node, fields: Schema) -> bool:
    """Say whether a node is true or false."""
    if isinstance(node, Fact):
        return fields[node.name].type.base == "flag"
    return isinstance(node, And | Or | Not | Named | Compare | Within | Missing)


def turned(node: Compare) -> Compare:
    """Return a comparison with its constant on the right."""
    if isinstance(node.left, Code | Count | Day | Money):
        return Compare(_TURNED[node.operator], node.right, node.left)
    return node
