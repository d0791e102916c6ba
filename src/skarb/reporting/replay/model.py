"""What a report of a replay is made from: the answer, and all that a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from skarb.oversight.changes import Parties
from skarb.oversight.replay import Comparison, Dimension, Mode

Engine = Literal["kinds", "rows", "duckdb", "spark"]
"""Rows counted by kind, each kind decided once; every row lived through in order; every row by itself in SQL."""


@dataclass(frozen=True)
class InForce:
    """An edition, and the days of the replay on which it decides."""

    hash: str
    first: date
    last: date


@dataclass(frozen=True)
class Book:
    """A book as the lake held it: its rows, the highest batch and that batch's head."""

    name: str
    rows: int
    height: int
    head: str


@dataclass(frozen=True)
class Snapshot:
    """What was there to be replayed."""

    format: int  # of the lake
    rows: int
    books: tuple[Book, ...]


@dataclass(frozen=True)
class Cost:
    """What the replay took on the machine where it ran.

    Units: milliseconds; bytes, 0 where the system does not tell.
    """

    milliseconds: int
    peak_bytes: int
    rows: int

    @property
    def rows_per_second(self) -> int:
        """How many rows were decided under both laws in a second."""
        return 1000 * self.rows // max(1, self.milliseconds)


@dataclass(frozen=True)
class Swept:
    """A parameter whose values are tried, each written as in its file."""

    name: str
    unit: str  # a currency, or what else the law calls it
    drafted: str  # what the draft itself says
    today: str | None = None  # what the law in force says, if it knows the parameter


@dataclass(frozen=True)
class Tried:
    """One value of a parameter, and what it would have changed."""

    value: str
    comparison: Comparison


@dataclass(frozen=True)
class Report:
    """A replay, told.

    Units: days are legal days; money is in minor units of `currency`, which has `decimals` of them.
    """

    country: str
    law: str  # the country's name
    currency: str
    decimals: int
    draft: str
    title: str
    draft_hash: str
    drafted_from: date  # when the draft says that it begins
    begun: date  # when it began in the replay
    first: date
    last: date
    mode: Mode
    engine: Engine
    by: tuple[Dimension, ...]
    comparison: Comparison
    editions: tuple[InForce, ...]
    drafted: tuple[InForce, ...]  # editions under the draft
    snapshot: Snapshot
    cost: Cost
    made_at: datetime
    titles: Mapping[str, str]  # of provisions, in words
    parties: tuple[Parties, ...] = ()
    largest: tuple[tuple[Any, ...], ...] = ()  # in `changes.COLUMNS`
    unfunded: tuple[tuple[Any, ...], ...] = ()  # permitted and not paid, the largest, in `changes.SHORT_COLUMNS`
    unvalued: int = 0  # changed rows whose value nobody knows; they add nothing to sums of money
    named: bool = False  # people are called by their names
    purpose: str = ""  # why
