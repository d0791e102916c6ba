"""Return curves: which share of what went abroad has come back after so many days, by Kaplan and Meier, with bands by Greenwood.

Money that went out lately had little time to come back. It is counted for as long as it was watched and leaves the reckoning, neither back nor
lost, when the data end: it is censored. At each age t the chance to come back is what came back at that age out of all that was still out and
still watched; the share still out is the product of what these chances leave. Money that is written down abroad cannot come back; it is watched
until the data end.

Weighted by money each unit counts. Units of one lot move together, so they are no witnesses of each other: the bands take as many witnesses as the
lots under watch are worth, the square of their sum over the sum of their squares (Kish). Weighted by count each lot counts once, and has come back
when its last unit has; then the bands are Greenwood's own.

Statistics for the eye: the sums are whole numbers, the shares and bands are floats.
Source: Kaplan, Meier 1958; Greenwood 1926; Kish 1965.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from skarb.oversight.flows.follow import RETURN, Followed

HORIZONS = (("1", 30), ("3", 91), ("6", 182), ("12", 365))
"""Months, and the days they are taken for."""
_Z = 1.959964  # of a band that holds the truth 19 times out of 20


@dataclass(frozen=True)
class Step:
    """The share still out from an age on, and its band."""

    age: int
    share: float
    low: float
    high: float
    watched: int  # just before: money in minor units, or lots
    back: int  # at this age


@dataclass(frozen=True)
class Curve:
    """The share still out by age in days; a step where something came back. `until`: the last age that is watched."""

    steps: tuple[Step, ...]
    until: int
    total: int

    def at(self, age: int) -> Step | None:
        """Return what holds at an age, or None where nobody was watched for so long."""
        if age > self.until or not self.total:
            return None
        found = Step(0, 1.0, 1.0, 1.0, self.total, 0)
        for step in self.steps:
            if step.age > age:
                break
            found = step
        return found


@dataclass(frozen=True)
class Cohort:
    """What went out in one month, and which share of it was back after each horizon, None where it was not watched for so long."""

    month: str
    lots: int
    invested: int
    returned: int
    back: tuple[float | None, ...]


def kaplan_meier(ages: Sequence[int], back: Sequence[bool], watched: Sequence[int] | None = None) -> Curve:
    """Return the curve of things that each come back at an age, or were watched up to it.

    `watched` says how long each could be watched, where that is longer: what is back stays back.
    """
    weights, until = np.ones(len(ages), np.int64), np.asarray(ages if watched is None else watched, np.int64)
    return _curve(weights, until, *_events(np.flatnonzero(back), np.asarray(ages, np.int64)[list(back)], 1))


def _events(lots: npt.NDArray[np.int64], ages: npt.NDArray[np.int64], amount: int) -> tuple[npt.NDArray[np.int64], ...]:
    return lots, ages, np.full(len(lots), amount, np.int64)


def by_money(found: Followed, last: int, lots: npt.NDArray[np.bool_] | None = None) -> Curve:
    """Return the curve in which each unit of the legal currency counts; `last` is the last day of the data."""
    days = found.rows.days.astype(np.int64)
    start = days[found.starts]
    kept = np.ones(len(start), bool) if lots is None else lots
    home = _home(found)
    chosen = kept[found.pieces.lots] & home
    ages = days[found.pieces.rows] - start[found.pieces.lots]
    weights = np.where(kept, found.worth, 0)
    return _curve(weights, last - start, found.pieces.lots[chosen].astype(np.int64), ages[chosen], found.worths[chosen])


def by_count(found: Followed, last: int, lots: npt.NDArray[np.bool_] | None = None) -> Curve:
    """Return the curve in which each lot counts once, and is back when its last unit is."""
    days = found.rows.days.astype(np.int64)
    start = days[found.starts]
    whole = found.left == 0
    latest = start.copy()
    np.maximum.at(latest, found.pieces.lots, days[found.pieces.rows])
    spent = np.zeros(len(start), bool)
    spent[found.pieces.lots[~_home(found)]] = True
    back = whole.astype(bool) & ~spent
    ages = np.where(back, latest, last) - start
    kept = np.ones(len(start), bool) if lots is None else lots
    return kaplan_meier(ages[kept].tolist(), back[kept].tolist(), (last - start)[kept].tolist())


def _home(found: Followed) -> npt.NDArray[np.bool_]:
    """Tell which pieces came home; others are written down abroad."""
    return np.asarray(found.rows.kinds[found.pieces.rows] == RETURN)


def _curve(
    weights: npt.NDArray[np.int64],
    watched: npt.NDArray[np.int64],
    lots: npt.NDArray[np.int64],
    ages: npt.NDArray[np.int64],
    amounts: npt.NDArray[np.int64],
) -> Curve:
    """Return the curve of weights that are watched up to an age each; `amounts` of them come back at `ages`.

    What comes back and what is censored at one age: the former first, as usual.
    """
    total = int(weights.sum())
    until = int(watched[weights > 0].max(initial=0))
    rest = weights.astype(np.float64)
    at_risk, squares = total, float((rest * rest).sum())
    left = weights.copy()
    np.subtract.at(left, lots, amounts)
    share, variance, steps = 1.0, 0.0, []
    order = np.argsort(ages, kind="stable")
    lots, ages, amounts = lots[order], ages[order], amounts[order]
    leaving = np.argsort(watched, kind="stable")
    bounds, ends = np.searchsorted(ages, np.arange(until + 2)), np.searchsorted(watched[leaving], np.arange(until + 2))
    for age in range(until + 1):
        chosen = slice(bounds[age], bounds[age + 1])
        back = int(amounts[chosen].sum())
        if back and at_risk > 0:
            witnesses = at_risk * at_risk / squares if squares > 0 else float("inf")
            chance = back / at_risk
            share *= 1 - chance
            variance = variance + chance / ((1 - chance) * witnesses) if back < at_risk else float("inf")
            spread = _Z * share * sqrt(variance) if share > 0 else 0.0
            steps.append(Step(age, share, max(0.0, share - spread), min(1.0, share + spread), at_risk, back))
            touched = np.unique(lots[chosen])
            squares -= float((rest[touched] ** 2).sum())
            np.subtract.at(rest, lots[chosen], amounts[chosen])
            squares += float((rest[touched] ** 2).sum())
            at_risk -= back
        gone = leaving[ends[age] : ends[age + 1]]
        at_risk -= int(left[gone].sum())
        squares = max(0.0, squares - float((left[gone].astype(np.float64) ** 2).sum()))
    return Curve(tuple(steps), until, total)


def cohorts(found: Followed, last: int, months: Sequence[str], month_of: npt.NDArray[np.int32]) -> tuple[Cohort, ...]:
    """Return what became of each month's money; `month_of` numbers the month of each lot."""
    days = found.rows.days.astype(np.int64)
    start = days[found.starts]
    home = _home(found)
    lots, worths = found.pieces.lots[home], found.worths[home]
    ages = (days[found.pieces.rows] - start[found.pieces.lots])[home]
    result = []
    for number, month in enumerate(months):
        of = month_of == number
        invested = int(found.worth[of].sum())
        mine = of[lots]
        youngest = int(last - start[of].max()) if of.any() else -1
        shares = tuple(
            int(worths[mine & (ages <= horizon)].sum()) / invested if invested and youngest >= horizon else None
            for _, horizon in HORIZONS
        )
        result.append(Cohort(month, int(of.sum()), invested, int(worths[mine].sum()), shares))
    return tuple(result)
