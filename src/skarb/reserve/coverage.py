"""Do forecasts hold? Violations counted against what was expected, and whether they come in clusters.

Three likelihood ratios: as many as expected (Kupiec), one day's violation says nothing about the next day's (Christoffersen), and both together.
Their p values come from the chi-square distribution; a forecast fails where p is below a twentieth.

Source: Kupiec, Techniques for Verifying the Accuracy of Risk Measurement Models, 1995; Christoffersen, Evaluating Interval Forecasts, 1998.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, log, sqrt

import numpy as np

from skarb.core.time import from_day
from skarb.reserve.risk import Forecasts

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Coverage:
    """What became of forecasts.

    Units: p values /1; `mean_var` and `mean_loss` are losses as logarithms, above nought. `independence_p` is None where nothing can be said.
    """

    count: int
    violations: int
    expected: float
    kupiec_p: float
    independence_p: float | None
    conditional_p: float | None
    mean_var: float
    mean_loss: float | None  # on violations
    again: int  # violations on the day after one

    @property
    def holds(self) -> bool:
        """True if there were neither too many violations nor too few."""
        return self.kupiec_p >= SIGNIFICANT

    @property
    def clustered(self) -> bool:
        """True if one day's violation makes the next day's more likely."""
        more = self.again * self.count > self.violations * self.violations
        return more and self.independence_p is not None and self.independence_p < SIGNIFICANT


def coverage_of(forecasts: Forecasts) -> Coverage:
    """Return what became of the forecasts whose outcomes do not overlap."""
    part = forecasts.tested
    broken, outcomes, var = forecasts.violations[part], forecasts.outcomes[part], forecasts.var[: len(forecasts.outcomes)][part]
    count, violations = len(broken), int(broken.sum())
    unconditional = kupiec(count, violations, forecasts.tail)
    clustered = independence([bool(one) for one in broken])
    return Coverage(
        count,
        violations,
        count * forecasts.tail,
        _chi_one(unconditional),
        None if clustered is None else _chi_one(clustered),
        None if clustered is None else exp(-(unconditional + clustered) / 2),
        float(-var.mean()) if count else 0.0,
        float(-outcomes[broken].mean()) if violations else None,
        int((broken[:-1] & broken[1:]).sum()),
    )


def kupiec(count: int, violations: int, tail: float) -> float:
    """Return the likelihood ratio of as many violations as there were against as many as expected."""
    if not count:
        return 0.0
    seen = violations / count
    return max(0.0, 2 * (_likelihood(count - violations, violations, seen) - _likelihood(count - violations, violations, tail)))


def independence(broken: list[bool]) -> float | None:
    """Return the likelihood ratio of violations that depend on the day before; None where there are none to compare."""
    pairs = [[0, 0], [0, 0]]
    for before, after in pairwise(broken):
        pairs[before][after] += 1
    (calm, first), (last, again) = pairs
    if not first + again or not last + again:
        return None
    every = (first + again) / (calm + first + last + again)
    after_calm, after_violation = first / (calm + first) if calm + first else 0.0, again / (last + again)
    apart = _likelihood(calm, first, after_calm) + _likelihood(last, again, after_violation)
    return max(0.0, 2 * (apart - _likelihood(calm + last, first + again, every)))


def by_year(forecasts: Forecasts) -> dict[int, tuple[int, int]]:
    """Return for each year the outcomes that were tested and the violations among them."""
    years: dict[int, tuple[int, int]] = {}
    part = forecasts.tested
    for day, broken in zip(forecasts.days[part], forecasts.violations[part], strict=True):
        count, violations = years.get(year := from_day(int(day)).year, (0, 0))
        years[year] = (count + 1, violations + int(broken))
    return years


def violation_days(forecasts: Forecasts) -> list[int]:
    """Return the days of violations."""
    return [int(day) for day in forecasts.days[np.flatnonzero(forecasts.violations)]]


def _likelihood(kept: int, broken: int, share: float) -> float:
    """Return the logarithm of how likely so many are; what did not happen weighs nothing."""
    return (kept * log(1 - share) if kept else 0.0) + (broken * log(share) if broken else 0.0)


def _chi_one(ratio: float) -> float:
    """Return how often a chi-square number of one degree of freedom is larger."""
    return erfc(sqrt(ratio / 2))
