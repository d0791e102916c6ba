"""Is a feed of rates alive? A price that stands still for weeks, or a hole in the days, says it is not.

A floating rate may repeat over a weekend, a holiday or by chance, but not for long. The rule uses no statistics: a value
that stays the same over more business days (Monday to Friday) than allowed is a frozen feed, and so is a shorter
standstill at the end, because those are the rates that somebody is about to use. Currencies that a central bank holds to
another one are declared with their dates in `pegs.csv`; only the days outside a peg count.

The limits are measured. Over 41 currencies and 25 years of euro reference rates, and the official rates of two years in
Belarusian rubles, no floating currency repeats over more than 6 business days; the longest holiday that carries a
rate over (the Russian new year) takes 8. Two calendar weeks without any rate exceed every holiday.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise

import msgspec

from skarb.core.errors import Problem
from skarb.registers.rates import RateSeries, parse_value


class Peg(msgspec.Struct, frozen=True):
    """A currency held to another one, from a day to a day."""

    currency: str
    to: str
    valid_from: date
    valid_to: date | None = None

    def covers(self, base: str, quote: str) -> bool:
        """Tell whether the peg speaks about a pair, in either direction."""
        return {self.currency, self.to} == {base, quote}


@cache
def known_pegs() -> tuple[Peg, ...]:
    """Return the pegs declared in `pegs.csv`. Source: announcements of the central banks concerned."""
    text = files("skarb.registers").joinpath("pegs.csv").read_text(encoding="utf-8")
    return tuple(
        Peg(
            row["currency"],
            row["to"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    )


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """What is still believed of a feed."""

    unchanged_days_max: int = 8  # business days from the first to the last day of one value
    unchanged_tail_days_max: int = 6  # the same, when the feed ends with that value
    gap_days_max: int = 14  # calendar days from one publication to the next
    pegs: tuple[Peg, ...] = msgspec.field(default_factory=known_pegs)


def find_staleness(
    series: RateSeries, freshness: Freshness, where: str, *, published: Sequence[date] | None = None, sparse: bool = False
) -> list[Problem]:
    """Return why a series cannot be believed; nothing when it can.

    `published` are all days of the feed when it also says on which days it has no rate (N/A). A `sparse` feed is a handful
    of answers, where holes are no sign of trouble.
    """
    problems = []
    if not sparse:
        problems += _gaps(series, freshness, where, published)
    for run in _runs(series.points, freshness.gap_days_max):
        problems += _frozen(series, run, freshness, where)
    return problems


def _frozen(series: RateSeries, run: Sequence[tuple[date, str]], freshness: Freshness, where: str) -> list[Problem]:
    first, last = run[0][0], run[-1][0]
    at_end = last == series.points[-1][0]
    allowed = freshness.unchanged_tail_days_max if at_end else freshness.unchanged_days_max
    if (last - first).days < allowed:
        return []
    days = business_days(first, last)
    for peg in freshness.pegs:
        if peg.covers(series.base, series.quote):
            begin, end = max(first, peg.valid_from), min(last, peg.valid_to or last)
            days -= business_days(begin, end)
    if days <= allowed:
        return []
    name = f"{series.base}/{series.quote}"
    place = " at the end of a feed" if at_end else ""
    return [
        Problem(
            where=where,
            field=name,
            given=f"{run[0][1]} unchanged from {first} to {last}",
            expected=f"a value that moves: it may stand still for {allowed} business days{place}, these are {days}",
            todo=f"the feed froze: fetch {name} again from {first} on; if the currency is held to the other one, declare the peg",
        )
    ]


def _gaps(series: RateSeries, freshness: Freshness, where: str, published: Sequence[date] | None) -> list[Problem]:
    days = published if published is not None else [day for day, _ in series.points]
    values = dict(series.points)
    return [
        Problem(
            where=where,
            field=f"{series.base}/{series.quote}",
            given=f"nothing between {before} ({values.get(before, 'N/A')}) and {after} ({values.get(after, 'N/A')})",
            expected=f"a publication at least every {freshness.gap_days_max} days, these are {(after - before).days}",
            todo="fetch the missing days",
        )
        for before, after in pairwise(days)
        if (after - before).days > freshness.gap_days_max
    ]


def _runs(points: Sequence[tuple[date, str]], gap: int) -> Iterable[Sequence[tuple[date, str]]]:
    """Split a series where the value changes or where a hole interrupts it."""
    start = 0
    for place in range(1, len(points) + 1):
        if place < len(points):
            (before, old), (day, new) = points[place - 1], points[place]
            if (day - before).days <= gap and (old == new or parse_value(old) == parse_value(new)):
                continue
        if place - start > 1:
            yield points[start:place]
        start = place


def business_days(first: date, last: date) -> int:
    """Return how many days from Monday to Friday lie between two days, both included; 0 when they are reversed."""
    if last < first:
        return 0
    weeks, rest = divmod((last - first).days + 1, 7)
    return weeks * 5 + sum((first.weekday() + extra) % 7 < 5 for extra in range(rest))
