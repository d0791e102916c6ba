"""What goes into an adapter and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from skarb.core.errors import Problem
from skarb.core.screening_list import ScreeningList


class Source(NamedTuple):
    """One file as it was handed in."""

    name: str
    raw: bytes


class Edition(NamedTuple):
    """What whoever hands a list in says about it, where the files do not say it themselves."""

    published: date | None = None
    list: str = ""  # its short name
    publisher: str = ""


@dataclass
class Findings:
    """What an adapter finds wrong (nothing is taken over) and what it finds worth telling."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def wrong(self, where: str, field: str, given: object, expected: str, todo: str = "", row: int | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, field, str(given)[:80], expected, todo, row))

    def note(self, where: str, field: str, given: object, expected: str, todo: str = "", row: int | None = None) -> None:
        """Add something that is taken over, and that somebody should know."""
        self.notes.append(Problem(where, field, str(given)[:80], expected, todo, row))


@dataclass(frozen=True)
class Reading:
    """The lists that files hold; with problems, none."""

    lists: tuple[ScreeningList, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


Adapter = Callable[[list[Source], Edition, Findings], ScreeningList | None]
