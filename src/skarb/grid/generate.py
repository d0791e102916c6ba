"""A made year of a power system, calibrated: its energy, peak and minimum are met, its shape is that of days, weeks and weather.

The weather of a day remembers that of the day before. Load follows the hour, the weekday and the cold; then its shape is bent until the year's
peak, minimum and energy are the figures asked for. The same seed gives the same year. It stands in where hourly load is not published,
and never claims to be a real year.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import ConfigurationError
from skarb.grid.figures import Inputs
from skarb.grid.model import MADE, Hours, Watts

Shape = NDArray[np.float64]

_DAY = ".78 .755 .74 .735 .74 .77 .845 .935 1.005 1.045 1.06 1.055 1.04 1.04 1.035 1.035 1.055 1.10 1.135 1.145 1.12 1.06 .97 .87"
_HOURLY = np.array([float(one) for one in _DAY.split()])  # workday by the hour, mean about one
_WEEKEND, _HOLIDAY_SHIFT = 0.92, 20  # coldest day of the year, counted from the first
_MEAN, _SWING, _DAILY = 6.5, 12.5, 3.5  # degrees: of the year, between its seasons, within a day
_MEMORY, _WEATHER, _NOISE = 0.8, 2.6, 0.006  # of a day's weather for the next; degrees; of the load in an hour
_COLD, _PER_DEGREE = 16.0, 0.012  # below this it is heated; load added per degree
_FROST = 30.0  # degrees below 16 at which must-run reaches its winter figure
_FULL_SPRING, _FULL_AUTUMN = 110, 250  # days on which the outages of the first two units begin


def year_of(inputs: Inputs, seed: int, year: int = 2026) -> Hours:
    """Return a made year from the figures.

    Raises: ConfigurationError if peak, minimum and energy contradict each other.
    """
    first = datetime(year, 1, 1, tzinfo=ZoneInfo(inputs.zone))
    count = 24 * (datetime(year + 1, 1, 1) - datetime(year, 1, 1)).days  # noqa: DTZ001 - whole days, no clock
    random = np.random.default_rng(seed)
    hour, day = np.arange(count) % 24, np.arange(count) // 24
    weather = _weather(random, count // 24)
    temperature = _MEAN + inputs["weather"] / 10 - _SWING * np.cos(2 * np.pi * (day - _HOLIDAY_SHIFT) / 365) + weather[day]
    temperature += _DAILY * np.sin(2 * np.pi * (hour - 9) / 24)
    cold = np.maximum(_COLD - temperature, 0)
    weekday = (first.weekday() + day) % 7
    shape = _HOURLY[hour] * np.where(weekday >= 5, _WEEKEND, 1.0) * (1 + _PER_DEGREE * cold)
    shape *= 1 + random.normal(0, _NOISE, count)
    summer, winter = inputs["must_run_summer"], inputs["must_run_winter"]
    return Hours(
        first=first,
        load_w=calibrated(shape, inputs["load_energy"], inputs["load_minimum"], inputs["load_peak"]),
        nuclear_w=reactors(inputs, count),
        must_run_w=_whole(summer + np.minimum(cold, _FROST) / _FROST * (winter - summer)),
        heat_w=_whole(inputs["heat_base"] + cold * inputs["heat_per_degree"]),
        temperature=_whole(temperature * 10),
        quality=np.full(count, MADE, np.uint8),
    )


def calibrated(shape: Shape, energy_wh: int, least_w: int, most_w: int) -> Watts:
    """Bend a shape until its least and most are given, and its energy too, to the watt-hour.

    Raises: ConfigurationError if no bending gives that energy.
    """
    mean = energy_wh / len(shape)
    if not least_w < mean < most_w:
        raise ConfigurationError(
            f"load: given {energy_wh / 1e12:,.3f} TWh between {least_w / 1e6:,.0f} and {most_w / 1e6:,.0f} MW, expected a mean inside; "
            f"the mean is {mean / 1e6:,.0f} MW"
        )
    unit = (shape - shape.min()) / (shape.max() - shape.min())
    wanted = (mean - least_w) / (most_w - least_w)
    low, high = 1 / 64, 64.0
    for _ in range(60):  # the mean falls as the power grows
        middle = (low * high) ** 0.5
        low, high = (middle, high) if float((unit**middle).mean()) > wanted else (low, middle)
        if high - low < 1e-13 * high:
            break
    load = _whole(least_w + (most_w - least_w) * unit**low)
    inner = np.flatnonzero((load > least_w) & (load < most_w))
    spread, left = divmod(energy_wh - int(load.sum()), len(inner))
    load[inner] += spread
    load[inner[:left]] += 1
    if int(load.min()) < least_w or int(load.max()) > most_w:
        raise ConfigurationError(
            f"load: given {energy_wh / 1e12:,.3f} TWh between {least_w / 1e6:,.0f} and {most_w / 1e6:,.0f} MW, expected an energy that the shape "
            "of the year can have"
        )
    return load


def reactors(inputs: Inputs, count: int) -> Watts:
    """Return what each reactor gives: everything, except while it is refuelled, one unit in spring and one in autumn."""
    units, outage = inputs["nuclear_units"], inputs["nuclear_outage"]
    power = np.full((units, count), inputs["nuclear_unit"], np.int64)
    for unit in range(units):
        start = (_FULL_SPRING, _FULL_AUTUMN)[unit % 2] + 15 * (unit // 2)
        power[unit, 24 * start : 24 * (start + outage)] = 0
    return power


def with_outage(hours: Hours, unit: int, first: datetime, days: int) -> Hours:
    """Return the same hours with one reactor off for some days.

    Raises: ConfigurationError if there is no such unit, or it would be off in none of the hours.
    """
    if not 0 <= unit < len(hours.nuclear_w):
        raise ConfigurationError(f"outage: given unit {unit + 1}, expected 1 to {len(hours.nuclear_w)}")
    start, stop = (max(0, hours.place(one)) for one in (first, first + timedelta(days=days)))
    if not start < min(stop, len(hours)):
        raise ConfigurationError(
            f"outage: given {days} days from {first:%Y-%m-%d}, expected days between {hours.first:%Y-%m-%d} and {hours.at(len(hours) - 1):%Y-%m-%d}"
        )
    power = hours.nuclear_w.copy()
    power[unit, start:stop] = 0
    return Hours(hours.first, hours.load_w, power, hours.must_run_w, hours.heat_w, hours.temperature, hours.quality)


def _weather(random: np.random.Generator, days: int) -> Shape:
    change = random.normal(0, _WEATHER, days)
    weather = np.empty(days)
    now = 0.0
    for day in range(days):
        now = _MEMORY * now + change[day]
        weather[day] = now
    return weather


def _whole(values: Shape) -> Watts:
    return np.rint(values).astype(np.int64)
