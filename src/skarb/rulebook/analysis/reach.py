"""Reach: can every provision make a difference?

A provision that decides must decide some instruction on some day on which it is in force; a levy must govern one; a duty, a
definition or a power must apply to one. A provision that stands ready is tried as if it were enabled. For one that is dead the
solver names what is enough to kill it: its own condition, exceptions that always silence it, or provisions that always decide
before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.analysis.questions import Question, Questions, Scope, Status
from skarb.rulebook.analysis.voices import Hearing, hear, joined, spans
from skarb.rulebook.expression import And, Named, Node, write
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import FindingKind, Provision
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


def reach(rulebook: Rulebook, heard: Sequence[Hearing], questions: Questions) -> tuple[list[Finding], Counter[str]]:
    """Return the provisions that nothing reaches, requirements that nobody can meet, and what was proven."""
    found: list[Finding] = []
    proven: Counter[str] = Counter()
    for one in rulebook.pack.provisions.values():
        answer = _any(questions.ask(_trial(hearing, one.id).question) for hearing in _about(rulebook, heard, one))
        if answer == "yes":
            proven["provisions that are reached"] += 1
        else:
            found.append(_unreached(rulebook, heard, one, answer, questions))
        if one.has_needs and answer == "yes":
            answer = _any(questions.ask(_meeting(hearing, one.id)) for hearing in _about(rulebook, heard, one))
            if answer == "yes":
                proven["requirements that can be met"] += 1
            else:
                kind: FindingKind = "impossible" if answer == "no" else "unknown"
                says = "whoever it covers cannot meet it" if answer == "no" else _GAVE_UP
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


def _about(rulebook: Rulebook, heard: Sequence[Hearing], one: Provision) -> Iterator[Hearing]:
    """Yield what the law says where a provision is in force, the latest first, with it enabled even where it stands ready."""
    if one.enabled:
        found = [
            hearing for hearing in heard if hearing.scope.activity in one.activities and one.id in hearing.edition.provisions
        ]
        yield from sorted(found, key=lambda hearing: -hearing.days[-1][1])
        return
    for first, last in reversed(spans(rulebook)):
        if one.in_force(first):
            edition = rulebook.edition(first, frozenset({one.id}))
            yield from (hear(edition, activity, ((first, last),)) for activity in one.activities)


def _days(rulebook: Rulebook, one: Provision) -> tuple[tuple[int, int], ...]:
    return joined(span for span in spans(rulebook) if one.in_force(span[0]))


def _trial(hearing: Hearing, name: str) -> _Trial:
    edition, activity = hearing.edition, hearing.scope.activity
    done: dict[str, Node] = {}
    one = edition.provisions[name]
    fail = [] if one.needs is None else [(one.needs, f"what it needs always holds: {write(one.needs)}")]
    fail += [(edition.applies_when(other, activity, done), f"{other} always silences it") for other in edition.exceptions[name]]
    for order, voices in ((edition.order, hearing.deciding), (edition.levy_order, hearing.levies)):
        if name in order:
            before = set(order[: order.index(name)])
            fail += [
                (voice.speaks, f"{voice.provision.id} always decides first") for voice in voices if voice.provision.id in before
            ]
    return _Trial(hearing.scope, tuple((part, write(part)) for part in _parts(one.when)), tuple(fail))


def _meeting(hearing: Hearing, name: str) -> Question:
    applies = hearing.edition.applies_when(name, hearing.scope.activity, {})
    return Question(hearing.scope, (applies, hearing.edition.provisions[name].needs or TRUE))


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


def _unreached(rulebook: Rulebook, heard: Sequence[Hearing], one: Provision, answer: Status, questions: Questions) -> Finding:
    days = _days(rulebook, one)
    if answer == "unknown":
        return Finding("unknown", (one.id,), _GAVE_UP, one.activities, days)
    reasons: dict[str, None] = {}
    latest = None
    for hearing in _about(rulebook, heard, one):
        latest = hearing.days[-1] if latest is None else latest
        if hearing.days[-1] != latest:
            continue
        trial = _trial(hearing, one.id)
        hold, fail = questions.core(trial.question)
        reasons |= dict.fromkeys([*(trial.hold[place][1] for place in hold), *(trial.fail[place][1] for place in fail)])
    says = "no facts make it decide" if reasons else "it is in force on no day"
    return Finding("dead", (one.id,), says, one.activities, days, tuple(reasons))
