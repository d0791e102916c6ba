"""Closing prices as risk looks at them: days one after the other, and the logarithms of their changes.

A price of nought and a day without a price say nothing about risk, so a hole is refused, or bridged where that is asked for: then the change over
the hole stands as the change of the day behind it, and the hole is told. Nothing is put into it, because invented days are calm days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from skarb.chain import Series
from skarb.core.errors import InputError
from skarb.core.time import from_day

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]

JUMP = 0.5  # a change of the logarithm in a day that somebody should look at


@dataclass(frozen=True)
class PriceDays:
    """Closing prices, by days since 1970-01-01 (UTC), rising.

    Shape: `days` and `closes` have one value a day; `exact` has the same prices as they were published.
    """

    what: str
    days: Days
    closes: Floats
    exact: Mapping[int, Fraction]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.days)

    @property
    def logs(self) -> Floats:
        """Logarithms of the prices."""
        return np.log(self.closes)

    @property
    def first(self) -> int:
        """The first day."""
        return int(self.days[0])

    @property
    def last(self) -> int:
        """The last day."""
        return int(self.days[-1])

    def between(self, first: int | None, last: int | None) -> PriceDays:
        """Return the days from one to another, both included.

        Raises: InputError if an end lies outside of what is known.
        """
        ends = self.first if first is None else first, self.last if last is None else last
        if not self.first <= ends[0] <= ends[1] <= self.last:
            raise InputError(
                f"{self.what}: given {from_day(ends[0])} to {from_day(ends[1])}, "
                f"expected days between {from_day(self.first)} and {from_day(self.last)}"
            )
        part = slice(*np.searchsorted(self.days, [ends[0], ends[1] + 1]))
        return PriceDays(self.what, self.days[part], self.closes[part], self.exact, self.notes)


def price_days(series: Series, over_gaps_days: int = 0, first: int | None = None) -> PriceDays:
    """Return the prices of a series from a day on, which must be above nought and may have holes of at most so many days.

    Where no first day is asked for, days before an early hole are left out if that costs less than half of all days, and that is told.
    Raises: InputError naming the first hole that is longer, or the first price that is none.
    """
    days = np.array(sorted(day for day in series.points if first is None or day >= first), np.int64)
    if first is not None and (not len(days) or days[0] != first):
        raise InputError(f"{series.what}: given nothing on {from_day(first)}, expected a price on the first day")
    exact = {int(day): series.points[int(day)].value for day in days}
    wrong = next((day for day, value in exact.items() if value <= 0), None)
    if wrong is not None:
        raise InputError(f"{series.what}: given {exact[wrong]} on {from_day(wrong)}, expected a price above nought")
    holes = [(int(days[at]) + 1, int(days[at + 1]) - 1) for at in np.flatnonzero(np.diff(days) > 1)]
    notes = []
    too_long = [one for one in holes if one[1] - one[0] + 1 > over_gaps_days]
    if too_long:
        behind = int(np.searchsorted(days, too_long[-1][1]))
        if first is not None or behind * 2 > len(days):
            hole = too_long[0] if first is not None else too_long[-1]
            missing = hole[1] - hole[0] + 1
            raise InputError(
                f"{series.what}: given nothing from {from_day(hole[0])} to {from_day(hole[1])}, {missing} days, expected a price for each day; "
                f"load the missing days, begin behind them, or bridge them with --over-gaps {missing}"
            )
        days = days[behind:]
        notes.append(
            f"{series.what}: begins on {from_day(int(days[0]))}, behind the last day without a price ({len(too_long)} holes before it)"
        )
        exact = {int(day): exact[int(day)] for day in days}
        holes = [one for one in holes if one[0] > days[0]]
    if len(days) < 2:
        raise InputError(f"{series.what}: given {len(days)} days, expected at least two")
    notes += [
        f"{series.what}: {from_day(low)} to {from_day(high)} is bridged: one change for the whole hole" for low, high in holes
    ]
    closes = np.array([float(value) for value in exact.values()])
    changes = np.abs(np.diff(np.log(closes)))
    jumps = [from_day(int(days[at + 1])).isoformat() for at in np.flatnonzero(changes > JUMP)]
    if jumps:
        notes.append(
            f"{series.what}: moves by more than half in a day {len(jumps)} times, first on {', '.join(jumps[:3])}; look at them"
        )
    return PriceDays(series.what, days, closes, exact, tuple(notes))


def in_currency(prices: PriceDays, rates: Mapping[int, Fraction], what: str) -> PriceDays:
    """Return the prices in another currency, on the days from the first on which there is a rate to the last.

    Raises: InputError if fewer than two days have one, or one between others has none.
    """
    exact = {day: prices.exact[day] * rates[day] for day in map(int, prices.days) if day in rates}
    if len(exact) < 2:
        raise InputError(
            f"{what}: given {len(exact)} days with a price and a rate, expected at least two; load rates of more days"
        )
    days = np.array(list(exact), np.int64)
    lacking = next((int(day) for day in prices.days if days[0] < day < days[-1] and int(day) not in exact), None)
    if lacking is not None:
        raise InputError(
            f"{what}: given no rate of {from_day(lacking)}, expected one for every day between others; load the missing rates"
        )
    return PriceDays(what, days, np.array([float(value) for value in exact.values()]), exact, prices.notes)
