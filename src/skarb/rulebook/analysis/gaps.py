"""Gaps: facts on which the law is silent about something it governs.

Silence is an answer (a person decides), and most acts leave a lot to it, so a gap is information. An act that promises to be
complete about an activity (`complete` in its record) is held to it on every day on which a provision of it speaks about that
activity, whoever's provision fills the gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from skarb.core.decision import SILENCE
from skarb.core.errors import ensure
from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.analysis.questions import Question, Questions, Status
from skarb.rulebook.analysis.voices import Hearing, joined
from skarb.rulebook.analysis.witness import witness_of


@dataclass
class _Silence:
    last: tuple[Hearing, Question]
    days: dict[tuple[int, int], None] = field(default_factory=dict)


def gaps(heard: Iterable[Hearing], questions: Questions) -> tuple[list[Finding], Counter[str]]:
    """Return the activities that the law governs and leaves without an answer for some facts, and what was proven."""
    found: dict[tuple[str, str, Status], _Silence] = {}
    answered: dict[tuple[str, str], None] = {}
    for hearing in heard:
        promising = _promising(hearing)
        if not hearing.deciding and not promising:
            continue
        question = Question(hearing.scope, (), tuple(voice.speaks for voice in hearing.deciding))
        answer = questions.ask(question)
        for act in promising or ("",):
            if answer == "no":
                answered[act, hearing.scope.activity] = None
                continue
            silence = found.setdefault((act, hearing.scope.activity, answer), _Silence((hearing, question)))
            silence.days |= dict.fromkeys(hearing.days)
            silence.last = hearing, question
    silent = {(act, activity) for act, activity, _ in found}
    proven = {activity for act, activity in answered if (act, activity) not in silent}
    counts = Counter({"activities with an answer for all facts": len(proven)})
    return [_finding(act, activity, answer, one, questions) for (act, activity, answer), one in sorted(found.items())], counts


def _promising(hearing: Hearing) -> tuple[str, ...]:
    """Return the acts that promise an answer and have a provision in force that names the activity, whatever its effect."""
    activity, edition = hearing.scope.activity, hearing.edition
    speaking = {one.cites.act for one in edition.provisions.values() if activity in one.activities}
    return tuple(name for name, act in edition.acts.items() if name in speaking and activity in act.complete)


def _finding(act: str, activity: str, answer: Status, silence: _Silence, questions: Questions) -> Finding:
    hearing, question = silence.last
    about, days = (act, activity) if act else (activity,), joined(silence.days)
    if answer == "unknown":
        return Finding("unknown", about, "the solver gave up before it knew whether there is always an answer", (activity,), days)
    witness = witness_of(questions, hearing.edition, question)
    ensure(witness.explanation.provision == SILENCE, "where no provision speaks the answer is silence")
    silent = "some facts have no answer"
    says = f"{act} promises to be complete about it, and {silent}" if act else f"{silent}; a person decides"
    return Finding("gap", about, says, (activity,), days, (), witness, matters=bool(act))
