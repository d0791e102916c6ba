"""A plan that cannot be: which constraint is in the way, and the least by which it would have to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skarb.core.errors import ConfigurationError


@dataclass(frozen=True)
class Relaxation:
    """One constraint that would have to give way.

    Units: watt-hours over all hours, watts in the worst of them.
    """

    constraint: str
    hours: int
    energy_wh: int
    worst_w: int
    worst_at: datetime

    def __str__(self) -> str:
        where = f"by {self.worst_w / 1e6:,.3f} MW at {self.worst_at.isoformat(timespec='minutes')}"
        return f"{WORDS[self.constraint]} {where}, {self.energy_wh / 1e6:,.3f} MWh in {self.hours} hours"


WORDS = {
    "floor": "the gas floor would have to be lower",
    "must_run": "heat-led must-run would have to give less",
    "reserve": "the reserve would have to be smaller",
    "ramp": "gas would have to ramp faster",
    "policy": "the policy on boilers and mining would have to give way",
    "times": "blocks of miners would have to be switched sooner than they may",
}


class InfeasiblePlan(ConfigurationError):
    """No plan keeps every constraint; `relaxations` is the least that would have to give way."""

    def __init__(self, what: str, relaxations: Sequence[Relaxation]) -> None:
        self.relaxations = tuple(relaxations)
        told = "; ".join(str(one) for one in self.relaxations)
        super().__init__(f"{what}: no plan keeps every constraint; the least that makes one possible: {told}")
