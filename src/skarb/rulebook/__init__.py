"""The rulebook: law as data, checked once, compiled per day, and able to say why.

A country's folder is read and checked whole (`load`, `problems_in`), gives an `Edition` for every legal day, and an edition
decides facts: one generated Python function for an instruction, one SQL expression for a table, the same answer from both.
"""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from skarb.core.errors import Problem
from skarb.rulebook import load as _load
from skarb.rulebook.cases import coverage, run_cases, run_edition_cases, verify
from skarb.rulebook.diff import Change, diff, diff_days, diff_text
from skarb.rulebook.draft import Draft, load_draft, read_draft
from skarb.rulebook.edition import Edition, Outcome
from skarb.rulebook.errors import RulebookError
from skarb.rulebook.explain import Explanation
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import Act, Citation, Country, Provision

__all__ = [
    "Act",
    "Change",
    "Citation",
    "Country",
    "Draft",
    "Edition",
    "Explanation",
    "Outcome",
    "Provision",
    "Rulebook",
    "RulebookError",
    "coverage",
    "diff",
    "diff_days",
    "diff_text",
    "load",
    "load_draft",
    "problems_in",
    "read_draft",
    "run_cases",
    "run_edition_cases",
    "verify",
]


def load(folder: Path | Traversable) -> Rulebook:
    """Read a country's folder.

    The text is checked; `verify` looks at it over time and runs its cases.
    Raises: NotFound if there is no such folder; RulebookError with every problem.
    """
    return Rulebook(_load.load(folder))


def problems_in(folder: Path | Traversable) -> list[Problem]:
    """Return everything wrong with a country's folder: its text, its dates, its cases.

    Raises: NotFound if there is no such folder.
    """
    pack, problems = _load.read(folder)
    return problems if pack is None else verify(Rulebook(pack))
