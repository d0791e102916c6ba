"""Instants as other people write them.

Without a format an instant is ISO 8601 with its zone. A format is made of %Y %m %d %H %M %S %f and other characters, each
part at its full width, or one of the words `iso` (a zone is added where none is written), `unix` and `unix_ms`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from skarb.core.errors import ConfigurationError, FieldError
from skarb.core.time import zone as find_zone

_PARTS = {"Y": r"([0-9]{4})", "m": r"([0-9]{2})", "d": r"([0-9]{2})", "H": r"([0-9]{2})", "M": r"([0-9]{2})", "S": r"([0-9]{2})"}
_ORDER = "YmdHMSf"
_NEEDED = "an instant that exists"
_UNIX = re.compile(r"[0-9]{1,14}", re.ASCII)
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def check_format(form: str, zone: str) -> None:
    """Refuse a format that cannot be read.

    Raises: ConfigurationError
    """
    if form in ("iso", "unix", "unix_ms"):
        return
    parts = "".join(re.findall("%([YmdHMSf])", form))
    whole = sorted(parts) == sorted(_ORDER[: len(parts)]) and len(parts) >= 3  # down to a unit, without a gap
    if not whole or "%" in re.sub("%[YmdHMSf]", "", form):
        raise ConfigurationError(f"%Y %m %d and, as far as needed, %H %M %S %f, each once, or iso, unix, unix_ms; not {form!r}")
    if not zone:
        raise ConfigurationError("a format together with the zone in which it is meant (zone: UTC)")


def read_instant(text: str, form: str, zone: str) -> datetime:
    """Read one instant.

    Raises: FieldError if it is not of that form or does not exist.
    """
    return reader(form, zone)(text)


@cache
def reader(form: str, zone: str) -> Callable[[str], datetime]:
    """Return the function that reads instants of a format in a zone."""
    if form in ("unix", "unix_ms"):
        return lambda text: _read_unix(text, 1000 if form == "unix" else 1)
    if form in ("", "iso"):
        return lambda text: _read_iso(text, zone)
    order = re.findall("%(.)", form)
    pattern = re.compile("".join(_pattern(part) for part in re.findall("%.|[^%]+", form)), re.ASCII)
    places = [order.index(part) + 1 if part in order else 0 for part in _ORDER]
    sample = re.sub("%(.)", lambda found: {"Y": "2026", "f": "000000"}.get(found[1], "09"), form)

    def read(text: str) -> datetime:
        found = pattern.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            year, month, day, hour, minute, second = (int(found[place]) if place else 0 for place in places[:6])
            micros = int(found[places[6]].ljust(6, "0")) if places[6] else 0
            return _placed(datetime(year, month, day, hour, minute, second, micros, UTC), zone)
        except ValueError:
            raise FieldError("at", text, f"{_NEEDED}, written {form} such as {sample}") from None

    return read


def _pattern(part: str) -> str:
    if not part.startswith("%"):
        return re.escape(part)
    return "([0-9]{1,6})" if part[1] == "f" else _PARTS[part[1]]


def _placed(local: datetime, zone: str) -> datetime:
    """Put what a clock showed into its zone; a time that the clocks skipped does not exist."""
    if zone in ("", "UTC"):
        return local.replace(tzinfo=UTC)
    placed = local.replace(tzinfo=find_zone(zone))
    instant = placed.astimezone(UTC)
    if instant.astimezone(placed.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError
    return instant


def _read_iso(text: str, zone: str) -> datetime:
    try:
        if not _ISO.fullmatch(text):
            raise ValueError
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
        if zone:
            return _placed(found, zone)
    except ValueError:
        pass
    expected = (
        f"{_NEEDED}, such as 2026-01-31T09:30:00" if zone else f"{_NEEDED}, with its zone, such as 2026-01-31T09:30:00+03:00"
    )
    raise FieldError("at", text, expected)


def _read_unix(text: str, scale: int) -> datetime:
    unit = "seconds" if scale == 1000 else "milliseconds"
    try:
        if not _UNIX.fullmatch(text):
            raise ValueError
        return _EPOCH + timedelta(milliseconds=int(text) * scale)
    except (ValueError, OverflowError):
        raise FieldError("at", text, f"{unit} since 1970-01-01, a whole number") from None
