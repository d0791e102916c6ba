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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError, ensure, shorten
from skarb.core.time import from_day, to_day
from skarb.reserve.series import PriceDays

Whole = npt.NDArray[np.int64]
Kind = Literal["hold", "all", "electricity", "share", "band", "target", "pay"]
KINDS: tuple[Kind, ...] = get_args(Kind)
USUAL = "hold,all,electricity,share:50,band:200:20:25,target:50,pay"

COIN = 10**8
MILLION = 10**6
_MOST_SAT = 10**12  # that come in in a month; with the limits below all products stay in 64 bits
_MOST_CENTS = 10**13
_MOST_TRADED = 9 * 10**12
_MOST_COINS = 21 * 10**6
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
class Costs:
    """What a sale loses. Units: millionths; `size_ppm` is lost when as much is sold as is traded in a day, else by the square root of the share."""

    fee_ppm: int
    size_ppm: int
    traded_day_sat: int


@dataclass(frozen=True)
class Months:
    """Months one after the other, and what is known and done in each.

    Units: satoshi, cents, cents for a coin; days since 1970-01-01.
    Shape: one value a month; `decided` is the day on which its coins are decided about, `known` the price before that, `sold_at` the price on it.
    """

    decided: Whole
    known: Whole
    sold_at: Whole
    inflow_sat: Whole
    electricity: Whole
    owed: Whole

    def __len__(self) -> int:
        return len(self.decided)


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


def months_between(prices: PriceDays, first: date, last: date) -> list[date]:
    """Return the months whose coins can be decided about: the first of the next month, and the day before it, have a price."""
    days = {int(day) for day in prices.days}
    found, month = [], first.replace(day=1)
    while month <= min(last, from_day(prices.last)):
        decided = to_day(next_month(month))
        if decided in days and decided - 1 in days:
            found.append(month)
        month = next_month(month)
    return found


