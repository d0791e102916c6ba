"""Questions about power: how much is surplus, what would be planned, who is cut. Each answer carries the figures it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from skarb.app.gridfiles import text_of
from skarb.app.law import law_folder
from skarb.core.counted import counted
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

Method = Literal["fill", "relaxed", "committed"]
"""Hours free of each other and exact; units in parts with duals; whole units, ramps and minimum times."""
_IN_ONE_PIECE = 24 * 8  # hours that are planned at once
_MOST_DRAWS, _MOST_DAYS = 100_000, 36_600


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
        made, read = (
            f"made year {self.year}, seed {self.seed}, calibrated to the figures",
            f"{self.file}, {counted(self.hours, 'hour')}",
        )
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
    hours = read_hours(text_of(file), file.name, inputs.zone, estimate)
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
