"""The reserve, measured: forecasts of risk for every day of fourteen years with their tests, and rules for mined coins from every month.

The prices are made up here, as many days as bitcoin has a price, with fat tails and spreads that come in spells. Beside ours stands the plain
loop that such forecasts are usually written as: one window and one quantile a day, for one method and one level, which must come to the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import TypeVar

import numpy as np

from skarb.chain import Point, Series
from skarb.core.errors import ensure
from skarb.core.time import from_day, to_day
from skarb.reserve.amounts import Costs
from skarb.reserve.coverage import coverage_of
from skarb.reserve.months import months_between, months_of
from skarb.reserve.risk import TAILS, Forecasts, forecast
from skarb.reserve.rules import USUAL, Tried, read_rules, try_rules
from skarb.reserve.series import PriceDays, price_days

T = TypeVar("T")

DAYS, WINDOW, HORIZON_MONTHS, RUNS = 5282, 500, 48, 7
_FIRST = to_day(date(2010, 7, 18))


def bench() -> dict[str, object]:
    """Return the figures: seconds, medians of several runs."""
    prices = made_prices()
    forecast_s, made = _median(lambda: forecasts(prices))
    loop_s, looped = _median(lambda: _loop(prices), 3)
    ours = next(one for one in made if one.method == "historical" and one.tail == 0.01)
    ensure(bool(np.array_equal(ours.var[:-1], looped)), "all windows at once and one after the other come to the same")
    rules_s, tried = _median(lambda: rules(prices))
    return {
        "reserve_var_s": round(forecast_s, 4),
        "reserve_var_forecasts": sum(len(one.outcomes) for one in made),
        "reserve_var_loop_one_level_s": round(loop_s, 4),
        "reserve_rules_s": round(rules_s, 4),
        "reserve_rules_tries": sum(len(one.starts) for one in tried),
    }


def made_prices(days: int = DAYS, seed: int = 0) -> PriceDays:
    """Return prices that move as a coin's do: calm and storm in spells, large days now and then."""
    draw = np.random.default_rng(seed)
    spread = 0.03 * np.exp(0.5 * np.sin(np.arange(days) / 90) + 0.1 * draw.standard_normal(days))
    closes = 1000 * np.exp(np.cumsum(spread * draw.standard_t(4, days) / 1.4))
    points = {
        _FIRST + place: Point(Fraction(int(100 * close) + 100, 100), "assumed", "made up") for place, close in enumerate(closes)
    }
    return price_days(Series("price, made up", points))


def forecasts(prices: PriceDays) -> list[Forecasts]:
    """Return the forecasts of three methods at three levels, with the tests that their violations are put to."""
    made = forecast(prices, WINDOW, TAILS)
    ensure(all(coverage_of(one).count == len(prices) - 1 - WINDOW for one in made), "every day behind the first window is tested")
    return made


def rules(prices: PriceDays) -> list[Tried]:
    """Try the usual rules from every month."""
    months = months_between(prices, date(2011, 6, 1), from_day(prices.last))
    ready = months_of(prices, months, [10**9] * len(months), 600_000, 100_000)
    return try_rules(prices, ready, read_rules(USUAL), HORIZON_MONTHS, Costs(2000, 30_000, 10**12))


def _loop(prices: PriceDays) -> np.ndarray:
    changes = np.diff(prices.logs)
    return np.array([np.quantile(changes[at - WINDOW : at], 0.01) for at in range(WINDOW, len(changes))])


def _median(work: Callable[[], T], runs: int = RUNS) -> tuple[float, T]:
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - started)
    return statistics.median(took), found
