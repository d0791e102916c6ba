"""Conflicts: two provisions that speak about the same facts, want different things, and are set in order by nothing.

A conflict is *silent*: the law still answers, because a refusal goes before a referral and a referral before a permission, or
because one id stands before the other in the alphabet. The question to the solver is whether the first of the two can decide
while the second speaks; where a third provision always decides instead, nobody is ever answered by either and there is no
conflict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from skarb.core.errors import ensure
from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.analysis.questions import Question, Questions
from skarb.rulebook.analysis.voices import Hearing, Order, Voice, joined, order_of
from skarb.rulebook.analysis.witness import witness_of
from skarb.rulebook.model import FindingKind

_ORDERED: dict[Order, str] = {
    "exception": "pairs ordered by an exception",
    "kind": "pairs that go together by their kind",
    "precedence": "pairs ordered by precedence",
    "rank": "pairs ordered by rank",
    "date": "pairs ordered by date",
}
_BEHIND = "pairs behind a third that decides"


@dataclass
class _Pair:
    kind: FindingKind
    first: tuple[Hearing, Question]
    activities: dict[str, None] = field(default_factory=dict)
    days: dict[tuple[int, int], None] = field(default_factory=dict)


def conflicts(heard: Iterable[Hearing], questions: Questions) -> tuple[list[Finding], Counter[str]]:
    """Return the conflicts of a law over time, each once with every activity and all days, and what was proven."""
    found: dict[tuple[FindingKind, str, str], _Pair] = {}
    proven: dict[tuple[str, str], str] = {}
    for hearing in heard:
        for voices in (hearing.deciding, hearing.levies):
            for place, one in enumerate(voices):
                for other in _of_another_mind(one, voices[place + 1 :]):
                    order = order_of(hearing.edition, one.provision, other.provision)
                    word, question = _asked(hearing, voices, place, other, order, questions)
                    names = one.provision.id, other.provision.id
                    if question is None:
                        proven[names] = _BEHIND if _BEHIND in (word, proven.get(names)) else word
                        continue
                    kind: FindingKind = "unknown" if word == "unknown" else "narrowing" if order else "conflict"
                    pair = found.setdefault((kind, *names), _Pair(kind, (hearing, question)))
                    pair.activities[hearing.scope.activity] = None
                    pair.days |= dict.fromkeys(hearing.days)
    meeting = {(one, other) for _, one, other in found}
    counts = Counter(word for names, word in proven.items() if names not in meeting)
    return [_finding(one, other, pair, questions) for (_, one, other), pair in sorted(found.items())], counts


def _of_another_mind(one: Voice, others: Iterable[Voice]) -> Iterator[Voice]:
    return (other for other in others if other.consequence != one.consequence)


def _asked(
    hearing: Hearing, voices: tuple[Voice, ...], place: int, other: Voice, order: Order, questions: Questions
) -> tuple[str, Question | None]:
    """Return what orders two voices, or what was proven of them; with a question where they meet, or may."""
    if order in _ORDERED:
        return _ORDERED[order], None
    one = voices[place]
    together = Question(hearing.scope, (one.speaks, other.speaks))
    if questions.ask(together) == "no":
        return "pairs that never speak together", None
    decides = Question(hearing.scope, together.hold, tuple(before.speaks for before in voices[:place]))
    answer = questions.ask(decides)
    return (_BEHIND, None) if answer == "no" else (answer, decides)


def _finding(one: str, other: str, pair: _Pair, questions: Questions) -> Finding:
    hearing, question = pair.first
    provisions = hearing.edition.provisions
    activities, days = tuple(pair.activities), joined(pair.days)
    if pair.kind == "unknown":
        return Finding("unknown", (one, other), "the solver gave up before it knew whether the two meet", activities, days)
    witness = witness_of(questions, hearing.edition, question)
    decision = witness.explanation
    ensure(one in (decision.provision, decision.levy), "the provision that the solver says decides is the one that decides")
    first, second = provisions[one], provisions[other]
    if pair.kind == "narrowing":
        says = f"{first.effect} by a {hearing.edition.acts[first.cites.act].rank} decides over {second.effect} by a higher act"
    elif first.effect == second.effect:
        says = f"two provisions {first.effect} with different consequences, and only their order of writing decides"
    else:
        says = f"{_effect(first.effect)} and {_effect(second.effect)} meet, and only the order of classes decides"
    return Finding(pair.kind, (one, other), says, activities, days, (), witness, matters=pair.kind == "conflict")


def _effect(effect: str) -> str:
    return {"refuse": "a refusal", "refer": "a referral", "permit": "a permission", "require": "a requirement"}.get(
        effect, effect
    )
