"""A year with whole units, week after week: each window looks a day further than it decides.

A window begins where the one before ended: with the power gas gave, the units that ran, and every block that was switched within its minimum time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from skarb.grid.model import FREE, Hours, Plan, Policy, System
from skarb.grid.program import Past, plan_of
from skarb.grid.solve import GAP, Solved, Window, window

WEEK, DAY = 168, 24
Progress = Callable[[int, int], None]


def rolling(
    hours: Hours,
    system: System,
    policy: Policy = FREE,
    keep: int = WEEK,
    ahead: int = DAY,
    gap: float = GAP,
    past: Past | None = None,
    progress: Progress = lambda done, total: None,
) -> Solved:
    """Return the plan with whole units of any number of hours.

    Its bound is nought: windows are proven one by one, not all together. `relaxed` gives a bound of the whole.

    Raises: InfeasiblePlan, Unavailable
    """
    reach = max([1, *(max(one.up_hours, one.down_hours) for one in system.miners)])
    parts: list[Plan] = []
    objective = 0.0
    for start in range(0, len(hours), keep):
        stop, seen = min(len(hours), start + keep), min(len(hours), start + keep + ahead)
        one = window(hours.part(start, seen), system, policy, gap, past)
        whole = plan_of(one.matrix, one.found, system, hours.part(start, seen), one.marginal, one.reserve)
        parts.append(_cut(whole, stop - start))
        costs = (one.cost * one.found).reshape(len(one.matrix.blocks), -1)
        objective += float(costs[:, : stop - start].sum())
        past = past_of(one, stop - start, reach, past)
        progress(stop, len(hours))
    return Solved(reduce(_joined, parts), objective, 0.0)


def past_of(one: Window, decided: int, reach: int, before: Past | None = None) -> Past:
    """Return what a window leaves behind: its last decided hours, as far back as a minimum time reaches."""
    table = one.found.reshape(len(one.matrix.blocks), -1)
    counted = one.matrix.counted.reshape(len(one.matrix.blocks), -1)[:, 0]
    values = {}
    for number, block in enumerate(one.matrix.blocks):
        row = table[number, max(0, decided - reach) : decided]
        row = np.rint(row) if counted[number] else row
        known = None if before is None else before.values.get(block)
        values[block] = row if known is None or decided >= reach else np.concatenate([known, row])[-reach:]
    return Past(values)


_ROWS = (
    "gas_w",
    "boilers_w",
    "export_w",
    "spill_w",
    "unserved_w",
    "mining_w",
    "marginal_milli",
    "reserve_milli",
    "gas_on",
    "boilers_on",
    "blocks",
)


def _cut(plan: Plan, hours: int) -> Plan:
    cut: dict[str, Any] = {name: None if (row := getattr(plan, name)) is None else row[..., :hours] for name in _ROWS}
    return Plan(**cut)


def _joined(one: Plan, other: Plan) -> Plan:
    joined: dict[str, Any] = {}
    for name in _ROWS:
        left, right = getattr(one, name), getattr(other, name)
        joined[name] = None if left is None or right is None else np.concatenate([left, right], axis=-1)
    return Plan(**joined)
