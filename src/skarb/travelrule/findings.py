"""What is wrong with a payload or a message, all of it at once.

A **fault** breaks the standard: the thing is invalid. A **doubt** keeps the standard and yet cannot be acted upon before a
person has looked: two legal names, say. A **note** is worth knowing and changes nothing. A finding quotes what was given, so it
may hold personal data and is shown only to whoever handed the payload in; what is kept or sent on is the rule and the path
alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from skarb.core.errors import shorten

Weight = Literal["fault", "doubt", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a reader of a payload has to say about it."""

    weight: Weight
    rule: str  # C1 … C12 of the standard, or a word: structure, length, code, format, date, once
    path: str  # from the root of what was handed in: originator.originatorPerson[0].naturalPerson.name
    given: str
    expected: str
    todo: str = ""

    def __str__(self) -> str:
        todo = f"; {self.todo}" if self.todo else ""
        return f"{self.weight} {self.rule} at {self.path or 'the root'}: given {self.given!r}, expected {self.expected}{todo}"


def fault(rule: str, path: str, given: object, expected: str, todo: str = "") -> Finding:
    """Return a finding that makes the whole invalid."""
    return Finding("fault", rule, path, shown(given), expected, todo)


def doubt(rule: str, path: str, given: object, expected: str, todo: str = "") -> Finding:
    """Return a finding that a person has to look at."""
    return Finding("doubt", rule, path, shown(given), expected, todo)


def note(rule: str, path: str, given: object, expected: str, todo: str = "") -> Finding:
    """Return a finding that changes nothing."""
    return Finding("note", rule, path, shown(given), expected, todo)


def valid(findings: Iterable[Finding]) -> bool:
    """Tell whether the standard is kept."""
    return not any(one.weight == "fault" for one in findings)


def shown(given: object) -> str:
    """Return what was given as text that fits into a message."""
    return "nothing" if given is None else shorten(given)
