"""The plan as a linear program: blocks of columns, families of rows, and bounds that change from window to window.

Columns stand in blocks, one column per hour: what gas gives, how many units run, how many start … Identical units are counted, never told apart,
so a year has a few tens of thousands of whole numbers and not a million. A family of rows says one thing about every hour: power balances, units
stay inside their limits, blocks that were switched on stay on. The matrix of a length is built once; a window changes only its bounds.
Here, and in `solve`, power is in MW and money in units of the currency, as floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skarb.core.errors import ConfigurationError
from skarb.grid.model import FREE, MEGAWATT, Hours, Plan, Policy, System, boilers_can_w, surplus_w

Floats = NDArray[np.float64]
Term = tuple[str, float, int]  # block of columns, factor, hours back
COUNTED = ("gas_on", "boilers_on", "blocks")


@dataclass(frozen=True)
class Family:
    """Rows that say the same about every hour from `start` on; the block `steady` is taken to have been before the first hour what it is in it."""

    name: str
    row: int
    start: int
    terms: tuple[Term, ...]
    steady: str = ""


@dataclass(frozen=True)
class Matrix:
    """Rows and columns of so many hours; `follows` when hours before the first are known."""

    hours: int
    follows: bool
    blocks: tuple[str, ...]
    families: tuple[Family, ...]
    values: sparse.csr_array
    counted: NDArray[np.bool_]

    def place(self, block: str) -> slice:
        """Return where the columns of a block stand."""
        start = self.blocks.index(block) * self.hours
        return slice(start, start + self.hours)

    def rows(self, family: Family) -> slice:
        """Return where the rows of a family stand."""
        return slice(family.row, family.row + self.hours - family.start)


@dataclass(frozen=True, eq=False)
class Bounds:
    """The costs and bounds of one window. Units: MW, units of the currency."""

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats


@dataclass(frozen=True, eq=False)
class Past:
    """What the hours before a window leave behind: by block of columns, the latest hour last."""

    values: dict[str, Floats] = field(default_factory=dict)

    def value(self, block: str, back: int) -> float:
        """Return what a block was so many hours before the window; nothing started before anybody looked."""
        known = self.values.get(block)
        return float(known[-back]) if known is not None and back <= len(known) else 0.0


def past_of_plan(plan: Plan, hours: int, system: System) -> Past:
    """Return what the first hours of a plan leave behind, for those who plan the rest of it anew.

    Raises: ConfigurationError if the plan has no whole units.
    """
    if plan.gas_on is None or plan.boilers_on is None or plan.blocks is None:
        raise ConfigurationError(
            "redispatch: given a plan without whole units, expected one with unit commitment; use `committed` or `rolling`"
        )
    values = {"gas": plan.gas_w[:hours] / MEGAWATT, "gas_on": plan.gas_on[:hours], "boilers_on": plan.boilers_on[:hours]}
    for number in range(len(system.miners)):
        running = plan.blocks[number, :hours]
        values |= {f"blocks{number}": running, f"on{number}": np.maximum(np.diff(running, prepend=running[:1]), 0)}
    return Past({name: np.asarray(row, float) for name, row in values.items()})


@lru_cache(maxsize=16)
def matrix_of(system: System, hours: int, follows: bool) -> Matrix:
    """Return the rows and columns of a plan with unit commitment."""
    families: list[Family] = []
    columns = ["gas", "gas_on", "gas_start", "boilers", "boilers_on", "boilers_start", "export", "spill", "unserved"]
    mined = []
    row = 0

    def say(name: str, terms: Sequence[Term], start: int = 0, steady: str = "") -> None:
        nonlocal row
        families.append(Family(name, row, start, tuple(terms), "" if follows else steady))
        row += hours - start

    gas, boilers = system.gas, system.boilers
    for number, miners in enumerate(system.miners):
        columns += [f"blocks{number}", f"on{number}"]
        mined.append((f"blocks{number}", _mw(miners.block_w)))
    first = 0 if follows else 1  # the very first hour has nothing to ramp or start from
    say(
        "balance",
        [
            ("gas", 1, 0),
            ("boilers", -1, 0),
            ("export", -1, 0),
            ("spill", -1, 0),
            ("unserved", 1, 0),
            *((one, -mw, 0) for one, mw in mined),
        ],
    )
    say("gas_most", [("gas", 1, 0), ("gas_on", -_mw(gas.unit_w), 0)])
    say("gas_least", [("gas", 1, 0), ("gas_on", -_mw(gas.unit_min_w), 0)])
    say("boilers_most", [("boilers", 1, 0), ("boilers_on", -_mw(boilers.unit_w), 0)])
    say("boilers_least", [("boilers", 1, 0), ("boilers_on", -_mw(boilers.unit_min_w), 0)])
    say("reserve", [("gas_on", _mw(gas.unit_w), 0), ("gas", -1, 0), ("boilers", 1, 0), *((one, mw, 0) for one, mw in mined)])
    say("ramp", [("gas", 1, 0), ("gas", -1, 1)], first)
    say("gas_start", [("gas_on", 1, 0), ("gas_on", -1, 1), ("gas_start", -1, 0)], first)
    say("boilers_start", [("boilers_on", 1, 0), ("boilers_on", -1, 1), ("boilers_start", -1, 0)], first)
    if mined:
        say("policy", [(one, mw, 0) for one, mw in mined])
    for number, miners in enumerate(system.miners):
        blocks, on, up, down = f"blocks{number}", f"on{number}", miners.up_hours, miners.down_hours
        say(f"on{number}", [(blocks, 1, 0), (blocks, -1, 1), (on, -1, 0)], first)
        say(f"up{number}", [*((on, 1, back) for back in range(up)), (blocks, -1, 0)])
        # What was switched off within `down` hours is what was on before them, and was switched on since, and is not on now.
        say(f"down{number}", [*((on, 1, back) for back in range(down)), (blocks, 1, down)], first, blocks)
    counted = np.repeat([one.startswith(COUNTED) for one in columns], hours)
    return Matrix(hours, follows, tuple(columns), tuple(families), _sparse(families, tuple(columns), hours, row), counted)


def bounds_of(matrix: Matrix, hours: Hours, system: System, policy: Policy = FREE, past: Past | None = None) -> Bounds:
    """Return the costs and bounds of some hours."""
    count, size = matrix.hours, len(matrix.blocks) * matrix.hours
    cost, upper = np.zeros(size), np.full(size, np.inf)
    lower = np.zeros(size)
    surplus = surplus_w(hours, system.gas_floor_w)

    def column(block: str, price: float, most: float | Floats) -> None:
        place = matrix.place(block)
        cost[place], upper[place] = price, most

    gas, boilers = system.gas, system.boilers
    column("gas", _milli(gas.cost_milli), _mw(gas.most_w))
    column("gas_on", 0, gas.units)
    column("gas_start", _milli(gas.start_milli), gas.units)
    column("boilers", -_milli(boilers.value_milli), boilers_can_w(hours, system) / MEGAWATT)
    column("boilers_on", 0, boilers.units)
    column("boilers_start", _milli(boilers.start_milli), boilers.units)
    column("export", -_milli(system.export_milli), _mw(system.export_w))
    column("spill", _milli(system.spill_milli - system.nuclear_milli), hours.baseload_w / MEGAWATT)
    column("unserved", _milli(system.unserved_milli), hours.load_w / MEGAWATT)
    for number, one in enumerate(system.miners):
        column(f"blocks{number}", -_milli(one.value_milli) * _mw(one.block_w), one.blocks)
        column(f"on{number}", _milli(one.start_milli), one.blocks)
    if policy.boilers_first:
        first = np.minimum(boilers_can_w(hours, system), surplus)
        lower[matrix.place("boilers")] = np.where(first >= boilers.unit_min_w, first, 0) / MEGAWATT
    row_lower, row_upper = np.full(matrix.values.shape[0], -np.inf), np.full(matrix.values.shape[0], np.inf)
    for family in matrix.families:
        least, most = _limits(family.name, hours, system, policy)
        place = matrix.rows(family)
        row_lower[place], row_upper[place] = least, most
        if past is not None:
            _remember(family, past, min(count, max(back for _, _, back in family.terms)), row_lower, row_upper)
    return Bounds(cost, lower, upper, row_lower, row_upper)


def _limits(name: str, hours: Hours, system: System, policy: Policy) -> tuple[float | Floats, float | Floats]:
    match name.rstrip("0123456789"):
        case "balance":
            needed = (hours.load_w - hours.baseload_w - hours.must_run_w) / MEGAWATT
            return needed, needed
        case "gas_least" | "boilers_least":
            return 0, np.inf
        case "reserve":
            return _mw(system.reserve_w), np.inf
        case "ramp":
            return -_mw(system.gas.ramp_w), _mw(system.gas.ramp_w)
        case "policy":
            return -np.inf, np.inf if policy.mining_on_gas else surplus_w(hours, system.gas_floor_w) / MEGAWATT
        case "down":
            return -np.inf, system.miners[int(name.removeprefix("down"))].blocks
        case _:  # units stay below what runs, starts cover what grows, blocks stay on
            return -np.inf, 0


def _remember(family: Family, past: Past, reach: int, lower: Floats, upper: Floats) -> None:
    """Move what is known of the hours before the window to the other side of the first rows."""
    for hour in range(reach):
        known = sum(factor * past.value(block, back - hour) for block, factor, back in family.terms if back > hour)
        lower[family.row + hour] -= known
        upper[family.row + hour] -= known


def plan_of(matrix: Matrix, found: Floats, system: System, hours: Hours, marginal: Floats, reserve: Floats) -> Plan:
    """Return what the optimiser found in whole watts; what rounding leaves over, gas takes, a few watts at most."""

    def watts(block: str) -> NDArray[np.int64]:
        return np.rint(found[matrix.place(block)] * MEGAWATT).astype(np.int64)

    def count(block: str) -> NDArray[np.int64]:
        return np.rint(found[matrix.place(block)]).astype(np.int64)

    whole = bool(np.allclose(found[matrix.counted], np.rint(found[matrix.counted]), atol=1e-5))
    rows = range(len(system.miners))
    blocks = np.array([count(f"blocks{number}") for number in rows]).reshape(len(system.miners), len(hours))
    exact = [
        np.rint(found[matrix.place(f"blocks{number}")] * one.block_w).astype(np.int64) for number, one in enumerate(system.miners)
    ]
    sized = np.array([one.block_w for one in system.miners], np.int64)[:, None]
    mining = blocks * sized if whole else np.array(exact).reshape(len(system.miners), len(hours))
    boilers, export, spill, unserved = watts("boilers"), watts("export"), watts("spill"), watts("unserved")
    gas = (
        hours.load_w
        - unserved
        + boilers
        + export
        + mining.sum(axis=0, dtype=np.int64)
        + spill
        - hours.baseload_w
        - hours.must_run_w
    )
    return Plan(
        gas,
        boilers,
        export,
        spill,
        unserved,
        mining,
        np.rint(marginal * 1000).astype(np.int64),
        np.rint(reserve * 1000).astype(np.int64),
        count("gas_on") if whole else None,
        count("boilers_on") if whole else None,
        blocks if whole else None,
    )


def _sparse(families: Sequence[Family], blocks: tuple[str, ...], hours: int, height: int) -> sparse.csr_array:
    row, column, value = [], [], []
    for family in families:
        for block, factor, back in family.terms:
            hour = np.arange(family.start if block == family.steady else max(family.start, back), hours)
            row.append(family.row + hour - family.start)
            column.append(blocks.index(block) * hours + np.maximum(hour - back, 0))
            value.append(np.full(len(hour), float(factor)))
    made = (np.concatenate(value), (np.concatenate(row), np.concatenate(column)))
    return sparse.csr_array(made, shape=(height, len(blocks) * hours))


def _mw(watts: int) -> float:
    return watts / MEGAWATT


def _milli(milli: int) -> float:
    return milli / 1000
