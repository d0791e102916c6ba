"""Check a law whole: what is written first, and where nothing is wrong with it, what can be proven of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.core.errors import Problem
from skarb.core.time import from_day, legal_day, to_day
from skarb.rulebook import Draft, Rulebook, RulebookError, load, read_draft, verify
from skarb.rulebook.analysis import Analysis, analyse, analyse_draft


@dataclass(frozen=True, slots=True)
class LawCheck:
    """What the check of one law came to."""

    law: str
    day: int  # on which acceptances count
    problems: Sequence[Problem]
    rulebook: Rulebook | None = None  # None while there are problems
    analysis: Analysis | None = None
    seconds: float = 0.0  # of the analysis
    draft: Draft | None = None  # that the law was checked with

    @property
    def subject(self) -> str:
        """Name what was checked."""
        return self.law if self.draft is None else f"{self.law} with draft {self.draft.id}"

    @property
    def passed(self) -> bool:
        """Say whether nothing is left to mend or to accept."""
        return not self.problems and self.analysis is not None and not self.analysis.open

    def data(self) -> dict[str, Any]:
        """Return the check as plain data for JSON."""
        found = self.analysis
        return {
            "law": self.law,
            **({"draft": self.draft.id, "hash": self.draft.hash} if self.draft is not None else {}),
            "at": str(from_day(self.day)),
            "passed": self.passed,
            "problems": [asdict(problem) for problem in self.problems],
            "findings": [one.data() for one in found.findings] if found else [],
            "proven": dict(found.proven) if found else {},
            "seconds": round(self.seconds, 3),
        }

    def size(self) -> dict[str, int]:
        """Return how much law was checked."""
        if self.rulebook is None:
            return {}
        pack = self.rulebook.pack
        grades = {grade: sum(one.grade == grade for one in pack.provisions.values()) for grade in "ABC"}
        return {
            "provisions": len(pack.provisions),
            "decide": grades["A"],
            "decide and are marked assumed": grades["B"],
            "stand ready": grades["C"],
            "cases": len(pack.cases),
            "cases of whole editions": len(pack.edition_cases),
            "parameters": len(pack.parameters),
            "days on which the law changes": len(self.rulebook.boundaries),
        }


def check_law(law: str, at: date | None = None) -> LawCheck:
    """Check a law by its short name or its folder; acceptances count as on a day, by default today where the law is in force.

    Raises: NotFound
    """
    today = to_day(at) if at is not None else None
    try:
        rulebook = load(law_folder(law))  # as the folder is now, whatever was read before
        problems = verify(rulebook)
    except RulebookError as error:
        return LawCheck(law, to_day(now().date()) if today is None else today, error.problems)
    day = legal_day(now(), rulebook.country.zone) if today is None else today
    if problems:
        return LawCheck(law, day, problems)
    began = perf_counter()
    analysis = analyse(rulebook, day)
    return LawCheck(law, day, [], rulebook, analysis, perf_counter() - began)


def check_draft(law: str, folder: Path, at: date | None = None) -> LawCheck:
    """Check what a draft would make of a law: its text, its cases, and what the solver finds that the law has not without it.

    Raises: NotFound, RulebookError if the law itself is wrong.
    """
    rulebook = rulebook_of(law)
    day = legal_day(now(), rulebook.country.zone) if at is None else to_day(at)
    draft, problems = read_draft(rulebook, folder)
    if draft is not None:
        problems += draft.problems()
    if draft is None or problems:
        return LawCheck(law, day, problems)
    began = perf_counter()
    analysis = analyse_draft(draft, day)
    return LawCheck(law, day, [], draft.rulebook, analysis, perf_counter() - began, draft)
