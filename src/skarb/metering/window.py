"""A stretch of whole days in a zone, cut into the intervals of a meter, clock changes and all.

An interval is named by its number from the first midnight, so a day of 23 or 25 hours has fewer or more of them and none is lost or counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import InputError
from skarb.core.time import zone as named_zone

Longs = NDArray[np.int64]
_QUARTER = 900
_MOST_DAYS = 400


@dataclass(frozen=True)
class Window:
    """The days from `first` to `last`, both included, as a zone counts them. Units: minutes of one interval."""

    zone: str
    first: date
    last: date
    minutes: int

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < _MOST_DAYS:
            raise InputError(
                f"period {self.first} to {self.last}: expected its first day before its last, and at most {_MOST_DAYS} days"
            )

    @cached_property
    def start_s(self) -> int:
        """The first midnight, in seconds since 1970 in universal time."""
        return self._midnight(self.first)

    @cached_property
    def end_s(self) -> int:
        """The midnight after the last day."""
        return self._midnight(self.last + timedelta(days=1))

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=named_zone(self.zone)).timestamp())

    @property
    def step_s(self) -> int:
        """Seconds of one interval."""
        return 60 * self.minutes

    def __len__(self) -> int:
        """How many intervals there are."""
        return max(0, -((self.start_s - self.end_s) // self.step_s))

    def at(self, slot: int) -> datetime:
        """Return when an interval begins, in the zone."""
        return datetime.fromtimestamp(self.start_s + slot * self.step_s, UTC).astimezone(named_zone(self.zone))

    @cached_property
    def _clock(self) -> Longs:
        """Day since 1970, minute of the day, month of every interval."""
        epoch = date(1970, 1, 1)
        rows = [
            (at.date().toordinal() - epoch.toordinal(), at.hour * 60 + at.minute, at.month)
            for at in map(self.at, range(len(self)))
        ]
        return np.array(rows, np.int64).T

    @property
    def day(self) -> Longs:
        """Days since 1970-01-01 of every interval, by the zone's calendar."""
        days: Longs = self._clock[0]
        return days

    @property
    def minute(self) -> Longs:
        """Minutes after midnight by the clock of the zone."""
        minutes: Longs = self._clock[1]
        return minutes

    @property
    def month(self) -> Longs:
        """1 to 12."""
        months: Longs = self._clock[2]
        return months

    @cached_property
    def weekday(self) -> Longs:
        """0 for Monday to 6 for Sunday."""
        return (self.day + 3) % 7

    @cached_property
    def days(self) -> tuple[date, ...]:
        """All days."""
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    @cached_property
    def offsets(self) -> tuple[tuple[int, int, int], ...]:
        """Stretches of one difference to universal time around the window: first and last second, and the difference, in seconds."""
        place = named_zone(self.zone)
        found: list[list[int]] = []
        for second in range(self.start_s - 2 * 86_400, self.end_s + 2 * 86_400, _QUARTER):
            shift = datetime.fromtimestamp(second, UTC).astimezone(place).utcoffset()
            offset = int((shift or timedelta()).total_seconds())
            if not found or found[-1][2] != offset:
                if found:
                    found[-1][1] = second
                found.append([second, 0, offset])
        found[0][0], found[-1][1] = -(1 << 62), 1 << 62
        return tuple((start, stop, offset) for start, stop, offset in found)

    def from_clock(self, local_s: Longs) -> tuple[Longs, Longs]:
        """Return instants of clock times, first the earlier one where a time comes twice, and how many seconds later it comes again.

        Shape: seconds since 1970; the second array is 0 where a time comes once and -1 where it does not exist.
        """
        instants = np.zeros_like(local_s)
        again = np.full_like(local_s, -1)
        for start, stop, offset in self.offsets:
            universal = local_s - offset
            here = (universal >= start) & (universal < stop)
            new = here & (again < 0)
            twice = here & (again == 0)
            again[twice] = universal[twice] - instants[twice]
            instants[new], again[new] = universal[new], 0
        return instants, again


def month_of(text: str) -> tuple[date, date]:
    """Read a month such as 2026-04 as its first and last day.

    Raises: InputError
    """
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
        if len(text) != 7 or not 1990 <= first.year < 2170:
            raise ValueError
    except ValueError:
        raise InputError(f"month {text[:40]!r}: expected one such as 2026-04") from None
    return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
