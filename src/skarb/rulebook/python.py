"""The checked tree as one generated Python function per activity: how a single instruction is decided.

The source is written from the tree alone, never from the text of a rulebook: names are facts of the schema, constants are written
with `repr`. A function first asks the few facts that most guards ask (who, under which licence, what screening said) and then
tries only the guards that are left. What several guards share is computed at most once, and only when one of them asks. A
function is written when its activity is first decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from skarb.rulebook.tree import FALSE, TRUE, Keys, Known, narrow, settle_in_turn

if TYPE_CHECKING:
    from skarb.rulebook.edition import Edition, Guard

Decide = Callable[[Any], int]
LEAVES = 64  # most bodies that one activity's function is split into
_STOP = "return "


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a function: what to do when a condition holds."""

    condition: Node
    then: str
    hopeful: bool  # it is how most instructions end: permitted

    @property
    def ends(self) -> bool:
        """Say whether nothing after this step is looked at once its condition holds."""
        return self.then.startswith(_STOP)


def compile_choice(edition: Edition, guards_of: Callable[[str], Sequence[Guard]], silence: tuple[int, int]) -> Decide:
    """Return a function from facts to the result of the first guard that holds.

    `silence` is the answer when none does, before and after approval.
    """
    return _compile(edition, lambda activity: choice_source(edition, guards_of(activity), silence))


def compile_mask(edition: Edition, guards_of: Callable[[str], Sequence[Guard]]) -> Decide:
    """Return a function from facts to the bits of every guard that holds."""
    return _compile(edition, lambda activity: mask_source(edition, guards_of(activity)))


def choice_source(edition: Edition, guards: Sequence[Guard], silence: tuple[int, int]) -> str:
    """Return the source of the function that answers for one activity."""
    hopeful = ("permit", "levy", "exempt")
    steps = [
        Step(guard.condition, _STOP + _answer(guard.result, guard.approved), guard.provision.effect in hopeful)
        for guard in guards
    ]
    return _function(edition, steps, (), _STOP + _answer(*silence))


def mask_source(edition: Edition, guards: Sequence[Guard]) -> str:
    """Return the source of the function that collects for one activity."""
    steps = [Step(guard.condition, f"m |= {1 << guard.result}", True) for guard in guards]
    return _function(edition, steps, ("m = 0",), "return m") if steps else "def decide(f):\n    return 0"


def compile_condition(node: Node) -> Callable[[Any], bool]:
    """Return a function that says whether a condition without features holds for facts."""
    writer = _Writer([node], (), Keys())
    return _run(f"def decide(f):\n    return {writer.text(node, 0, True)}", {"share": share_of})  # type: ignore[return-value]


def _answer(before: int, after: int) -> str:
    return f"{after} if f.approved else {before}" if after and after != before else str(before)


def _function(edition: Edition, steps: Sequence[Step], start: tuple[str, ...], end: str) -> str:
    lines = [*start, *_Splitter(edition, end).body(tuple(steps), {}, frozenset(), LEAVES)]
    return "def decide(f):\n    " + "\n    ".join(lines)


def _compile(edition: Edition, source_of: Callable[[str], str]) -> Decide:
    """Return the dispatch over activities; each activity's function is compiled when it is first asked for."""
    table: dict[str, Decide] = {}

    def waiting(activity: str) -> Decide:
        def first(facts: Any) -> int:
            table[activity] = decide = _run(source_of(activity), {"share": share_of})
            return decide(facts)

        return first

    table.update({activity: waiting(activity) for activity in edition.activities})
    return _run("def decide(f):\n    return T[f.activity](f)", {"T": table})


def _run(source: str, space: dict[str, Any]) -> Decide:
    """Compile a function that was written from a checked tree."""
    exec(compile(source, "<edition>", "exec"), space)
    decide: Decide = space["decide"]
    return decide


Values = frozenset[str | bool]
Steps = tuple[Step, ...]


