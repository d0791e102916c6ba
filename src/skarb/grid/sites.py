"""Tomorrow, site by site: which blocks of which site run in every hour.

The plan says how many blocks of a class run; sites get them in order of their priority class, and within it by name. Sites that are last to be
cut are first to be switched on, so a change of the plan touches as few sites as it can, and always the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skarb.core.errors import ConfigurationError
from skarb.grid.model import Hours, Plan, System
from skarb.grid.reasons import Reason, reasons_of


@dataclass(frozen=True)
class Site:
    """A place with blocks of one class of machines. Priority 1 is cut last; `off_minutes` is how long it needs to go dark."""

    name: str
    miners: str  # the class of the system
    blocks: int
    block_w: int
    priority: int
    meter: str
    off_minutes: int = 1

    @property
    def most_w(self) -> int:
        """All its blocks."""
        return self.blocks * self.block_w


@dataclass(frozen=True)
class Slot:
    """One hour of one site. Units: watts."""

    at: datetime
    site: str
    blocks: int
    power_w: int
    reason: Reason


def schedule_of(plan: Plan, hours: Hours, system: System, sites: Sequence[Site]) -> tuple[Slot, ...]:
    """Return the schedule of all sites, hour by hour, in the order of their priority.

    Raises: ConfigurationError if the plan has no whole blocks, or sites and classes do not fit.
    """
    if plan.blocks is None:
        raise ConfigurationError(
            "schedule: given a plan without whole blocks, expected one with unit commitment; use `committed` or `rolling`"
        )
    classes = [one.name for one in system.miners]
    for site in sites:
        if site.miners not in classes:
            raise ConfigurationError(
                f"site {site.name}: given machines of class {site.miners!r}, expected one of {', '.join(classes)}"
            )
    for one in system.miners:
        here = [site for site in sites if site.miners == one.name]
        if any(site.block_w != one.block_w for site in here) or sum(site.blocks for site in here) != one.blocks:
            raise ConfigurationError(
                f"class {one.name}: given sites with {sum(site.blocks for site in here)} blocks, "
                f"expected {one.blocks} blocks of {one.block_w / 1e6:g} MW each"
            )
    reasons = reasons_of(plan, hours, system)
    slots = []
    for hour in range(len(plan)):
        for number, one in enumerate(system.miners):
            left = int(plan.blocks[number, hour])
            for site in in_order(sites):
                if site.miners != one.name:
                    continue
                blocks = min(left, site.blocks)
                left -= blocks
                slots.append(Slot(hours.at(hour), site.name, blocks, blocks * site.block_w, reasons[hour]))
    return tuple(slots)


def in_order(sites: Sequence[Site]) -> list[Site]:
    """Return sites with those that are switched on first, and cut last, first."""
    return sorted(sites, key=lambda one: (one.priority, one.name))


def sites_of(system: System) -> tuple[Site, ...]:
    """Return one example site per class, for plans without named sites."""
    return tuple(
        Site(f"{one.name}-1", one.name, one.blocks, one.block_w, priority, f"meter-{one.name}-1")
        for priority, one in enumerate(system.miners, 1)
    )
