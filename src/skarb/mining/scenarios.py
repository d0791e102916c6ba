"""Five years that nobody knows, a thousand times: price, difficulty, and what a megawatt of mining leaves.

**Price.** Daily logarithmic returns of the past are put together anew, in stretches of ten days on average that keep calm and storm together
(the stationary bootstrap). Their mean is taken out, so that the expected price stays where it is, but for a yearly drift that is asked for.

**Difficulty.** Every fourteen days its logarithm changes by `growth + response × (how far the hashprice is above its level) + noise`, and no more
than fourfold. The three are fitted to the past by least squares over the same window as the returns: miners add machines when mining pays. The level
is the mean of the last year, and sinks as machines become thriftier.

**Margin.** A machine runs on days on which it leaves something. Net present value takes off a yearly rate, day by day; machines are paid back on
the first day on which the margins, not discounted, have reached their price.

All random numbers are drawn from the generator that is passed in: the same one gives the same scenarios. Floats throughout.
Source: Politis and Romano, The Stationary Bootstrap, 1994.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from skarb.chain import subsidy_sat
from skarb.chain.difficulty import HASHES_PER_DIFFICULTY
from skarb.core.compiled import Kind, choose_kind, compiled, interpreted
from skarb.core.errors import InputError
from skarb.mining import paths
from skarb.mining.formulas import DAY_SECONDS, KWH_MW_DAY, PETA, revenue_usd_mw_day
from skarb.mining.model import SATOSHI, Machine, Terms

Floats = npt.NDArray[np.float64]

STEP_DAYS = 14  # between two adjustments
STRETCH_DAYS = 10
MONTH_DAYS = 30  # between two points of a fan
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BLOCKS_DAY = 144
_LEAST_DAYS = 730
_CHUNK = 2000  # scenarios at a time, so that memory stays bounded
_MOST_CHANGE = float(np.log(4.0))
_PER_DIFFICULTY = DAY_SECONDS * PETA / HASHES_PER_DIFFICULTY
_WORTH = 50_000  # days walked, above which a compiler is sooner loaded than the interpreter done


@dataclass(frozen=True)
class Process:
    """How the future is drawn, fitted to a window of the past.

    Units: natural logarithms; `growth`, `response` and `noise` for fourteen days, `thrift` and `drift` for a year.
    """

    returns: Floats  # of each day, their mean taken out
    growth: float
    response: float
    noise: float
    level: float  # logarithm of the hashprice, USD per PH/s and day, around which difficulty moves
    days: int  # of the window
    thrift: float = 0.16  # how much less power a hash takes each year
    drift: float = 0.0  # of the price


@dataclass(frozen=True)
class Start:
    """Where the scenarios begin."""

    price_usd: float
    difficulty: float
    height: int
    fee_sat: float  # per block, for all days


@dataclass(frozen=True)
class Case:
    """A machine at a price of electricity, and what a megawatt of it cost to set up."""

    machine: Machine
    usd_kwh: float
    capex_usd_mw: float


@dataclass(frozen=True)
class Outcome:
    """What became of a case, one megawatt at the meter.

    Shape: `npv_usd` and `payback_days` one value for each scenario, infinity where nothing was paid back; `fan` a row for each of `QUANTILES`,
    a column for each month: what the margins are worth so far, today, less the price of the machines.
    """

    case: Case
    npv_usd: Floats
    payback_days: Floats
    days_on: Floats  # share of all days, /1
    fan: Floats
    paid_back: Floats  # share of scenarios paid back by each month, /1
    running: Floats  # share of scenarios in which it runs at each month, /1


@dataclass(frozen=True)
class Scenarios:
    """All scenarios, summed up. Fans have a row for each of `QUANTILES` and a column for each month."""

    count: int
    days: int
    months: tuple[int, ...]  # the days of the fans' columns
    price: Floats
    difficulty: Floats
    hashprice: Floats
    outcomes: tuple[Outcome, ...]


def fit(
    prices: Sequence[float], difficulties: Sequence[float], hashprices: Sequence[float], given: Mapping[str, float] | None = None
) -> Process:
    """Fit the process to a window of days, one after the other.

    `given` replaces what was fitted or supposed: `growth`, `response`, `noise`, `level`, `thrift`, `drift`.
    Raises: InputError if the window is shorter than two years.
    """
    if len(prices) < _LEAST_DAYS:
        raise InputError(
            f"scenarios: given {len(prices)} days of the past, expected at least {_LEAST_DAYS}; begin the window earlier"
        )
    returns = np.diff(np.log(np.asarray(prices)))
    logs, pays = np.log(np.asarray(difficulties)), np.log(np.asarray(hashprices))
    year = np.convolve(pays, np.ones(365) / 365, "valid")  # the mean of the year that ends on day 364, 365, …
    at = np.arange(364, len(logs) - STEP_DAYS, STEP_DAYS)
    above, change = pays[at] - year[at - 364], logs[at + STEP_DAYS] - logs[at]
    response, growth = np.polyfit(above, change, 1)
    noise = float(np.std(change - growth - response * above, ddof=2))
    found = {"growth": float(growth), "response": float(response), "noise": noise, "level": float(np.mean(pays[-365:]))}
    return Process(returns - returns.mean(), days=len(prices), **{**found, **(given or {})})


def simulate(
    process: Process,
    start: Start,
    cases: Sequence[Case],
    terms: Terms,
    rate: float,
    count: int,
    years: int,
    draw: np.random.Generator,
    kind: Kind | None = None,
) -> Scenarios:
    """Draw scenarios and value the cases in each.

    Units: `rate` /1 a year. `kind` says where the kernel runs, if not where it is sooner done.
    """
    days = years * 365 + years // 4
    months = tuple(range(0, days, MONTH_DAYS))
    step = _walker(choose_kind(count * days > _WORTH, kind))
    rewards = (
        np.array([subsidy_sat(start.height + _BLOCKS_DAY * day) + start.fee_sat for day in range(days)])
        / SATOSHI
        * _PER_DIFFICULTY
    )
    # Half the variance keeps the expected price where it is, by Jensen's inequality.
    growths = np.exp(process.returns - process.returns.var() / 2 + process.drift / 365)
    thrift = np.log1p(-process.thrift) * STEP_DAYS / 365
    fitted = np.array([process.growth, process.response, process.level, thrift, _MOST_CHANGE])
    table = np.array([_row(case, terms) for case in cases]).reshape(len(cases), 3)
    several = np.empty((3, count, len(months)))
    worth, running = np.empty((len(cases), count, len(months))), np.empty((len(cases), count, len(months)), np.bool_)
    npv, payback, on = np.empty((len(cases), count)), np.full((len(cases), count), -1.0), np.empty((len(cases), count))
    for first in range(0, count, _CHUNK):
        part = slice(first, min(count, first + _CHUNK))
        size = (part.stop - first, days)
        fresh = draw.integers(0, len(growths), size, dtype=np.int32)
        begins = draw.random(size, dtype=np.float32) < 1 / STRETCH_DAYS
        begins[:, 1:2] = True
        noise = draw.standard_normal((size[0], -(-days // STEP_DAYS))) * process.noise
        step(
            growths, fresh, begins, noise, rewards, (1 + rate) ** (-np.arange(days) / 365), np.array([start.price_usd, start.difficulty]),
            fitted, table, STEP_DAYS, MONTH_DAYS, several[0, part], several[1, part], several[2, part],
            worth[:, part], running[:, part], npv[:, part], payback[:, part], on[:, part], np.empty((len(cases), 3)),
        )  # fmt: skip
    payback[payback < 0] = np.inf
    outcomes = tuple(
        Outcome(
            case,
            npv[place],
            payback[place],
            on[place],
            _fan(worth[place]),
            np.array([(payback[place] <= day).mean() for day in months]),
            running[place].mean(axis=0),
        )
        for place, case in enumerate(cases)
    )
    price, difficulty, hashprice = (_fan(one) for one in several)
    return Scenarios(count, days, months, price, difficulty, hashprice, outcomes)


@cache
def _walker(kind: Kind) -> Callable[..., None]:
    return (compiled([paths], ["walk"]) if kind == "numba" else interpreted([paths]))["walk"]


def _row(case: Case, terms: Terms) -> tuple[float, float, float]:
    per_hashprice = revenue_usd_mw_day(Fraction(1), case.machine.efficiency_j_th, terms)
    return float(per_hashprice), float(KWH_MW_DAY * terms.uptime) * case.usd_kwh, case.capex_usd_mw


def _fan(several: Floats) -> Floats:
    return np.quantile(several, QUANTILES, axis=0)
