"""What a plan costs, exactly: whole watt-hours times whole prices, added as whole numbers.

Costs are what burns, starts and is missing, less what mining, heat and export bring. Nuclear fuel counts only where it is saved by spilling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skarb.grid.model import Plan, System, Watts

NANO = 1_000_000_000


@dataclass(frozen=True)
class Cost:
    """The lines of a plan's cost. Units: billionths of the currency; what brings money is below nought."""

    gas: int
    gas_starts: int
    boilers: int
    boiler_starts: int
    mining: int
    mining_starts: int
    export: int
    spill: int
    unserved: int

    @property
    def total(self) -> int:
        """All lines."""
        return (
            self.gas
            + self.gas_starts
            + self.boilers
            + self.boiler_starts
            + self.mining
            + self.mining_starts
            + self.export
            + self.spill
            + self.unserved
        )

    @property
    def cents(self) -> int:
        """The total in hundredths of the currency. Rounding: to the nearest, halves up."""
        return (self.total + NANO // 200) // (NANO // 100)


def cost_of(plan: Plan, system: System) -> Cost:
    """Return what a plan costs. The first hour's units are taken to run already."""
    gas, boilers = system.gas, system.boilers
    return Cost(
        gas=total(plan.gas_w) * gas.cost_milli,
        gas_starts=starts(plan.gas_on) * gas.start_milli * (NANO // 1000),
        boilers=-total(plan.boilers_w) * boilers.value_milli,
        boiler_starts=starts(plan.boilers_on) * boilers.start_milli * (NANO // 1000),
        mining=-sum(total(row) * one.value_milli for row, one in zip(plan.mining_w, system.miners, strict=True)),
        mining_starts=sum(starts(row) * one.start_milli for row, one in zip(_blocks(plan), system.miners, strict=False))
        * (NANO // 1000),
        export=-total(plan.export_w) * system.export_milli,
        spill=total(plan.spill_w) * (system.spill_milli - system.nuclear_milli),
        unserved=total(plan.unserved_w) * system.unserved_milli,
    )


def total(values: Watts) -> int:
    """Return the sum of an array as a number without limits."""
    return int(values.sum(dtype=np.int64))


def starts(on: Watts | None) -> int:
    """Return how many units start after the first hour."""
    return 0 if on is None else int(np.maximum(np.diff(on), 0).sum())


def _blocks(plan: Plan) -> Watts | tuple[()]:
    return () if plan.blocks is None else plan.blocks
