"""Mining, measured: a thousand scenarios of five years, drawn, walked and summed up for six cases.

The process is made up here, of the size that a fit to three years gives, so that nothing but the machine decides how long it takes. The
kernel is compiled before the clock starts.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from skarb.core.errors import ensure
from skarb.mining.catalogue import machine
from skarb.mining.model import Terms
from skarb.mining.scenarios import Case, Process, Scenarios, Start, simulate

COUNT, YEARS, RUNS = 1000, 5, 7
_MACHINES, _PRICES = ("s19", "s19-xp", "s21"), (0.03, 0.05)


def bench() -> dict[str, object]:
    """Return the figure of the economics: seconds for all scenarios, median of several runs."""
    draw_scenarios(1)
    took = []
    for seed in range(1, RUNS + 1):
        started = time.perf_counter()
        found = draw_scenarios(seed)
        took.append(time.perf_counter() - started)
        ensure(
            found.count == COUNT and len(found.outcomes) == len(_MACHINES) * len(_PRICES),
            "every scenario is drawn, every case valued",
        )
    return {"scenarios_s": round(statistics.median(took), 4), "scenarios_most_s": round(max(took), 4)}


def draw_scenarios(seed: int, count: int = COUNT) -> Scenarios:
    """Return scenarios of a made-up process."""
    returns = np.random.default_rng(0).standard_t(4, 1095) * 0.02
    process = Process(returns - returns.mean(), 0.024, 0.026, 0.04, 4.1, 1095)
    cases = [Case(machine(code), price, 1_000_000.0) for code in _MACHINES for price in _PRICES]
    return simulate(
        process, Start(93_390.0, 1.0978e14, 877_200, 1e7), cases, Terms(), 0.12, count, YEARS, np.random.default_rng(seed)
    )
