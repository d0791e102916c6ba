"""Who complied, by the meter alone: what each interval after the deadline may hold, and what it held.

An interval without a reading, or with an estimated one, is not proof: it is counted as if the site had drawn all it can, and marked as unproven.
A meter that runs backwards, or counts more than the site can draw, is suspect and told apart. Nothing that is missing becomes nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from skarb.core.errors import InputError
from skarb.grid.curtail.model import Acknowledgement, Finding, Interval, Order, Reading, Target, Verdict

_TOLERANCE = 20  # thousandths above its rating that a site may draw before its meter is suspect


def verify(
    order: Order, readings: Iterable[Reading], acknowledgements: Iterable[Acknowledgement] = (), minutes: int = 15
) -> tuple[Verdict, ...]:
    """Return what every target of an order did.

    Only intervals that lie wholly between deadline and end are judged. `minutes` is how long the intervals are.

    Raises: InputError if a meter has two different readings for one interval, or intervals of another length, or if no interval lies wholly
    in the order: then nothing could prove that anybody kept it.
    """
    if not judged(order, minutes):
        raise InputError(
            f"order {order.id}: between {order.deadline.isoformat()} and {order.until.isoformat()} lies no whole interval of {minutes} minutes, "
            "so no meter can say who complied; read meters more often, or order longer"
        )
    by_meter = _by_meter(order, readings, minutes)
    said: dict[str, datetime] = {}
    for one in sorted(acknowledgements, key=lambda ack: (ack.at, ack.site)):
        if one.order == order.id:
            said.setdefault(one.site, one.at)
    return tuple(
        _verdict(order, target, by_meter.get(target.meter, {}), said.get(target.site), minutes) for target in order.targets
    )


def judged(order: Order, minutes: int) -> tuple[datetime, ...]:
    """Return the beginnings of the intervals that lie wholly between deadline and end, aligned to the clock.

    Raises: InputError if intervals are no minutes long.
    """
    if minutes <= 0:
        raise InputError(f"order {order.id}: given intervals of {minutes} minutes, expected more than nought")
    midnight = order.deadline.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    at = midnight + -((midnight - order.deadline) // step) * step
    found = []
    while at + step <= order.until:
        found.append(at)
        at += step
    return tuple(found)


def _verdict(order: Order, target: Target, readings: dict[datetime, Reading], said: datetime | None, minutes: int) -> Verdict:
    intervals = tuple(_interval(order, target, readings.get(at), at, minutes) for at in judged(order, minutes))
    excess = sum(one.excess_wh for one in intervals if one.finding == "exceeded")
    unproven = sum(one.excess_wh for one in intervals if one.finding in ("unproven", "suspect"))
    complied = all(one.finding == "complied" for one in intervals)
    return Verdict(order.id, target.site, complied, excess, unproven, said, said is None or said > order.deadline, intervals)


def _interval(order: Order, target: Target, reading: Reading | None, at: datetime, minutes: int) -> Interval:
    allowed = target.most_w * minutes // 60
    rated = target.rated_w * minutes // 60
    finding: Finding = "complied"
    excess = 0
    metered = None if reading is None else reading.energy_wh
    if reading is None or reading.estimated:
        finding, excess = "unproven", rated - allowed
    elif reading.energy_wh < 0 or 1000 * reading.energy_wh > (1000 + _TOLERANCE) * rated:
        finding, excess = "suspect", max(rated, reading.energy_wh) - allowed
    elif 60 * reading.energy_wh > target.most_w * minutes:
        finding, excess = "exceeded", reading.energy_wh - allowed
    return Interval(order.id, target.site, target.meter, at, minutes, allowed, metered, excess, finding)


def _by_meter(order: Order, readings: Iterable[Reading], minutes: int) -> dict[str, dict[datetime, Reading]]:
    meters = {one.meter for one in order.targets}
    found: dict[str, dict[datetime, Reading]] = {}
    for one in readings:
        if one.meter not in meters or one.until <= order.deadline or one.at >= order.until:
            continue
        if one.minutes != minutes:
            raise InputError(
                f"meter {one.meter}, {one.at.isoformat()}: given an interval of {one.minutes} minutes, expected {minutes}"
            )
        known = found.setdefault(one.meter, {})
        if known.get(one.at, one) != one:
            raise InputError(
                f"meter {one.meter}, {one.at.isoformat()}: given {known[one.at].energy_wh} Wh and {one.energy_wh} Wh for one interval, expected one"
            )
        known[one.at] = one
    return found


def worst(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return those who did not comply, the largest excess first."""
    return sorted((one for one in verdicts if not one.complied), key=lambda one: (-one.excess_wh, -one.unproven_wh, one.site))
