"""What a report of the reserve is made from: rows that were reckoned, and curves for the eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Row = Mapping[str, Any]
Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Violation:
    """A day on which more was lost than forecast.

    Units: days since 1970-01-01; what the coins were worth, and the least they were forecast to be worth.
    """

    day: float
    value: float
    bound: float


@dataclass(frozen=True)
class Bar:
    """What a blow does, from one end to the other. Units: cents; `before` is the same for all."""

    kind: str  # scenario or factor
    name: str
    low_cents: int
    high_cents: int


@dataclass(frozen=True)
class ReserveReport:
    """The value of a reserve and what it risks, told.

    Units: x of curves is days since 1970-01-01 unless said; values are USD; changes /1.
    """

    day: date
    country: str
    coins_btc: str
    lots: int  # nought where nothing was held, and one bitcoin is looked at
    value_usd: str
    value_byn: str
    var_usd: str  # one day, 99 %, filtered
    shortfall_usd: str
    deepest: str
    window: int
    value: Curve
    bound: Curve  # the least that the coins were forecast to be worth, 99 %
    violations: Sequence[Violation]  # on the days of the curves
    violations_all: int  # on all days that were tested
    violations_expected: str
    tested: int
    below: Curve  # below the highest so far, /1
    changes: Sequence[tuple[str, Curve]]  # x: a daily change in percent; y: share of days in percent
    var_marks: Sequence[tuple[float, str]]  # on the same axis
    finals: Sequence[tuple[str, Curve]]  # by rule: what every start came to, millions of USD
    bars: Sequence[Bar]
    before_cents: int
    valued: Sequence[Row]
    risks: Sequence[Row]
    falls: Sequence[Row]
    rules: Sequence[Row]
    horizon: int
    stresses: Sequence[Row]
    inputs: Sequence[Row]
    notes: Sequence[str]
    sources: Sequence[str]
    made_at: datetime
    title: str = ""
