"""What a site used, summed up by everything a bill asks for: stretch of days, band, surplus hour or not, valid meter or not; and its peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from skarb.metering.model import Metered, State
from skarb.metering.tariff import Stretch, bands_of
from skarb.metering.window import Window


@dataclass(frozen=True, order=True)
class Kind:
    """One kind of energy: the number of its stretch and of its band, whether in an hour of surplus, whether behind a valid meter."""

    stretch: int
    band: int
    surplus: bool
    certified: bool


@dataclass
class Used:
    """Energy of a kind. Units: watt-hours; intervals of all meters together, and those of them that are estimates."""

    energy_wh: int = 0
    intervals: int = 0
    estimated: int = 0


@dataclass
class Usage:
    """What a site used in a period."""

    kinds: dict[Kind, Used] = field(default_factory=dict)
    by_day_wh: dict[int, int] = field(default_factory=dict)
    peak_w: Fraction = Fraction(0)
    meters: tuple[str, ...] = ()
    exported_wh: int = 0
    foreign_wh: int = 0  # on days on which the site was not registered

    @property
    def energy_wh(self) -> int:
        """All of it."""
        return sum(one.energy_wh for one in self.kinds.values())


def usage(
    tables: Sequence[Metered],
    rows: Sequence[Sequence[int]],
    stretches: Sequence[Stretch],
    surplus: frozenset[int],
    days: Sequence[int] | None = None,
) -> Usage:
    """Sum up the meters of a site. `rows` are its rows in each table; `surplus` the beginnings of its hours of surplus, in seconds since 1970;
    `days` those on which the site is registered, all if nothing is said: what is counted on others is told and not its own.

    Meters that count what goes out are told apart and change no bill.
    """
    found = Usage()
    names: list[str] = []
    site_w: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
    for table, mine in zip(tables, rows, strict=True):
        if not mine:
            continue
        window = table.window
        codes = _codes(window, stretches, surplus)
        own = np.isin(window.day, days) if days is not None else np.ones(len(window), np.bool_)
        for row in mine:
            meter, energy = table.meters[row], np.where(own, table.energy_wh[row], 0)
            if meter.direction == "export":
                found.exported_wh += int(energy.sum())
                continue
            names.append(meter.meter)
            found.foreign_wh += int(table.energy_wh[row].sum() - energy.sum())
            there = (table.state[row] != State.ABSENT) & own
            _add(found, (codes * 2 + table.valid[row])[there], energy[there], table.estimated(row)[there])
            _add_days(found, window, energy)
            site_w.setdefault(window.minutes, []).append((window.minutes, energy))
    found.meters = tuple(sorted(names))
    found.peak_w = _peak(site_w)
    return found


def surplus_slots(window: Window, surplus: frozenset[int]) -> NDArray[np.bool_]:
    """Return which intervals lie in hours of surplus."""
    if not surplus:
        return np.zeros(len(window), np.bool_)
    hours = np.array(sorted(surplus), np.int64)
    at = window.start_s + np.arange(len(window), dtype=np.int64) * window.step_s
    place = np.searchsorted(hours, at, side="right") - 1
    return (place >= 0) & (at < hours[np.maximum(place, 0)] + 3600)


def _codes(window: Window, stretches: Sequence[Stretch], surplus: frozenset[int]) -> NDArray[np.int64]:
    codes = np.full(len(window), -1, np.int64)
    for number, stretch in enumerate(stretches):
        bands = bands_of(stretch, window)
        codes[bands >= 0] = (number * 256 + bands[bands >= 0]) * 2
    return codes + surplus_slots(window, surplus)


def _add(found: Usage, codes: NDArray[np.int64], energy: NDArray[np.int64], estimated: NDArray[np.bool_]) -> None:
    if not len(codes):
        return
    order = np.argsort(codes, kind="stable")
    values, starts = np.unique(codes[order], return_index=True)
    sums = np.add.reduceat(energy[order], starts)  # whole numbers; a sum of floats would not be exact
    guesses = np.add.reduceat(estimated[order].astype(np.int64), starts)
    counts = np.diff(np.append(starts, len(codes)))
    for value, total, guess, count in zip(values.tolist(), sums.tolist(), guesses.tolist(), counts.tolist(), strict=True):
        kind = Kind(value >> 10, (value >> 2) & 255, bool(value & 2), bool(value & 1))
        used = found.kinds.setdefault(kind, Used())
        used.energy_wh += total
        used.intervals += count
        used.estimated += guess


def _add_days(found: Usage, window: Window, energy: NDArray[np.int64]) -> None:
    days, starts = np.unique(window.day, return_index=True)
    for day, total in zip(days.tolist(), np.add.reduceat(energy, starts).tolist(), strict=True):
        found.by_day_wh[day] = found.by_day_wh.get(day, 0) + total


def _peak(site_w: dict[int, list[tuple[int, NDArray[np.int64]]]]) -> Fraction:
    """Return the highest mean power of an interval, of all meters together; where intervals differ, of the longest."""
    if not site_w:
        return Fraction(0)
    longest = max(site_w)
    total: NDArray[np.int64] | None = None
    for minutes, several in site_w.items():
        for _, energy in several:
            per = longest // minutes
            padded = np.append(energy, np.zeros(-len(energy) % per, np.int64))
            part = padded.reshape(-1, per).sum(axis=1)
            total = part if total is None else total + part
    return Fraction(int(total.max()) * 60, longest) if total is not None else Fraction(0)
