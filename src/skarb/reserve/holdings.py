"""What is held: a file of lots, each with what is left of it and what that cost.

`lot,day,asset,units,cost_byn`: units are the smallest of the asset (satoshi, kopecks, cents), the cost is in kopecks. Which lots are used up
first was decided by whoever keeps the book; here they are valued as they stand.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from skarb.core.errors import InputError, shorten
from skarb.core.time import parse_day

HOLDINGS = ("lot", "day", "asset", "units", "cost_byn")
DECIMALS = {"BTC": 8, "BYN": 2, "USD": 2}
"""Assets that can be valued here, with the decimals of their smallest unit."""
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of one inflow. Units: days since 1970-01-01, smallest units of the asset, kopecks."""

    lot: str
    day: int
    asset: str
    units: int
    cost_kopecks: int


def units_of(lots: Sequence[Lot], asset: str) -> int:
    """Return how much of an asset all lots hold."""
    return sum(one.units for one in lots if one.asset == asset)


def read_holdings(data: bytes, name: str) -> tuple[Lot, ...]:
    """Read a file of lots.

    Raises: InputError naming the first line that cannot be read; a lot twice is such a line.
    """
    found: dict[str, Lot] = {}
    for line, row in rows_of(data, name, HOLDINGS):
        if not row["lot"]:
            raise InputError(f"{name} line {line}, lot: given nothing, expected its name")
        if row["asset"] not in DECIMALS:
            raise InputError(f"{name} line {line}, asset: given {shorten(row['asset'])!r}, expected one of {', '.join(DECIMALS)}")
        try:
            day = parse_day(row["day"])
        except InputError as error:
            raise InputError(f"{name} line {line}: {error}") from None
        units = whole_of(name, line, "units", row["units"])
        if not units:
            raise InputError(
                f"{name} line {line}, units: given 0, expected something that is left; a lot that is used up has no line"
            )
        one = Lot(row["lot"], day, row["asset"], units, whole_of(name, line, "cost_byn", row["cost_byn"]))
        if one.lot in found:
            raise InputError(f"{name} line {line}, lot: given {shorten(one.lot)!r} again, expected each lot once")
        found[one.lot] = one
    return tuple(sorted(found.values(), key=lambda one: one.day))  # of a day in the order of the file


def rows_of(data: bytes, name: str, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a file that must have these columns, with their lines.

    Raises: InputError
    """
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: given {shorten(str(error))}, expected comma-separated values in UTF-8") from None
    given = reader.fieldnames or ()
    if not {*columns} <= {*given} or len({*given}) != len(given):
        raise InputError(f"{name}: given the columns {shorten(', '.join(given))}, expected {', '.join(columns)}, each once")
    for line, row in rows:
        if None in row or None in row.values():
            raise InputError(f"{name} line {line}: given more or fewer fields than the header names, expected {len(given)}")
    return rows


def whole_of(name: str, line: int, column: str, text: str) -> int:
    """Return a whole number from nought.

    Raises: InputError
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise InputError(
            f"{name} line {line}, {column}: given {shorten(text)!r}, expected a whole number from 0 of at most {_MOST_DIGITS} digits"
        )
    return int(text)
