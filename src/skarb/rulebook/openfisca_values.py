"""OpenFisca's values, one by one: what each is, and how a unit of ours says it.

Numbers are taken as they are written, never as floats; flags are counts of 0 and 1. Amounts finer than their currency's minor unit, such as prices
for a litre, are said as ratios.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.asset import currencies
from skarb.core.errors import InputError, shorten
from skarb.core.time import from_day, parse_day
from skarb.rulebook.check import RATIO_MAX
from skarb.rulebook.foreign import Quoted
from skarb.rulebook.model import FIRST_DAY, LAST_DAY

NULL = ("null", "~", "", "Null", "NULL")
_NUMBER = re.compile(r"([+-]?)((?:0|[1-9][\d_]*)(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_FLAGS = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0, "off": 0}  # in small, capital or first capital letters
_COUNT_MAX = 10**18 - 1
_LONGEST = 60  # characters of a number


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it is given there: its day, what it is, and what is said about it."""

    day: int
    at: str  # the day in words
    kind: str
    number: Fraction
    text: str
    unit: str
    source: int


@dataclass(frozen=True, slots=True)
class Ours:
    """A unit of ours; without a name there is none, and the refusal says why."""

    name: str
    decimals: int = 0
    remark: str = ""
    refusal: str = f"no day of {from_day(FIRST_DAY).year} to {from_day(LAST_DAY).year}"


_COUNT = Ours("count", refusal=f"no whole number from 0 to {_COUNT_MAX}")
_RATIO = Ours("ratio", refusal=f"no ratio of whole numbers up to {RATIO_MAX}, such as 13/100")


def read_value(text: Any) -> tuple[str, Fraction, str]:
    """Return what a value is (a number, flag, day, the end of validity, or none of these), its number, and how it is told."""
    if not isinstance(text, str):
        return "", Fraction(), "a list" if isinstance(text, list) else "nothing" if text in ((), None) else "a mapping"
    plain, quoted = text.strip(), isinstance(text, Quoted)
    if plain in NULL and not quoted:
        return "end", Fraction(), ""
    if plain.lower() in _FLAGS and plain in (plain.lower(), plain.upper(), plain.capitalize()) and not quoted:
        return "flag", Fraction(_FLAGS[plain.lower()]), plain
    try:
        return "day", Fraction(parse_day(plain)), plain
    except InputError:
        pass
    match = _NUMBER.fullmatch(plain) if len(plain) <= _LONGEST else None
    if match is None:
        return "", Fraction(), repr(shorten(str(text)))
    sign, digits, exponent = match.groups()
    digits = digits.replace("_", "")
    number = Fraction(f"0{digits}0" if digits.endswith(".") else f"0{digits}") * Fraction(10) ** int(exponent or 0)
    return "number", -number if sign == "-" else number, plain


def our_unit(kind: str, unit: str, default: str, values: Sequence[Given]) -> Ours:
    """Return our unit for values of a kind in a unit: the usual one, or ratios where these say more of the values."""
    if kind == "day":
        return Ours("day")
    if kind == "flag":
        return Ours("count", remark=", a flag: 1 is true")
    name, _, per = unit.partition("/")
    if name.startswith("currency"):
        usual, other = _money(name.partition("-")[2] or default, f", for each {per}" if per else "")
    else:
        whole = unit != "/1" and all(one.number.denominator == 1 for one in values)
        usual, other = (_COUNT if whole else _RATIO), _RATIO
    return other if _said(values, other) > _said(values, usual) else usual


def _money(code: str, remark: str) -> tuple[Ours, Ours]:
    """Return amounts in a currency, and ratios for what is finer than its minor unit."""
    if code not in currencies():
        unnamed = "an amount in a currency that is not named; name it with --currency"
        unknown = Ours("", refusal=f"an amount in {code}, which is not in ISO 4217" if code else unnamed)
        return unknown, unknown
    refusal = f"no amount in {code} from 0 to {LEGAL_VALUE_MAX} of its minor units"
    finer = f"{remark}, in {code} as a ratio: finer than its minor unit"
    return Ours(code, currencies()[code].decimals, remark, refusal), replace(_RATIO, remark=finer)


def _said(values: Sequence[Given], ours: Ours) -> int:
    """Return how many values a unit can say."""
    return sum(written(one, ours) is not None for one in values)


def written(one: Given, ours: Ours) -> str | None:
    """Return a value as written in our unit, None when it is none."""
    number = one.number
    if ours.name == "day":
        return one.text if FIRST_DAY <= number <= LAST_DAY else None
    if ours.name == "ratio":
        fits = 0 <= number.numerator <= RATIO_MAX and number.denominator <= RATIO_MAX
        return f"{number.numerator}/{number.denominator}" if fits else None
    if ours.name == "count":
        return str(number) if number.denominator == 1 and 0 <= number <= _COUNT_MAX else None
    minor = number * 10**ours.decimals
    if not ours.name or minor.denominator != 1 or not 0 <= minor <= LEGAL_VALUE_MAX:
        return None
    whole, rest = divmod(minor.numerator, 10**ours.decimals)
    return f"{whole}.{rest:0{ours.decimals}}" if ours.decimals else str(whole)
