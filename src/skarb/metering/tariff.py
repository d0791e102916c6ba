"""Which price holds when: tariffs by date, bands by hour, day and month; a day without a price is an error that names it.

A tariff is a state: it lasts until its last day or until the next of its name begins. Its numbers may be parameters of the law, which have dates of
their own; so a month falls into stretches of days in which every number is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import ConfigurationError
from skarb.core.time import from_day, to_day
from skarb.metering.terms import Lookup
from skarb.metering.window import Window
from skarb.registers import Band, Capacity, Tariff


@dataclass(frozen=True)
class Rate:
    """A number of a tariff or of the law, with where it comes from. `first` and `last` are the days between which it holds."""

    value: Fraction
    rule: str
    parameter: str
    first: date | None
    last: date | None
    certainty: str
    source: str


@dataclass(frozen=True)
class Stretch:
    """Days in which every number of a tariff is the same."""

    first: date
    last: date
    tariff: Tariff
    bands: tuple[Rate, ...]  # in the order of the tariff's bands
    capacity: Rate | None

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def stretches(tariffs: Sequence[Tariff], name: str, zone: str, first: date, last: date, lookup: Lookup) -> tuple[Stretch, ...]:
    """Return the stretches of a period.

    Raises: ConfigurationError naming the days on which no tariff, or more than one, or no value of the law holds.
    """
    own = [one for one in tariffs if one.tariff == name and one.zone == zone and not one.withdrawn]
    if not own:
        known = sorted({f"{one.tariff} ({one.zone})" if one.zone else one.tariff for one in tariffs})
        raise ConfigurationError(
            f"tariff {name!r}{f' of zone {zone!r}' if zone else ''}: not known, expected one of {', '.join(known) or 'none at all'}"
        )
    found: list[Stretch] = []
    for day in range(to_day(first), to_day(last) + 1):
        tariff = tariff_on(own, day)
        bands = tuple(_rate(band, tariff, day, lookup) for band in tariff.energy)
        capacity = _rate(tariff.capacity, tariff, day, lookup) if tariff.capacity else None
        here = from_day(day)
        if found and (found[-1].tariff, found[-1].bands, found[-1].capacity) == (tariff, bands, capacity):
            found[-1] = Stretch(found[-1].first, here, tariff, bands, capacity)
        else:
            found.append(Stretch(here, here, tariff, bands, capacity))
    return tuple(found)


def tariff_on(own: Sequence[Tariff], day: int) -> Tariff:
    """Return the version of a tariff that holds on a day.

    Raises: ConfigurationError naming the days of a gap or an overlap.
    """
    ordered = sorted(own, key=lambda one: one.valid_from)
    name = ordered[0].tariff
    covering = [one for one in ordered if to_day(one.valid_from) <= day and (one.valid_to is None or day <= to_day(one.valid_to))]
    begun = [one for one in ordered if to_day(one.valid_from) <= day]
    if not covering or covering[-1] is not begun[-1]:
        before = begun[-1].valid_to if begun else None
        after = next((one.valid_from for one in ordered if to_day(one.valid_from) > day), None)
        raise ConfigurationError(
            f"tariff {name!r}: nothing holds on {from_day(day)}, between {before or 'the beginning'} and {after or 'any later version'}; "
            "add the version that is missing"
        )
    for one in covering[:-1]:
        if one.valid_to is not None or one.valid_from == covering[-1].valid_from:
            raise ConfigurationError(
                f"tariff {name!r}: two versions hold on {from_day(day)}, one from {one.valid_from} to {one.valid_to or 'open'} and one from "
                f"{covering[-1].valid_from} on; end the first before the other begins"
            )
    return covering[-1]


def bands_of(stretch: Stretch, window: Window) -> NDArray[np.int64]:
    """Return the number of the band of every interval of a window, -1 outside of the stretch.

    Raises: ConfigurationError if no band fits an hour.
    """
    inside = (window.day >= to_day(stretch.first)) & (window.day <= to_day(stretch.last))
    found = np.full(len(window), -1, np.int64)
    for number, band in enumerate(stretch.tariff.energy):
        found[(found < 0) & inside & _fits(band, window)] = number
    if (left := inside & (found < 0)).any():
        at = window.at(int(np.flatnonzero(left)[0])).isoformat(timespec="minutes")
        raise ConfigurationError(f"tariff {stretch.tariff.tariff!r} from {stretch.tariff.valid_from}: no band fits {at}; add one")
    return found


def _fits(band: Band, window: Window) -> NDArray[np.bool_]:
    begin, end = (60 * int(hour) for hour in band.hours.split("-"))
    minute = window.minute
    fits = (minute >= begin) & (minute < end) if begin < end else (minute >= begin) | (minute < end)
    if band.days != "all":
        weekend = window.weekday >= 5
        fits &= weekend if band.days == "weekends" else ~weekend
    if band.months:
        fits &= np.isin(window.month, band.months)
    return fits


def _rate(place: Band | Capacity, tariff: Tariff, day: int, lookup: Lookup) -> Rate:
    if place.price:
        return Rate(Fraction(place.price), tariff.tariff, "", tariff.valid_from, tariff.valid_to, tariff.certainty, tariff.source)
    looked = lookup(place.parameter, day)
    if looked is None:
        raise ConfigurationError(
            f"tariff {tariff.tariff!r}: the law has no value of {place.parameter} on {from_day(day)}; add one, or give a price"
        )
    return Rate(looked.value, looked.cites, looked.name, looked.first, looked.last, tariff.certainty, tariff.source)


def discount_of(tariff: Tariff) -> Fraction:
    """Return the share of the price that is given back in hours of surplus."""
    return Fraction(tariff.surplus_discount) if tariff.surplus_discount else Fraction(0)


__all__ = ["Rate", "Stretch", "bands_of", "discount_of", "stretches", "tariff_on"]
