"""Rates of exchange as exact fractions: as published, and as looked up.

A rate set on a day holds until the next one, so weekends and holidays are carried over, but not longer than a stated
number of days: then somebody stopped publishing, and nobody may guess. A pair without a rate of its own is computed through
one other currency, or two, in whole numbers and without rounding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise, permutations
from math import gcd

import msgspec

from skarb.core.errors import InputError, Unavailable, shorten
from skarb.core.time import from_day, to_day

_VALUE = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?(?:/([1-9][0-9]{0,11}))?", re.ASCII)

Pair = tuple[str, str]  # base, quote: the rate says how many units of the quote one unit of the base is worth


class RateSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rates of one pair from one publisher, as texts: "3.4427", or "3.2978/100" where the quotation is for 100 units."""

    source: str
    base: str
    quote: str
    points: tuple[tuple[date, str], ...]  # in the order of their days


class Rate(msgspec.Struct, frozen=True):
    """What one unit of the base is worth in the quote on a day: numerator / denominator, not rounded."""

    base: str
    quote: str
    numerator: int
    denominator: int
    source: str
    day: int  # from which it holds; of the oldest leg when computed through others


def parse_value(text: str) -> tuple[int, int]:
    """Return a published value as numerator and denominator in lowest terms, exactly.

    Raises: InputError for anything but a plain decimal number above zero.
    """
    match = _VALUE.fullmatch(text)
    if match is None or not (match[1] + (match[2] or "")).strip("0"):
        raise InputError(f"rate {shorten(text)!r} is not a plain decimal number above zero such as 3.2978")
    fraction = match[2] or ""
    above, below = int(match[1] + fraction), 10 ** len(fraction) * int(match[3] or 1)
    common = gcd(above, below)
    return above // common, below // common


class _Line:
    """One pair of one source, ready for looking up."""

    __slots__ = ("days", "values")

    def __init__(self, points: Mapping[int, str]) -> None:
        self.days = sorted(points)
        self.values = [points[day] for day in self.days]

    def at(self, day: int) -> tuple[int, str] | None:
        place = bisect_right(self.days, day)
        return (self.days[place - 1], self.values[place - 1]) if place else None


class RateBook:
    """All series of one moment; finds the rate of a pair on a day."""

    def __init__(self, max_age_days: int, sources: tuple[str, ...] = (), pivots: tuple[str, ...] = ()) -> None:
        """`sources` names publishers in the order of preference, `pivots` the currencies to compute through."""
        self.max_age_days = max_age_days
        self._sources = sources
        self._pivots = pivots
        self._points: dict[tuple[str, str, str], dict[int, str]] = {}
        self._lines: dict[tuple[str, str, str], _Line] = {}
        self._by_pair: dict[Pair, list[tuple[str, str, str]]] = {}

    def add(self, series: RateSeries) -> None:
        """Take over the points of a series; a day given again takes the newer value."""
        key = (series.source, series.base, series.quote)
        if key not in self._points:
            self._points[key] = {}
            keys = self._by_pair.setdefault((series.base, series.quote), [])
            keys.append(key)
            keys.sort(key=lambda known: (self._preference(known[0]), known[0]))
        self._points[key].update((to_day(day), value) for day, value in series.points)
        self._lines.pop(key, None)

    def points(self, source: str, base: str, quote: str) -> Mapping[int, str]:
        """Return what is known of one pair from one source: legal day → value as published."""
        return self._points.get((source, base, quote), {})

    def series(self) -> Iterable[tuple[str, str, str]]:
        """Return the source, base and quote of every series."""
        return self._points.keys()

    def find(self, base: str, quote: str, day: int) -> Rate | None:
        """Return the rate of a day, of its own, inverse, or through other currencies; None if nobody published one.

        Raises: Unavailable if there is one, but older than `max_age_days`.
        """
        if base == quote:
            return Rate(base, quote, 1, 1, "", day)
        too_old: Rate | None = None
        for path in self._paths(base, quote):
            legs = [self._leg(one, other, day) for one, other in pairwise(path)]
            found = [leg for leg in legs if leg is not None]
            if len(found) < len(legs):
                continue
            rate = _chain(found)
            if day - rate.day <= self.max_age_days:
                return rate
            too_old = too_old or rate
        if too_old is not None:
            raise Unavailable(
                f"the last rate of {base} in {quote} before {from_day(day)} is of {from_day(too_old.day)} ({too_old.source}), "
                f"{day - too_old.day} days old; at most {self.max_age_days} are accepted; load newer rates"
            )
        return None

    def _paths(self, base: str, quote: str) -> Iterable[tuple[str, ...]]:
        yield base, quote
        pivots = [pivot for pivot in self._pivots if pivot not in (base, quote)]
        for pivot in pivots:
            yield base, pivot, quote
        for first, second in permutations(pivots, 2):
            yield base, first, second, quote

    def _leg(self, base: str, quote: str, day: int) -> Rate | None:
        """Return the preferred published rate: fresh before old, then direct before inverse, then by source."""
        best: Rate | None = None
        for key, inverse in [(key, False) for key in self._by_pair.get((base, quote), ())] + [
            (key, True) for key in self._by_pair.get((quote, base), ())
        ]:
            point = self._line(key).at(day)
            if point is None:
                continue
            above, below = parse_value(point[1])
            rate = Rate(base, quote, *((below, above) if inverse else (above, below)), key[0], point[0])
            if day - rate.day <= self.max_age_days:
                return rate
            best = best if best is not None and best.day >= rate.day else rate
        return best

    def _line(self, key: tuple[str, str, str]) -> _Line:
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(self._points[key])
        return line

    def _preference(self, source: str) -> int:
        return self._sources.index(source) if source in self._sources else len(self._sources)


def _chain(legs: list[Rate]) -> Rate:
    numerator = denominator = 1
    for leg in legs:
        numerator, denominator = numerator * leg.numerator, denominator * leg.denominator
    sources = "+".join(dict.fromkeys(leg.source for leg in legs))
    return Rate(legs[0].base, legs[-1].quote, numerator, denominator, sources, min(leg.day for leg in legs))
