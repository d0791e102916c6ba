"""What flows into the reserve: shares of bills and coins of our own, line by line, each under an id that names it for ever.

    id,day,miner,kind,asset,units,source

A line costs the reserve what it is worth in BYN on its day, by a published rate, rounded half up to the kopeck; money costs what it is.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Annotated, Literal

import msgspec

from skarb.core.errors import InputError, NotFound, Problem, shorten
from skarb.core.time import from_day, parse_day
from skarb.registers.rates import Rate, RateBook
from skarb.reserve.chart import DECIMALS, LEGAL

InflowKind = Literal["levy", "profit_tax", "reserve_share", "own_mining"]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
COLUMNS = ("id", "day", "miner", "kind", "asset", "units", "source")
_MOST_PROBLEMS = 20
_UNITS_MAX = 10**18  # far above all coins and all money there is


class Inflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line. Units: smallest units of the asset."""

    id: Text
    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    miner: Text
    kind: InflowKind
    asset: Literal["BYN", "BTC"]
    units: Annotated[int, msgspec.Meta(gt=0, le=_UNITS_MAX)]
    source: Text  # the bill and line, or the payout, that it follows from


class Worth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line cost, and by which rate: BYN for one whole unit of the asset."""

    cost_byn: Annotated[int, msgspec.Meta(ge=0)]  # kopecks
    numerator: Annotated[int, msgspec.Meta(ge=0)]
    denominator: Annotated[int, msgspec.Meta(gt=0)]
    rate_source: str
    rate_day: str


def read_inflows(text: str, where: str, refunds: list[Inflow] | None = None) -> list[Inflow]:
    """Read a file of inflows, whole or not at all. A line that stands twice in the same words is one line.

    What a corrected bill gives back is a line below zero. It leaves the reserve, so it is no inflow but a payment that a quorum approves: such
    lines are put into `refunds`, with their units above zero, and without that list they are refused.
    Raises: InputError with everything that is wrong.
    """
    if text and not text.endswith("\n"):
        raise InputError(f"{where}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    try:
        rows = list(csv.reader(StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise InputError(f"{where}: given {error}, expected comma-separated values") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(
            f"{where} row 1: given columns {shorten(','.join(rows[0]) if rows else 'nothing')!r}, expected {','.join(COLUMNS)}"
        )
    found: dict[str, Inflow] = {}
    given_back: dict[str, Inflow] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows[1:], 2):
        back = refunds is not None and len(row) == len(COLUMNS) and row[5].startswith("-")
        one = _line([*row[:5], row[5][1:], *row[6:]] if back else row, f"{where} row {number}")
        if isinstance(one, Problem):
            problems.append(one)
        elif (given_back if back else found).setdefault(one.id, one) != one or one.id in (found if back else given_back):
            problems.append(
                Problem(f"{where} row {number}", "id", one.id, "one content for one id; an earlier row says something else")
            )
    if problems:
        more = f"\n… and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise InputError("\n".join(map(str, problems[:_MOST_PROBLEMS])) + more + "\nnothing of it was posted")
    if refunds is not None:
        refunds += given_back.values()
    if not found and not refunds:
        raise InputError(f"{where}: given no line, expected at least one")
    return list(found.values())


def _line(row: Sequence[str], where: str) -> Inflow | Problem:
    if len(row) != len(COLUMNS):
        return Problem(where, "", f"{len(row)} fields", f"{len(COLUMNS)}")
    fields = dict(zip(COLUMNS, row, strict=True))
    units = fields["units"]
    if units[:1] == "-" and units[1:].isdecimal():
        return Problem(
            where,
            "units",
            shorten(units),
            "an inflow above zero",
            "what is given back leaves by a payment: --refunds FILE puts it aside",
        )
    if not (units.isascii() and units.isdecimal() and len(units) <= 19):
        return Problem(where, "units", shorten(units), "a whole number of smallest units (kopecks, satoshi) above zero")
    if bad := next((name for name in COLUMNS if not fields[name].isprintable() or fields[name] != fields[name].strip()), None):
        return Problem(where, bad, shorten(fields[bad]), "a text without blanks around it and without control characters")
    try:
        parse_day(fields["day"])
        return msgspec.convert({**fields, "units": int(units)}, Inflow)
    except InputError:
        return Problem(where, "day", fields["day"], "a calendar date written YYYY-MM-DD")
    except msgspec.ValidationError as error:
        said, _, field = str(error).partition(" - at `$.")
        name = field.rstrip("`")
        return Problem(where, name, shorten(fields.get(name, "")), said)


def worth_of(one: Inflow, rates: RateBook) -> Worth:
    """Return what a line costs the reserve.

    Rounding: half up, to the kopeck.
    Raises: NotFound if there is no rate, Unavailable if the last one is too old.
    """
    if one.asset == LEGAL:
        return Worth(cost_byn=one.units, numerator=1, denominator=1, rate_source="", rate_day=one.day)
    rate = rates.find(one.asset, LEGAL, parse_day(one.day))
    if rate is None:
        raise NotFound(
            f"inflow {one.id}: no rate of {one.asset} in {LEGAL} on {one.day} or before; name a file of rates that has one"
        )
    return Worth(
        cost_byn=kopecks(one.units, one.asset, rate),
        numerator=rate.numerator,
        denominator=rate.denominator,
        rate_source=rate.source,
        rate_day=from_day(rate.day).isoformat(),
    )


def is_worth(one: Inflow, worth: Worth) -> bool:
    """Say whether a line costs what it is said to, by the rate that is said."""
    return worth.cost_byn == (one.units if one.asset == LEGAL else kopecks(one.units, one.asset, worth))


def kopecks(units: int, asset: str, rate: Rate | Worth) -> int:
    """Return what units of an asset are worth. Rounding: half up."""
    above = units * rate.numerator * 100
    below: int = rate.denominator * 10 ** DECIMALS[asset]
    return (2 * above + below) // (2 * below)
