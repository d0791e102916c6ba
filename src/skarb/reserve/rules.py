"""Sell, hold or pay: what rules for mined coins would have come to, from every month on which one could have begun.

Each month the coins of the month come in, a rule sells some of the coins or none, and the month's bills (electricity, and what else is owed) are
paid from the reserve's cash as far as it goes; the budget pays the rest, and that is counted against the rule. So all rules pay the same bills
from the same inflow and differ in nothing but what they sell, and when.

A rule sees closing prices up to the day before it decides, and sells at the close of the day on which it decides, the first of the next month;
only how many coins a bill takes is settled by the sale itself. A sale loses a fee, and more the larger it is. *Wealth* is the coins at the close,
and cash, less what the budget paid; what the reserve comes to in the end is what selling all of it at once would leave.

Money is whole cents, coins are satoshi; every rule is walked over all starts at once. Rounding: against the reserve, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError, ensure, shorten
from skarb.core.time import from_day
from skarb.reserve.amounts import MILLION, Costs, Whole, bought_for, lost_ppm, part_of, to_raise, units_for, worth_of
from skarb.reserve.months import Months, closes_cents
from skarb.reserve.series import PriceDays

Kind = Literal["hold", "all", "electricity", "share", "band", "target", "pay"]
KINDS: tuple[Kind, ...] = get_args(Kind)
USUAL = "hold,all,electricity,share:50,band:200:20:25,target:50,pay"
_PERCENT = 10_000


@dataclass(frozen=True)
class Rule:
    """What to sell. Units: millionths.

    `share_ppm` is of the month's coins (share), of all coins (band), or of all wealth (target); `band_ppm` is how far the price must be above the
    mean of `average_days`.
    """

    kind: Kind
    share_ppm: int = 0
    band_ppm: int = 0
    average_days: int = 0

    @property
    def name(self) -> str:
        """The rule as it is written."""
        share = self.share_ppm // _PERCENT
        parts = {"share": [share], "band": [self.average_days, self.band_ppm // _PERCENT, share], "target": [share]}.get(
            self.kind, []
        )
        return ":".join([self.kind, *map(str, parts)])


@dataclass(frozen=True)
class Tried:
    """What a rule came to from every start. Units: cents, satoshi, millionths; one value for each start."""

    rule: Rule
    starts: Whole  # the day of the first decision
    final: Whole
    worst_month: Whole  # change of wealth
    drawdown: Whole  # from the highest wealth so far
    drawdown_ppm: Whole
    under_water: Whole  # months below the highest wealth so far
    inflow_sat: Whole
    sold_sat: Whole
    bought_sat: Whole
    held_sat: Whole
    bills: Whole
    paid: Whole  # by the reserve
    budget: Whole  # paid by the budget


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read rules joined by commas, with numbers in percent: `share:50`, `band:AVERAGE_DAYS:ABOVE:SELL`, `target:50`.

    Raises: InputError
    """
    return tuple(_rule(one.strip()) for one in text.split(","))


def _rule(text: str) -> Rule:
    kind, *numbers = text.split(":")
    wanted = {"share": 1, "target": 1, "band": 3}.get(kind, 0)
    good = len(numbers) == wanted and all(one.isascii() and one.isdecimal() and len(one) <= 4 for one in numbers)
    if kind not in KINDS or not good:
        raise InputError(
            f"rule {shorten(text)!r}: expected hold, all, electricity, pay, share:PERCENT, target:PERCENT or band:DAYS:ABOVE:SOLD, both in percent"
        )
    values = [int(one) for one in numbers]
    if values and values[-1] > 100:
        raise InputError(f"rule {shorten(text)!r}: given a share of {values[-1]} %, expected at most 100")
    if kind == "band":
        if not 2 <= values[0] <= 1000:
            raise InputError(f"rule {shorten(text)!r}: given a mean of {values[0]} days, expected 2 to 1000")
        return Rule("band", values[2] * _PERCENT, values[1] * _PERCENT, values[0])
    return Rule(kind, values[0] * _PERCENT if values else 0)


def try_rules(prices: PriceDays, months: Months, rules: Sequence[Rule], horizon: int, costs: Costs) -> list[Tried]:
    """Walk each rule through `horizon` months from every month on which it can begin.

    Raises: InputError if there are fewer months, or no price for a rule's mean.
    """
    if not 1 <= horizon <= len(months):
        raise InputError(f"months: given {horizon} for each try, expected 1 to {len(months)}, as many as have inflow and prices")
    return [_walk(prices, months, rule, horizon, costs) for rule in rules]


