"""A year with whole units, week after week: each window looks a day further than it decides.

A window begins where the one before ended: with the power gas gave, the units that ran, and every block that was switched within its minimum time.

Weeks hang together only through such a state, and most often it is the one that anybody would expect. So a second chain of windows begins
in the middle of the year at the same time, from the state that a few days around that hour come to by themselves. Where the first chain
arrives, the second is joined to it if every constraint holds across the seam; else windows are solved again until it does. Which state was
guessed never decides whether a plan holds, and the same hours always give the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from threading import Event
from typing import Any

import numpy as np

from skarb.core.errors import Unavailable
from skarb.grid.cost import NANO, cost_of
from skarb.grid.errors import InfeasiblePlan
from skarb.grid.model import FREE, Hours, Plan, Policy, System
from skarb.grid.program import Past, bounds_of, plan_of
from skarb.grid.solve import GAP, Solved, Window, window

WEEK, DAY = 168, 24
_CHAINS, _FEW = 2, 8  # chains of windows at the same time; with fewer windows than this there is one
_BEFORE = 48  # hours that a guess of a state looks back
_NEAR = 1e-5  # MW and counts by which a row may miss its bound, as the solver itself allows


@dataclass(frozen=True)
class _Task:
    """What is planned, and how windows are laid."""

    hours: Hours
    system: System
    policy: Policy
    keep: int
    ahead: int
    gap: float
    reach: int
    over: Event = field(default_factory=Event)


@dataclass(frozen=True, eq=False)
class _Part:
    """A window, the first hours of it that are decided, and what they leave behind."""

    window: Window
    start: int
    decided: int
    after: Past


def rolling(
    hours: Hours,
    system: System,
    policy: Policy = FREE,
    keep: int = WEEK,
    ahead: int = DAY,
    gap: float = GAP,
    past: Past | None = None,
) -> Solved:
    """Return the plan with whole units of any number of hours, and what it costs.

    Its bound is nought: windows are proven one by one, not all together. `relaxed` gives a bound of the whole.

    Raises: InfeasiblePlan, Unavailable
    """
    reach = max([1, *(max(one.up_hours, one.down_hours) for one in system.miners)])
    task = _Task(hours, system, policy, keep, ahead, gap, reach)
    starts = range(0, len(hours), keep)
    chains = _CHAINS if len(starts) >= _FEW and keep > reach else 1
    seams = [len(starts) * number // chains for number in range(chains + 1)]
    with ThreadPoolExecutor(chains) as threads:
        laid = [starts[first:last] for first, last in pairwise(seams)]
        guessed = [threads.submit(_guessed, task, one) for one in laid[1:]]
        try:
            parts = _chain(task, laid[0], past)
            for one, more in zip(laid[1:], guessed, strict=True):
                parts = _joined(task, parts, one, more.result())
        finally:
            task.over.set()
    plan = reduce(_behind, (_decided(task, one) for one in parts))
    return Solved(plan, cost_of(plan, system).total / NANO, 0.0)


def _chain(task: _Task, starts: Sequence[int], past: Past | None) -> list[_Part]:
    """Solve windows one after the other."""
    parts: list[_Part] = []
    for start in starts:
        if task.over.is_set():
            break  # nobody waits for the rest
        parts.append(_solved(task, start, past))
        past = parts[-1].after
    return parts


def _guessed(task: _Task, starts: Sequence[int]) -> list[_Part]:
    """Solve a chain behind hours that nobody has decided yet; nothing, if what was guessed leads nowhere."""
    begin, stop = max(0, starts[0] - _BEFORE), min(len(task.hours), starts[0] + task.ahead)
    try:
        scout = window(task.hours.part(begin, stop), task.system, task.policy, task.gap, None)
        return _chain(task, starts, past_of(scout, starts[0] - begin, task.reach))
    except (InfeasiblePlan, Unavailable):
        return []


def _solved(task: _Task, start: int, past: Past | None) -> _Part:
    stop, seen = (min(len(task.hours), start + hours) for hours in (task.keep, task.keep + task.ahead))
    found = window(task.hours.part(start, seen), task.system, task.policy, task.gap, past)
    return _Part(found, start, stop - start, past_of(found, stop - start, task.reach, past))


def _joined(task: _Task, done: list[_Part], starts: Sequence[int], guessed: list[_Part]) -> list[_Part]:
    """Return a chain behind another; windows that do not hold behind what really came before them are solved again."""
    parts = list(done)
    for number, start in enumerate(starts):
        if guessed and _holds(task, guessed[number], parts[-1].after):
            return parts + guessed[number:]
        parts.append(_solved(task, start, parts[-1].after))
    return parts


def _holds(task: _Task, part: _Part, past: Past) -> bool:
    """Say whether a window keeps every constraint behind other hours than it was solved for; what starts in its first hour is counted anew."""
    matrix = part.window.matrix
    bounds = bounds_of(matrix, task.hours.part(part.start, part.start + matrix.hours), task.system, task.policy, past)
    found = part.window.found.copy()
    pairs = [("gas_on", "gas_start"), ("boilers_on", "boilers_start")]
    pairs += [(f"blocks{number}", f"on{number}") for number in range(len(task.system.miners))]
    for running, starting in pairs:
        found[matrix.place(starting).start] = max(0.0, found[matrix.place(running).start] - past.value(running, 1))
    rows = matrix.values @ found
    return bool((rows >= bounds.row_lower - _NEAR).all() and (rows <= bounds.row_upper + _NEAR).all())


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
    *("gas_w", "boilers_w", "export_w", "spill_w", "unserved_w", "mining_w"),
    *("marginal_milli", "reserve_milli", "gas_on", "boilers_on", "blocks"),
)


def _decided(task: _Task, part: _Part) -> Plan:
    one = part.window
    hours = task.hours.part(part.start, part.start + one.matrix.hours)
    return _cut(plan_of(one.matrix, one.found, task.system, hours, one.marginal, one.reserve), part.decided)


def _cut(plan: Plan, hours: int) -> Plan:
    cut: dict[str, Any] = {name: None if (row := getattr(plan, name)) is None else row[..., :hours] for name in _ROWS}
    return Plan(**cut)


def _behind(one: Plan, other: Plan) -> Plan:
    joined: dict[str, Any] = {}
    for name in _ROWS:
        left, right = getattr(one, name), getattr(other, name)
        joined[name] = None if left is None or right is None else np.concatenate([left, right], axis=-1)
    return Plan(**joined)
