"""A plan: an edition as tables of numbers, for the kernel that leads rows from question to question.

It is written from the checked tree of every activity: first the guards in the order of decision, one after the other, then without what was asked
before on the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from skarb.core.errors import ensure
from skarb.rulebook.classes import Cut, Folded, Kind, is_condition, kinds, turned
from skarb.rulebook.coding import MISSING, numbers_of
from skarb.rulebook.expression import And, Code, Codes, Compare, Count, Day, Fact, Missing, Money, Named, Node, Not, Or, Within
from skarb.rulebook.questions import NOTE, Place, Questions, answer
from skarb.rulebook.walking import ANSWER

if TYPE_CHECKING:
    from skarb.rulebook.edition import Edition, Guard


@dataclass(frozen=True)
class Plan:
    """What the kernel needs to know of an edition."""

    kinds: tuple[Kind, ...]  # rows of classes from row 1 on
    asks: npt.NDArray[np.uint32]
    table: npt.NDArray[np.uint32]
    roots: npt.NDArray[np.uint32]  # first questions by track and activity


def plan_of(edition: Edition, activities: Collection[str] | None = None, *, outcomes_only: bool = False) -> Plan:
    """Write the plan of an edition, for some activities or for all, with duties and levies or without; of the others it says nothing.

    Raises: ConfigurationError for facts that columns of small numbers cannot hold.
    """
    wanted = edition.activities if activities is None else activities
    tracks = [
        [of(activity) if activity in wanted and (place == 0 or not outcomes_only) else [] for activity in edition.activities]
        for place, of in enumerate((edition.guards, edition.duty_guards, edition.levy_guards))
    ]
    conditions = {id(guard.condition): guard.condition for track in tracks for guards in track for guard in guards}
    writer = _Writer(edition, kinds(edition.fields, conditions.values()))
    beginnings = [
        [writer.first(guards, (0, 1)) for guards in tracks[0]],
        [writer.every(guards) for guards in tracks[1]],
        [writer.first(guards, (0, 0)) for guards in tracks[2]],
    ]
    return writer.plan([[writer.questions.shorten(root) for root in track] for track in beginnings])


class _Writer:
    """Leads conditions to the places where one goes on when they hold and when they do not, from the last to the first."""

    def __init__(self, edition: Edition, asked: dict[str | Compare, Kind]) -> None:
        self.fields, self.kinds = edition.fields, asked
        self.numbers = {about: number for number, about in enumerate(asked, NOTE + 1)}
        self.questions = Questions([1, *(kind.count for kind in asked.values())])
        self.done: dict[tuple[int, Place, Place], Place] = {}  # by identity: conditions are shared, and outlive the writer

    def first(self, guards: Sequence[Guard], silence: tuple[int, int]) -> Place:
        """Return where one begins to look for the first guard that holds."""
        at = self.ending(*silence)
        for guard in reversed(guards):
            at = self.condition(guard.condition, self.ending(guard.result, guard.approved), at)
        return at

    def ending(self, before: int, after: int) -> Place:
        """Return the answer before and after approval, which 0 does not change."""
        return self.ask("approved", {1}, answer(after or before), answer(before))

    def every(self, guards: Sequence[Guard]) -> Place:
        """Return where one begins to look for all guards that hold."""
        at = answer(0)
        for guard in reversed(guards):
            at = self.condition(guard.condition, self.questions.note(guard.result, at), at)
        return at

    def ask(self, about: str | Compare, classes: set[int] | frozenset[int], yes: Place, no: Place) -> Place:
        return self.questions.ask(self.numbers[about], classes, yes, no)

    def condition(self, node: Node, yes: Place, no: Place) -> Place:
        """Return where one begins to ask a condition, to go on at one place or the other."""
        key = id(node), yes, no
        if key not in self.done:
            self.done[key] = self.asked(node, yes, no)
        return self.done[key]

    def asked(self, node: Node, yes: Place, no: Place) -> Place:
        match node:
            case And(parts):
                for part in reversed(parts):
                    yes = self.condition(part, yes, no)
                return yes
            case Or(parts):
                for part in reversed(parts):
                    no = self.condition(part, yes, no)
                return no
            case Not(part):
                return self.condition(part, no, yes)
            case Named(_, means):
                return self.condition(means, yes, no)
            case Fact(name):
                return self.ask(name, {1}, yes, no)
            case Missing(Fact(name), negated):
                missing = self.cut(name).below(MISSING + 1)
                return self.ask(name, missing, no, yes) if negated else self.ask(name, missing, yes, no)
            case Within(Fact(name), Codes(codes), negated):
                classes = self.codes(name, codes)
                return self.ask(name, classes, no, yes) if negated else self.ask(name, classes, yes, no)
            case Compare(sign, left, right) if is_condition(left, self.fields):
                same, other = (yes, no) if sign == "==" else (no, yes)
                return self.condition(left, self.condition(right, same, other), self.condition(right, other, same))
            case Compare():
                return self.comparison(turned(node), yes, no)
        raise TypeError(f"{type(node).__name__} is no condition; was it checked and filled?")

    def comparison(self, node: Compare, yes: Place, no: Place) -> Place:
        match node:
            case Compare(sign, Fact(name), Code(code)):
                same, other = (yes, no) if sign == "==" else (no, yes)
                return self.ask(name, self.codes(name, (code,)), same, other)
            case Compare("<" | ">=" as sign, Fact(name), Count(value) | Day(value) | Money(value)):
                below = self.cut(name).below(value)
                return self.ask(name, below, yes, no) if sign == "<" else self.ask(name, below, no, yes)
            case Compare("<=" | ">" as sign, Fact(name), Count(value) | Day(value) | Money(value)):
                below = self.cut(name).below(value + 1)
                return self.ask(name, below, yes, no) if sign == "<=" else self.ask(name, below, no, yes)
            case Compare(sign, Fact(name), Count(value) | Day(value) | Money(value)):
                equal = self.cut(name).below(value + 1) - self.cut(name).below(value)
                return self.ask(name, equal, yes, no) if sign == "==" else self.ask(name, equal, no, yes)
        return self.ask(node, {1}, yes, no)

    def cut(self, name: str) -> Cut:
        kind = self.kinds[name]
        ensure(isinstance(kind, Cut), "numbers are told apart by cuts")
        return kind  # type: ignore[return-value]

    def codes(self, name: str, codes: tuple[str, ...]) -> set[int]:
        numbers, kind = numbers_of(self.fields[name]), self.kinds[name]
        return {kind.classes[numbers[code]] if isinstance(kind, Folded) else numbers[code] for code in codes}

    def plan(self, roots: list[list[Place]]) -> Plan:
        """Lay out the questions that can be come to."""
        reached = self.questions.reached([root for track in roots for root in track])
        begins, size = {}, 0
        for place in reached:
            begins[place] = size
            size += len(self.questions.list[place][1])

        def laid(place: Place) -> int:
            return begins[place] if place >= 0 else ANSWER - 1 - place

        asks, table = np.zeros(max(size, 1), np.uint32), np.zeros(max(size, 1), np.uint32)
        for place in reached:
            about, places = self.questions.list[place]
            begin = begins[place]
            asks[begin] = about
            after = (laid(places[0]), places[1]) if about == NOTE else tuple(map(laid, places))
            table[begin : begin + len(after)] = after
        ensure(size < ANSWER, "a plan has fewer places than numbers for them")
        return Plan(
            tuple(self.kinds.values()), asks, table, np.array([[laid(one) for one in track] for track in roots], np.uint32)
        )
