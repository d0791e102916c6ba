"""Which machines of a site may be awake under a limit: the first priority class first, always the same ones for the same limit.

Machines that run are taken by their name plates with a share for what a site draws beside them, cooling above all; those that sleep still draw a
little. Whoever is cut for an order and whoever may return at a step of a ramp follows from the same list, so a site goes dark and comes back along
one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from skarb.fleet.model import Device


@dataclass(frozen=True)
class Beside:
    """What a site draws beside the name plates of what runs: a share of them, and so many watts for each machine that sleeps."""

    percent: int = 5
    asleep_w: int = 100


def awake(devices: Iterable[Device], limit_w: int, beside: Beside) -> tuple[Device, ...]:
    """Return the machines of one site that may be awake when it may draw so many watts.

    The first that does not fit ends the list, so no machine of a later class runs in the place of an earlier one.
    """
    everybody = in_order(devices)
    rated = 0
    for count, device in enumerate(everybody):
        rated += device.rated_w
        if rated * (100 + beside.percent) + 100 * beside.asleep_w * (len(everybody) - count - 1) > 100 * limit_w:
            return tuple(everybody[:count])
    return tuple(everybody)


def in_order(devices: Iterable[Device]) -> list[Device]:
    """Return machines with those that are cut last first."""
    return sorted(devices, key=lambda one: (one.priority, one.id))
