"""The fields of a form about mining, read strictly: what a field does not say is as usual, what it may not say is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from skarb.core.errors import InputError, shorten


def number(asked: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """Return a whole number from 0 to the most it may be."""
    text = asked.get(name, str(usual)).strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text) <= most):
        raise InputError(f"{name}: given {shorten(text)!r}, expected a whole number from 0 to {most}")
    return int(text)


def decimal(asked: Mapping[str, str], name: str, usual: str, most: int) -> str:
    """Return a number with a fraction as it is written for an exact reading, from 0 to the most it may be."""
    text = asked.get(name, usual).strip().replace(",", ".")
    try:
        found = Decimal(text)
        if not (text.isascii() and len(text) <= 12 and 0 <= found <= most and "e" not in text.lower() and "_" not in text):
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(f"{name}: given {shorten(text)!r}, expected a number from 0 to {most} such as 33.50") from None
    return f"{found:f}"


def yes(asked: Mapping[str, str], name: str) -> bool:
    """Return whether a box was ticked."""
    text = asked.get(name, "")
    if text not in ("", "yes", "no"):
        raise InputError(f"{name}: given {shorten(text)!r}, expected yes or no")
    return text == "yes"
