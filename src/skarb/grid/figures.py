"""Figures of a power system: each with its range, its source, and how sure it is.

A figure that nobody publishes is written down as a guess with a range, and every answer says how far the range moves it. Figures are data of a
country (`power.yaml` in its folder); here is only how they are read and what becomes of them. Numbers are written as text and read exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import yaml

from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.grid.model import Boilers, Gas, Miners, System

Certainty = Literal["high", "medium", "low"]
_WHOLE = {
    "MW": 1_000_000,
    "MW per degree": 1_000_000,
    "MW per hour": 1_000_000,
    "GWh": 1_000_000_000,
    "TWh": 1_000_000_000_000,
    "USD/MWh": 1000,
    "USD": 1000,
    "g/kWh": 1,
    "days": 1,
    "hours": 1,
    "count": 1,
    "degrees": 10,
}
"""What one unit is in the whole numbers that we count with: watts, watt-hours, thousandths, tenths of a degree."""

_BELOW_NOUGHT = ("degrees", "USD/MWh")
_MOST = 10**6  # of any unit


@dataclass(frozen=True)
class Figure:
    """A number that somebody published or guessed. Units: whole numbers of the unit's smallest part that we count with."""

    name: str
    value: int
    low: int
    high: int
    unit: str
    certainty: Certainty
    source: str

    @property
    def uncertain(self) -> bool:
        """True if there is a range."""
        return self.low < self.high

    def at(self, value: int) -> Figure:
        """Return the same with another value, in a range that holds it."""
        return replace(self, value=value, low=min(self.low, value), high=max(self.high, value))

    def shown(self, value: int | None = None) -> str:
        """Return the figure, or another value of it, in its published unit, exactly."""
        given = Decimal(self.value if value is None else value) / _WHOLE[self.unit]
        return f"{given:,f} {self.unit}"


@dataclass(frozen=True)
class Inputs:
    """All figures of a country, by name, and the zone of its clocks."""

    zone: str
    currency: str
    figures: Mapping[str, Figure]

    def __getitem__(self, name: str) -> int:
        return self.figure(name).value

    def figure(self, name: str) -> Figure:
        """Return a figure with all that is known about it.

        Raises: NotFound
        """
        if name not in self.figures:
            raise NotFound(f"figure {name!r}: there is none; known are {', '.join(sorted(self.figures))}")
        return self.figures[name]

    def having(self, **values: int) -> Inputs:
        """Return the same with other values; sources stay, and ranges reach as far as the values."""
        return replace(self, figures={**self.figures, **{name: self.figure(name).at(value) for name, value in values.items()}})

    def with_text(self, settings: Mapping[str, str]) -> Inputs:
        """Return the same with values written by a person in the published unit, such as gas_floor=400.

        Raises: NotFound, InputError
        """
        return self.having(**{name: _number(f"figure {name}", text, self.figure(name).unit) for name, text in settings.items()})


def read_inputs(text: str, where: str) -> Inputs:
    """Read the figures of a country.

    Raises: ConfigurationError if a figure has no range, unit, certainty or source, or lies outside its own range.
    """
    content = yaml.safe_load(text)
    if not isinstance(content, dict) or not {"zone", "currency", "figures"} <= content.keys():
        raise ConfigurationError(f"{where}: expected zone, currency and figures")
    figures: dict[str, Figure] = {}
    for entry in content["figures"]:
        one = _figure(entry, where)
        if one.name in figures:
            raise ConfigurationError(f"{where}, {one.name}: given twice, expected once")
        figures[one.name] = one
    return Inputs(content["zone"], content["currency"], figures)


def system_of(inputs: Inputs) -> System:
    """Return the system that the figures describe.

    Raises: NotFound if a figure is missing.
    """
    return System(
        currency=inputs.currency,
        gas=Gas(
            inputs["gas_units"],
            inputs["gas_unit"],
            inputs["gas_unit_minimum"],
            inputs["gas_ramp"],
            inputs["gas_cost"],
            inputs["gas_start"],
        ),
        boilers=Boilers(
            inputs["boiler_units"],
            inputs["boiler_unit"],
            inputs["boiler_unit_minimum"],
            inputs["boiler_value"],
            inputs["boiler_start"],
        ),
        miners=tuple(
            Miners(
                name,
                inputs[f"mining_{name}_blocks"],
                inputs[f"mining_{name}_block"],
                inputs[f"mining_{name}_value"],
                inputs["mining_start"],
                inputs["mining_up"],
                inputs["mining_down"],
            )
            for name in ("new", "old")
        ),
        export_w=inputs["export"],
        export_milli=inputs["export_price"],
        reserve_w=inputs["reserve"],
        gas_floor_w=inputs["gas_floor"],
        nuclear_milli=inputs["nuclear_cost"],
        spill_milli=inputs["spill_penalty"],
        unserved_milli=inputs["unserved_cost"],
    )


def _figure(entry: dict[str, Any], where: str) -> Figure:
    name = entry.get("name", "?")
    place = f"{where}, {name}"
    wanted = {"name", "value", "unit", "certainty", "source"}
    if missing := sorted(wanted - entry.keys()):
        raise ConfigurationError(f"{place}: expected {', '.join(missing)}, given none")
    if unknown := sorted(entry.keys() - wanted - {"range"}):
        raise ConfigurationError(f"{place}: {', '.join(unknown)} is not known; expected {', '.join(sorted(wanted))} and range")
    if entry["certainty"] not in ("high", "medium", "low"):
        raise ConfigurationError(f"{place}, certainty: given {entry['certainty']!r}, expected high, medium or low")
    value = _number(place, entry["value"], entry["unit"])
    low, high = (_number(place, one, entry["unit"]) for one in entry.get("range", (entry["value"], entry["value"])))
    if not low <= value <= high:
        raise ConfigurationError(f"{place}: given {entry['value']}, expected it inside its range {entry['range']}")
    return Figure(name, value, low, high, entry["unit"], entry["certainty"], entry["source"])


def _number(place: str, text: object, unit: str) -> int:
    if unit not in _WHOLE:
        raise ConfigurationError(f"{place}, unit: given {unit!r}, expected one of {', '.join(_WHOLE)}")
    try:
        if not isinstance(text, str):
            raise InvalidOperation
        number = Decimal(text)
        if not abs(number) < _MOST or number * _WHOLE[unit] != (number * _WHOLE[unit]).to_integral_value():
            raise InvalidOperation
    except InvalidOperation:
        raise InputError(f"{place}: given {text!r}, expected a number of {unit} as text, no finer than we count") from None
    if number < 0 and unit not in _BELOW_NOUGHT:
        raise InputError(f"{place}: given {text!r}, expected {unit} from 0")
    return int(number * _WHOLE[unit])
