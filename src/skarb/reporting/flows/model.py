"""What a report of flows is made from: what became of the money, and all that a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from skarb.oversight.flows.curves import Cohort, Curve
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.figures import AssetLine, Headline, Heat, Line, Variant
from skarb.oversight.flows.instead import Kept
from skarb.oversight.flows.model import Aside, Rule
from skarb.oversight.flows.paths import Way
from skarb.reporting.replay.model import Snapshot


@dataclass(frozen=True)
class Back:
    """A part of a lot that came back, and the row with which it did. Units: minor units of the legal currency."""

    book: str
    sequence: int
    row: int
    day: date
    worth: int


@dataclass(frozen=True)
class Lot:
    """One investment abroad, with the journal row that proves it. Units: `units` smallest units, worths minor units of the legal currency."""

    book: str
    sequence: int
    row: int
    id: str
    day: date
    age: int
    person: str
    place: str
    country: str
    asset: str
    decimals: int
    units: int
    left: int
    worth: int
    worth_left: int
    back: tuple[Back, ...]
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Instead:
    """What a draft would have kept at home."""

    draft: str
    title: str
    hash: str
    begun: date
    total: Kept
    places: tuple[Kept, ...]
    months: tuple[Kept, ...]


@dataclass(frozen=True)
class FlowReport:
    """Flows, told. Units: days are legal days; money is in minor units of `currency`, which has `decimals` of them."""

    source: str
    lake: bool
    currency: str
    decimals: int
    first: date
    last: date
    rule: Rule
    choices: Choices
    headline: Headline
    variants: tuple[Variant, ...]
    lines: Mapping[str, tuple[Line, ...]]
    channels: tuple[tuple[str, str, int, int], ...]  # institution, place, invested, returned
    assets: tuple[AssetLine, ...]
    heat: Heat
    cohorts: tuple[Cohort, ...]
    by_money: Curve
    by_count: Curve
    aside: tuple[Aside, ...]
    lots: tuple[Lot, ...]
    rows: int
    unvalued: int
    unknown_rows: int  # returns, at least in part, of money that was not seen to go out
    notes: tuple[str, ...]
    snapshot: Snapshot | None
    made_at: datetime
    milliseconds: int
    named: bool = False
    purpose: str = ""
    instead: Instead | None = None
    ties: Mapping[str, int] = field(default_factory=dict)  # payments between institutions that an id names: how many ended how

    @property
    def countable(self) -> bool:
        """Whether there is one money that shares can be reckoned in."""
        return bool(self.currency)
