"""What people write about a farm under the grid's orders, read strictly: its sites, their meters, an order, what was answered, the rules."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import yaml

from skarb.core.errors import InputError, shorten
from skarb.grid import MEGAWATT, Site
from skarb.grid.curtail import Acknowledgement, Order, Reading, Rule, event_of
from skarb.grid.curtail import Step as RampStep

_MOST_MW = 10**9  # no power is larger
_MOST_WH = 10**15  # and no reading of a meter


def watts(megawatts: object) -> int:
    """Return MW, as people write them, in whole watts.

    Raises: InputError
    """
    try:
        number = Decimal(str(megawatts))
        if not abs(number) < _MOST_MW or number * MEGAWATT != (number * MEGAWATT).to_integral_value():
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(f"power: given {shorten(str(megawatts))!r}, expected MW to the watt") from None
    return int(number * MEGAWATT)


def read_sites(path: Path) -> tuple[Site, ...]:
    """Read sites from YAML or JSON: a list with name, miners, blocks, block_mw, priority, meter and off_minutes.

    Raises: InputError
    """
    content = _yaml(path)
    if not isinstance(content, list) or not content:
        raise InputError(f"{path.name}: expected a list of sites")
    sites: list[Site] = []
    for number, entry in enumerate(content, 1):
        try:
            given = dict(entry)
            block_w = watts(given.pop("block_mw"))
            site = msgspec.convert(_known({**given, "block_w": block_w}, Site), Site, strict=True)
            if site.blocks < 0 or site.block_w <= 0 or site.off_minutes < 0:
                raise ValueError("given blocks, block_mw or off_minutes below what can be")
            if any(site.name == one.name or site.meter == one.meter for one in sites):
                raise ValueError(f"given name {site.name} or meter {site.meter} a second time")
            sites.append(site)
        except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
            raise InputError(
                f"{path.name}, site {number}: {error}; expected name, miners, blocks, block_mw, priority, meter"
            ) from None
    return tuple(sites)


def read_running(path: Path) -> dict[str, int]:
    """Read what sites draw now: a CSV file with site and running_mw.

    Raises: InputError
    """
    running: dict[str, int] = {}
    for number, row in _rows(path, ("site", "running_mw")):
        if row["site"] in running:
            raise InputError(f"{path.name} row {number}: given site {row['site']!r} a second time, expected each once")
        running[row["site"]] = watts(row["running_mw"])
    return running


def read_readings(path: Path) -> list[Reading]:
    """Read meters: a CSV file with meter, at, minutes, energy_wh and estimated (yes or no).

    Raises: InputError
    """
    return [
        Reading(
            row["meter"],
            _instant(path, number, row["at"]),
            _whole(path, number, row, "minutes"),
            _whole(path, number, row, "energy_wh"),
            _said(path, number, row, "estimated"),
        )
        for number, row in _rows(path, ("meter", "at", "minutes", "energy_wh", "estimated"))
    ]


def read_acknowledgements(path: Path) -> list[Acknowledgement]:
    """Read acknowledgements: a CSV file with order, site and at.

    Raises: InputError
    """
    rows = _rows(path, ("order", "site", "at"))
    return [Acknowledgement(row["order"], row["site"], _instant(path, number, row["at"])) for number, row in rows]


def read_return(path: Path) -> list[RampStep]:
    """Read when sites may come back, from the table of a ramp: a CSV file with at, site, power_w and way; what goes off is left out.

    Raises: InputError
    """
    rows = _rows(path, ("at", "site", "power_w", "way"))
    if odd := [(number, row["way"]) for number, row in rows if row["way"] not in ("off", "back")]:
        raise InputError(f"{path.name} row {odd[0][0]}, way: given {shorten(odd[0][1])!r}, expected off or back")
    steps = [
        RampStep(_instant(path, n, row["at"]), row["site"], _whole(path, n, row, "power_w"))
        for n, row in rows
        if row["way"] == "back"
    ]
    return sorted(steps, key=lambda one: (one.at, one.site))


def read_order(path: Path) -> Order:
    """Read an order as it was written.

    Raises: InputError
    """
    event = event_of(path.read_bytes())
    if not isinstance(event, Order):
        raise InputError(f"{path.name}: given a record of another kind, expected an order")
    return event


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read a table of penalties from YAML or JSON.

    Raises: InputError
    """
    try:
        rules = tuple(msgspec.convert(_known(dict(one), Rule), Rule, strict=False) for one in _yaml(path))
        if any(one.price_milli_per_mwh < 0 or one.fixed_minor < 0 for one in rules):
            raise ValueError("given a penalty below nought")
        return rules
    except (TypeError, ValueError, msgspec.ValidationError) as error:
        raise InputError(f"{path.name}: {error}; expected a list of name, cites, first, price_milli_per_mwh …") from None


def text_of(path: Path) -> str:
    """Return a file as text.

    Raises: InputError for bytes that are none
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: given bytes that are no text ({error.reason} at {error.start}), expected UTF-8") from None


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(text_of(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path.name}: expected YAML or JSON; {shorten(str(error))}") from None


def _known(given: dict[str, Any], noun: type) -> dict[str, Any]:
    """Return the same, having found no key that would be passed over in silence."""
    if unknown := sorted(map(str, given.keys() - {one.name for one in fields(noun)})):
        raise ValueError(f"{shorten(', '.join(unknown))} is not known")
    return given


def _rows(path: Path, wanted: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    text = text_of(path)
    if not text.endswith("\n"):
        raise InputError(f"{path.name}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    try:
        rows = list(csv.reader(StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{path.name}: given {error}, expected comma-separated values") from None
    if sorted(rows[0]) != sorted(wanted):
        raise InputError(f"{path.name} row 1: given columns {shorten(', '.join(rows[0]))!r}, expected {', '.join(wanted)}")
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(wanted):
            raise InputError(f"{path.name} row {number}: given {len(row)} fields, expected {len(wanted)}")
    return [(number, dict(zip(rows[0], row, strict=True))) for number, row in enumerate(rows[1:], 2)]


def _whole(path: Path, number: int, row: Mapping[str, str], name: str) -> int:
    try:
        value = int(row[name])
        if abs(value) >= _MOST_WH:
            raise ValueError
        return value
    except ValueError:
        raise InputError(f"{path.name} row {number}, {name}: given {shorten(row[name])!r}, expected a whole number") from None


def _said(path: Path, number: int, row: Mapping[str, str], name: str) -> bool:
    if row[name] not in ("yes", "no"):
        raise InputError(f"{path.name} row {number}, {name}: given {shorten(row[name])!r}, expected yes or no")
    return row[name] == "yes"


def _instant(path: Path, number: int, text: str) -> datetime:
    at: datetime | None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InputError(
            f"{path.name} row {number}, at: given {shorten(text)!r}, expected an instant such as 2026-04-20T02:00+03:00"
        )
    return at
