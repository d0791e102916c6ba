"""Hours of one market: what was paid in each, read exactly from a file.

`date,unix,low,high,open,close,volume,vol_fiat`; `unix` is the second in which an hour begins, volumes are in coins and in USD. The price of an
hour is the mean of what was traded, by volume, or the last price. Rows may stand in any order, since some publishers write the latest first; an
hour twice must be the same twice. An hour without trade has no price: a market on which nobody trades says nothing; nor does one on which several
hours are the same to the last digit, volume and all, because then a feed stands still.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Literal

from skarb.chain.series_files import SATOSHI, number_of, unpacked
from skarb.core.errors import InputError, shorten

By = Literal["mean", "last"]
HOUR_SECONDS = 3600
STALE_HOURS = 3  # hours that are equal in everything, volume too, were not looked at
_NEEDED = ("unix", "low", "high", "close", "volume", "vol_fiat")
_SLACK = Fraction(1, 1000)  # volumes are rounded, so a mean may lie a little outside of the hour's prices


@dataclass(frozen=True, slots=True)
class Hour:
    """What was traded in an hour. Prices in USD for a coin."""

    start: int  # seconds since 1970-01-01
    mean: Fraction
    last: Fraction
    volume_sat: int

    @property
    def end(self) -> int:
        """The second in which the hour is over, and its price known."""
        return self.start + HOUR_SECONDS

    def price(self, by: By) -> Fraction:
        """Return the mean by volume, or the last price."""
        return self.mean if by == "mean" else self.last


@dataclass(frozen=True)
class Market:
    """Hours with trade, rising, of a market that is named."""

    name: str
    hours: tuple[Hour, ...]
    notes: tuple[str, ...] = ()

    def latest(self, second: int) -> Hour | None:
        """Return the last hour that was over at a moment."""
        at = bisect_right(self.hours, second, key=lambda one: one.end)
        return self.hours[at - 1] if at else None

    def daily_volumes_sat(self, second: int, days: int) -> tuple[int, ...]:
        """Return what was traded in each of the last whole days (of twenty-four hours) before a moment, as far as the hours go."""
        sums: dict[int, int] = {}
        for hour in self.hours:
            ago = (second - hour.end) // (24 * HOUR_SECONDS)
            if hour.end <= second and ago < days:
                sums[ago] = sums.get(ago, 0) + hour.volume_sat
        return tuple(sums.values())


def looks_like_hours(header: str) -> bool:
    """Tell whether the first line of a file names the columns of hours."""
    return {*_NEEDED} <= {one.strip() for one in header.split(",")}


def read_hours(data: bytes, name: str, market: str | None = None) -> Market:
    """Read a file of hours; `market` is what its market is called, by default as the file.

    Raises: InputError naming the first line that cannot be read, or that contradicts itself or another one.
    """
    try:
        reader = csv.DictReader(io.StringIO(unpacked(data, name).decode("utf-8-sig")), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: given {shorten(str(error))}, expected comma-separated values in UTF-8") from None
    if not {*_NEEDED} <= {*(reader.fieldnames or ())}:
        raise InputError(
            f"{name}: given the columns {shorten(', '.join(reader.fieldnames or ()))}, expected {', '.join(_NEEDED)}"
        )
    hours: dict[int, Hour] = {}
    idle = 0
    for line, row in rows:
        if None in row or None in row.values():
            raise InputError(
                f"{name} line {line}: given more or fewer fields than the header names, expected {len(reader.fieldnames or ())}"
            )
        found = _hour(name, line, row)
        if found is None:
            idle += 1
        elif hours.setdefault(found.start, found) != found:
            raise InputError(f"{name} line {line}: given the hour {row['unix']} again with other values, expected each hour once")
    if not hours:
        raise InputError(f"{name}: given no hour with trade, expected at least one")
    notes = [f"{name}: {idle} hours without trade have no price"] if idle else []
    kept = _moving([hours[start] for start in sorted(hours)])
    if len(kept) < len(hours):
        notes.append(
            f"{name}: {len(hours) - len(kept)} hours that repeat the ones before them to the last digit are left out as stale"
        )
    return Market(market or name, tuple(kept), tuple(notes))


def _moving(hours: Sequence[Hour]) -> list[Hour]:
    """Return the hours without those that stand still: of a run of equal ones only the first is kept."""
    kept: list[Hour] = []
    for _, run in groupby(hours, key=lambda one: (one.mean, one.last, one.volume_sat)):
        same = list(run)
        kept += same if len(same) < STALE_HOURS else same[:1]
    return kept


def _hour(name: str, line: int, row: Mapping[str, str]) -> Hour | None:
    start = row["unix"]
    if not (start.isascii() and start.isdecimal() and len(start) <= 11 and int(start) % HOUR_SECONDS == 0):
        raise InputError(
            f"{name} line {line}, unix: given {shorten(start)!r}, expected the second in which an hour begins, such as 1704067200"
        )
    values = {key: number_of(name, line, key, row[key]) or Fraction(0) for key in _NEEDED[1:]}
    low, high, last, volume, paid = (values[key] for key in _NEEDED[1:])
    if volume == 0:
        return None
    if not 0 < low <= last <= high:
        raise InputError(
            f"{name} line {line}: given low {row['low']}, close {row['close']}, high {row['high']}, expected prices above nought in this order"
        )
    mean = paid / volume
    if not low * (1 - _SLACK) <= mean <= high * (1 + _SLACK):
        raise InputError(
            f"{name} line {line}: given {row['vol_fiat']} USD for {row['volume']} coins, that is {float(mean):,.2f} each, "
            f"expected between {row['low']} and {row['high']}"
        )
    return Hour(int(start), min(max(mean, low), high), last, int(volume * SATOSHI))
