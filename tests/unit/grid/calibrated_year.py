"""A year with known optima: the formula that made it is public in the project's validation cases and is said here once more.

Its load ends as seeded noise on a shape of hours, weekdays and cold, scaled to 44 TWh and stretched to a peak of 7,325 MW. Random numbers
are drawn in this order: one for the weather of each day after the first, then one for each hour.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from skarb.grid import Boilers, Gas, Hours, Miners, System

HOURS, SEED = 8760, 1
OF_DAY = (
    *(0.79, 0.76, 0.745, 0.74, 0.745, 0.77, 0.84, 0.93, 1.0, 1.045, 1.06, 1.055),
    *(1.045, 1.045, 1.04, 1.04, 1.06, 1.10, 1.13, 1.14, 1.12, 1.06, 0.98, 0.88),
)
MW = 1_000_000


def known_year() -> Hours:
    random = np.random.default_rng(SEED)
    days, clock = np.divmod(np.arange(HOURS), 24)
    weather = [0.0]
    for _ in range(365):
        weather.append(0.8 * weather[-1] + random.normal(0, 2.6))
    winter = np.cos(2 * np.pi * (days - 20) / 365)
    degrees = 6.5 - 12.5 * winter + np.array(weather)[days] + 3.5 * np.sin(2 * np.pi * (clock - 9) / 24)
    cold = np.maximum(16 - degrees, 0)
    load = np.array(OF_DAY)[clock] * np.where(days % 7 >= 5, 0.92, 1.0) * (1 + 0.012 * cold)
    load = load * (1 + random.normal(0, 0.006, HOURS))
    load = load * (44e6 / load.sum())
    mean = load.mean()
    load = mean + (load - mean) * ((7325 - mean) / (load.max() - mean))
    nuclear = np.full((2, HOURS), 1110 * MW, np.int64)
    nuclear[0, 24 * 110 : 24 * 145] = nuclear[1, 24 * 250 : 24 * 285] = 0
    must_run = 450 + np.minimum(cold, 30) / 30 * 1900
    heat = np.minimum(150 + cold * 40, 916)
    return Hours(datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Minsk")), watts(load), nuclear, watts(must_run), watts(heat))


def watts(megawatts: np.ndarray) -> np.ndarray:
    return np.rint(megawatts * MW).astype(np.int64)


def known_system() -> System:
    def blocks(name: str, count: int, value: int) -> Miners:
        return Miners(name, count, 50 * MW, value * 1000, 25_000, 2, 2)

    return System(
        currency="USD",
        gas=Gas(12, 400 * MW, 160 * MW, 900 * MW, 31_000, 12_000_000),
        boilers=Boilers(20, 45_800_000, 9_200_000, 15_000, 40_000),
        miners=(blocks("new", 8, 75), blocks("old", 6, 38)),
        export_w=300 * MW,
        export_milli=20_000,
        reserve_w=400 * MW,
        gas_floor_w=800 * MW,
        nuclear_milli=5_000,
        spill_milli=2_000,
        unserved_milli=3_000_000,
    )
