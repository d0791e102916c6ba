"""Plans by HiGHS, through scipy: the linear program with what every hour's power is worth, and windows with whole units.

`relaxed` lets units be split and gives duals; `committed` counts them. When no plan keeps every constraint, the same program is solved once more with
every constraint free to give way at the same price per MW, and what gives way is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds as Box
from scipy.optimize import LinearConstraint, OptimizeResult, linprog, milp

from skarb.core.errors import Unavailable
from skarb.grid.errors import InfeasiblePlan, Relaxation
from skarb.grid.model import FREE, MEGAWATT, Hours, Plan, Policy, System
from skarb.grid.program import Bounds, Floats, Matrix, Past, bounds_of, matrix_of, plan_of

GAP = 1e-3  # of the cost of a window; HiGHS usually proves much less
_CLOSE = 1e-4  # of the cost of a few days
_SECONDS = 60.0
_INFEASIBLE = 2
_GIVES = {"balance": "must_run", "reserve": "reserve", "ramp": "ramp", "policy": "policy", "up": "times", "down": "times"}
"""The families of rows that people decide and could decide otherwise, and the constraint each of them is; what a machine can do is no such thing."""


@dataclass(frozen=True, eq=False)
class Solved:
    """A plan with what the solver says of it. Units: the currency, as floats; `bound` is what no plan can fall below."""

    plan: Plan
    objective: float
    bound: float


@dataclass(frozen=True, eq=False)
class Window:
    """What a window of a rolling plan found, hour by hour, and its duals."""

    matrix: Matrix
    found: Floats
    objective: float
    bound: float
    marginal: Floats
    reserve: Floats
    cost: Floats


def relaxed(hours: Hours, system: System, policy: Policy = FREE) -> Solved:
    """Return the plan in which units may run in parts, with what one more MWh of every hour would cost.

    Raises: InfeasiblePlan
    """
    matrix = matrix_of(system, len(hours), False)
    bounds = bounds_of(matrix, hours, system, policy)
    found, marginal, reserve, objective = _linear(matrix, bounds, hours)
    return Solved(plan_of(matrix, found, system, hours, marginal, reserve), objective, objective)


def committed(hours: Hours, system: System, policy: Policy = FREE, gap: float = _CLOSE, past: Past | None = None) -> Solved:
    """Return the plan with whole units of all hours at once; for more than some weeks take `rolling`.

    Raises: InfeasiblePlan, Unavailable
    """
    one = window(hours, system, policy, gap, past)
    return Solved(plan_of(one.matrix, one.found, system, hours, one.marginal, one.reserve), one.objective, one.bound)


def window(hours: Hours, system: System, policy: Policy, gap: float, past: Past | None) -> Window:
    """Solve some hours with whole units, then once more with these units given, for the prices.

    Raises: InfeasiblePlan, Unavailable
    """
    matrix = matrix_of(system, len(hours), past is not None)
    bounds = bounds_of(matrix, hours, system, policy, past)
    answer = _whole(matrix, bounds, gap)
    if answer.status == _INFEASIBLE:
        raise _infeasible(matrix, bounds, hours)
    if answer.x is None:
        raise Unavailable(f"plan from {hours.first.isoformat()}: no plan was found within {_SECONDS:.0f} s; {answer.message}")
    units = np.rint(answer.x[matrix.counted])
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    lower[matrix.counted] = upper[matrix.counted] = units
    given = Bounds(bounds.cost, lower, upper, bounds.row_lower, bounds.row_upper)
    found, marginal, reserve, objective = _linear(matrix, given, hours)
    return Window(matrix, found, objective, float(answer.mip_dual_bound), marginal, reserve, bounds.cost)


def _whole(matrix: Matrix, bounds: Bounds, gap: float) -> OptimizeResult:
    return milp(
        bounds.cost,
        integrality=matrix.counted,
        bounds=Box(bounds.lower, bounds.upper),
        constraints=LinearConstraint(matrix.values, bounds.row_lower, bounds.row_upper),
        options={"mip_rel_gap": gap, "time_limit": _SECONDS},
    )


def _linear(matrix: Matrix, bounds: Bounds, hours: Hours) -> tuple[Floats, Floats, Floats, float]:
    """Return columns, the duals of balance and of reserve, and the objective."""
    equal = np.arange(matrix.hours)  # the balance stands first
    rest = slice(matrix.hours, None)
    least, most = bounds.row_lower[rest], bounds.row_upper[rest]
    below, above = np.isfinite(most), np.isfinite(least)
    values = matrix.values[rest]
    answer = linprog(
        bounds.cost,
        A_ub=sparse.vstack([values[below], -values[above]], format="csc"),
        b_ub=np.concatenate([most[below], -least[above]]),
        A_eq=matrix.values[equal],
        b_eq=bounds.row_lower[equal],
        bounds=np.column_stack([bounds.lower, bounds.upper]),
        method="highs-ds",
    )
    if answer.status == _INFEASIBLE:
        raise _infeasible(matrix, bounds, hours)
    if answer.x is None:
        raise Unavailable(f"plan from {hours.first.isoformat()}: {answer.message}")
    reserve = next(one for one in matrix.families if one.name == "reserve")
    place = int(below.sum()) + int(above[: reserve.row - matrix.hours].sum())
    duals = -answer.ineqlin.marginals[place : place + matrix.hours]
    return answer.x, answer.eqlin.marginals, duals, float(answer.fun)


def _infeasible(matrix: Matrix, bounds: Bounds, hours: Hours) -> InfeasiblePlan:
    """Solve the program with constraints that may give way, and say which do. Weights: one MW of any of them is as bad as of another."""
    soft = [one for one in matrix.families if _kind(one.name) in _GIVES]
    height, width = matrix.values.shape
    columns, signs, owners = [], [], []
    for family in soft:
        place = np.arange(height)[matrix.rows(family)]
        for sign, limit in ((1.0, bounds.row_lower), (-1.0, bounds.row_upper)):
            bound = place[np.isfinite(limit[place])]
            columns.append(bound)
            signs.append(np.full(len(bound), sign))
            owners += [(family.name, int(hour)) for hour in bound - family.row + family.start]
    row, ways = np.concatenate(columns), np.concatenate(signs)
    slack = sparse.csr_array((ways, (row, np.arange(len(row)))), shape=(height, len(row)))
    answer = milp(
        np.concatenate([np.zeros(width), np.ones(len(row))]),
        integrality=np.concatenate([matrix.counted, np.zeros(len(row), bool)]),
        bounds=Box(np.concatenate([bounds.lower, np.zeros(len(row))]), np.concatenate([bounds.upper, np.full(len(row), np.inf)])),
        constraints=LinearConstraint(sparse.hstack([matrix.values, slack], format="csr"), bounds.row_lower, bounds.row_upper),
        options={"time_limit": _SECONDS},
    )
    if answer.x is None:
        return InfeasiblePlan(f"plan from {hours.first.isoformat()}", [])
    gave: dict[str, dict[int, float]] = {}
    for (name, hour), amount in zip(owners, answer.x[width:], strict=True):
        if amount > 1e-6:
            by_hour = gave.setdefault(_GIVES[_kind(name)], {})
            by_hour[hour] = by_hour.get(hour, 0.0) + float(amount)
    return InfeasiblePlan(
        f"plan from {hours.first.isoformat()}", [_relaxation(name, by_hour, hours) for name, by_hour in sorted(gave.items())]
    )


def _kind(family: str) -> str:
    return family.rstrip("0123456789")


def _relaxation(name: str, by_hour: dict[int, float], hours: Hours) -> Relaxation:
    worst = max(by_hour, key=lambda hour: (by_hour[hour], -hour))
    energy = round(sum(by_hour.values()) * MEGAWATT)
    return Relaxation(name, len(by_hour), energy, round(by_hour[worst] * MEGAWATT), hours.at(worst))
