"""Who is cut, how much and by when: the last priority class first, whole blocks, always the same sites for the same need.

Off is at once: an order's deadline is the slowest of its sites. Return is staggered: a block at a time, never above what the system can give in
that interval, so that the return of the miners is not the next emergency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from skarb.core.errors import InputError
from skarb.grid.curtail.model import Order, Step, Target
from skarb.grid.sites import Site, in_order


def shed(
    sites: Sequence[Site],
    running_w: Mapping[str, int],
    needed_w: int,
    *,
    id: str,  # noqa: A002 - the field's own word
    at: datetime,
    until: datetime,
    reason: str,
    within_minutes: int = 15,
) -> Order:
    """Return the order that frees what is needed, or as much as there is; sites too slow for the deadline are left out.

    Raises: InputError if a site runs that nobody knows, or draws what it cannot, or nothing is said of what one draws.
    """
    if needed_w <= 0:
        raise InputError(f"order {id}: given a need of {needed_w} W, expected more than nought")
    known = {one.name: one for one in sites}
    for name, power in running_w.items():
        if name not in known:
            raise InputError(f"order {id}: site {name!r} runs and is not known; expected one of {', '.join(sorted(known))}")
        if not 0 <= power <= known[name].most_w:
            raise InputError(f"order {id}, site {name}: given {power} W, expected 0 to {known[name].most_w} W")
    if silent := [one.name for one in sites if one.name not in running_w]:
        raise InputError(f"order {id}: nothing is known of what {', '.join(silent)} draws, expected 0 MW or more")
    targets = []
    left = needed_w
    slowest = 0
    for site in reversed(in_order(sites)):
        running = running_w.get(site.name, 0)
        if left <= 0 or not running or site.off_minutes > within_minutes:
            continue
        blocks = -(-left // site.block_w)  # whole blocks, rounded up
        most = max(0, running - blocks * site.block_w)
        targets.append(Target(site.name, site.meter, site.priority, site.most_w, running, most))
        left -= running - most
        slowest = max(slowest, site.off_minutes)
    deadline = at + timedelta(minutes=slowest)
    return Order(id, at, deadline, until, reason, needed_w, tuple(targets), max(0, left))


def sheddable(
    sites: Sequence[Site], running_w: Mapping[str, int], minutes: Sequence[int] = (1, 5, 15)
) -> tuple[tuple[int, int], ...]:
    """Return how many watts can be gone within so many minutes."""
    return tuple((limit, sum(running_w.get(one.name, 0) for one in sites if one.off_minutes <= limit)) for limit in minutes)


def ramp_down(order: Order, sites: Sequence[Site]) -> tuple[Step, ...]:
    """Return when each target is dark: at once, as fast as the site can.

    Raises: InputError if a target is not among the sites.
    """
    minutes = {one.name: one.off_minutes for one in sites}
    _know_all(order, minutes)
    steps = [Step(order.at + timedelta(minutes=minutes[one.site]), one.site, one.most_w) for one in order.targets]
    return tuple(sorted(steps, key=lambda one: (one.at, one.site)))


def ramp_up(
    order: Order, sites: Sequence[Site], headroom_w: Sequence[int], *, stagger_minutes: int = 5, interval_minutes: int = 60
) -> tuple[Step, ...]:
    """Return when each block may come back after an order: one block per stagger, first priority first, never above the headroom.

    `headroom_w` is what all returning blocks may draw together, for each interval after the order's end. When it falls again before all are back,
    no block goes off: the plan waits with those that would not fit until the end, so what returned once stays.

    Raises: InputError if staggering or intervals are not whole minutes above nought, or a target is not among the sites.
    """
    if stagger_minutes <= 0 or interval_minutes <= 0:
        raise InputError(
            f"return after {order.id}: given {stagger_minutes} and {interval_minutes} minutes, expected more than nought"
        )
    by_name = {one.name: one for one in sites}
    _know_all(order, by_name)
    level = {one.site: one.most_w for one in order.targets}
    goal = {one.site: one.running_w for one in order.targets}
    wanting = [one for one in in_order(sites) if one.name in level]
    safe = [min(headroom_w[place:]) for place in range(len(headroom_w))]  # what stays free from here to the end
    steps: list[Step] = []
    back = 0
    for minute in range(0, interval_minutes * len(headroom_w), stagger_minutes):
        for site in wanting:
            missing = goal[site.name] - level[site.name]
            block = min(by_name[site.name].block_w, missing)
            if missing and back + block <= safe[minute // interval_minutes]:
                level[site.name] += block
                back += block
                steps.append(Step(order.until + timedelta(minutes=minute), site.name, level[site.name]))
                break
    return tuple(steps)


def _know_all(order: Order, sites: Mapping[str, object]) -> None:
    for one in order.targets:
        if one.site not in sites:
            raise InputError(f"order {order.id}: site {one.site!r} is not known; expected one of {', '.join(sorted(sites))}")
