"""Analysis of the law at publication: what can be proven of a whole law, before anybody is answered by it.

An SMT solver (z3) proves, or disproves with facts that show it: no two provisions meet that nothing orders (`conflicts`), every
provision can be reached (`reach`), an activity about which an act promises to be complete always has an answer (`gaps`); dates
are compared without it (`series`). What the solver could not decide is a finding too, never a proof. `docs/rulebook.md` says
exactly what each of them means.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from skarb.rulebook.analysis.accepted import settle
from skarb.rulebook.analysis.conflicts import conflicts
from skarb.rulebook.analysis.findings import MEANING, Analysis, Finding, Witness
from skarb.rulebook.analysis.gaps import gaps
from skarb.rulebook.analysis.questions import STEPS, Questions
from skarb.rulebook.analysis.reach import reach
from skarb.rulebook.analysis.series import series
from skarb.rulebook.analysis.voices import hearings
from skarb.rulebook.draft import Draft
from skarb.rulebook.history import Rulebook

__all__ = ["MEANING", "Analysis", "Finding", "Witness", "analyse", "analyse_draft"]


def analyse(rulebook: Rulebook, day: int, steps: int = STEPS) -> Analysis:
    """Analyse a law over all its editions; acceptances count as they stand on `day`.

    Units: `steps` of the solver, the most for one question.
    """
    return _analyse(rulebook, series(rulebook), day, Questions(rulebook.pack.fields, steps))


def analyse_draft(draft: Draft, day: int, steps: int = STEPS) -> Analysis:
    """Analyse the law from a draft's first day on, and tell what the draft brings: findings that the law as it is does not have on these days.

    Acceptances count as they stand on `day`. Those of the law that the draft makes needless are left to the law itself; one of the draft's own that
    covers nothing that it brings is a finding.
    Units: `steps` of the solver, the most for one question.
    """
    questions = Questions(draft.rulebook.pack.fields, steps)
    amended = Rulebook(
        replace(draft.rulebook.pack, accepted=draft.base.pack.accepted), draft.rulebook.facts, draft.base, draft.since
    )
    before, after = (  # the same questions mostly, answered from memory
        _analyse(_since(one, draft.since), _series_since(one, draft.since), day, questions) for one in (draft.base, amended)
    )
    known = {(one.kind, one.about) for one in before.findings}
    found = [one for one in after.findings if (one.kind, one.about) not in known and one.kind not in ("unused", "expired")]
    return replace(after, findings=_in_order(settle(found, draft.accepted, day)))


def _since(rulebook: Rulebook, day: int) -> Rulebook:
    """Return a law without what ended before a day, as if there had been no law until then."""
    provisions = {name: one for name, one in rulebook.pack.provisions.items() if one.end is None or one.end >= day}
    return Rulebook(replace(rulebook.pack, provisions=provisions), rulebook.facts, None, day)


def _series_since(rulebook: Rulebook, day: int) -> tuple[list[Finding], Counter[str]]:
    """Return what is found of series on a day or later; what went before may end there, so the whole law is looked at."""
    found, proven = series(rulebook)
    return [one for one in found if any(last >= day for _, last in one.days)], proven


def _analyse(rulebook: Rulebook, dated: tuple[list[Finding], Counter[str]], day: int, questions: Questions) -> Analysis:
    """Ask the solver about all editions of a law, and put what it says to what was found of series."""
    heard = hearings(rulebook)
    parts = [conflicts(heard, questions), reach(rulebook, heard, questions), gaps(heard, questions), dated]
    proven = {word: count for _, counts in parts for word, count in counts.items() if count}
    effort = {
        "editions": len(rulebook.boundaries),
        "different laws of an activity": len(heard),
        "questions": questions.asked,
        "questions that went to the solver": questions.solved,
    }
    found = settle([finding for findings, _ in parts for finding in findings], rulebook.pack.accepted, day)
    return Analysis(_in_order(found), {**effort, **proven})


def _in_order(found: list[Finding]) -> tuple[Finding, ...]:
    """Return findings as they are told: what is open first."""
    return tuple(sorted(found, key=lambda one: (not one.open, list(MEANING).index(one.kind), one.about)))
