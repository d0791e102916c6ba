"""Months whose coins are decided about: on which day, at which price that is known then, and at which they are sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from skarb.core.errors import InputError
from skarb.core.time import from_day, to_day
from skarb.reserve.amounts import Whole, part_of, worth_of
from skarb.reserve.series import PriceDays

_MOST_SAT = 10**12  # that come in in a month; with the limits below all products stay in 64 bits
_MOST_CENTS = 10**13
_MOST_PRICE_CENTS = 10**10


@dataclass(frozen=True)
class Months:
    """Months one after the other, and what is known and done in each.

    Units: satoshi, cents, cents for a coin; days since 1970-01-01.
    Shape: one value a month; `decided` is the day on which its coins are decided about, `known` the price before that, `sold_at` the price on it.
    """

    decided: Whole
    known: Whole
    sold_at: Whole
    inflow_sat: Whole
    electricity: Whole
    owed: Whole

    def __len__(self) -> int:
        return len(self.decided)


def months_between(prices: PriceDays, first: date, last: date) -> list[date]:
    """Return the months whose coins can be decided about: the first of the next month, and the day before it, have a price."""
    days = {int(day) for day in prices.days}
    found, month = [], first.replace(day=1)
    while month <= min(last, from_day(prices.last)):
        decided = to_day(next_month(month))
        if decided in days and decided - 1 in days:
            found.append(month)
        month = next_month(month)
    return found


def next_month(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_of(
    prices: PriceDays,
    months: Sequence[date],
    inflow_sat: Sequence[int],
    electricity: Sequence[int] | int,
    owed: Sequence[int] | int,
) -> Months:
    """Return months ready to be tried. Bills are cents of each month, or a whole number of millionths of what its coins were worth when they came.

    Raises: InputError for months that do not follow each other, or numbers that are too large.
    """
    if not months:
        raise InputError("months: given none, expected at least one")
    for before, after in pairwise(months):
        if next_month(before) != after:
            raise InputError(
                f"months: given {after:%Y-%m} after {before:%Y-%m}, expected {next_month(before):%Y-%m}; prices or inflow are missing"
            )
    decided = np.array([to_day(next_month(month)) for month in months], np.int64)
    at = np.searchsorted(prices.days, decided)
    cents = closes_cents(prices)
    known, sold_at = cents[at - 1], cents[at]
    if not 0 <= min(inflow_sat) <= max(inflow_sat) <= _MOST_SAT:
        raise InputError(f"inflow: given {min(inflow_sat)} to {max(inflow_sat)} satoshi a month, expected 0 to {_MOST_SAT}")
    inflow = np.array(inflow_sat, np.int64)
    worth = worth_of(inflow, known)
    if any(not 0 <= bill <= _MOST_CENTS for one in (electricity, owed) if not isinstance(one, int) for bill in one):
        raise InputError(f"bills: expected 0 to {_MOST_CENTS} cents a month")
    bills = [part_of(worth, one) if isinstance(one, int) else np.array(one, np.int64) for one in (electricity, owed)]
    return Months(decided, known, sold_at, inflow, *bills)


def closes_cents(prices: PriceDays) -> Whole:
    """Return closing prices in whole cents for a coin, cut.

    Raises: InputError for a price below a cent, or beyond what 64 bits multiply.
    """
    cents = np.array([prices.exact[int(day)] * 100 // 1 for day in prices.days], np.int64)
    if not 1 <= int(cents.min()) <= int(cents.max()) <= _MOST_PRICE_CENTS:
        raise InputError(
            f"{prices.what}: given {cents.min()} to {cents.max()} cents for a coin, expected 1 to {_MOST_PRICE_CENTS}; begin later"
        )
    return cents