class _Splitter:
    """Writes the steps of one activity as a tree of questions about codes and flags, with few steps left at each leaf.

    Most conditions begin by asking the same few facts: who acts, under which licence, what screening said. Asked once and in front, each answer
    leaves only the steps that can still matter.
    """

    def __init__(self, edition: Edition, end: str) -> None:
        self.fields, self.end, self.keys = edition.fields, end, Keys()
        self.totals = {name: place for place, name in enumerate(edition.features)}

    def body(self, steps: Steps, known: Mapping[str, Values], read: frozenset[str], leaves: int) -> list[str]:
        """Return the lines that work through steps, given what is known and which facts are in locals."""
        fact = self.question(steps, known) if leaves > 1 else ""
        groups = self.groups(steps, known, fact) if fact else []
        if not 1 < len(groups) <= leaves:
            return self.leaf(steps, read)
        # Where nothing can be permitted any more few instructions go: those branches stand last and are not split further.
        hopeful = sum(1 for left, _ in groups if _hopeful(left))
        branches = sorted(groups, key=lambda item: (not _hopeful(item[0]), -len(item[1]), len(item[0])))
        lines = [] if fact in read else [f"{fact} = f.{fact}"]
        for number, (left, values) in enumerate(branches):
            share = (leaves - len(groups) + hopeful) // hopeful if _hopeful(left) else 1
            within = self.body(left, {**known, fact: values}, read | {fact}, share)
            if number == len(branches) - 1:
                lines += within
            else:
                lines += [f"if {_test(fact, values)}:", *(f"    {line}" for line in within)]
        return lines

    def question(self, steps: Steps, known: Mapping[str, Values]) -> str:
        """Return the fact that most steps begin with; "" when asking it in front would not pay."""
        asked: Counter[str] = Counter()
        for step in steps:
            for name in {node.name for node in _first(step.condition) if isinstance(node, Fact)}:
                field = self.fields[name]
                if not field.optional and len(known.get(name, ("", ""))) > 1:
                    asked[name] += 2 if field.type.codes else 1 if field.type.base == "flag" else 0
        best = max(asked, key=lambda name: (asked[name], name), default="")
        return best if asked[best] >= 3 else ""

    def groups(self, steps: Steps, known: Mapping[str, Values], fact: str) -> list[tuple[Steps, Values]]:
        """Return which steps are left for which values of a fact."""
        every: tuple[str | bool, ...] = self.fields[fact].type.codes or (True, False)
        asked = [frozenset(_asked(step.condition, fact)) for step in steps]
        named = frozenset[str | bool]().union(*asked)
        groups: dict[Steps, tuple[Steps, set[str | bool]]] = {}
        done: dict[str | bool, Steps] = {}
        for value in every:
            if value in known.get(fact, every):
                alike = value if value in named else ""  # codes that no step names are all alike
                if alike not in done:
                    left, done[alike] = _left(steps, asked, {fact: frozenset({value})})
                    groups.setdefault(done[alike], (left, set()))
                groups[done[alike]][1].add(value)
        return [(left, frozenset(values)) for left, values in groups.values()]

    def leaf(self, steps: Steps, read: frozenset[str]) -> list[str]:
        """Return the lines that try each step in turn."""
        if all(step.ends for step in steps):
            conditions = settle_in_turn([step.condition for step in steps])
            tried = zip(steps, conditions, strict=True)
            steps = tuple(Step(condition, step.then, step.hopeful) for step, condition in tried if condition != FALSE)
        writer = _Writer([step.condition for step in steps], read, self.keys, self.totals)
        lines = [writer.statement(step.condition, step.then) for step in steps]
        if not (steps and steps[-1].condition == TRUE and steps[-1].ends):
            lines.append(self.end)
        return [*writer.start(), *lines]


def _asked(node: Node, fact: str) -> Iterator[str | bool]:
    """Yield the values that a condition compares a fact with."""
    match node:
        case Fact(name) if name == fact:
            yield from (True, False)
        case Compare(_, Fact(name), Code(code)) | Compare(_, Code(code), Fact(name)) if name == fact:
            yield code
        case Within(Fact(name), Codes(codes)) if name == fact:
            yield from codes
        case _:
            for child in children(node):
                yield from _asked(child, fact)


def _left(steps: Steps, asked: Sequence[Values], known: Known) -> tuple[Steps, Steps]:
    """Return the steps that can still matter, up to the first that is sure to end, and those of them that the answer changed."""
    left: list[Step] = []
    changed: list[Step] = []
    for step, values in zip(steps, asked, strict=True):
        if values:
            condition = narrow(step.condition, known)
            step = Step(condition, step.then, step.hopeful)  # noqa: PLW2901
            changed.append(step)
            if condition == FALSE:
                continue
        left.append(step)
        if step.condition == TRUE and step.ends:
            break
    return tuple(left), tuple(changed)


def _hopeful(steps: Steps) -> bool:
    return any(step.hopeful for step in steps)


def _test(fact: str, values: Values) -> str:
    if True in values or False in values:
        return fact if True in values else f"not {fact}"
    codes = sorted(str(value) for value in values)
    return f"{fact} == {codes[0]!r}" if len(codes) == 1 else f"{fact} in {{{', '.join(map(repr, codes))}}}"


