"""Two times matter: the instant, and the legal day it falls on in the zone that the law names.

A legal day is a whole number: days since 1970-01-01. It is fixed once, when an instruction is read, so no
engine has to know about zones afterwards. Clocks are passed in; nothing here looks at one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from skarb.core.errors import ConfigurationError, InputError, shorten

Clock = Callable[[], datetime]  # returns an aware instant
EPOCH = date(1970, 1, 1)
_QUARTER = 900  # seconds; every zone offset in use is a multiple of it


def to_day(value: date) -> int:
    """Return a calendar date as days since 1970-01-01."""
    return (value - EPOCH).days


def from_day(day: int) -> date:
    """Return days since 1970-01-01 as a calendar date."""
    return EPOCH + timedelta(days=day)


def parse_day(text: str) -> int:
    """Read YYYY-MM-DD; dates that do not exist are refused.

    Raises: InputError
    """
    try:
        if len(text) != 10:
            raise ValueError
        return to_day(date.fromisoformat(text))
    except ValueError:
        raise InputError(f"date {shorten(text)!r} is not a calendar date written YYYY-MM-DD") from None


def zone(name: str) -> ZoneInfo:
    """Return a named time zone.

    Raises: ConfigurationError if the zone is unknown on this machine.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(f"time zone {name!r} is unknown; use an IANA name such as Europe/Minsk") from None


@lru_cache(maxsize=1 << 16)
def _day_of_quarter(quarter: int, zone_name: str) -> int:
    return to_day(datetime.fromtimestamp(quarter * _QUARTER, UTC).astimezone(zone(zone_name)).date())


def legal_day(instant: datetime, zone_name: str) -> int:
    """Return the legal day on which an aware instant falls in a zone.

    Units: days since 1970-01-01.
    """
    return _day_of_quarter(int(instant.timestamp() // _QUARTER), zone_name)
