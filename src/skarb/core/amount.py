"""Amounts: whole numbers of an asset's smallest unit, up to 128 bits.

Texts are read exactly and once, at the edge. There is no float, no rounding and no default: a text with
more decimals than the asset has is refused, because somebody meant another asset or another amount.
"""

from __future__ import annotations

import re

from skarb.core.errors import InputError, shorten

AMOUNT_MAX = (1 << 128) - 1
LEGAL_VALUE_MAX = 10**15  # minor units of the legal currency; sums of 9,000 such values fit into 64 bits

_DECIMAL = re.compile(r"([0-9]{1,39})(?:\.([0-9]{1,38}))?", re.ASCII)


def parse_amount(text: str, decimals: int) -> int:
    """Read a plain decimal text as a whole number of smallest units.

    Units: `text` in the asset's major unit, the result in its smallest one (10^-decimals).
    Raises: InputError for signs, exponents, separators, too many decimals or more than 128 bits.
    """
    whole, dot, fraction = text.partition(".")
    digits = whole + fraction
    # The common case first: digits on both sides of the point, and not more decimals than the asset has.
    if not (digits.isdecimal() and digits.isascii() and whole and bool(fraction) == bool(dot) and len(fraction) <= decimals):
        return _parse_unusual(text, decimals)
    if len(digits) > 80:
        raise InputError(f"amount {shorten(text)!r} is larger than 128 bits of smallest units can hold")
    units: int = int(digits) * 10 ** (decimals - len(fraction))
    if units > AMOUNT_MAX:
        raise InputError(f"amount {shorten(text)!r} is larger than 128 bits of smallest units can hold")
    return units


def _parse_unusual(text: str, decimals: int) -> int:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InputError(
            f"amount {shorten(text)!r} is not a plain decimal number such as 1250.50 (no sign, no exponent, no separators)"
        )
    fraction = match[2] or ""
    if fraction[decimals:].strip("0"):
        raise InputError(f"amount {shorten(text)!r} has {len(fraction)} decimals; the asset's smallest unit allows {decimals}")
    return parse_amount(f"{match[1]}.{fraction[:decimals]}" if decimals else match[1], decimals)


def format_amount(units: int, decimals: int) -> str:
    """Write smallest units as a plain decimal text; the reverse of `parse_amount`."""
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    if decimals == 0:
        return sign + digits
    digits = digits.rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
