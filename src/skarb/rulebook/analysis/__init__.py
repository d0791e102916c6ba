"""Analysis of the law at publication: what can be proven of a whole law, before anybody is answered by it.

An SMT solver (z3) proves, or disproves with facts that show it: no two provisions meet that nothing orders (`conflicts`), every
provision can be reached (`reach`), an activity about which an act promises to be complete always has an answer (`gaps`); dates
are compared without it (`series`). What the solver could not decide is a finding too, never a proof. `docs/rulebook.md` says
exactly what each of them means.
"""

from __future__ import annotations

from skarb.rulebook.analysis.accepted import settle
from skarb.rulebook.analysis.conflicts import conflicts
from skarb.rulebook.analysis.findings import MEANING, Analysis, Finding, Witness
from skarb.rulebook.analysis.gaps import gaps
from skarb.rulebook.analysis.questions import STEPS, Questions
from skarb.rulebook.analysis.reach import reach
from skarb.rulebook.analysis.series import series
from skarb.rulebook.analysis.voices import hearings
from skarb.rulebook.history import Rulebook

__all__ = ["MEANING", "Analysis", "Finding", "Witness", "analyse"]


def analyse(rulebook: Rulebook, day: int, steps: int = STEPS) -> Analysis:
    """Analyse a law over all its editions; acceptances count as they stand on `day`.

    Units: `steps` of the solver, the most for one question.
    """
    questions = Questions(rulebook.pack.fields, steps)
    heard = hearings(rulebook)
    parts = [conflicts(heard, questions), reach(rulebook, heard, questions), gaps(heard, questions), series(rulebook)]
    proven = {word: count for _, counts in parts for word, count in counts.items() if count}
    effort = {
        "editions": len(rulebook.boundaries),
        "different laws of an activity": len(heard),
        "questions": questions.asked,
        "questions that went to the solver": questions.solved,
    }
    found = settle([finding for findings, _ in parts for finding in findings], rulebook.pack.accepted, day)
    return Analysis(
        tuple(sorted(found, key=lambda one: (not one.open, list(MEANING).index(one.kind), one.about))), {**effort, **proven}
    )
