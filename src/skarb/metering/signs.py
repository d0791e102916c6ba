"""Signs of machines that nobody registered: a load at night, a load as flat as that of mining, more power than there are machines, a load that goes
when mining does not pay. Each has a score and what it was seen by; none of them decides, and honest loads have them too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from skarb.metering.expected import Fleet
from skarb.metering.remark import Remark, remark
from skarb.metering.terms import AuditTerms
from skarb.metering.window import Longs, Window

_NIGHT_MINUTES = 5 * 60
_LEAST_W = 20_000  # of load at night that anybody asks about
_FLAT = 0.9  # load factor of mining
_DAYS, _DEPTH, _TOGETHER = 14, 0.2, 0.5  # days that are needed, how far the load must fall, the least correlation


@dataclass(frozen=True)
class Sign:
    """One sign. Units: score from 0 to 100."""

    kind: str
    score: int
    evidence: Remark
    excess_wh: int = 0


def hourly(window: Window, energy_wh: Longs) -> Longs:
    """Return energy by the hour."""
    per = 60 // window.minutes
    hours: Longs = np.append(energy_wh, np.zeros(-len(energy_wh) % per, np.int64)).reshape(-1, per).sum(axis=1)
    return hours


def unregistered(hours: Window, energy_wh: Longs) -> list[Sign]:
    """Return the signs of a site that has no registered machines. Shape: energy by the hour."""
    found = []
    night = energy_wh[hours.minute < _NIGHT_MINUTES]
    mean, peak = float(energy_wh.mean()), float(energy_wh.max())
    base = float(np.quantile(night, 0.1)) if night.size else 0.0
    if base >= _LEAST_W:
        found.append(
            Sign(
                "night_base",
                min(100, round(100 * base / peak)),
                remark("night_base", base_w=round(base), peak_w=round(peak)),
            )
        )
    factor = mean / peak if peak else 0.0
    if factor >= _FLAT and mean >= _LEAST_W:
        spread = float(energy_wh.std()) / mean
        found.append(Sign("flat_load", round(100 * factor), remark("flat_load", mean_ppm=_ppm(factor), spread_ppm=_ppm(spread))))
    return found


def above_fleet(hours: Window, energy_wh: Longs, fleets: Mapping[int, Fleet], terms: AuditTerms) -> list[Sign]:
    """Return whether a site takes more than its registered machines may. Shape: energy by the hour; fleets by day."""
    most = np.array([int(fleets[int(day)].most_w(terms)) for day in hours.day], np.int64)
    excess = np.maximum(energy_wh - most, 0)
    total = int(excess.sum())
    if not total:
        return []
    count, whole = int((excess > 0).sum()), int(energy_wh.sum())
    worst = int(excess.max())
    score = min(100, round(100 * min(1.0, 5 * total / whole)) + 1)
    return [Sign("above_fleet", score, remark("above_fleet", hours=count, worst_w=worst, energy_wh=total), total)]


def follows(days_wh: Sequence[int], worth: Sequence[Fraction]) -> list[Sign]:
    """Return whether a load goes down on the days on which a hash brings less. Shape: both by day."""
    load: NDArray[np.float64] = np.array(days_wh, np.float64)
    value = np.array([float(one) for one in worth])
    middle = float(np.median(load)) if load.size else 0.0
    if load.size < _DAYS or not load.std() or not value.std() or middle < 24 * _LEAST_W:
        return []
    off = load < (1 - _DEPTH) * middle
    together = float(np.corrcoef(load, value)[0, 1])
    if not off.any() or together < _TOGETHER:
        return []
    poor = value <= np.quantile(value, 0.25)
    hit = int((off & poor).sum())
    told = remark("follows_hashprice", correlation=f"{together:.2f}", days=load.size, poor_days=hit, off_days=int(off.sum()))
    return [Sign("follows_hashprice", round(100 * together), told)]


def _ppm(share: float) -> int:
    return round(share * 1_000_000)