def next_month(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_of(
    prices: PriceDays,
    months: Sequence[date],
    inflow_sat: Sequence[int],
    electricity: Sequence[int] | int,
    owed: Sequence[int] | int,
) -> Months:
    """Return months ready to be tried. Bills are cents of each month, or a whole number of millionths of what its coins were worth when they came.

    Raises: InputError for months that do not follow each other, or numbers that are too large.
    """
    if not months:
        raise InputError("months: given none, expected at least one")
    for before, after in pairwise(months):
        if next_month(before) != after:
            raise InputError(
                f"months: given {after:%Y-%m} after {before:%Y-%m}, expected {next_month(before):%Y-%m}; prices or inflow are missing"
            )
    decided = np.array([to_day(next_month(month)) for month in months], np.int64)
    at = np.searchsorted(prices.days, decided)
    cents = closes_cents(prices)
    known, sold_at = cents[at - 1], cents[at]
    if not 0 <= min(inflow_sat) <= max(inflow_sat) <= _MOST_SAT:
        raise InputError(f"inflow: given {min(inflow_sat)} to {max(inflow_sat)} satoshi a month, expected 0 to {_MOST_SAT}")
    inflow = np.array(inflow_sat, np.int64)
    worth = worth_of(inflow, known)
    if any(not 0 <= bill <= _MOST_CENTS for one in (electricity, owed) if not isinstance(one, int) for bill in one):
        raise InputError(f"bills: expected 0 to {_MOST_CENTS} cents a month")
    bills = [_part(worth, one) if isinstance(one, int) else np.array(one, np.int64) for one in (electricity, owed)]
    return Months(decided, known, sold_at, inflow, *bills)


def closes_cents(prices: PriceDays) -> Whole:
    """Return closing prices in whole cents for a coin, cut.

    Raises: InputError for a price below a cent, or beyond what 64 bits multiply.
    """
    cents = np.array([prices.exact[int(day)] * 100 // 1 for day in prices.days], np.int64)
    if not 1 <= int(cents.min()) <= int(cents.max()) <= 10**10:
        raise InputError(
            f"{prices.what}: given {cents.min()} to {cents.max()} cents for a coin, expected 1 to {10**10}; begin later"
        )
    return cents


def try_rules(prices: PriceDays, months: Months, rules: Sequence[Rule], horizon: int, costs: Costs) -> list[Tried]:
    """Walk each rule through `horizon` months from every month on which it can begin.

    Raises: InputError if there are fewer months, or no price for a rule's mean.
    """
    if not 1 <= horizon <= len(months):
        raise InputError(f"months: given {horizon} for each try, expected 1 to {len(months)}, as many as have inflow and prices")
    if not (
        0 <= costs.fee_ppm < MILLION
        and costs.size_ppm >= 0
        and costs.size_ppm <= MILLION
        and 0 < costs.traded_day_sat <= _MOST_TRADED
    ):
        raise InputError(
            f"costs: expected a fee below 100 %, a size from 0 to 100 % and a daily volume of 1 to {_MOST_TRADED} satoshi"
        )
    return [_walk(prices, months, rule, horizon, costs) for rule in rules]


def worth_of(units: Whole, price: Whole) -> Whole:
    """Return what satoshi are worth in cents, exactly, cut; no product leaves 64 bits."""
    return units // COIN * price + units % COIN * price // COIN


def lost_ppm(units: Whole, costs: Costs) -> Whole:
    """Return what selling so many satoshi loses. Rounding: up."""
    times, rest = np.divmod(units, costs.traded_day_sat)
    share = np.minimum(times, MILLION) * MILLION + rest * MILLION // costs.traded_day_sat
    root = np.where(units > 0, _root(np.minimum(share + 1, MILLION * MILLION) * MILLION) + 1, 0)
    lost: Whole = np.minimum(MILLION, costs.fee_ppm + -(-costs.size_ppm * root // MILLION))
    return lost


def _root(values: Whole) -> Whole:
    """Return whole square roots, cut, exactly."""
    found = np.sqrt(values).astype(np.int64)
    found -= found * found > values
    return found + ((found + 1) * (found + 1) <= values)


def _part(amount: Whole, ppm: int | Whole) -> Whole:
    """Return millionths of an amount, cut."""
    return amount // MILLION * ppm + amount % MILLION * ppm // MILLION


def _units_for(amount: Whole, price: Whole) -> Whole:
    """Return how many satoshi are worth at least an amount; no more than there will ever be are asked for."""
    whole: Whole = np.minimum(amount // price, _MOST_COINS) * COIN
    return whole + -(-(amount % price * COIN) // price)


def _to_raise(amount: Whole, price: Whole, costs: Costs) -> Whole:
    """Return how many satoshi to sell so that an amount is left of them; the loss is reckoned for an eighth more."""
    plain = _units_for(amount, price)
    net = np.maximum(1, _part(price, MILLION - lost_ppm(plain + plain // 8 + 1, costs)))
    return np.where(amount > 0, _units_for(amount, net), 0)


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
        cash = cash + _part(worth_of(selling, price), MILLION - lost_ppm(selling, costs))
        buying, cost = _bought(spending, price, costs)
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
    final = _part(worth_of(units, last), MILLION - lost_ppm(units, costs)) + cash - budget
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
        return _part(inflow, rule.share_ppm), nothing
    if rule.kind == "band":
        return np.where(above, _part(units, rule.share_ppm), 0), nothing
    if rule.kind in ("electricity", "pay"):
        bills = months.electricity[now] + (months.owed[now] if rule.kind == "pay" else 0)
        needed = _to_raise(np.maximum(0, bills - cash), months.sold_at[now], costs)
        return np.minimum(needed, units if rule.kind == "pay" else inflow), nothing
    if rule.kind == "target":
        known = months.known[now]
        coins = worth_of(units, known)
        excess = coins - _part(coins + cash, rule.share_ppm)
        return np.minimum(units, _units_for(np.maximum(0, excess), known)), np.minimum(cash, np.maximum(0, -excess))
    return nothing, nothing


def _bought(spending: Whole, price: Whole, costs: Costs) -> tuple[Whole, Whole]:
    """Return how many satoshi cash buys, and what they cost with all that a purchase loses."""
    dear = price + _part(price, lost_ppm(_units_for(spending, price), costs)) + 1
    units = spending // dear * COIN + spending % dear * COIN // dear
    return units, units // COIN * dear + -(-(units % COIN * dear) // COIN)


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
    above: npt.NDArray[np.bool_] = cents[at - 1] * rule.average_days > mean_of + _part(mean_of, rule.band_ppm)
    return above


@dataclass(frozen=True)
class Ranked:
    """A rule among others, over all starts.

    Units: cents, millionths; results are their 5 %, middle and 95 % quantiles, values that really occurred.
    """

    rule: Rule
    starts: int
    final_low: int
    final: int
    final_high: int
    worst_month: int
    drawdown: int
    drawdown_ppm: int
    drawdown_most_ppm: int
    under_water: int
    sold_ppm: int
    paid_ppm: int
    budget: int
    best_ppm: int  # of starts, in which no other rule came to more


def ranked(tried: Sequence[Tried]) -> list[Ranked]:
    """Return the rules, the one with the highest middle result first; middles are of all starts."""
    best = np.max(np.array([one.final for one in tried]), axis=0)
    found = []
    for one in tried:
        low, middle, high = (quantile(one.final, share) for share in (0.05, 0.5, 0.95))
        found.append(
            Ranked(
                one.rule,
                len(one.starts),
                low,
                middle,
                high,
                quantile(one.worst_month, 0.5),
                quantile(one.drawdown, 0.5),
                quantile(one.drawdown_ppm, 0.5),
                int(one.drawdown_ppm.max()),
                quantile(one.under_water, 0.5),
                _share(one.sold_sat, one.inflow_sat + one.bought_sat),
                _share(one.paid, one.bills),
                quantile(one.budget, 0.5),
                int((one.final == best).sum()) * MILLION // len(best),
            )
        )
    return sorted(found, key=lambda one: -one.final)


def by_start_year(tried: Sequence[Tried]) -> Iterator[tuple[Rule, int, int, int, int, int]]:
    """Yield for each rule and year of starts how many there were, and the lowest, middle and highest result."""
    for one in tried:
        years = np.array([from_day(int(day)).year for day in one.starts])
        for year in sorted({*years.tolist()}):
            final = one.final[years == year]
            yield one.rule, year, len(final), int(final.min()), quantile(final, 0.5), int(final.max())


def quantile(values: Whole, share: float) -> int:
    """Return the value that so large a share of values does not exceed; it is one of them."""
    return int(np.quantile(values, share, method="inverted_cdf"))


def _share(part: Whole, whole: Whole) -> int:
    everything = sum(whole.tolist())
    return sum(part.tolist()) * MILLION // everything if everything else 0
