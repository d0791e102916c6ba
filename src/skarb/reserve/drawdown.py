"""Draw-downs: how far a price fell from its highest, when, and how long it took to come back.

Of a year the running highest begins anew with the year, so that years can be compared; of a whole series every fall from one highest to the next
is a fall of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from skarb.core.time import from_day, to_day
from skarb.reserve.series import Floats, PriceDays


@dataclass(frozen=True)
class Fall:
    """A fall from a highest price. `depth` is the change of the price, /1, nought or below; days since 1970-01-01."""

    depth: float
    peak_day: int
    trough_day: int
    recovered_day: int | None  # the first day on which the price of the peak was reached again

    @property
    def fell_days(self) -> int:
        """How long it fell."""
        return self.trough_day - self.peak_day

    @property
    def recovery_days(self) -> int | None:
        """How long it took from the lowest day to the price of the peak."""
        return None if self.recovered_day is None else self.recovered_day - self.trough_day


def below_highest(closes: Floats) -> Floats:
    """Return for each day how far the price is below its highest so far."""
    return closes / np.maximum.accumulate(closes) - 1


def fall_within(prices: PriceDays, first: int, last: int) -> Fall:
    """Return the deepest fall from a highest inside some days; recovery is looked for to the end of the prices."""
    part = slice(*np.searchsorted(prices.days, [first, last + 1]))
    closes, days = prices.closes[part], prices.days[part]
    below = below_highest(closes)
    trough = int(below.argmin())
    peak = int(closes[: trough + 1].argmax())
    return Fall(
        float(below[trough]), int(days[peak]), int(days[trough]), _recovered(prices, int(days[trough]), float(closes[peak]))
    )


def by_year(prices: PriceDays) -> dict[int, Fall]:
    """Return the deepest fall of each year from the highest price of that year until then."""
    years = sorted({from_day(int(day)).year for day in prices.days})
    return {year: fall_within(prices, to_day(date(year, 1, 1)), to_day(date(year, 12, 31))) for year in years}


def deepest(prices: PriceDays, count: int) -> list[Fall]:
    """Return the deepest falls, each from one highest price to the day it was reached again."""
    highest = np.maximum.accumulate(prices.closes)
    starts = np.flatnonzero(prices.closes >= highest)
    ends = np.concatenate([starts[1:], [len(highest)]])
    below = prices.closes / highest - 1
    falls = []
    for start, end in zip(starts, ends, strict=True):
        if end - start < 2:
            continue
        trough = int(start + below[start:end].argmin())
        if below[trough] < 0:
            falls.append(
                Fall(
                    float(below[trough]),
                    int(prices.days[start]),
                    int(prices.days[trough]),
                    _recovered(prices, int(prices.days[trough]), float(prices.closes[start])),
                )
            )
    return sorted(falls, key=lambda one: one.depth)[:count]


def worst(falls: Sequence[Fall]) -> Fall:
    """Return the deepest of some falls."""
    return min(falls, key=lambda one: one.depth)


def _recovered(prices: PriceDays, trough_day: int, price: float) -> int | None:
    at = int(np.searchsorted(prices.days, trough_day))
    back = np.flatnonzero(prices.closes[at:] >= price)
    return int(prices.days[at + back[0]]) if len(back) else None
