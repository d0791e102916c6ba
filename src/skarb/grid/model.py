"""The nouns of a power system hour by hour, in whole watts.

One hour at one watt is one watt-hour, so the arrays of an hourly plan are power and energy at once. A price is written in thousandths of the
currency per MWh, which is a billionth of it per Wh: energy times price is a whole number of billionths, and sums are exact.
Floats live in the optimiser only; what leaves it is whole again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import InputError

Watts: TypeAlias = NDArray[np.int64]

MEGAWATT = 1_000_000
READ, ESTIMATED, MADE = 0, 1, 2
"""Where an hour's figures come from: read as they are, estimated from their neighbours, made by a generator."""


@dataclass(frozen=True)
class Gas:
    """Identical gas units: how many of them run is a whole number.

    Units: watts, watts per hour; thousandths of the currency per MWh and per start.
    """

    units: int
    unit_w: int
    unit_min_w: int
    ramp_w: int
    cost_milli: int
    start_milli: int

    @property
    def most_w(self) -> int:
        """All units together."""
        return self.units * self.unit_w


@dataclass(frozen=True)
class Boilers:
    """Identical electric boilers that save gas where heat is wanted. Units: as of gas."""

    units: int
    unit_w: int
    unit_min_w: int
    value_milli: int
    start_milli: int

    @property
    def most_w(self) -> int:
        """All boilers together."""
        return self.units * self.unit_w


@dataclass(frozen=True)
class Miners:
    """Identical blocks of machines of one class; a block is switched as a whole and then stays for some hours.

    Units: watts; what a MWh is worth to them in thousandths of the currency; hours.
    """

    name: str
    blocks: int
    block_w: int
    value_milli: int
    start_milli: int = 0
    up_hours: int = 1
    down_hours: int = 1

    @property
    def most_w(self) -> int:
        """All blocks together."""
        return self.blocks * self.block_w


@dataclass(frozen=True)
class System:
    """What stands in the country, what it costs, and what must be held back.

    `gas_floor_w` is gas that stays on whatever happens; it belongs to the question of what is surplus, and to plans without unit commitment.
    """

    currency: str
    gas: Gas
    boilers: Boilers
    miners: tuple[Miners, ...]
    export_w: int
    export_milli: int
    reserve_w: int
    gas_floor_w: int
    nuclear_milli: int
    spill_milli: int  # paid for every MWh that a reactor could give and must not
    unserved_milli: int

    def without_mining(self) -> System:
        """Return the same system with no miner in it."""
        return replace(self, miners=())

    @property
    def mining_w(self) -> int:
        """All miners together."""
        return sum(one.most_w for one in self.miners)


@dataclass(frozen=True)
class Policy:
    """What the state decides and no price does.

    `boilers_first`: surplus heats water before it mines. `mining_on_gas`: miners may run when gas is at the margin, if their value covers it.
    """

    boilers_first: bool = False
    mining_on_gas: bool = True


FREE = Policy()


@dataclass(frozen=True, eq=False)
class Hours:
    """The given side of every hour. Shape: one entry per hour, without a gap; `nuclear_w` has a row per unit.

    Units: watts; `temperature` in tenths of a degree Celsius, empty where nobody knows it.
    """

    first: datetime
    load_w: Watts
    nuclear_w: Watts
    must_run_w: Watts
    heat_w: Watts
    temperature: Watts = field(default_factory=lambda: np.zeros(0, np.int64))
    quality: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        if self.first.tzinfo is None:
            raise InputError(f"hours from {self.first}: expected an instant with its zone; add one such as +03:00")
        for name in ("load_w", "must_run_w", "heat_w"):
            self._check(name, getattr(self, name))
        for row in self.nuclear_w:
            self._check("nuclear_w", row)

    def _check(self, name: str, values: Watts) -> None:
        if len(values) != len(self):
            raise InputError(f"hours, {name}: given {len(values)} hours, expected {len(self)} as of the load")
        if len(values) and int(values.min()) < 0:
            hour = int(values.argmin())
            raise InputError(f"hours, {name}, {self.at(hour).isoformat()}: given {values[hour]} W, expected 0 or more")

    def __len__(self) -> int:
        return len(self.load_w)

    def at(self, hour: int) -> datetime:
        """Return when an hour begins; hours are counted in real time, so a change of clocks leaves no hole."""
        return _shifted(self.first, hour)

    def place(self, at: datetime) -> int:
        """Return the number of the hour in which an instant lies, the reverse of `at`; hours that are not there have numbers, too."""
        return (at.astimezone(UTC) - self.first.astimezone(UTC)) // timedelta(hours=1)

    @property
    def baseload_w(self) -> Watts:
        """What the reactors give, all together."""
        total: Watts = self.nuclear_w.sum(axis=0, dtype=np.int64) if len(self.nuclear_w) else np.zeros(len(self), np.int64)
        return total

    def part(self, start: int, stop: int) -> Hours:
        """Return some of the hours."""
        return Hours(
            self.at(start),
            self.load_w[start:stop],
            self.nuclear_w[:, start:stop],
            self.must_run_w[start:stop],
            self.heat_w[start:stop],
            self.temperature[start:stop],
            self.quality[start:stop],
        )


def _shifted(first: datetime, hours: int) -> datetime:
    return (first.astimezone(UTC) + timedelta(hours=hours)).astimezone(first.tzinfo)


@dataclass(frozen=True, eq=False)
class Plan:
    """What everybody does in every hour.

    Shape: one entry per hour; `mining_w` and `blocks` have a row per class of miners. Units: watts, whole units and blocks; `marginal_milli` is what
    one more MWh of load would cost and `reserve_milli` one more MW of reserve, in thousandths.
    Plans without commitment have no units.
    """

    gas_w: Watts
    boilers_w: Watts
    export_w: Watts
    spill_w: Watts
    unserved_w: Watts
    mining_w: Watts
    marginal_milli: Watts
    reserve_milli: Watts
    gas_on: Watts | None = None
    boilers_on: Watts | None = None
    blocks: Watts | None = None

    def __len__(self) -> int:
        return len(self.gas_w)

    @property
    def mining_total_w(self) -> Watts:
        """All miners of every hour."""
        total: Watts = self.mining_w.sum(axis=0, dtype=np.int64) if len(self.mining_w) else np.zeros(len(self), np.int64)
        return total


def surplus_w(hours: Hours, floor_w: int) -> Watts:
    """Return what reactors, must-run plants and gas that stays on give above the load; nought where they do not.

    Units: watts.
    """
    left: Watts = np.maximum(hours.baseload_w + hours.must_run_w + (floor_w - hours.load_w), 0)
    return left


def boilers_can_w(hours: Hours, system: System) -> Watts:
    """Return what the boilers could take of every hour: as much heat as is wanted, no more than they are."""
    can: Watts = np.minimum(hours.heat_w, system.boilers.most_w)
    return can
