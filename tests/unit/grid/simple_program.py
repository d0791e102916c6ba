"""The uncoupled problem written down once more, hour by hour, for any solver: what the greedy plan must reach."""

import numpy as np
from scipy.optimize import linprog

from skarb.grid import Hours, System


def optimum(hours: Hours, system: System) -> float | None:
    """Return the least cost in units of the currency, or None if there is no plan."""
    total = 0.0
    for hour in range(len(hours)):
        nuclear = sum(int(row[hour]) for row in hours.nuclear_w) / 1e6
        sinks = [
            (min(int(hours.heat_w[hour]), system.boilers.most_w), system.boilers.value_milli),
            (system.export_w, system.export_milli),
        ]
        sinks += [(one.most_w, one.value_milli) for one in system.miners]
        cost = [
            system.gas.cost_milli,
            system.unserved_milli,
            system.spill_milli - system.nuclear_milli,
            *(-value for _, value in sinks),
        ]
        box = [(system.gas_floor_w / 1e6, system.gas.most_w / 1e6), (0, hours.load_w[hour] / 1e6), (0, nuclear)]
        box += [(0, most / 1e6) for most, _ in sinks]
        balance = [[1, 1, -1, *(-1 for _ in sinks)]]
        need = hours.load_w[hour] / 1e6 - nuclear - hours.must_run_w[hour] / 1e6
        answer = linprog(np.array(cost) / 1000, A_eq=balance, b_eq=[need], bounds=box)
        if answer.status == 2:
            return None
        total += answer.fun
    return total
