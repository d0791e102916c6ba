"""Days of birth as publishers write them, in the forms of `core.screening_list`: a year, a month, a day, or a span of them.

About a year is taken as two years to each side, since nobody says how far he might be wrong and too narrow a span clears the wrong person.
"""

from __future__ import annotations

import re
from datetime import date

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_ABOUT_YEARS = 2
_ENGLISH = re.compile(r"(?:(?:(\d{1,2}) )?([A-Z][a-z]{2})[a-z.]* )?(\d{4})")
_DOTTED = re.compile(r"(?:(\d{1,2})\.(\d{1,2})[. ]\s*)?(\d{4})\.?")
_PLAIN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_ABOUT = re.compile(r"(?:(?:circa|approximately|about|late|early|between)\s+|(?:approx|ca?)\.\s*)", re.IGNORECASE)
_ABOUT_AFTER = re.compile(r"(\d{4}) (?:circa|approximately|approx)", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()]*\)\Z")
_SPAN = re.compile(r"\s+(?:to|and|or)\s+|\s*[-–]\s*")


def english(text: str) -> str | None:
    """Return a date such as 17 May 1970, May 1970, 1970, circa 1970 or 1968 to 1970; None for anything else."""
    words = " ".join(text.split())
    exact = _ABOUT.sub("", words)
    ends = [_english_day(part) for part in _SPAN.split(exact)]
    if len(ends) > 2 or None in ends or not ends:
        return None
    first, last = str(ends[0]), str(ends[-1])
    if first > last:
        return None
    if first != last:
        return f"{first}/{last}"
    return about(int(first[:4])) if exact != words else first


def written(text: str) -> str | None:
    """Return a date in any of the ways above, with or without a remark in brackets behind it; None for anything else."""
    words = _REMARK.sub("", " ".join(text.split())).rstrip(" .")
    words = _ABOUT_AFTER.sub(r"circa \1", words)
    return words if is_date(words) else dotted(words) or english(words)


def is_date(text: str) -> bool:
    """Tell whether a text is a day, a month or a year as this project writes them."""
    found = _PLAIN.fullmatch(text)
    return found is not None and _checked(found[1], found[2], found[3]) is not None


def about(year: int) -> str:
    """Return the span for a year that is not certain."""
    return f"{year - _ABOUT_YEARS}/{year + _ABOUT_YEARS}"


def dotted(text: str) -> str | None:
    """Return a date such as 7.2.1956 or 1956; None for anything else."""
    found = _DOTTED.fullmatch(text.strip())
    return found and _checked(found[3], found[2], found[1])


def _english_day(text: str) -> str | None:
    found = _ENGLISH.fullmatch(text.strip())
    if found is None or (found[2] and found[2] not in _MONTHS):
        return None
    return _checked(found[3], str(_MONTHS[found[2]]) if found[2] else None, found[1])


def _checked(year: str, month: str | None, day: str | None) -> str | None:
    """Return the parts as one date if such a day exists."""
    try:
        when = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return when.isoformat()[: 10 if day else 7 if month else 4]
