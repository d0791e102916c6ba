"""Questions about power: how much is surplus, what would be planned, who is cut. Each answer carries the figures it rests on."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import MAXYEAR, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from skarb.app.law import law_folder
from skarb.core.errors import InputError, NotFound, shorten
from skarb.core.time import zone
from skarb.grid import (
    ESTIMATED,
    MEGAWATT,
    Effects,
    Hours,
    Inputs,
    Plan,
    Policy,
    Site,
    Spread,
    Step,
    Swing,
    System,
    Truth,
    boilers_first_nano,
    effects_of,
    fill,
    read_hours,
    read_inputs,
    spread_of,
    sweep,
    system_of,
    table_of,
    tornado,
    with_outage,
    year_of,
)
from skarb.grid.curtail import Acknowledgement, Order, Reading, Rule, event_of
from skarb.grid.curtail import Step as RampStep

Method = Literal["fill", "relaxed", "committed"]
"""Hours free of each other and exact; units in parts with duals; whole units, ramps and minimum times."""
_IN_ONE_PIECE = 24 * 8  # hours that are planned at once
_MOST_DRAWS, _MOST_DAYS = 100_000, 36_600
_MOST_WH = 10**15  # and no reading of a meter
_MOST_MW = 10**9  # no power is larger


@dataclass(frozen=True)
class Source:
    """Where hours come from: a file, or a year made from a seed; and which reactors were taken off in them."""

    hours: int
    file: str = ""
    estimated: int = 0
    year: int = 0
    seed: int = 0
    outages: tuple[str, ...] = ()

    @property
    def made(self) -> bool:
        """True if the hours were made and not read."""
        return not self.file

    def __str__(self) -> str:
        made, read = f"made year {self.year}, seed {self.seed}, calibrated to the figures", f"{self.file}, {self.hours:,} hours"
        off = "".join(f", outage {one}" for one in self.outages)
        return (made if self.made else f"{read}, {self.estimated:,} of them estimated") + off


@dataclass(frozen=True)
class Basis:
    """What a question is asked of: the figures of a country with the values asked for, the hours, and where these come from."""

    inputs: Inputs
    hours: Hours
    source: Source


@dataclass(frozen=True)
class Surplus:
    """The surplus of a year, its table, and how sure it is."""

    basis: Basis
    boilers_first: bool
    table: tuple[Truth, ...]
    swings: tuple[Swing, ...]
    spread: Spread | None


@dataclass(frozen=True)
class Planned:
    """A plan, the same hours without mining, and the difference."""

    basis: Basis
    hours: Hours
    system: System
    policy: Policy
    method: Method
    plan: Plan
    lacking: Plan
    effects: Effects
    boilers_first_nano: int
    boilers_first_by: Method  # many hours are filled for this price, since two more plans with whole units take long


def inputs_of(country: str, settings: Mapping[str, str] | None = None) -> Inputs:
    """Return the power figures of a country, with other values where somebody asks for them.

    Raises: NotFound if the country has none.
    """
    path = law_folder(country) / "power.yaml"
    if not path.is_file():
        raise NotFound(f"power figures of {country!r}: there is no {path.name} in its folder")
    return read_inputs(path.read_text(encoding="utf-8"), path.name).with_text(settings or {})


def basis_of(inputs: Inputs, file: Path | None, seed: int, year: int, estimate: bool = False) -> Basis:
    """Return hours from a file, or a made year when there is none.

    Raises: InputError
    """
    if seed < 0 or not 1 <= year < MAXYEAR:
        raise InputError(f"made year: given year {year} and seed {seed}, expected a year of the calendar and a seed from 0")
    if file is None:
        hours = year_of(inputs, seed, year)
        return Basis(inputs, hours, Source(len(hours), year=year, seed=seed))
    hours = read_hours(_text(file), file.name, inputs.zone, estimate)
    return Basis(inputs, hours, Source(len(hours), file.name, int((hours.quality == ESTIMATED).sum())))


def surplus_of(basis: Basis, boilers_first: bool, seed: int, draws: int) -> Surplus:
    """Return how much is left over and how sure that is; ranges need a made year, since a read one has its own figures.

    Raises: InputError
    """
    if not 0 <= draws <= _MOST_DRAWS:
        raise InputError(f"draws: given {draws}, expected 0 to {_MOST_DRAWS}")
    inputs = basis.inputs
    boilers = inputs["boiler_units"] * inputs["boiler_unit"]
    table = table_of(basis.hours, boilers)
    if not basis.source.made:
        return Surplus(basis, boilers_first, table, (), None)

    def hours_of(given: Inputs) -> Hours:
        return year_of(given, seed, basis.hours.first.year)

    spread = spread_of(inputs, hours_of, boilers_first, seed, draws) if draws else None
    return Surplus(basis, boilers_first, table, tornado(inputs, hours_of, boilers_first), spread)


def with_outages(basis: Basis, outages: Sequence[str]) -> Basis:
    """Return the same with reactors off: UNIT@DAY:DAYS each, such as 1@2026-04-20:35.

    Raises: InputError
    """
    hours = basis.hours
    for text in outages:
        try:
            unit, _, rest = text.partition("@")
            day, _, days = rest.partition(":")
            first = datetime.combine(date.fromisoformat(day), datetime.min.time(), zone(basis.inputs.zone))
            number, count = int(unit), int(days)
            if not 1 <= count <= _MOST_DAYS:
                raise ValueError
        except ValueError:
            raise InputError(f"outage: given {shorten(text)!r}, expected UNIT@DAY:DAYS such as 1@2026-04-20:35") from None
        hours = with_outage(hours, number - 1, first, count)
    return Basis(basis.inputs, hours, replace(basis.source, outages=tuple(outages)))


def days_of(basis: Basis, first: date | None, days: int | None) -> Hours:
    """Return some days of the hours, by default all of them.

    Raises: InputError if they are not all there.
    """
    hours = basis.hours
    begin = hours.first if first is None else datetime.combine(first, datetime.min.time(), zone(basis.inputs.zone))
    start = hours.place(begin)
    stop = len(hours) if days is None else hours.place(begin + timedelta(days=min(days, _MOST_DAYS)))
    if not 0 <= start < stop <= len(hours):
        raise InputError(
            f"days: given {begin:%Y-%m-%d} and {days or 'all'} days, expected days between {hours.first:%Y-%m-%d} "
            f"and {hours.at(len(hours) - 1):%Y-%m-%d}"
        )
    return hours.part(start, stop)


def planner(method: Method) -> Callable[[Hours, System, Policy], Plan]:
    """Return what makes a plan by a method."""
    if method == "fill":
        return fill
    from skarb.grid.rolling import rolling
    from skarb.grid.solve import committed, relaxed

    if method == "relaxed":
        return lambda hours, system, policy: relaxed(hours, system, policy).plan

    def whole(hours: Hours, system: System, policy: Policy) -> Plan:
        return (committed if len(hours) <= _IN_ONE_PIECE else rolling)(hours, system, policy).plan

    return whole


def planned(basis: Basis, hours: Hours, method: Method, policy: Policy) -> Planned:
    """Return a plan with the difference that mining makes, and the price of boilers first.

    Raises: InfeasiblePlan
    """
    system = system_of(basis.inputs)
    plan = planner(method)
    having, lacking = plan(hours, system, policy), plan(hours, system.without_mining(), policy)
    grams = (basis.inputs[name] for name in ("gas_carbon", "heat_carbon", "nuclear_carbon"))
    effects = effects_of(having, lacking, hours, system, *grams)
    by: Method = "fill" if len(hours) > _IN_ONE_PIECE else method
    price = boilers_first_nano(hours, system, policy.mining_on_gas, planner(by))
    return Planned(basis, hours, system, policy, method, having, lacking, effects, price, by)


def sizes(
    basis: Basis, hours: Hours, policy: Policy, sizes_mw: Sequence[int], capital_milli_per_mw_year: int
) -> tuple[Step, ...]:
    """Return what each size of mining brings in these hours; capital is taken for as many hours as there are."""
    capital = capital_milli_per_mw_year * len(hours) // 8760
    return sweep(hours, system_of(basis.inputs), [one * MEGAWATT for one in sizes_mw], capital, policy)


def inputs_rows(inputs: Inputs) -> list[tuple[str, str, str, str, str, str]]:
    """Return every figure with its range and source, as people read it."""
    return [
        (one.name, one.shown(), one.shown(one.low), one.shown(one.high), one.certainty, one.source)
        for one in inputs.figures.values()
    ]


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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: given bytes that are no text ({error.reason} at {error.start}), expected UTF-8") from None


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path.name}: expected YAML or JSON; {shorten(str(error))}") from None


def _known(given: dict[str, Any], noun: type) -> dict[str, Any]:
    """Return the same, having found no key that would be passed over in silence."""
    if unknown := sorted(map(str, given.keys() - {one.name for one in fields(noun)})):
        raise ValueError(f"{shorten(', '.join(unknown))} is not known")
    return given


def _rows(path: Path, wanted: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    text = _text(path)
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
