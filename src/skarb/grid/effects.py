"""What mining does to the system: the same hours planned with it and without it, and the difference.

Carbon is told twice. Marginal: what is burnt more, hour by hour, because mining is there, for power and for the heat that electric boilers
give no more. Average: mining's share of everything, as if every
MWh were the same. The two answer different questions, and only the first one says what a decision changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skarb.grid.cost import cost_of, starts
from skarb.grid.fill import fill
from skarb.grid.model import FREE, Hours, Plan, Policy, System, Watts

Planner = Callable[[Hours, System, Policy], Plan]
_GRAM = 1000  # grams per kWh are thousandths of a gram per Wh


@dataclass(frozen=True)
class Effects:
    """The difference that mining makes. Units: watt-hours, watts, grams, billionths of the currency; more is above nought."""

    mining_wh: int
    surplus_wh: int  # of it on power that would have been spilled
    gas_wh: int
    boilers_wh: int
    export_wh: int
    spill_wh: int
    unserved_wh: int
    gas_starts: int
    carbon_marginal_g: int
    carbon_average_g: int
    peak_w: int  # the highest load with mining above that without
    at_peak_w: int  # mining in the hour in which the load is highest
    gain_nano: int

    @property
    def marginal_g_per_kwh(self) -> int:
        """Grams for each kWh mined that a decision to mine adds. Rounding: down."""
        return self.carbon_marginal_g * 1000 // self.mining_wh if self.mining_wh else 0

    @property
    def average_g_per_kwh(self) -> int:
        """Grams for each kWh as if all were the same. Rounding: down."""
        return self.carbon_average_g * 1000 // self.mining_wh if self.mining_wh else 0


@dataclass(frozen=True)
class Step:
    """One size of mining: what it brings in a year and what it costs to stand there. Units: watts; billionths of the currency."""

    mining_w: int
    mining_wh: int
    gain_nano: int
    capital_nano: int

    @property
    def net_nano(self) -> int:
        """What is left."""
        return self.gain_nano - self.capital_nano

    def utilisation(self, hours: int) -> int:
        """Return how busy it is, in millionths."""
        return self.mining_wh * 1_000_000 // (self.mining_w * hours) if self.mining_w else 0


def effects_of(
    having: Plan, lacking: Plan, hours: Hours, system: System, gas_g_per_kwh: int, heat_g_per_kwh: int, nuclear_g_per_kwh: int
) -> Effects:
    """Return the difference between the plan with mining and the plan without."""
    more = having.gas_w - lacking.gas_w
    mining = having.mining_total_w
    burnt = int(having.gas_w.sum() + hours.must_run_w.sum())
    nuclear = int(hours.baseload_w.sum() - having.spill_w.sum())
    served = hours.load_w - having.unserved_w + having.boilers_w + mining
    peak = int(hours.load_w.argmax())
    carbon = burnt * gas_g_per_kwh + nuclear * nuclear_g_per_kwh
    return Effects(
        mining_wh=int(mining.sum()),
        surplus_wh=int(np.minimum(mining, np.maximum(lacking.spill_w - having.spill_w, 0)).sum()),
        gas_wh=int(more.sum()),
        boilers_wh=int(having.boilers_w.sum() - lacking.boilers_w.sum()),
        export_wh=int(having.export_w.sum() - lacking.export_w.sum()),
        spill_wh=int(having.spill_w.sum() - lacking.spill_w.sum()),
        unserved_wh=int(having.unserved_w.sum() - lacking.unserved_w.sum()),
        gas_starts=starts(having.gas_on) - starts(lacking.gas_on),
        carbon_marginal_g=int(_burnt(having, lacking, gas_g_per_kwh, heat_g_per_kwh).sum()) // _GRAM,
        carbon_average_g=carbon * int(mining.sum()) // (burnt + nuclear) // _GRAM if burnt + nuclear else 0,
        peak_w=int(served.max() - (hours.load_w - lacking.unserved_w + lacking.boilers_w).max()),
        at_peak_w=int(mining[peak]),
        gain_nano=cost_of(lacking, system.without_mining()).total - cost_of(having, system).total,
    )


def carbon_by_hour_g(having: Plan, lacking: Plan, gas_g_per_kwh: int, heat_g_per_kwh: int) -> np.ndarray:
    """Return the grams that mining adds in every hour. Rounding: down."""
    return _burnt(having, lacking, gas_g_per_kwh, heat_g_per_kwh) // _GRAM


def _burnt(having: Plan, lacking: Plan, gas_g_per_kwh: int, heat_g_per_kwh: int) -> Watts:
    """Return the thousandths of a gram that mining adds in every hour."""
    return (having.gas_w - lacking.gas_w) * gas_g_per_kwh + (lacking.boilers_w - having.boilers_w) * heat_g_per_kwh


def boilers_first_nano(hours: Hours, system: System, mining_on_gas: bool, plan: Planner = fill) -> int:
    """Return what it costs to heat water with surplus before mining with it, in billionths of the currency."""
    free, first = (plan(hours, system, Policy(boilers_first, mining_on_gas)) for boilers_first in (False, True))
    return cost_of(first, system).total - cost_of(free, system).total


def sweep(
    hours: Hours, system: System, sizes_w: Sequence[int], capital_milli_per_mw: int, policy: Policy = FREE, plan: Planner = fill
) -> tuple[Step, ...]:
    """Return what each size of mining brings with the first class of miners, beside what it costs to stand there.

    Units: capital in thousandths of the currency per MW for all the hours that are planned.
    """
    base = cost_of(plan(hours, system.without_mining(), policy), system.without_mining()).total
    steps = []
    for size in sizes_w:
        one = replace(system, miners=(replace(system.miners[0], blocks=1, block_w=size),) if size else ())
        planned = plan(hours, one, policy)
        gain = base - cost_of(planned, one).total
        # thousandths per MW are billionths per W
        steps.append(Step(size, int(planned.mining_total_w.sum()), gain, capital_milli_per_mw * size))
    return tuple(steps)


def best(steps: Sequence[Step]) -> Step:
    """Return the size that brings most, the smaller of two that bring the same."""
    return max(steps, key=lambda one: (one.net_nano, -one.mining_w))
