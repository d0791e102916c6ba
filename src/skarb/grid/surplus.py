"""How much power is truly left over, and how sure that is.

Surplus is what reactors, heat-led plants and gas that must stay on give above the load. It is scarce, and it hangs on figures that nobody publishes,
so the answer comes with its range: each uncertain figure moved alone from its lowest to its highest, and all of them drawn together many times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from skarb.grid.figures import Figure, Inputs
from skarb.grid.model import MEGAWATT, Hours, Watts, surplus_w

FLOORS_W = tuple(MEGAWATT * one for one in (0, 400, 800, 1200))
MINING_W = tuple(MEGAWATT * one for one in (50, 100, 200, 300, 600))
MOVING = (
    "load_energy",
    "load_peak",
    "load_minimum",
    "weather",
    "nuclear_unit",
    "nuclear_outage",
    "must_run_summer",
    "must_run_winter",
    "gas_floor",
)
"""Figures that move the surplus; those of heat and boilers join them when boilers come first."""
HEATING = ("heat_base", "heat_per_degree", "boiler_unit")


@dataclass(frozen=True)
class Truth:
    """Surplus of one case. Units: watts, hours, watt-hours; utilisation in millionths, one for each power of mining."""

    floor_w: int
    boilers_first: bool
    hours: int
    energy_wh: int
    most_w: int
    utilisation: tuple[int, ...]


@dataclass(frozen=True)
class Swing:
    """What one uncertain figure does to the surplus of a year, from its lowest to its highest."""

    figure: Figure
    at_low: Truth
    at_high: Truth

    @property
    def width_wh(self) -> int:
        """How far it moves the energy."""
        return abs(self.at_high.energy_wh - self.at_low.energy_wh)


@dataclass(frozen=True)
class Spread:
    """Surplus when all uncertain figures are drawn together: the draws at 5, 50 and 95 of a hundred. Units: hours; watt-hours."""

    draws: int
    hours: tuple[int, int, int]
    energy_wh: tuple[int, int, int]


def left_w(hours: Hours, floor_w: int, boilers_w: int = 0) -> Watts:
    """Return the surplus of every hour after boilers took what they can; `boilers_w` is all of them, nought if they do not come first."""
    left = surplus_w(hours, floor_w)
    return np.maximum(left - np.minimum(hours.heat_w, boilers_w), 0) if boilers_w else left


def truth_of(hours: Hours, floor_w: int, boilers_w: int = 0, mining_w: Sequence[int] = MINING_W) -> Truth:
    """Return the surplus of one case and how far it would keep mining of several sizes busy."""
    left = left_w(hours, floor_w, boilers_w)
    busy = tuple(int(np.minimum(left, one).sum()) * 1_000_000 // (one * len(hours)) for one in mining_w)
    return Truth(floor_w, bool(boilers_w), int((left > 0).sum()), int(left.sum()), int(left.max(initial=0)), busy)


def table_of(
    hours: Hours, boilers_w: int, floors_w: Sequence[int] = FLOORS_W, mining_w: Sequence[int] = MINING_W
) -> tuple[Truth, ...]:
    """Return every case: each gas floor, without boilers first and with them."""
    return tuple(truth_of(hours, floor, boilers, mining_w) for boilers in (0, boilers_w) for floor in floors_w)


def tornado(inputs: Inputs, hours_of: Callable[[Inputs], Hours], boilers_first: bool) -> tuple[Swing, ...]:
    """Return what each uncertain figure does alone, the strongest first."""
    names = _moving(inputs, boilers_first)
    found = []
    for name in names:
        figure = inputs.figure(name)
        low, high = (_truth(inputs.having(**{name: value}), hours_of, boilers_first) for value in (figure.low, figure.high))
        found.append(Swing(figure, low, high))
    return tuple(sorted(found, key=lambda one: (-one.width_wh, one.figure.name)))


def spread_of(inputs: Inputs, hours_of: Callable[[Inputs], Hours], boilers_first: bool, seed: int, draws: int = 200) -> Spread:
    """Return the surplus of many draws of all uncertain figures; each is drawn from a triangle between its lowest, its value and its highest."""
    random = np.random.default_rng(seed)
    figures = [inputs.figure(name) for name in _moving(inputs, boilers_first)]
    drawn = [np.rint(random.triangular(one.low, one.value, one.high, draws)).astype(np.int64) for one in figures]
    truths = []
    for draw in range(draws):
        values = {one.name: int(column[draw]) for one, column in zip(figures, drawn, strict=True)}
        truths.append(_truth(inputs.having(**values), hours_of, boilers_first))
    return Spread(draws, _marks([one.hours for one in truths]), _marks([one.energy_wh for one in truths]))


def _moving(inputs: Inputs, boilers_first: bool) -> list[str]:
    return [name for name in (*MOVING, *(HEATING if boilers_first else ())) if inputs.figure(name).uncertain]


def _truth(inputs: Inputs, hours_of: Callable[[Inputs], Hours], boilers_first: bool) -> Truth:
    boilers = inputs["boiler_units"] * inputs["boiler_unit"] if boilers_first else 0
    return truth_of(hours_of(inputs), inputs["gas_floor"], boilers)


def _marks(values: Sequence[int]) -> tuple[int, int, int]:
    ordered = sorted(values)
    low, middle, high = (ordered[(len(ordered) - 1) * one // 100] for one in (5, 50, 95))
    return low, middle, high
