"""Spans of legal days: the editions in force in them, and the months that begin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from skarb.core.time import from_day, to_day
from skarb.rulebook import Edition, Rulebook


def editions_between(rulebook: Rulebook, first: int, last: int) -> list[Edition]:
    """Return the editions in force from one day to another."""
    days = [first, *(day for day in rulebook.boundaries if first < day <= last)] if first <= last else []
    return [rulebook.edition(day) for day in days]


def months_between(first: int, last: int) -> Iterator[int]:
    """Yield the first days of the months that begin between two days, the one that the first day lies in among them."""
    day = from_day(first).replace(day=1)
    while to_day(day) <= last:
        yield to_day(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
