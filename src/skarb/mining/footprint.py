"""How much electricity all miners take, reckoned from what machines were worth running: the method of the Cambridge index.

A machine counts if it was released before the day and if its electricity costs less than it earns, measured against the mean of two
weeks; the network is taken to run on the plain mean of those machines, with a tenth on top for everything around them. Statistics
for the eye, in floats.
Source: Cambridge Centre for Alternative Finance, Bitcoin Electricity Consumption Index, methodology and published code.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import inf

from skarb.chain.series_files import unpacked
from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.mining.history import PaidDay

_AROUND = 1.1  # power of the site over that of the machines
_HOURS_YEAR = 365.25 * 24
_THRESHOLD_DAYS, _SMOOTH_DAYS = 14, 7


@dataclass(frozen=True, slots=True)
class ListedMachine:
    """A machine of the index's list: the day of its release, and J/GH."""

    released: int
    efficiency_j_gh: float


def read_listed(data: bytes, name: str) -> tuple[ListedMachine, ...]:
    """Read a list of machines in the index's format, plain or gzip.

    Raises: InputError
    """
    reader = csv.DictReader(io.StringIO(unpacked(data, name).decode("utf-8-sig", errors="replace")), skipinitialspace=True)
    found = []
    try:
        for row in reader:
            released = datetime.fromtimestamp(int(row["UNIX_date_of_release"].removesuffix(".0")), UTC).date()
            efficiency = float(row["Efficiency_J_Gh"])
            if not 0 < efficiency < inf:
                raise ValueError
            found.append(ListedMachine(to_day(released), efficiency))
    except (csv.Error, KeyError, AttributeError, TypeError, ValueError, OverflowError, OSError):
        raise InputError(
            f"{name} line {reader.line_num}: expected the columns Miner_name, UNIX_date_of_release and Efficiency_J_Gh, numbers above 0"
        ) from None
    if not found:
        raise InputError(f"{name}: given no machines, expected at least one")
    return tuple(found)


def annualised_twh(history: Sequence[PaidDay], machines: Sequence[ListedMachine], usd_kwh: float) -> Mapping[int, float]:
    """Return the best guess of the network's consumption by day, in TWh a year, mean of seven days.

    A day on which no machine pays has the guess of the day before, as the index has it; days before any machine ever paid are missing.
    Raises: InputError if days are missing: the means would be of other days than they say.
    """
    for before, after in pairwise(history):
        if after.day != before.day + 1:
            raise InputError(f"the history has a hole after day {before.day}: means over days need every day")
    # J/GH that a day pays for
    thresholds = [float(one.hashprice) / 1e6 / 86_400 / (usd_kwh / 3.6e6) if usd_kwh else inf for one in history]
    guesses: list[tuple[int, float]] = []
    for place, paid in enumerate(history):
        window = thresholds[max(0, place - _THRESHOLD_DAYS + 1) : place + 1]
        most = sum(window) / len(window)
        running = [one.efficiency_j_gh for one in machines if one.released < paid.day and one.efficiency_j_gh < most]
        if running:
            watts = sum(running) / len(running) * float(paid.chain.hashrate_th_s) * 1000 * _AROUND
            guesses.append((paid.day, watts * _HOURS_YEAR / 1e12))
        elif guesses:
            guesses.append((paid.day, guesses[-1][1]))
    found = {}
    for place, (day, _) in enumerate(guesses):
        smooth = [value for _, value in guesses[max(0, place - _SMOOTH_DAYS + 1) : place + 1]]
        found[day] = sum(smooth) / len(smooth)
    return found
