"""What a report of mining is made from: rows that were reckoned, and curves for the eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Row = Mapping[str, Any]
Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Fan:
    """Quantiles of one case over the months to come.

    Units: x days since 1970-01-01; USD for a megawatt at the meter. `low` to `high` from the 5 % to the 95 % quantile.
    """

    machine: str
    usd_kwh: str
    low: Curve
    lower: Curve
    middle: Curve
    upper: Curve
    high: Curve
    paid_back: Curve  # share of scenarios, /1


@dataclass(frozen=True)
class MiningReport:
    """The past and the future of mining, told.

    Units: x of all curves is days since 1970-01-01; break-even prices USD/kWh at the meter, hashprice USD per PH/s and day.
    """

    day: date  # the last day that is known
    country: str
    hashprice_today: float
    breakeven: Mapping[str, Curve]  # by machine's name, from its release on
    breakeven_today: Mapping[str, float]
    band: tuple[float, float] | None  # of published tariffs, USD/kWh
    hashprice: Curve
    published: Sequence[tuple[int, float]]  # year, published mean of the hashprice
    halvings: Sequence[tuple[float, str]]  # day, BTC that a block makes from then on
    fans: Sequence[Fan]
    cases: Sequence[Row]  # of scenarios
    years: Sequence[Row]  # tried in the past
    compared: Sequence[Row]  # against costs and other uses
    fleet: str  # that was compared
    scenarios: int
    inputs: Sequence[Row]
    notes: Sequence[str]
    sources: Sequence[str]
    made_at: datetime
    title: str = ""
