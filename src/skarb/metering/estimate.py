"""Figures for intervals of which nothing is known, each with the method by which it was found; too many of them and there is no bill.

A short gap is bridged in a straight line between its neighbours; a longer one is what the devices reported, if they did, else what the same hour of
the same weekday was on the other weeks, else of the other days. Where nothing of this is there, the interval stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from skarb.metering.model import Fault, Longs, Metered, Method, State, runs
from skarb.metering.remark import Remark, remark
from skarb.metering.validate import Limits


def estimate(metered: Metered, limits: Limits, telemetry_wh: Mapping[str, Longs] | None = None) -> None:
    """Fill what is unknown. `telemetry_wh` is what devices behind a meter reported, by meter and interval, -1 where they did not; it is scaled to
    what the meter counted where both are known, because a site takes more than its devices.

    Rounding: half up to the watt-hour.
    """
    metered.method[(metered.state == State.DECLARED)] = Method.DECLARED
    for row in range(len(metered.meters)):
        unknown = metered.unknown(row)
        if unknown.any():
            _fill(metered, row, unknown, limits, (telemetry_wh or {}).get(metered.meters[row].meter))


def share_estimated(metered: Metered, row: int) -> Fraction:
    """Return which share of a meter's intervals is estimated."""
    return Fraction(int(metered.estimated(row).sum()), len(metered.window))


def refusals(metered: Metered, row: int, limits: Limits) -> list[Remark]:
    """Return why no bill can rest on a meter: too much is estimated, or something is not known at all."""
    meter = metered.meters[row].meter
    share, unknown = share_estimated(metered, row), metered.unknown(row)
    found = []
    if unknown.any():
        at = metered.window.at(int(np.flatnonzero(unknown)[0])).isoformat(timespec="minutes")
        found.append(remark("unknown_intervals", meter=meter, intervals=int(unknown.sum()), at=at))
    if share > limits.estimated_most:
        most_ppm = round(limits.estimated_most * 1_000_000)
        found.append(remark("too_much_estimated", meter=meter, share_ppm=round(share * 1_000_000), most_ppm=most_ppm))
    return found


def _fill(metered: Metered, row: int, unknown: np.ndarray, limits: Limits, told: Longs | None) -> None:
    energy, method = metered.energy_wh[row], metered.method[row]
    known = ~unknown
    short = limits.neighbours_hours * 60 // metered.window.minutes
    found: dict[Method, int] = {}
    if known.any():
        for start, stop in runs(unknown):
            if stop - start <= short and start > 0 and stop < len(energy):
                before, after, parts = int(energy[start - 1]), int(energy[stop]), stop - start + 1
                for slot in range(start, stop):
                    rise = (after - before) * (slot - start + 1)
                    energy[slot] = before + (2 * rise + parts) // (2 * parts)
                method[start:stop] = Method.NEIGHBOURS
                found[Method.NEIGHBOURS] = found.get(Method.NEIGHBOURS, 0) + stop - start
    left = np.flatnonzero(unknown & (method == Method.NONE))
    if told is not None and left.size:
        has = left[told[left] >= 0]
        both = np.flatnonzero(known & (told > 0))
        metered_wh, told_wh = int(energy[both].sum()), int(told[both].sum())
        scaled = [one * metered_wh // told_wh for one in told[has].tolist()] if told_wh else told[has].tolist()
        energy[has], method[has] = scaled, Method.TELEMETRY
        found[Method.TELEMETRY] = has.size
        left = left[told[left] < 0]
    if left.size and known.any():
        profiled = _profile(metered, row, known, left)
        found[Method.PROFILE] = profiled
    for way, count in found.items():
        if count:
            first = int(np.flatnonzero(unknown & (method == way))[0])
            code = f"estimated_{way.name.lower()}"
            metered.faults.append(Fault("estimated", metered.meters[row].meter, metered.window.at(first), count, code=code))


def _profile(metered: Metered, row: int, known: np.ndarray, left: Longs) -> int:
    """Fill by the same hour of the same weekday, else of any day; returns how many."""
    window, energy = metered.window, metered.energy_wh[row]
    done = 0
    keys = (window.weekday * 1440 + window.minute, window.minute)
    for key in keys:
        measured = np.flatnonzero(known)
        order = measured[np.argsort(key[measured], kind="stable")]
        values, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(energy[order], starts)
        places = np.searchsorted(values, key[left])
        safe = np.minimum(places, len(values) - 1)
        fits = values[safe] == key[left]
        chosen = left[fits]
        energy[chosen] = (2 * sums[safe[fits]] + counts[safe[fits]]) // (2 * counts[safe[fits]])
        metered.method[row, chosen] = Method.PROFILE
        done += int(chosen.size)
        left = left[~fits]
        if not left.size:
            break
    return done
