"""Witnesses: from a possible question to facts that a person can read, tried on the law itself.

A solver's model fills in everything, most of it at random. Here every fact goes back to its default where the question allows it, so that what is left is what
matters. The facts are then decided by the edition's generated functions; a witness that these do not bear out is a broken promise of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skarb.core.errors import ensure
from skarb.rulebook.analysis.findings import Witness
from skarb.rulebook.analysis.questions import Question, Questions
from skarb.rulebook.analysis.translation import defaults_of
from skarb.rulebook.edition import Edition
from skarb.rulebook.explain import explain, show
from skarb.rulebook.tree import truth


def witness_of(questions: Questions, edition: Edition, question: Question) -> Witness:
    """Return facts for a question that is possible.

    Raises: BrokenPromise if the law does not see in them what the solver saw.
    """
    values = facts_for(questions, edition, question)
    facts = edition.facts(**values)
    borne_out = all(truth(node, facts) for node in question.hold) and not any(truth(node, facts) for node in question.fail)
    ensure(borne_out, "what the solver found possible is so when the law is read one condition at a time")
    defaults = defaults_of(edition.facts)
    told = {name: value for name, value in values.items() if name not in ("activity", "day") and value != defaults[name]}
    shown = {name: show(edition, value, edition.fields[name].type) for name, value in told.items()}
    return Witness(facts.day, facts.activity, told, shown, explain(edition, facts))


def facts_for(questions: Questions, edition: Edition, question: Question) -> Mapping[str, Any]:
    """Return facts that answer a question, as near to their defaults as can be."""
    one, scope = questions.translation, question.scope
    defaults: dict[str, Any] = {"activity": scope.activity, "day": scope.first, **defaults_of(edition.facts)}
    solver = questions.fresh()
    solver.add(questions.formulas(question))
    ensure(questions.check(solver, ()) == "yes", "a question that was possible stays so when it is asked again")
    model = solver.model()
    named = frozenset().union(*map(one.facts_in, (*question.hold, *question.fail))) - {"activity"}
    for name in (field for field in edition.fields if field in named):
        if one.value(model, edition.fields[name]) != defaults[name]:
            solver.push()
            solver.add(one.equals(name, defaults[name]))
            if questions.check(solver, ()) != "yes":
                solver.pop()
                continue
            model = solver.model()
        else:
            solver.add(one.equals(name, defaults[name]))
    return {**defaults, **{name: one.value(model, edition.fields[name]) for name in named}}
