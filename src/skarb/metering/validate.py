"""Is a figure possible? What is not, is set aside as unknown and told; what is only odd stays and is told.

Negative energy, more than the connection carries, and nothing at all are set aside. The same figure for many hours is only told: machines that mine
draw evenly, and who is to say that a meter is stuck is the audit, which also sees telemetry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from skarb.metering.model import Fault, Metered, Method, State, runs


@dataclass(frozen=True)
class Limits:
    """How far figures are believed and made up. Units: shares /1, hours."""

    tolerance: Fraction = Fraction(2, 100)  # above the connection that a meter may show
    stuck_hours: int = 24
    neighbours_hours: int = 2  # gaps that are bridged between their neighbours
    estimated_most: Fraction = Fraction(10, 100)  # of a meter's intervals, before a bill is refused


def validate(metered: Metered, capacity_w: Mapping[str, int], limits: Limits) -> None:
    """Set aside what cannot be and tell everything that is odd. `capacity_w` is that of the connection, by meter."""
    state, energy = metered.state, metered.energy_wh
    minutes = metered.window.minutes
    most = [int(capacity_w[one.meter] * minutes * (1 + limits.tolerance) // 60) for one in metered.meters]
    ceiling = np.array(most, np.int64)[:, None]
    believed = ~np.isin(state, (State.GAP, State.ABSENT, State.CONFLICT, State.FUTURE, State.BACKWARDS))
    for kind, wrong in ((State.NEGATIVE, believed & (energy < 0)), (State.SPIKE, believed & (energy > ceiling))):
        _tell(metered, wrong, kind.name.lower(), figure=True)
        state[wrong] = kind
        metered.method[wrong] = Method.NONE
    _tell(metered, state == State.GAP, "gap")
    _tell_stuck(metered, limits)
    for row in range(len(metered.meters)):
        energy[row, metered.unknown(row)] = 0


def _tell(metered: Metered, where: NDArray[np.bool_], kind: str, figure: bool = False) -> None:
    for row in np.flatnonzero(where.any(axis=1)).tolist():
        meter = metered.meters[row]
        here = where[row]
        for start, stop in runs(here):
            most = int(np.abs(metered.energy_wh[row, start:stop]).max()) if figure else 0
            metered.faults.append(Fault(kind, meter.meter, metered.window.at(start), stop - start, most))


def _tell_stuck(metered: Metered, limits: Limits) -> None:
    least = limits.stuck_hours * 60 // metered.window.minutes
    energy = metered.energy_wh
    if energy.shape[1] < least:
        return
    measured = metered.state == State.MEASURED
    same = (energy[:, 1:] == energy[:, :-1]) & (energy[:, 1:] > 0) & measured[:, 1:] & measured[:, :-1]
    for row in np.flatnonzero(same.sum(axis=1) >= least - 1).tolist():
        for start, stop in runs(same[row]):
            if stop - start + 1 >= least:
                meter, at, figure = metered.meters[row].meter, metered.window.at(start), int(energy[row, start])
                metered.faults.append(Fault("stuck", meter, at, stop - start + 1, figure))
