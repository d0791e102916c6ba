"""The past, tried: what a megawatt of each kind of machine would have left, year by year, at several prices of electricity.

No price of machines and no tax is in it. *Always* runs every day; *switched* is off on days that would lose. Money is whole cents of USD:
the revenue of each day is cut to cents, so that sums are exact whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from skarb.core.time import from_day, to_day
from skarb.mining.formulas import KWH_MW_DAY, cost_usd_mw_day, revenue_usd_mw_day
from skarb.mining.history import PaidDay
from skarb.mining.model import Machine, Terms


@dataclass(frozen=True, slots=True)
class YearResult:
    """A machine in a year at a price of electricity, for one megawatt at the meter.

    Units: cents of USD; `days` counts those that are known, from the machine's release on.
    """

    machine: Machine
    usd_kwh: Fraction
    year: int
    days: int
    days_on: int  # on which it left something
    revenue_cents: int
    always_cents: int
    switched_cents: int
    whole: bool  # every day of the year is known, and the machine was for sale on each
    flagged_days: int  # whose hashprice is interpolated or assumed

    def breakeven_usd_kwh(self, terms: Terms) -> Fraction:
        """Return the price of electricity at which running always would have left nothing."""
        return Fraction(self.revenue_cents, 100) / (KWH_MW_DAY * terms.uptime * self.days)


def backtest(
    history: Sequence[PaidDay], machines: Iterable[Machine], prices_usd_kwh: Iterable[Fraction], terms: Terms
) -> Iterator[YearResult]:
    """Yield a result for each machine, price and year that has days."""
    prices = tuple(prices_usd_kwh)
    costs = [_cents(cost_usd_mw_day(price, terms)) for price in prices]
    for machine in machines:
        released = to_day(machine.released)
        per_hashprice = revenue_usd_mw_day(Fraction(1), machine.efficiency_j_th, terms)
        years: dict[int, list[tuple[int, bool]]] = {}
        for paid in history:
            if paid.day >= released:
                flagged = paid.quality in ("interpolated", "assumed")
                years.setdefault(from_day(paid.day).year, []).append((_cents(paid.hashprice * per_hashprice), flagged))
        for price, cost in zip(prices, costs, strict=True):
            for year, days in sorted(years.items()):
                margins = [revenue - cost for revenue, _ in days]
                yield YearResult(
                    machine,
                    price,
                    year,
                    len(days),
                    sum(margin > 0 for margin in margins),
                    sum(revenue for revenue, _ in days),
                    sum(margins),
                    sum(max(0, margin) for margin in margins),
                    len(days) == (366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365),
                    sum(flagged for _, flagged in days),
                )


def _cents(usd: Fraction) -> int:
    return (usd * 100).numerator // (usd * 100).denominator
