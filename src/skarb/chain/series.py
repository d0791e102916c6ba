"""Values by day, each with its source and how good it is. A day without a value is missing; nothing is carried on in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from skarb.chain.quality import Quality, worst
from skarb.core.errors import InputError, Problem
from skarb.core.time import from_day

STALE_DAYS = 3  # a price that is the same to the last digit on so many days was not looked at
_ORDER: tuple[Quality, ...] = ("exact", "published", "interpolated", "assumed")
_CONFLICT = Fraction(5, 100)  # two sources that count a day differently are not further apart


@dataclass(frozen=True, slots=True)
class Point:
    """The value of a day."""

    value: Fraction
    quality: Quality
    source: str


@dataclass(frozen=True)
class Series:
    """Values by day (days since 1970-01-01), and what was wrong with what they came from."""

    what: str  # with its unit, such as "price, USD per BTC"
    points: Mapping[int, Point] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def latest(self, day: int, max_age_days: int = 3) -> tuple[int, Point]:
        """Return the value of a day or the last one before it, which must not be old.

        Raises: InputError if there is none, or only a stale one.
        """
        known = max((one for one in self.points if one <= day), default=None)
        if known is None:
            raise InputError(f"{self.what}: nothing is known on {from_day(day)} or before")
        if day - known > max_age_days:
            raise InputError(
                f"{self.what}: stale on {from_day(day)}: the last value is of {from_day(known)}, {day - known} days old, "
                f"expected at most {max_age_days}; load a newer file, or ask about a day up to {from_day(known + max_age_days)}"
            )
        return known, self.points[known]


def merge(what: str, several: Iterable[Series]) -> Series:
    """Return one series of several: of each day the best value, the first of equally good ones. Sources that disagree are told."""
    points: dict[int, Point] = {}
    problems: list[Problem] = []
    for series in several:
        problems += series.problems
        for day, point in series.points.items():
            known = points.get(day)
            if known is None:
                points[day] = point
                continue
            good = ("exact", "published")
            if known.quality in good and point.quality in good and abs(point.value - known.value) > known.value * _CONFLICT:
                problems.append(
                    Problem(
                        f"{what}, {from_day(day)}", point.source, f"{float(point.value):.8g}",
                        f"about {float(known.value):.8g}, as {known.source} has it", "the better source is used",
                    )
                )  # fmt: skip
            if _ORDER.index(point.quality) < _ORDER.index(known.quality):
                points[day] = point
    told = {(problem.field, problem.given): problem for problem in reversed(problems)}  # the same run in two files is told once
    return Series(what, dict(sorted(points.items())), tuple(reversed(told.values())))


def without_stale(series: Series, days: int = STALE_DAYS) -> Series:
    """Return a series without values that stand still: from a run of equal ones only the first is kept, and the run is told."""
    kept, problems = dict(series.points), list(series.problems)
    run: list[int] = []
    ordered = sorted(series.points)
    for day in [*ordered, None]:
        if run and day == run[-1] + 1 and series.points[day].value == series.points[run[0]].value:
            run.append(day)
            continue
        if len(run) >= days:
            for one in run[1:]:
                del kept[one]
            first = series.points[run[0]]
            problems.append(
                Problem(
                    f"{series.what}, {first.source}", f"{from_day(run[0])} to {from_day(run[-1])}", f"{float(first.value):.12g} on {len(run)} days",
                    "a price that moves", "all but the first of these days are left out as stale",
                )
            )  # fmt: skip
        run = [day] if day is not None else []
    return replace(series, points=kept, problems=tuple(problems))


def filled(series: Series, most_days: int) -> Series:
    """Return a series with straight lines over its gaps of at most so many days, flagged as interpolated, or assumed if either end is."""
    points = dict(series.points)
    for before, after in pairwise(sorted(series.points)):
        if not 1 < after - before <= most_days + 1:
            continue
        one, other = series.points[before], series.points[after]
        for day in range(before + 1, after):
            value = one.value + (other.value - one.value) * (day - before) / (after - before)
            points[day] = Point(
                value, worst([one.quality, other.quality, "interpolated"]), f"between {from_day(before)} and {from_day(after)}"
            )
    return replace(series, points=dict(sorted(points.items())))


def assumed(series: Series, first: int, last: int, value: Fraction, source: str) -> Series:
    """Return a series in which the days without a value have a supposed one, flagged."""
    point = Point(value, "assumed", source)
    points = dict.fromkeys(range(first, last + 1), point) | dict(series.points)
    return replace(series, points=dict(sorted(points.items())))


def gaps(series: Series) -> list[tuple[int, int]]:
    """Return the first and last days of the stretches without a value between values."""
    return [(before + 1, after - 1) for before, after in pairwise(sorted(series.points)) if after - before > 1]
