"""Questions to the solver: can these conditions hold while those fail?

A question is asked once: the answer depends on the conditions alone, so the same question in another edition, or for another
activity, is answered from memory. Where a condition looks at the day or the activity, they belong to the question. The solver
runs with a fixed seed and with a limit on its steps, never on seconds, so that it answers the same on every machine; where the
limit is reached the answer is "unknown", which proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from skarb.rulebook.analysis.translation import Translation
from skarb.rulebook.expression import Node
from skarb.rulebook.schema import Schema
from skarb.rulebook.tree import FALSE, TRUE

STEPS = 30_000_000  # of the solver, for one question; the hardest of a real law needs a few hundred thousand
_KEPT = 300  # conditions that one solver knows before a fresh one takes its place

Status = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of the facts before anything is asked: the activity, and the days of one edition."""

    activity: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Question:
    """Whether some conditions can hold while others fail."""

    scope: Scope
    hold: tuple[Node, ...]
    fail: tuple[Node, ...] = ()


class Questions:
    """Asks, remembers, and counts."""

    def __init__(self, fields: Schema, steps: int = STEPS) -> None:
        self.translation = Translation(fields)
        self.steps = steps
        self.asked = self.solved = 0
        self._answers: dict[tuple[Any, ...], Status] = {}
        self._solver: Any = None
        self._literals: dict[tuple[Any, ...], Any] = {}
        self._limits = 0

    def ask(self, question: Question) -> Status:
        """Answer a question, from memory where it can be."""
        self.asked += 1
        if FALSE in question.hold or TRUE in question.fail:
            return "no"
        key = self._key(question)
        if key not in self._answers:
            if self._solver is None or len(self._literals) > _KEPT:
                self._solver, self._literals, self._limits = self._fresh(self.steps), {}, 0
            self._answers[key] = self._check(self._assumed(question))
        return self._answers[key]

    def core(self, question: Question) -> tuple[list[int], list[int]]:
        """Return which of the conditions of an impossible question are enough to make it so: places in `hold` and in `fail`.

        None of those returned can be left out.
        """
        hold, fail = list(range(len(question.hold))), list(range(len(question.fail)))
        for kept, conditions in ((fail, question.fail), (hold, question.hold)):
            for place in reversed(range(len(conditions))):
                kept.remove(place)
                fewer = Question(question.scope, tuple(question.hold[i] for i in hold), tuple(question.fail[i] for i in fail))
                if self.ask(fewer) != "no":
                    kept.append(place)
                    kept.sort()
        return hold, fail

    def model(self, question: Question) -> dict[str, Any] | None:
        """Return facts that answer a question, by name, for those that it looks at; None where none were found.

        A solver of its own makes the model, so that it depends on the question alone; that there is one is known, so it has all the steps
        that it needs.
        """
        one, z3, scope, solver = self.translation, self.translation.z3, question.scope, self._fresh(steps=0)
        named = self._named(question)
        if "activity" in named:
            solver.add(one.equals("activity", scope.activity))
        if "day" in named:
            solver.add(one.variable("day") >= scope.first, one.variable("day") <= scope.last)
        solver.add([one.term(node) for node in question.hold] + [z3.Not(one.term(node)) for node in question.fail])
        solver.add(one.limits)
        self.solved += 1
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        return {name: one.value(model, one.fields[name]) for name in sorted(named)}

    def _fresh(self, steps: int) -> Any:
        """Return a new solver; 0 steps are as many as it takes."""
        solver = self.translation.z3.SimpleSolver(ctx=self.translation.context)
        solver.set("random_seed", 0)
        solver.set("rlimit", steps)
        return solver

    def _check(self, assumed: Sequence[Any]) -> Status:
        self.solved += 1
        z3, limits = self.translation.z3, self.translation.limits
        self._solver.add(limits[self._limits :])
        self._limits = len(limits)
        found = self._solver.check(*assumed)
        return "yes" if found == z3.sat else "no" if found == z3.unsat else "unknown"

    def _assumed(self, question: Question) -> list[Any]:
        one, z3, scope = self.translation, self.translation.z3, question.scope
        named = self._named(question)
        found = []
        if "activity" in named:
            found.append(self._literal(("activity", scope.activity), one.equals("activity", scope.activity)))
        if "day" in named:
            day = one.variable("day")
            found.append(self._literal(("day", scope.first, scope.last), z3.And(day >= scope.first, day <= scope.last)))
        for node in question.hold:
            found.append(self._literal(("holds", one.keys.of(node)), one.term(node)))
        for node in question.fail:
            found.append(self._literal(("fails", one.keys.of(node)), z3.Not(one.term(node))))
        return found

    def _literal(self, key: tuple[Any, ...], formula: Any) -> Any:
        """Return a truth that stands for a formula when it is assumed, and for nothing otherwise."""
        if key not in self._literals:
            z3 = self.translation.z3
            made = self._literals[key] = z3.Bool(" ".join(map(str, key)), self.translation.context)
            self._solver.add(z3.Implies(made, formula))
        return self._literals[key]

    def _named(self, question: Question) -> frozenset[str]:
        return frozenset().union(*map(self.translation.facts_in, (*question.hold, *question.fail)))

    def _key(self, question: Question) -> tuple[Any, ...]:
        of, scope, named = self.translation.keys.of, question.scope, self._named(question)
        return (
            frozenset(map(of, question.hold)),
            frozenset(map(of, question.fail)),
            scope.activity if "activity" in named else "",
            (scope.first, scope.last) if "day" in named else (),
        )
