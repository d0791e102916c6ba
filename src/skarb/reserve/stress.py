"""Stress: what the past did to a price, and what several things at once would do to a reserve.

The worst changes over so many days are found in the prices themselves. A scenario names several factors: the price, the official rate, coins that
are lost with a keeper of keys or an exchange, months in which no coins come in. What it does is said in money, in coins, and in months of inflow:
how many months the miners would need to bring back what was lost, at the price of the scenario, after the months without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from skarb.core.errors import InputError
from skarb.reserve.series import PriceDays
from skarb.reserve.valuation import money

SPANS_DAYS = (1, 7, 30, 90)


@dataclass(frozen=True)
class WorstChange:
    """The worst change over a span of days. `change` /1; days since 1970-01-01."""

    span_days: int
    first_day: int
    last_day: int
    change: float


@dataclass(frozen=True)
class Scenario:
    """Several things at once.

    Units: changes and shares /1; a `rate_change` above nought makes a dollar dearer in BYN.
    """

    name: str
    price_change: Fraction
    rate_change: Fraction = Fraction(0)
    coins_lost: Fraction = Fraction(0)
    inflow_stops_months: int = 0
    source: str = ""


@dataclass(frozen=True)
class Reserve:
    """What a scenario happens to. Units: satoshi, USD for a coin; the cash in cents and kopecks does not change by itself."""

    coins_sat: int
    price_usd: Fraction
    byn_per_usd: Fraction | None
    cash_cents: int = 0
    cash_kopecks: int = 0
    inflow_month_sat: int = 0

    @property
    def value(self) -> tuple[int, int | None]:
        """What all is worth, in cents and kopecks."""
        cents, kopecks = money(self.coins_sat, "BTC", self.price_usd, self.byn_per_usd)
        cash = [money(self.cash_cents, "USD", self.price_usd, self.byn_per_usd)]
        if self.cash_kopecks:
            cash.append(money(self.cash_kopecks, "BYN", self.price_usd, self.byn_per_usd))
        return cents + sum(one for one, _ in cash), None if kopecks is None else kopecks + sum(one or 0 for _, one in cash)


@dataclass(frozen=True)
class Effect:
    """What a scenario does. Units: cents, kopecks, satoshi; `months_of_inflow` is None where no inflow is known, or none would be worth anything."""

    scenario: Scenario
    before_cents: int
    after_cents: int
    before_kopecks: int | None
    after_kopecks: int | None
    coins_lost_sat: int
    inflow_missed_sat: int
    months_of_inflow: int | None

    @property
    def change_cents(self) -> int:
        """What it changes, in cents."""
        return self.after_cents - self.before_cents

    @property
    def change_kopecks(self) -> int | None:
        """What it changes, in kopecks."""
        return None if self.after_kopecks is None or self.before_kopecks is None else self.after_kopecks - self.before_kopecks


def worst_change(prices: PriceDays, span_days: int) -> WorstChange:
    """Return the worst change over a span of days; a hole in the days makes no span longer.

    Raises: InputError if the prices are shorter.
    """
    if not 1 <= span_days < len(prices):
        raise InputError(
            f"{prices.what}: given {len(prices)} days, expected more than {span_days} for the worst change over so many"
        )
    later = np.searchsorted(prices.days, prices.days + span_days)
    known = np.flatnonzero(later < len(prices))
    known = known[prices.days[later[known]] == prices.days[known] + span_days]
    if not len(known):
        raise InputError(f"{prices.what}: expected two prices {span_days} days apart, given none")
    changes = prices.closes[later[known]] / prices.closes[known] - 1
    at = int(changes.argmin())
    return WorstChange(span_days, int(prices.days[known[at]]), int(prices.days[later[known[at]]]), float(changes[at]))


def worst_changes(prices: PriceDays, spans_days: Sequence[int] = SPANS_DAYS) -> list[WorstChange]:
    """Return the worst change of each span."""
    return [worst_change(prices, one) for one in spans_days]


def check(scenario: Scenario) -> Scenario:
    """Return a scenario that can happen.

    Raises: InputError for a price or a rate that would fall below nought, or a share outside of 0 to 1.
    """
    name = f"scenario {scenario.name!r}"
    if not -1 <= scenario.price_change <= 100:
        raise InputError(f"{name}, price: given a change of {float(scenario.price_change):g}, expected -1 to 100")
    if not -1 < scenario.rate_change <= 100:
        raise InputError(f"{name}, rate: given a change of {float(scenario.rate_change):g}, expected above -1 and at most 100")
    if not 0 <= scenario.coins_lost <= 1:
        raise InputError(f"{name}, coins_lost: given {float(scenario.coins_lost):g}, expected a share from 0 to 1")
    if not 0 <= scenario.inflow_stops_months <= 1200:
        raise InputError(f"{name}, inflow_stops_months: given {scenario.inflow_stops_months}, expected 0 to 1200")
    return scenario


def apply(scenario: Scenario, reserve: Reserve) -> Effect:
    """Return what a scenario does to a reserve.

    Rounding: coins that are lost up, values down, months up.
    """
    check(scenario)
    lost = _up(reserve.coins_sat * scenario.coins_lost)
    price = reserve.price_usd * (1 + scenario.price_change)
    rate = None if reserve.byn_per_usd is None else reserve.byn_per_usd * (1 + scenario.rate_change)
    hit = Reserve(reserve.coins_sat - lost, price, rate, reserve.cash_cents, reserve.cash_kopecks, reserve.inflow_month_sat)
    (before, before_byn), (after, after_byn) = reserve.value, hit.value
    month, _ = money(reserve.inflow_month_sat, "BTC", price, None)
    gone = max(0, before - after)
    months = scenario.inflow_stops_months + -(-gone // month) if month else None
    if not gone:
        months = scenario.inflow_stops_months
    missed = reserve.inflow_month_sat * scenario.inflow_stops_months
    return Effect(scenario, before, after, before_byn, after_byn, lost, missed, months if reserve.inflow_month_sat else None)


def _up(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)
