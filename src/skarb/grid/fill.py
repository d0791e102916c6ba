"""The exact plan where no hour binds the next: everybody is served in order of what power is worth to him.

Free power goes to whoever values it most; gas is burnt for those who pay more than it costs. Without ramps, starts and blocks this is the optimum
of the linear program, found without a solver and in whole numbers, a year within a millisecond.
"""

from __future__ import annotations

import numpy as np

from skarb.grid.errors import InfeasiblePlan, Relaxation
from skarb.grid.model import FREE, Hours, Plan, Policy, System, Watts, boilers_can_w

_BOILERS, _MINERS = 1, 2  # places of sinks: export, boilers, the classes of miners


def fill(hours: Hours, system: System, policy: Policy = FREE) -> Plan:
    """Return the best plan of hours that are free of each other, with gas that never falls below its floor."""
    count = len(hours)
    floor = system.gas_floor_w
    room = max(0, system.gas.most_w - floor)
    balance = hours.baseload_w + hours.must_run_w
    balance += floor - hours.load_w
    free = np.maximum(balance, 0)
    needed = free - balance
    added = np.minimum(needed, room)
    unserved = needed - added
    head = room - added
    gas = added
    gas += floor
    caps: list[Watts | int] = [system.export_w, boilers_can_w(hours, system), *(one.most_w for one in system.miners)]
    values = [system.export_milli, system.boilers.value_milli, *(one.value_milli for one in system.miners)]
    taken: list[Watts] = [np.zeros(count, np.int64)] * len(caps)
    saved = system.nuclear_milli - system.spill_milli  # what a spilled MWh is worth
    for sink in _order(values, policy):
        wanted = values[sink] > saved or (policy.boilers_first and sink == _BOILERS)
        # Whoever pays less than a reactor saves by giving less takes only what no reactor can hold back.
        took = np.minimum(caps[sink], free if wanted else np.maximum(free - hours.baseload_w, 0))
        free = free - took
        if values[sink] > system.gas.cost_milli and (sink < _MINERS or policy.mining_on_gas):
            more = np.minimum(caps[sink] - took, head)
            head = head - more
            gas += more
            took += more
        taken[sink] = took
    mining = np.array(taken[_MINERS:]) if system.miners else np.zeros((0, count), np.int64)
    spill = free
    _check(hours, spill - hours.baseload_w)
    marginal = _marginal(spill, unserved, head, taken, caps, values, saved, system)
    return Plan(gas, taken[_BOILERS], taken[0], spill, unserved, mining, marginal, np.zeros(count, np.int64))


def _check(hours: Hours, beyond: Watts) -> None:
    """Refuse hours in which nobody takes the power and no reactor can give less."""
    over = beyond > 0
    if over.any():
        worst = int(beyond.argmax())
        given = Relaxation("floor", int(over.sum()), int(beyond[over].sum()), int(beyond[worst]), hours.at(worst))
        raise InfeasiblePlan("greedy plan", [given])


def _order(values: list[int], policy: Policy) -> list[int]:
    """Return the sinks with the most valuable first; boilers at the head when policy puts them there."""
    order = sorted(range(len(values)), key=lambda sink: (-values[sink], sink))
    return [_BOILERS, *(sink for sink in order if sink != _BOILERS)] if policy.boilers_first else order


def _marginal(
    spill: Watts,
    unserved: Watts,
    head: Watts,
    taken: list[Watts],
    caps: list[Watts | int],
    values: list[int],
    saved: int,
    system: System,
) -> Watts:
    """Return what one more MWh of load costs: the cheapest of spilling less, serving a sink less, burning more, serving the load less.

    Where gas has no room left the least valuable sink gives way, and the load after all of them.
    """
    price = np.full(len(spill), system.unserved_milli, np.int64)
    for sink in sorted(range(len(values)), key=lambda one: -values[one]):
        price = np.where(taken[sink] > 0, np.minimum(price, values[sink]), price)
    price = np.where((head > 0) & (unserved == 0), np.minimum(price, system.gas.cost_milli), price)
    return np.where(spill > 0, np.minimum(price, saved), price)
