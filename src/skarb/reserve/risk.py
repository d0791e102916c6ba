"""How much a day or ten may cost: value at risk and expected shortfall of a price, forecast for every day from what was known before it.

**Historical**: the quantile of the last `window` changes, linear between neighbours. **Filtered**: the same of changes divided by the spread that
was forecast when they began, times the spread forecast now; the spread is the exponentially weighted one of RiskMetrics, so storms are believed
at once. **Normal**: a multiple of that spread, as if changes had no fat tails. It fails on every coin and is shown for comparison only.

Changes are logarithms. Of ten days, windows hold changes that overlap, while outcomes that are tested do not. The shortfall is the mean of the
changes of the window at or beyond the quantile.

Source: Hendricks, Evaluation of Value-at-Risk Models Using Historical Data, 1996; Barone-Adesi, Giannopoulos and Vosper, VaR without Correlations
for Portfolios of Derivative Securities, 1999 (filtered; here without drawing paths); RiskMetrics Technical Document, 1996.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor, sqrt
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError
from skarb.reserve.series import Days, Floats, PriceDays

Method = Literal["historical", "filtered", "normal"]
METHODS: tuple[Method, ...] = get_args(Method)
TAILS = (0.05, 0.025, 0.01)  # of 95, 97.5 and 99 %
DECAY = 0.94  # of the spread, a day
LEAST_WINDOW = 30
MILLION = 10**6
_ROWS = 1024  # windows sorted at a time, so that memory stays bounded


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of one method, one for each day.

    Units: logarithms of changes; `tail` /1.
    Shape: `var` and `shortfall` have as many values more than `outcomes` as the horizon has days: forecasts whose outcome nobody knows yet, the
    last of them made on the last day. `days` is the day on which an outcome is known.
    """

    method: Method
    window: int
    horizon_days: int
    tail: float
    days: Days
    outcomes: Floats
    var: Floats
    shortfall: Floats

    @property
    def violations(self) -> npt.NDArray[np.bool_]:
        """True where more was lost than forecast."""
        return self.outcomes < self.var[: len(self.outcomes)]

    @property
    def tested(self) -> slice:
        """The outcomes that do not overlap."""
        return slice(0, None, self.horizon_days)

    def since(self, day: int) -> Forecasts:
        """Return the forecasts whose outcome is known on a day or later."""
        at = int(np.searchsorted(self.days, day))
        return Forecasts(
            self.method,
            self.window,
            self.horizon_days,
            self.tail,
            self.days[at:],
            self.outcomes[at:],
            self.var[at:],
            self.shortfall[at:],
        )


def spreads(returns: Floats, decay: float = DECAY) -> Floats:
    """Return the spread forecast for each change and for the next one, from the changes before it.

    It begins with the spread of the first thirty changes, which therefore must not be among those that are tested.
    """
    variance = float(returns[:LEAST_WINDOW].var())
    found = np.empty(len(returns) + 1)
    found[0] = variance
    for place, square in enumerate((returns * returns).tolist()):
        variance = decay * variance + (1 - decay) * square
        found[place + 1] = variance
    return np.sqrt(found)


def forecast(
    prices: PriceDays,
    window: int,
    tails: Sequence[float] = TAILS,
    methods: Sequence[Method] = METHODS,
    horizon_days: int = 1,
    decay: float = DECAY,
) -> list[Forecasts]:
    """Return the forecasts of every method and tail.

    Raises: InputError for a window that is longer than the prices allow, or a tail that is none.
    """
    _check(prices, window, tails, horizon_days, decay)
    logs = prices.logs
    changes = logs[horizon_days:] - logs[:-horizon_days]
    outcomes = changes[window + horizon_days - 1 :]
    days = prices.days[window + 2 * horizon_days - 1 :]
    found: list[Forecasts] = []
    spread = spreads(np.diff(logs), decay) if {"filtered", "normal"} & {*methods} else np.empty(0)
    if len(spread) and not spread.min() > 0:
        raise InputError(
            f"{prices.what}: given a price that stands still for {LEAST_WINDOW} days, expected one that moves; its spread is nought"
        )
    for method in methods:
        if method == "normal":
            ahead = spread[window + horizon_days - 1 :] * sqrt(horizon_days)
            quantiles = [NormalDist().inv_cdf(tail) for tail in tails]
            sides = [(one * ahead, -NormalDist().pdf(one) / tail * ahead) for one, tail in zip(quantiles, tails, strict=True)]
        elif method == "filtered":
            ahead = spread[window + horizon_days - 1 :]
            scaled = changes / spread[: len(changes)]
            sides = [(low * ahead, mean * ahead) for low, mean in _tails(scaled, window, tails)]
        else:
            sides = _tails(changes, window, tails)
        for tail, (var, shortfall) in zip(tails, sides, strict=True):
            found.append(Forecasts(method, window, horizon_days, tail, days, outcomes, var, shortfall))
    return found


def _tails(values: Floats, window: int, tails: Sequence[float]) -> list[tuple[Floats, Floats]]:
    """Return for each tail the quantile of every window and the mean of what lies at or below it."""
    windows = np.lib.stride_tricks.sliding_window_view(values, window)
    found = [(np.empty(len(windows)), np.empty(len(windows))) for _ in tails]
    places = [(window - 1) * tail for tail in tails]
    deepest = floor(max(places)) + 2
    for first in range(0, len(windows), _ROWS):
        part = slice(first, first + _ROWS)
        rows = np.sort(windows[part], axis=1)[:, :deepest]
        sums = np.cumsum(rows, axis=1)
        for place, (var, shortfall) in zip(places, found, strict=True):
            low = floor(place)
            var[part] = _between(rows[:, low], rows[:, min(low + 1, window - 1, deepest - 1)], place - low)
            shortfall[part] = sums[:, low] / (low + 1)
    return found


def _between(low: Floats, high: Floats, share: float) -> Floats:
    """Return what lies between two values, reckoned from the nearer one, as numpy's quantile does."""
    step = high - low
    return low + step * share if share < 0.5 else high - step * (1 - share)


def _check(prices: PriceDays, window: int, tails: Sequence[float], horizon_days: int, decay: float) -> None:
    if not window >= LEAST_WINDOW:
        raise InputError(f"window: given {window} days, expected at least {LEAST_WINDOW}")
    if not 1 <= horizon_days <= 365:
        raise InputError(f"horizon: given {horizon_days} days, expected 1 to 365")
    if any(not 0 < tail <= 0.5 for tail in tails):
        raise InputError(
            f"level: given a tail of {min(tails):g}, expected one above 0 and at most 0.5, that is a level from 50 % to below 100 %"
        )
    if not 0.5 <= decay < 1:
        raise InputError(f"decay: given {decay:g}, expected 0.5 to below 1")
    needed = window + 2 * horizon_days
    if len(prices) < needed:
        raise InputError(
            f"{prices.what}: given {len(prices)} days, expected at least {needed} for a window of {window} and outcomes after "
            f"{horizon_days} days; take a shorter window, or files that begin earlier"
        )


def loss_ppm(change: float) -> int:
    """Return what a change of the logarithm takes off a price.

    Units: millionths. Rounding: up, so that a risk is never understated.
    """
    return max(0, ceil((1 - exp(change)) * MILLION))
