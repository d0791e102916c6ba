"""Reach: can every provision make a difference?

A provision that decides must decide some instruction on some day on which it is in force; a levy must govern one; a duty, a definition or a power must apply
to one. A provision that stands ready is tried as if it were enabled. For one that is dead the solver names what is enough to kill it: its own condition,
exceptions that always silence it, or provisions that always decide before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.analysis.questions import Question, Questions, Scope, Status
from skarb.rulebook.analysis.voices import hear, joined, spans
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import And, Named, Node, write
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import Provision
from skarb.rulebook.tree import TRUE


@dataclass(frozen=True, slots=True)
class _Trial:
    """What must hold and fail for a provision to be reached in one edition for one activity, each with its name as a reason."""

    scope: Scope
    hold: tuple[tuple[Node, str], ...]
    fail: tuple[tuple[Node, str], ...]

    @property
    def question(self) -> Question:
        return Question(self.scope, tuple(node for node, _ in self.hold), tuple(node for node, _ in self.fail))


def reach(rulebook: Rulebook, questions: Questions) -> tuple[list[Finding], Counter[str]]:
    """Return the provisions that nothing reaches, requirements that nobody can meet, and what was proven."""
    found: list[Finding] = []
    proven: Counter[str] = Counter()
    for one in rulebook.pack.provisions.values():
        answer = _any(questions.ask(trial.question) for trial in _trials(rulebook, one))
        if answer == "yes":
            proven["provisions that are reached"] += 1
        else:
            found.append(_unreached(rulebook, one, answer, questions))
        if one.has_needs and answer == "yes":
            answer = _any(questions.ask(trial.question) for trial in _meetings(rulebook, one))
            if answer == "yes":
                proven["requirements that can be met"] += 1
            else:
                kind, says = ("impossible", "whoever it covers cannot meet it") if answer == "no" else ("unknown", _GAVE_UP)
                found.append(Finding(kind, (one.id,), says, one.activities, _days(rulebook, one), (write(one.needs or TRUE),)))
    return found, proven


_GAVE_UP = "the solver gave up before it knew whether the provision can be reached or met"


def _any(answers: Iterable[Status]) -> Status:
    """Return "yes" as soon as one answer is; else "unknown" if one is."""
    worst: Status = "no"
    for answer in answers:
        if answer == "yes":
            return "yes"
        worst = "unknown" if answer == "unknown" else worst
    return worst


def _editions(rulebook: Rulebook, one: Provision) -> Iterator[tuple[Edition, int, int]]:
    """Yield the editions in which a provision is in force, the latest first, with it enabled even where it stands ready."""
    also = frozenset() if one.enabled else frozenset({one.id})
    return ((rulebook.edition(first, also), first, last) for first, last in reversed(spans(rulebook)) if one.in_force(first))


def _days(rulebook: Rulebook, one: Provision) -> tuple[tuple[int, int], ...]:
    return joined(span for span in spans(rulebook) if one.in_force(span[0]))


def _trials(rulebook: Rulebook, one: Provision) -> Iterator[_Trial]:
    for edition, first, last in _editions(rulebook, one):
        for activity in one.activities:
            yield _trial(edition, one.id, Scope(activity, first, last))


def _trial(edition: Edition, name: str, scope: Scope) -> _Trial:
    hearing = hear(edition, scope.activity, scope.first, scope.last)
    one, done = edition.provisions[name], {}
    fail = [] if one.needs is None else [(one.needs, f"what it needs always holds: {write(one.needs)}")]
    fail += [(edition.applies_when(other, scope.activity, done), f"{other} always silences it") for other in edition.exceptions[name]]
    for order, voices in ((edition.order, hearing.deciding), (edition.levy_order, hearing.levies)):
        if name in order:
            before = set(order[: order.index(name)])
            fail += [(v.speaks, f"{v.provision.id} always decides first") for v in voices if v.provision.id in before]
    return _Trial(scope, tuple((part, write(part)) for part in _parts(one.when)), tuple(fail))


def _meetings(rulebook: Rulebook, one: Provision) -> Iterator[_Trial]:
    for edition, first, last in _editions(rulebook, one):
        for activity in one.activities:
            applies = edition.applies_when(one.id, activity, {})
            needs = edition.provisions[one.id].needs or TRUE
            yield _Trial(Scope(activity, first, last), ((applies, ""), (needs, "")), ())


def _parts(node: Node | None) -> tuple[Node, ...]:
    """Return what a condition asks for at once, named conditions opened where they ask for several things."""
    match node:
        case None:
            return ()
        case And(parts):
            return tuple(inner for part in parts for inner in _parts(part))
        case Named(_, And() as means):
            return _parts(means)
    return (node,)


def _unreached(rulebook: Rulebook, one: Provision, answer: Status, questions: Questions) -> Finding:
    days = _days(rulebook, one)
    if answer == "unknown":
        return Finding("unknown", (one.id,), _GAVE_UP, one.activities, days)
    reasons: dict[str, None] = {}
    for trial in _trials(rulebook, one):
        hold, fail = questions.core(trial.question)
        reasons |= dict.fromkeys([*(trial.hold[place][1] for place in hold), *(trial.fail[place][1] for place in fail)])
    says = "no facts make it decide" if reasons else "it is in force on no day"
    return Finding("dead", (one.id,), says, one.activities, days, tuple(reasons))