def _walk(prices: PriceDays, months: Months, rule: Rule, horizon: int, costs: Costs) -> Tried:
    starts = len(months) - horizon + 1
    above = _above(prices, months, rule) if rule.kind == "band" else np.zeros(len(months), np.bool_)
    units, cash, budget, sold, bought, came, billed, paid, wealth, highest, fall, fall_ppm, under = np.zeros(
        (13, starts), np.int64
    )
    worst = np.full(starts, np.iinfo(np.int64).max)
    for step in range(horizon):
        now = slice(step, step + starts)
        price, inflow, owed = months.sold_at[now], months.inflow_sat[now], months.electricity[now] + months.owed[now]
        units, came = units + inflow, came + inflow
        selling, spending = _wanted(rule, units, inflow, cash, months, now, above[now], costs)
        cash = cash + part_of(worth_of(selling, price), MILLION - lost_ppm(selling, costs))
        buying, cost = bought_for(spending, price, costs)
        units, cash = units - selling + buying, cash - cost
        sold, bought = sold + selling, bought + buying
        from_cash = np.minimum(cash, owed)
        cash, paid, billed, budget = cash - from_cash, paid + from_cash, billed + owed, budget + owed - from_cash
        before, wealth = wealth, worth_of(units, price) + cash - budget
        worst = np.minimum(worst, wealth - before)
        highest = np.maximum(highest, wealth)
        under = under + (wealth < highest)
        fall = np.maximum(fall, highest - wealth)
        share = np.where(highest > 0, (highest - wealth) / np.maximum(highest, 1), 0.0)
        fall_ppm = np.maximum(fall_ppm, np.floor(share * MILLION).astype(np.int64))
    last = months.sold_at[horizon - 1 :]
    final = part_of(worth_of(units, last), MILLION - lost_ppm(units, costs)) + cash - budget
    ensure(
        bool(np.all(came + bought == units + sold)),
        "no coin is lost and none is made: what came in and was bought is held or was sold",
    )
    ensure(
        bool(np.all(units >= 0) and np.all(cash >= 0) and np.all(paid + budget == billed)),
        "nothing is sold or spent that is not there",
    )
    return Tried(
        rule, months.decided[:starts], final, worst, fall, fall_ppm, under, came, sold, bought, units, billed, paid, budget
    )


def _wanted(
    rule: Rule, units: Whole, inflow: Whole, cash: Whole, months: Months, now: slice, above: npt.NDArray[np.bool_], costs: Costs
) -> tuple[Whole, Whole]:
    """Return how many satoshi to sell, and how much cash to spend on coins."""
    nothing = np.zeros_like(units)
    if rule.kind == "all":
        return units, nothing
    if rule.kind == "share":
        return part_of(inflow, rule.share_ppm), nothing
    if rule.kind == "band":
        return np.where(above, part_of(units, rule.share_ppm), 0), nothing
    if rule.kind in ("electricity", "pay"):
        bills = months.electricity[now] + (months.owed[now] if rule.kind == "pay" else 0)
        needed = to_raise(np.maximum(0, bills - cash), months.sold_at[now], costs)
        return np.minimum(needed, units if rule.kind == "pay" else inflow), nothing
    if rule.kind == "target":
        known = months.known[now]
        coins = worth_of(units, known)
        excess = coins - part_of(coins + cash, rule.share_ppm)
        return np.minimum(units, units_for(np.maximum(0, excess), known)), np.minimum(cash, np.maximum(0, -excess))
    return nothing, nothing


def _above(prices: PriceDays, months: Months, rule: Rule) -> npt.NDArray[np.bool_]:
    """Return for each month whether the last known price was above the band over the mean of the days up to it."""
    cents = closes_cents(prices)
    at = np.searchsorted(prices.days, months.decided)  # the days before it are known
    if int(at.min()) < rule.average_days:
        short = from_day(int(months.decided[0]))
        raise InputError(
            f"rule {rule.name}: given {int(at.min())} days of prices before {short}, expected {rule.average_days} for its mean; begin later"
        )
    sums = np.concatenate([[0], np.cumsum(cents)])
    mean_of = sums[at] - sums[at - rule.average_days]
    above: npt.NDArray[np.bool_] = cents[at - 1] * rule.average_days > mean_of + part_of(mean_of, rule.band_ppm)
    return above
