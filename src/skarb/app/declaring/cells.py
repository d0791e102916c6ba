"""Cells: what a text in a declared table may be, and what it means. A reader returns the meaning, or says what was expected."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from skarb.core.amount import LEGAL_VALUE_MAX, parse_amount
from skarb.core.errors import FieldError, shorten
from skarb.core.time import from_day, parse_day
from skarb.core.time import zone as find_zone
from skarb.intake.times import reader
from skarb.journal.feed.columns import AMOUNT_MAX
from skarb.rulebook.model import FIRST_DAY, LAST_DAY
from skarb.rulebook.schema import Field, suggest

Value = bool | int | str
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _AFTER = datetime(1901, 1, 1, tzinfo=UTC), datetime(2169, 1, 1, tzinfo=UTC)  # whose days facts can hold in any zone
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 18  # of a whole number


def words(most: int) -> Callable[[str], str]:
    """Return the reader of names and ids of at most so many characters."""

    def read(text: str) -> str:
        if len(text) > most or not text.isprintable() or text != text.strip():
            raise FieldError("", text, f"at most {most} characters without line breaks, and no blanks around them")
        return text

    return read


def one_of(known: Collection[str]) -> Callable[[str], str]:
    """Return the reader of a closed list."""

    def read(text: str) -> str:
        if text not in known:
            advice = suggest(text, known)
            raise FieldError("", text, f"one of {shorten(', '.join(known), 400)}" + (f" ({advice})" if advice else ""))
        return text

    return read


def instant(zone: str) -> Callable[[str], datetime]:
    """Return the reader of instants; one without a zone is meant in that of the law."""
    plain = reader("iso", zone)

    def read(text: str) -> datetime:
        found = plain(text)
        if not _FIRST <= found < _AFTER:
            raise FieldError("", text, f"an instant from {_FIRST.year} to {_AFTER.year - 1}")
        return found

    return read


def nanoseconds(at: datetime) -> int:
    """Return an instant in nanoseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND * 1000


def from_nanoseconds(at: int, zone: str) -> str:
    """Write nanoseconds since 1970 as an instant in a zone."""
    return (_EPOCH + at // 1000 * _MICROSECOND).astimezone(find_zone(zone)).isoformat()


def day(text: str) -> int:
    """Read a date that facts can hold."""
    found = parse_day(text)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise FieldError("", text, f"a day from {from_day(FIRST_DAY)} to {from_day(LAST_DAY)}")
    return found


def units(decimals: int) -> Callable[[str], int]:
    """Return the reader of amounts of an asset, in its major unit, as whole numbers of the smallest."""

    def read(text: str) -> int:
        found = parse_amount(text, decimals)
        if found > AMOUNT_MAX:
            raise FieldError("", text, "an amount of at most 38 digits in its smallest unit")
        return found

    return read


def worth(decimals: int) -> Callable[[str], int]:
    """Return the reader of values that the law looks at, in minor units of a currency."""

    def read(text: str) -> int:
        found = parse_amount(text, decimals)
        if found > LEGAL_VALUE_MAX:
            raise FieldError("", text, f"at most {LEGAL_VALUE_MAX:,} minor units")
        return found

    return read


def fact(field: Field, decimals: int) -> Callable[[str], Value]:
    """Return the reader of a fact; money is written in the currency of the law, which has so many decimals."""

    def flag(text: str) -> Value:
        if text not in ("true", "false"):
            raise FieldError("", text, "true or false")
        return text == "true"

    def code(text: str) -> Value:
        if not field.type.admits(text):
            advice = suggest(text, field.type.codes)
            raise FieldError("", text, field.type.listing() + (f" ({advice})" if advice else ""))
        return text

    def count(text: str) -> Value:
        whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS
        if not whole or not field.low <= int(text) <= field.high:
            raise FieldError("", text, f"a whole number from {field.low} to {field.high}")
        return int(text)

    return {"flag": flag, "code": code, "count": count, "money": worth(decimals)}[field.type.base]
