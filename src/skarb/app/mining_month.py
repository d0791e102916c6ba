"""A month of meters, judged and filled: what bills and audits are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from skarb.app.mining_basis import Basis
from skarb.core.errors import InputError
from skarb.core.time import Clock
from skarb.metering import (
    Fault,
    Longs,
    Metered,
    Sample,
    Window,
    collect,
    estimate,
    file_hash,
    month_of,
    read_samples,
    validate,
)
from skarb.registers import Meter, MiningSite

_NO_LIMIT_W = 10**14  # of a connection that no register knows
G = TypeVar("G")


@dataclass(frozen=True)
class Given:
    """What is handed in for a month: files of meters and, if there are any, of schedules, payouts, prices and devices."""

    readings: Sequence[Path]
    schedule: Path | None = None
    payouts: Path | None = None
    prices: Path | None = None
    devices: Path | None = None

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Name and SHA-256 of everything besides meters."""
        several = (self.schedule, self.payouts, self.prices, self.devices)
        return tuple((one.name, file_hash(one)) for one in several if one is not None)


@dataclass(frozen=True)
class Month:
    """What the meters of some sites counted in a month, judged and filled, and what it is for each site."""

    name: str
    first: date
    last: date
    sites: tuple[MiningSite, ...]
    meters: Mapping[str, Sequence[Meter]]
    tables: tuple[Metered, ...]
    samples: tuple[Sample, ...]

    def rows(self, site: str) -> list[list[int]]:
        """Return the rows of a site's meters in every table."""
        return [found.get(site, []) for found in self._rows]

    def faults(self, site: str) -> list[Fault]:
        """Return what was wrong with a site's meters, in the order of time."""
        return self._faults.get(site, [])

    def samples_of(self, site: str) -> list[Sample]:
        """Return what the devices of a site reported."""
        return self._samples.get(site, [])

    @cached_property
    def _rows(self) -> list[dict[str, list[int]]]:
        return [_grouped(range(len(table.meters)), [one.site for one in table.meters]) for table in self.tables]

    @cached_property
    def _faults(self) -> dict[str, list[Fault]]:
        sites = {one.meter: one.site for table in self.tables for one in table.meters}
        known = [fault for table in self.tables for fault in table.faults if fault.meter in sites]
        known.sort(key=lambda one: (one.at, one.meter, one.kind))
        return _grouped(known, [sites[one.meter] for one in known])

    @cached_property
    def _samples(self) -> dict[str, list[Sample]]:
        return _grouped(self.samples, [one.site for one in self.samples])

    @property
    def strangers(self) -> list[Fault]:
        """Meters that no register knows."""
        return [fault for table in self.tables for fault in table.faults if fault.kind == "unknown_meter"]


def _grouped(several: Iterable[G], names: Iterable[str]) -> dict[str, list[G]]:
    found: dict[str, list[G]] = {}
    for one, name in zip(several, names, strict=True):
        found.setdefault(name, []).append(one)
    return found


def month_read(basis: Basis, month: str, given: Given, clock: Clock, party: str | None = None, site: str | None = None) -> Month:
    """Read the meters of a month, judge every figure and fill what may be filled.

    Raises: InputError, NotFound, ConfigurationError
    """
    period = month_of(month)
    return _read(basis, month, basis.sites(period, party, site), given.readings, given.devices, clock)


def month_of_all(basis: Basis, month: str, readings: Sequence[Path], devices: Path | None, clock: Clock) -> Month:
    """Read all meters of a month, also those at sites where nobody is registered to mine.

    Raises: InputError, NotFound, ConfigurationError
    """
    period = month_of(month)
    begun = any(basis.site_entries(name, period) for name in basis.registers.subjects("mining_sites"))
    sites = basis.sites(period) if begun else []
    return _read(basis, month, sites, readings, devices, clock)


def _read(
    basis: Basis, month: str, sites: Sequence[MiningSite], readings: Sequence[Path], devices: Path | None, clock: Clock
) -> Month:
    """Read what every registered meter counted: meters of others stand in the same files and are no strangers."""
    first, last = month_of(month)
    window = Window(basis.zone, first, last, 60)
    if window.end_s > clock().timestamp():
        raise InputError(f"month {month}: it ends after now, expected one that is over")
    meters = basis.meters((first, last))
    tables = collect(readings, [one for several in meters.values() for one in several], window, clock())
    samples = read_samples(devices) if devices is not None else ()
    capacity = {one.site: one.capacity_w for one in sites}
    told = _telemetry(samples, meters, tables)
    for table in tables:
        validate(table, {one.meter: capacity.get(one.site, _NO_LIMIT_W) for one in table.meters}, basis.terms.limits)
        estimate(table, basis.terms.limits, told)
    return Month(month, first, last, tuple(sites), meters, tables, samples)


def telemetry_of(samples: Iterable[Sample], window: Window) -> Longs:
    """Return what devices reported of every interval, in watt-hours, -1 where less of them was heard than at other times: a part is no whole."""
    seconds, milli = np.zeros(len(window), np.int64), np.zeros(len(window), np.int64)
    for one in samples:
        for start, length in _cuts(one, window):
            slot = (start - window.start_s) // window.step_s
            if 0 <= slot < len(window):
                milli[slot] += one.power_w * length * 1000 // 3600
                seconds[slot] += length
    return np.where((seconds > 0) & (10 * seconds >= 9 * seconds.max()), milli // 1000, -1)


def _cuts(one: Sample, window: Window) -> Iterable[tuple[int, int]]:
    """Cut what one device reported at the edges of intervals."""
    start, end = one.at_s, one.at_s + 60 * one.minutes
    while start < end:
        edge = window.start_s + ((start - window.start_s) // window.step_s + 1) * window.step_s
        stop = min(edge, end)
        yield start, stop - start
        start = stop


def _telemetry(samples: Sequence[Sample], meters: Mapping[str, Sequence[Meter]], tables: Sequence[Metered]) -> dict[str, Longs]:
    """Return what devices reported by meter, for sites that have one meter only; of several nobody knows which device is behind which."""
    if not samples:
        return {}
    by_site = _grouped(samples, [one.site for one in samples])
    sites: dict[str, list[str]] = {}
    for name, several in meters.items():
        if several[-1].direction == "import":
            sites.setdefault(several[-1].site, []).append(name)
    found = {}
    for table in tables:
        for one in table.meters:
            if sites.get(one.site) == [one.meter]:
                found[one.meter] = telemetry_of(by_site.get(one.site, ()), table.window)
    return found
