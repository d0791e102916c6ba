"""A draft: what an act that is not passed yet would change in a country's law, from a day on.

A draft is a folder beside the country, never in it. It says which law it amends, from which day, and by which act, and holds whole provisions
(new ones, or the new text of old ones) and changes (ends, values, codes, conditions). Read against a rulebook it gives another rulebook, which
is the old one until that day. A draft can be read against the rulebook of another draft, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from skarb.core.errors import Problem
from skarb.rulebook.cases import run_case, run_edition_case, verify_since
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import Acceptance, Act, Case, EditionCase


@dataclass(frozen=True)
class Draft:
    """A draft that was read without problems, and the law as it would be."""

    id: str
    title: str
    since: int  # the first day of the changed law
    act: Act  # that would enact it
    authors: tuple[str, ...]
    note: str
    title_in: Mapping[str, str]  # by language; `title` and `note` are English
    note_in: Mapping[str, str]
    base: Rulebook  # the law that it amends
    rulebook: Rulebook  # the law as it would be
    cases: tuple[Case, ...]
    edition_cases: tuple[EditionCase, ...]
    provisions: frozenset[str]  # ids of provisions that are new, have a new text, or end
    values: frozenset[str]  # names of parameters, lists and conditions that are new or change
    idle: tuple[Problem, ...]  # changes that change nothing
    accepted: tuple[
        Acceptance, ...
    ] = ()  # findings that the draft brings and lives with; the rulebook has them after those of the law

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the editions from the draft's day on, hexadecimal: equal for drafts that make the same law."""
        days = [day for day in self.rulebook.boundaries if day >= self.since]
        return hashlib.sha256("".join(f"{day} {self.rulebook.edition(day).hash}\n" for day in days).encode()).hexdigest()

    def problems(self) -> list[Problem]:
        """Return what is wrong with the law from the draft's day on, and which of the draft's own cases fail."""
        own = {case.provision for case in self.cases}
        found = verify_since(self.rulebook, self.since, own)
        if found:
            return found
        found = [problem for case in self.cases if (problem := run_case(self.rulebook, case))]
        return found + [problem for case in self.edition_cases for problem in run_edition_case(self.rulebook, case)]
