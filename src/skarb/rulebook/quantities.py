"""Quantities: the numbers of an instruction that the law compares, and the steps at which its answer can turn.

Most of what the law looks at is the same for many instructions; what differs from row to row are a day and a few amounts. Of those it asks only
whether they, or sums of them, reach some step. So two instructions that agree in everything else and lie between the same steps get the
same answers, from every edition whose steps were taken, and a hundred million are decided by deciding one of each kind.
`steps` says it of single values, for the desk.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from skarb.rulebook.coding import MISSING
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import Compare, Count, Fact, Minus, Missing, Node, Plus, children, walk
from skarb.rulebook.tree import Keys, compute, rebuild

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a row: facts that vary from row to row, added up, and an expression over the other facts beside them.

    Where the law does something else with them than adding, `whole` is the expression in full and `terms` are empty.
    """

    terms: tuple[tuple[str, int], ...]  # facts and how often each is added, by name
    beside: Node | None  # over facts that do not vary
    whole: Node | None
    steps: tuple[int, ...]  # rising; the answer can turn at each of them

    @property
    def facts(self) -> frozenset[str]:
        """The varying facts that it is made of, or reads."""
        return frozenset(name for name, _ in self.terms) if self.whole is None else frozenset(_facts(self.whole))


@dataclass(frozen=True, slots=True)
class _Sum:
    terms: Mapping[str, int]
    constant: int = 0
    beside: Node | None = None


_Key = tuple[tuple[tuple[str, int], ...], int, int]


class Quantities:
    """Collects what editions compare."""

    def __init__(self, varying: Collection[str]) -> None:
        """Start with the names of the facts that vary from row to row."""
        self._varying = frozenset(varying)
        self._keys = Keys()
        self._nodes: dict[int, Node] = {}
        self._steps: dict[_Key, set[int]] = {}
        self._seen: set[int] = set()
        self._taken: dict[
            tuple[int, Hashable], Node
        ] = {}  # conditions by identity, which is kept, and by what features are called in them
        self._optional: set[str] = set()

    def add(self, edition: Edition, names: Mapping[str, str] | None = None) -> None:
        """Take the steps of every condition of an edition; `names` are what its features are called here."""
        called = {name: (names or {}).get(name, name) for name, one in edition.fields.items() if one.optional}
        self._optional |= self._varying.intersection(called.values())
        conditions = [condition for one in edition.provisions.values() for condition in (one.when, one.needs)]
        way = tuple(called.items())
        for condition in (*conditions, *(one.of for one in edition.features.values())):
            key = id(condition), way
            if condition is not None and key not in self._taken:
                self._taken[key] = condition
                as_it_is = not names or names.keys().isdisjoint(_facts(condition))
                self.add_condition(condition if as_it_is else _renamed(condition, names or {}))

    def add_steps(self, name: str, steps: Iterable[int]) -> None:
        """Take steps of one fact that no condition names: the days on which the law changes, say."""
        self._steps.setdefault((((name, 1),), -1, -1), set()).update(steps)

    def found(self) -> tuple[Quantity, ...]:
        """Return the quantities, those with the most steps first."""
        made = [
            Quantity(terms, self._nodes.get(beside), self._nodes.get(whole), tuple(sorted(steps)))
            for (terms, beside, whole), steps in self._steps.items()
            if steps
        ]
        return tuple(sorted(made, key=lambda one: (-len(one.steps), one.terms, str(one.beside), str(one.whole))))

    def add_condition(self, node: Node) -> None:
        """Take the steps of a condition, or of a part of one."""
        key = self._keys.of(node)
        if key in self._seen:
            return
        self._seen.add(key)
        match node:
            case Compare() if self._varies(node):
                self._compare(node)
            case Missing(Fact(name)) if name in self._varying:
                self.add_steps(name, (MISSING + 1,))
            case _:
                for child in children(node):
                    self.add_condition(child)

    def _varies(self, node: Node) -> bool:
        return any(name in self._varying for name in _facts(node))

    def _compare(self, node: Compare) -> None:
        difference = Minus(node.left, node.right)
        total = self._sum(difference)
        for name in set(_facts(node)) & self._optional:
            self.add_steps(name, (MISSING + 1,))  # a row where it is missing is never like one where it is there
        if total is None:
            self._steps.setdefault(((), -1, self._number(difference)), set()).update((0, 1))
            return
        terms = tuple(sorted((name, factor) for name, factor in total.terms.items() if factor))
        if not terms:
            return
        sign, beside, turn = node.operator, total.beside, -total.constant
        if terms[0][1] < 0:
            terms = tuple((name, -factor) for name, factor in terms)
            sign, turn = _MIRRORED[sign], -turn  # type: ignore[assignment]
            beside = None if beside is None else Minus(Count(0), beside)
        steps = {"<": (turn,), ">=": (turn,), "<=": (turn + 1,), ">": (turn + 1,)}.get(sign, (turn, turn + 1))
        self._steps.setdefault((terms, self._number(beside), -1), set()).update(steps)

    def _number(self, node: Node | None) -> int:
        if node is None:
            return -1
        number = self._keys.of(node)
        self._nodes[number] = node
        return number

    def _sum(self, node: Node) -> _Sum | None:
        """Return an expression as facts added up; None if it does something else with one that varies."""
        match node:
            case Fact(name) if name in self._varying:
                return _Sum({name: 1})
            case Plus(left, right) | Minus(left, right):
                first, second = self._sum(left), self._sum(right)
                if first is None or second is None:
                    return None
                return _added(first, second, 1 if isinstance(node, Plus) else -1)
        if self._varies(node):
            return None
        return _Sum({}, 0, node) if any(_facts(node)) else _Sum({}, compute(node, None))


def _added(first: _Sum, second: _Sum, sign: int) -> _Sum:
    terms = dict(first.terms)
    for name, factor in second.terms.items():
        terms[name] = terms.get(name, 0) + sign * factor
    beside = first.beside
    if second.beside is not None:
        joined = Plus if sign > 0 else Minus
        beside = joined(Count(0) if beside is None else beside, second.beside)
    return _Sum(terms, first.constant + sign * second.constant, beside)


def _facts(node: Node) -> Iterator[str]:
    return (part.name for part in walk(node) if isinstance(part, Fact))


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    match node:
        case Fact(name) if name in names:
            return Fact(names[name])
    return rebuild(node, lambda part: _renamed(part, names))


def quantities_of(
    editions: Iterable[Edition], varying: Collection[str], steps: Mapping[str, Iterable[int]] | None = None
) -> tuple[Quantity, ...]:
    """Return what editions without features compare of the facts that vary from row to row; `steps` are more of single facts."""
    collected = Quantities(varying)
    for edition in editions:
        collected.add(edition)
    for name, points in (steps or {}).items():
        collected.add_steps(name, points)
    return collected.found()
