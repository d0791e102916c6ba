"""The nouns of curtailment: an order, its acknowledgement, a step of a ramp, a meter's interval, what was found, what it costs.

A device that says it is off proves nothing; the meter does. Everything here is whole numbers and instants with their zone, so each noun can be
written into a journal as it is and read back the same (`records`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from skarb.core.errors import InputError

Finding = Literal["complied", "exceeded", "unproven", "suspect"]
"""Below the limit; above it; no reading or an estimated one; a meter that runs backwards or above what the site can draw."""


@dataclass(frozen=True)
class Target:
    """What one site must do: draw no more than `most_w` from the deadline on. Units: watts."""

    site: str
    meter: str
    priority: int
    rated_w: int
    running_w: int
    most_w: int

    @property
    def shed_w(self) -> int:
        """What it gives up."""
        return self.running_w - self.most_w


@dataclass(frozen=True)
class Order:
    """An order to draw less, from its deadline until its end. The order is one; whoever is meant is a target in it.

    Units: watts; `short_w` is what was needed and nobody could give.
    """

    id: str
    at: datetime
    deadline: datetime
    until: datetime
    reason: str
    needed_w: int
    targets: tuple[Target, ...]
    short_w: int = 0

    def __post_init__(self) -> None:
        for name in ("at", "deadline", "until"):
            if getattr(self, name).tzinfo is None:
                raise InputError(f"order {self.id}, {name}: given {getattr(self, name)}, expected an instant with its zone")
        if not self.at <= self.deadline < self.until:
            raise InputError(
                f"order {self.id}: expected given, deadline and end in this order, given {self.at}, {self.deadline}, {self.until}"
            )

    @property
    def shed_w(self) -> int:
        """What all targets give up."""
        return sum(one.shed_w for one in self.targets)


@dataclass(frozen=True)
class Acknowledgement:
    """A site says that it has the order. It is not curtailment; it is only evidence that the order arrived."""

    order: str
    site: str
    at: datetime


@dataclass(frozen=True)
class Step:
    """One site at one minute of a ramp: what it may draw from then on. Units: watts."""

    at: datetime
    site: str
    power_w: int


@dataclass(frozen=True)
class Reading:
    """What a meter counted in one interval. Units: minutes, watt-hours; an estimated reading is no proof."""

    meter: str
    at: datetime
    minutes: int
    energy_wh: int
    estimated: bool = False

    @property
    def until(self) -> datetime:
        """When the interval ends."""
        return self.at + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Interval:
    """What one site did in one interval of an order. Units: watt-hours; `excess_wh` is taken over the limit, estimated if there is no proof."""

    order: str
    site: str
    meter: str
    at: datetime
    minutes: int
    allowed_wh: int
    metered_wh: int | None
    excess_wh: int
    finding: Finding


@dataclass(frozen=True)
class Verdict:
    """What one site did under an order. Units: watt-hours; `acknowledged` is None if it never did."""

    order: str
    site: str
    complied: bool
    excess_wh: int
    unproven_wh: int
    acknowledged: datetime | None
    late: bool
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Charge:
    """One line of a penalty. Units: watt-hours; the currency's billionths per Wh; billionths; `amount_minor` in its minor units."""

    order: str
    site: str
    rule: str
    cites: str
    energy_wh: int
    price_milli_per_mwh: int
    fixed_minor: int
    amount_minor: int
