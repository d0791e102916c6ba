"""Why the hour is as it is: what the next megawatt-hour would come from, and what keeps mining from more or less.

The reason follows from the plan and from its duals: what one more MWh of load costs equals the price of whatever would give it. Where no price
fits, a limit in time does it: a ramp, a start, a block that must stay as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from skarb.grid.model import Hours, Plan, System, surplus_w

Reason = Literal["surplus", "boilers", "export", "gas_minimum", "gas", "mining", "reserve", "peak", "limits"]
REASONS: tuple[Reason, ...] = get_args(Reason)
_NEAR = 5  # thousandths of the currency; duals are floats
TOLD: dict[Reason, str] = {
    "surplus": "reactors and must-run plants give more than anybody takes; another MWh is spilled power",
    "boilers": "another MWh is taken from electric boilers, which burn gas for the heat instead",
    "export": "another MWh is taken from export",
    "gas_minimum": "the gas units that must run stand at their minimum and give more than is needed",
    "gas": "another MWh is burnt gas",
    "mining": "another MWh is taken from miners, who pay more than gas costs",
    "reserve": "what must be held in reserve is short; miners and boilers that can be shed stand in for it",
    "peak": "gas is at its limit, or the load is not served in full",
    "limits": "ramps, starts or minimum times decide, and the cost belongs to several hours",
}


@dataclass(frozen=True)
class Explained:
    """One hour of a plan with its reason. Units: watts; thousandths of the currency per MWh; `surplus_w` above the gas that stays on."""

    hour: int
    reason: Reason
    surplus_w: int
    mining_w: int
    on_surplus_w: int
    marginal_milli: int
    says: str


def reasons_of(plan: Plan, hours: Hours, system: System) -> list[Reason]:
    """Return the reason of every hour."""
    price = plan.marginal_milli
    saved = system.nuclear_milli - system.spill_milli
    gas_on = plan.gas_on if plan.gas_on is not None else np.full(len(plan), system.gas.units)
    full = plan.gas_w >= system.gas.most_w - _NEAR * 1000
    idle = plan.gas_w <= (gas_on * system.gas.unit_min_w if plan.gas_on is not None else np.full(len(plan), system.gas_floor_w))
    values = [one.value_milli for one in system.miners]
    found: list[Reason] = []
    for hour in range(len(plan)):
        now = int(price[hour])
        if plan.unserved_w[hour] > 0:
            found.append("peak")
        elif plan.reserve_milli[hour] > _NEAR:
            found.append("reserve")
        elif now >= system.unserved_milli - _NEAR:
            found.append("peak")
        elif abs(now - system.gas.cost_milli) <= _NEAR:
            found.append("gas")
        elif plan.spill_w[hour] > 0 or now <= saved + _NEAR:
            found.append("surplus")
        elif plan.export_w[hour] > 0 and abs(now - system.export_milli) <= _NEAR:
            found.append("export")
        elif plan.boilers_w[hour] > 0 and abs(now - system.boilers.value_milli) <= _NEAR:
            found.append("boilers")
        elif full[hour]:
            found.append("peak")
        elif any(abs(now - one) <= _NEAR for one in values):
            found.append("mining")
        elif idle[hour]:
            found.append("gas_minimum")
        else:
            found.append("limits")
    return found


def explain(plan: Plan, hours: Hours, system: System) -> list[Explained]:
    """Return every hour with its reason in words; mining counts as on surplus as far as power is left that no more gas is burnt for."""
    surplus = surplus_w(hours, system.gas_floor_w)
    mining = plan.mining_total_w
    free = np.minimum(mining, np.maximum(surplus - plan.boilers_w - plan.export_w, 0))
    told = []
    for hour, reason in enumerate(reasons_of(plan, hours, system)):
        words = TOLD[reason]
        if mining[hour]:
            words += f"; miners take {_mw(mining[hour])} MW, {_mw(free[hour])} MW of it left over above the gas that stays on"
        elif system.miners:
            words += "; miners are off"
        told.append(
            Explained(hour, reason, int(surplus[hour]), int(mining[hour]), int(free[hour]), int(plan.marginal_milli[hour]), words)
        )
    return told


def counted(reasons: list[Reason]) -> dict[Reason, int]:
    """Return how many hours have each reason, those that occur, in their fixed order."""
    return {one: reasons.count(one) for one in REASONS if one in reasons}


def _mw(watts: int) -> str:
    return f"{int(watts) / 1e6:,.1f}"
