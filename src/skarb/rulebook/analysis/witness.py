"""Witnesses: from a possible question to facts that a person can read, tried on the law itself.

A solver's model fills in everything, most of it at random. Here every fact goes back to its default, or to an earlier code of
its list, where the question allows it, so that what is left is what matters. The facts are then decided by the edition's
generated functions; a witness that these do not bear out is a broken promise of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    model = questions.model(question)
    ensure(model is not None, "a question that was possible stays so when it is asked again")
    defaults = {**defaults_of(edition.facts), **dict.fromkeys(edition.features)}
    values = {"activity": question.scope.activity, "day": question.scope.first, **defaults, **(model or {})}
    ensure(
        _answers(edition, question, values), "what the solver found possible is so when the law is read one condition at a time"
    )
    values = _simplified(edition, question, values, defaults)
    facts = _facts(edition, values)
    told = {name: value for name, value in values.items() if name not in ("activity", "day") and value != defaults[name]}
    shown = {name: show(edition, value, edition.fields[name].type) for name, value in told.items()}
    return Witness(facts.day, facts.activity, told, shown, explain(edition, facts))


def _facts(edition: Edition, values: Mapping[str, Any]) -> Any:
    """Return facts of which features are named like any other."""
    own = {name: value for name, value in values.items() if name not in edition.features}
    return edition.facts(**own, totals=tuple(values[name] for name in edition.features))


def _answers(edition: Edition, question: Question, values: Mapping[str, Any]) -> bool:
    facts = edition.seen(_facts(edition, values))
    return all(truth(node, facts) for node in question.hold) and not any(truth(node, facts) for node in question.fail)


def _simplified(edition: Edition, question: Question, values: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that still answer the question, with as many as possible at their defaults."""
    for name, default in defaults.items():
        for simpler in _simpler(edition, name, values[name], default):
            if _answers(edition, question, {**values, name: simpler}):
                values = {**values, name: simpler}
                break
    return values


def _simpler(edition: Edition, name: str, value: Any, default: Any) -> Iterator[Any]:
    """Yield what one would rather read than a value, the simplest first."""
    if value == default:
        return
    yield default
    codes = edition.fields[name].type.codes
    yield from codes[: codes.index(value)] if codes else ()