class _Writer:
    """Writes the conditions of one leaf. What several of them ask is asked once and kept in a local.

    A part that stands first in a condition is sure to be looked at, so its local can be relied on from there on. Elsewhere
    a local may or may not have been filled: there it is asked for only where the part is worth it.
    """

    def __init__(
        self, conditions: Sequence[Node], read: Iterable[str], keys: Keys, totals: Mapping[str, int] | None = None
    ) -> None:
        self.keys = keys
        self.totals = totals or {}  # place of each feature among the totals of facts
        self.facts = Counter(node.name for one in conditions for node in walk(one) if isinstance(node, Fact))
        self.parts = Counter(keys.of(node) for one in conditions for node in walk(one) if isinstance(node, And | Or | Within))
        self.read = set(read)  # facts in locals
        self.kept: dict[int, str] = {}  # parts in locals that are sure to be filled
        self.perhaps: dict[int, str] = {}  # parts in locals that begin as None

    def start(self) -> list[str]:
        """Return the lines that go before all others."""
        return [f"{' = '.join(self.perhaps.values())} = None"] if self.perhaps else []

    def statement(self, condition: Node, then: str) -> str:
        """Return the line that does something when a condition holds."""
        return then if condition == TRUE else f"if {self.text(condition, 0, True)}: {then}"

    def text(self, node: Node, around: int, first: bool) -> str:
        """Write a condition or value; `around` is how tightly its surroundings bind, `first` that it is sure to be looked at."""
        if isinstance(node, Named):
            return self.text(node.means, around, first)
        if isinstance(node, And | Or | Within) and self.parts[self.keys.of(node)] > 1:
            return self.shared(node, first)
        text, binds = self.written(node, first)
        return f"({text})" if binds < around else text

    def shared(self, node: Node, first: bool) -> str:
        key = self.keys.of(node)
        if key in self.kept:
            return self.kept[key]
        text, binds = self.written(node, first)
        name = self.perhaps.get(key, f"n{key}")
        if first:
            self.kept[key] = name
            return f"({name} := {text})"
        if isinstance(node, Within):
            return f"({text})" if binds < _TIGHT else text
        self.perhaps[key] = name
        return f"({name} if {name} is not None else ({name} := {text}))"

    def fact(self, name: str, first: bool) -> str:
        total = self.totals.get(name)
        # A country names its features as it likes, so their locals have names of our own.
        local, read = (name, f"f.{name}") if total is None else (f"t{total}", f"(f.totals[{total}] if f.totals else None)")
        if name in self.read:
            return local
        if first and self.facts[name] > 1:
            self.read.add(name)
            return f"({local} := {read})"
        return read

    def joined(self, word: str, parts: Sequence[Node], around: int, first: bool) -> str:
        return word.join([self.text(part, around, first and number == 0) for number, part in enumerate(parts)])

    def written(self, node: Node, first: bool) -> tuple[str, int]:
        """Return a node as Python and how tightly it binds."""
        match node:
            case Or(parts):
                return (self.joined(" or ", parts, 1, first), 0) if parts else ("False", _TIGHT)
            case And(parts):
                return (self.joined(" and ", parts, 2, first), 1) if parts else ("True", _TIGHT)
            case Not(part):
                return f"not {self.text(part, 2, first)}", 2
            case Compare(sign, left, right):
                return f"{self.text(left, 4, first)} {sign} {self.text(right, 4, first)}", 3
            case Within(item, Codes(codes), negated):
                return f"{self.text(item, 4, first)} {'not in' if negated else 'in'} {{{', '.join(map(repr, codes))}}}", 3
            case Missing(fact, negated):
                return f"{self.text(fact, 4, first)} is {'not ' if negated else ''}None", 3
            case Plus(left, right):
                return f"{self.text(left, 4, first)} + {self.text(right, _TIGHT, first)}", 4
            case Minus(left, right):
                return f"{self.text(left, 4, first)} - {self.text(right, _TIGHT, first)}", 4
            case Share(amount, Ratio(numerator, denominator), mode):
                return f"share({self.text(amount, 0, first)}, {numerator}, {denominator}, {mode!r})", _TIGHT
            case Least(parts) | Greatest(parts):
                called = "min" if isinstance(node, Least) else "max"
                return f"{called}({', '.join([self.text(part, 0, first) for part in parts])})", _TIGHT
            case Fact(name):
                return self.fact(name, first), _TIGHT
            case Code(value) | Count(value) | Day(value) | Money(value):
                return (f"({value})" if isinstance(value, int) and value < 0 else repr(value)), _TIGHT
        raise TypeError(f"{type(node).__name__} cannot be compiled; was it checked and filled?")


_TIGHT = 5  # binds tightest: a name, a number, a call


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
