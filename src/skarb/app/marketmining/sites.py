"""A farm's sites as they run, its days so far, and the orders of the grid to cut them, against the meters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from skarb.app.miningmodel import CurtailmentView, SiteView
from skarb.core.errors import InputError, shorten
from skarb.grid.curtail import sheddable
from skarb.simulate.farm import MINUTES, Farm

HOUR = timedelta(hours=1)


def days_of(farm: Farm, today: date) -> list[date]:
    """Return every day of a farm until one, its first day first."""
    return [farm.begins + timedelta(days=n) for n in range((today - farm.begins).days + 1)]


def sites_of(farm: Farm, now: datetime, today: date) -> tuple[SiteView, ...]:
    """Return the sites of a farm with the power that each is to draw now."""
    hour = farm.hour(now)
    running = {one.site: one.scheduled_w for one in hour.sites} if hour else {}
    titles = {one.name: one.title for one in farm.plan.sites}
    return tuple(
        SiteView(
            name=one.name,
            title=titles[one.name],
            machine=farm.machines[one.name].code,
            most_w=one.most_w,
            block_w=one.block_w,
            priority=one.priority,
            off_minutes=one.off_minutes,
            scheduled_w=running.get(one.name, 0),
            worth_usd_mwh=float(farm.worth_usd_mwh(one, today)),
        )
        for one in farm.sites
    )


def orders_of(farm: Farm, now: datetime, today: date) -> tuple[date, ...]:
    """Return the days on which the farm was cut, newest first; an order is told when it is over and metered."""
    found = []
    for day in days_of(farm, today):
        cut = farm.day(day).curtailed
        if cut is not None and cut.order.until + HOUR <= now:
            found.append(day)
    return tuple(reversed(found))


def curtailment_of(farm: Farm, now: datetime, today: date, asked: str | None) -> CurtailmentView:
    """Return the order of a day, or the latest one, against the meters.

    Raises: InputError if there was no order on the day.
    """
    days = orders_of(farm, now, today)
    day = days[0] if days else None
    if asked is not None:
        day = next((one for one in days if one.isoformat() == asked), None)
        if day is None:
            raise InputError(
                f"day: given {shorten(asked)!r}, expected a day with an order, such as {days[0] if days else 'none yet'}"
            )
    sites = sites_of(farm, now, today)
    running = {one.name: one.scheduled_w for one in sites}
    all_cut = [cut for one in days if (cut := farm.day(one).curtailed) is not None]
    kept = sum(all(verdict.complied for verdict in cut.verdicts) for cut in all_cut)
    cut = None if day is None else farm.day(day).curtailed
    at = () if cut is None else tuple(sorted({one.at for one in cut.readings}))
    return CurtailmentView(
        day=day,
        days=days,
        order=None if cut is None else cut.order,
        steps=() if cut is None else cut.steps,
        readings=() if cut is None else cut.readings,
        verdicts=() if cut is None else cut.verdicts,
        scheduled_w={} if cut is None else {one.site: _scheduled(farm, one.site, at) for one in cut.order.targets},
        at=at,
        minutes=MINUTES,
        sites=sites,
        sheddable_w=sheddable(farm.sites, running),
        kept=kept,
        broken=len(all_cut) - kept,
    )


def _scheduled(farm: Farm, site: str, at: Iterable[datetime]) -> tuple[int, ...]:
    found = []
    for one in at:
        hour = farm.hour(one)
        found.append(next((site_hour.scheduled_w for site_hour in hour.sites if site_hour.site == site), 0) if hour else 0)
    return tuple(found)
