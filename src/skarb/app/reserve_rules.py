"""Rules for mined coins, tried on months of inflow and prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from skarb.app.reserve_files import Files, Monthly
from skarb.app.reserve_policy import Policy
from skarb.app.reserve_value import amount, spread_figure, volume_figure
from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.mining.compare import Figure
from skarb.reserve.amounts import Costs
from skarb.reserve.months import Months, months_between, months_of
from skarb.reserve.ranking import Ranked, by_start_year, ranked
from skarb.reserve.rules import Rule, Tried, try_rules
from skarb.reserve.series import PriceDays
from skarb.reserve.valuation import DAY_SECONDS, MILLION

RANKED: tuple[str, ...] = (
    "rank", "rule", "starts", "final_5_usd", "final_50_usd", "final_95_usd", "best_of_starts", "worst_month_usd", "drawdown_usd", "drawdown",
    "drawdown_most", "months_under_water", "sold", "paid_by_reserve", "paid_by_budget_usd",
)  # fmt: skip
BY_YEAR: tuple[str, ...] = ("rule", "start_year", "starts", "final_lowest_usd", "final_50_usd", "final_highest_usd")
EACH: tuple[str, ...] = (
    "rule", "start", "final_usd", "worst_month_usd", "drawdown_usd", "drawdown", "months_under_water", "inflow_sat", "bought_sat", "sold_sat",
    "held_sat", "bills_usd", "paid_by_reserve_usd", "paid_by_budget_usd",
)  # fmt: skip
COIN = 10**8
FIRST = date(2014, 1, 1)


@dataclass(frozen=True)
class Asked:
    """What a back-test is asked for. Units: satoshi, cents; `month_sat` where no file of inflow is given."""

    rules: tuple[Rule, ...]
    horizon: int
    month_sat: int
    first: date | None = None
    last: date | None = None
    electricity_cents: int | None = None
    owed_cents: int | None = None


@dataclass(frozen=True)
class Backtest:
    """Rules tried."""

    asked: Asked
    prices: PriceDays
    months: Months
    tried: tuple[Tried, ...]
    ranked: tuple[Ranked, ...]
    figures: tuple[Figure, ...]


def backtest_of(files: Files, policy: Policy, prices: PriceDays, asked: Asked) -> Backtest:
    """Try rules on the months of a file, or on the same inflow in every month.

    Raises: InputError if months are missing or too few.
    """
    longest = max(one.average_days for one in asked.rules)
    first, last = asked.first or max(FIRST, from_day(prices.first + longest)), asked.last or from_day(prices.last)
    known = months_between(prices, first, last)
    if files.months:
        known = [month for month in known if min(files.months) <= month <= max(files.months)]
        if gap := next((month for month in known if month not in files.months), None):
            raise InputError(f"inflow: given no line for {gap:%Y-%m}, expected one for each month; 0 if nothing came in")
    if not known:
        raise InputError(
            f"rules: given no month between {first:%Y-%m} and {last:%Y-%m} with inflow, and prices on the first of the next month"
        )
    lines = [files.months.get(month, Monthly(asked.month_sat)) for month in known]
    electricity, shown = _bills([one.electricity_cents for one in lines], asked.electricity_cents, "electricity", policy)
    owed, shown_owed = _bills([one.owed_cents for one in lines], asked.owed_cents, "owed", policy)
    months = months_of(prices, known, [one.inflow_sat for one in lines], electricity, owed)
    moment = (prices.last + 1) * DAY_SECONDS
    spread, volume = spread_figure(files, moment), volume_figure(files, policy, moment)
    size = spread.base * policy["size_factor"]
    costs = Costs(policy.ppm("fee"), min(MILLION, -(-size.numerator * MILLION // size.denominator)), int(volume.base * COIN))
    tried = try_rules(prices, months, asked.rules, asked.horizon, costs)
    sat = [one.inflow_sat for one in lines]
    inflow = Figure(
        "inflow",
        Fraction(min(sat), COIN),
        Fraction(sum(sat), COIN * len(sat)),
        Fraction(max(sat), COIN),
        "BTC a month",
        *_from(files),
    )
    count = Figure.exactly("months", Fraction(len(known)), "months", f"{known[0]:%Y-%m} to {known[-1]:%Y-%m}", "published")
    long = Figure(
        "horizon",
        Fraction(12),
        Fraction(asked.horizon),
        Fraction(max(96, asked.horizon)),
        "months",
        "how long each try is",
        "given",
    )
    figures = (count, long, inflow, *shown, *shown_owed, *policy.named("fee", "size_factor"), spread, volume)
    return Backtest(asked, prices, months, tuple(tried), tuple(ranked(tried)), figures)


def _from(files: Files) -> tuple[str, str]:
    return ("the file of inflow", "exact") if files.months else ("the same each month, as asked for", "given")


def _bills(lines: Sequence[int | None], asked: int | None, name: str, policy: Policy) -> tuple[list[int] | int, list[Figure]]:
    """Return bills of each month: from the file, or the same each month as asked for, or a share of the coins' worth."""
    if any(one is not None for one in lines):
        if None in lines:
            raise InputError(f"{name}_cents: given for some months only, expected for each")
        return [one or 0 for one in lines], []
    if asked is not None:
        return [asked] * len(lines), [Figure.exactly(name, Fraction(asked, 100), "USD a month", "as asked for", "given")]
    return policy.ppm(f"{name}_share"), policy.named(f"{name}_share")


def ranked_rows(found: Backtest) -> list[tuple[Any, ...]]:
    """Return a row for each rule, the best on top."""
    return [
        (
            place,
            one.rule.name,
            one.starts,
            *(amount(cents) for cents in (one.final_low, one.final, one.final_high)),
            _percent(one.best_ppm),
            amount(one.worst_month),
            amount(one.drawdown),
            _percent(one.drawdown_ppm),
            _percent(one.drawdown_most_ppm),
            one.under_water,
            _percent(one.sold_ppm),
            _percent(one.paid_ppm),
            amount(one.budget),
        )
        for place, one in enumerate(found.ranked, start=1)
    ]


def year_rows(found: Backtest) -> list[tuple[Any, ...]]:
    """Return a row for each rule and year of starts."""
    return [
        (rule.name, year, count, *(amount(cents) for cents in finals))
        for rule, year, count, *finals in by_start_year(found.tried)
    ]


def each_rows(found: Backtest) -> list[tuple[Any, ...]]:
    """Return a row for each rule and start."""
    rows: list[tuple[Any, ...]] = []
    for one in found.tried:
        money = [[amount(cents) for cents in column.tolist()] for column in (one.final, one.worst_month, one.drawdown)]
        shares = [_percent(ppm) for ppm in one.drawdown_ppm.tolist()]
        whole = [column.tolist() for column in (one.under_water, one.inflow_sat, one.bought_sat, one.sold_sat, one.held_sat)]
        bills = [[amount(cents) for cents in column.tolist()] for column in (one.bills, one.paid, one.budget)]
        starts = [from_day(day).isoformat() for day in one.starts.tolist()]
        rows += zip([one.rule.name] * len(starts), starts, *money, shares, *whole, *bills, strict=True)
    return rows


def month_of(text: str | None, field: str) -> date | None:
    """Read a month.

    Raises: InputError
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InputError(f"{field}: given {text[:20]!r}, expected a month written YYYY-MM") from None


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.2f}%"
