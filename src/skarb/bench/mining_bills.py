"""Bills of miners, measured: a month of meters read from a file, judged, filled and billed, again and again for a year.

The meters are made up here from a seed: a load that is nearly even, curtailed on some evenings, with gaps and a meter that jumps. What is timed is
what `skarb mine bill` does with a file of a month, from its bytes to finished lines; the file is written before the clock starts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from skarb.app.law import law_folder
from skarb.bench.machine import peak_mib
from skarb.core.errors import ensure
from skarb.metering import Case, Standing, Window, collect, estimate, lines_of, read_terms, stretches, usage, validate
from skarb.registers import Meter, MiningSite, Tariff

METERS, MONTHS = 1000, 12
_YEAR = 2026


def bench() -> dict[str, object]:
    """Return intervals a second from a file to bills (median of a month), the same for a whole year, and the memory of the process at most."""
    with tempfile.TemporaryDirectory() as folder:
        _work(Path(folder), 1, 20)  # what is loaded at the first call is no work of a month
        took, counts = [], []
        for month in range(1, MONTHS + 1):
            seconds, count = _work(Path(folder), month, METERS)
            took.append(seconds)
            counts.append(count)
    rates = [count / seconds for count, seconds in zip(counts, took, strict=True)]
    return {
        "bill_intervals_per_s": round(statistics.median(rates)),
        "bill_year_s": round(sum(took), 2),
        "bill_year_intervals": sum(counts),
        "bill_most_mib": peak_mib(),
    }


def _work(folder: Path, month: int, meters: int) -> tuple[float, int]:
    """Write the file of a month, bill it, and return the seconds and the intervals that were billed."""
    window = _window(month)
    path = folder / f"{month:02}-{meters}.csv"
    rows = _write(path, window, meters, month)
    started = time.perf_counter()
    total = bill_month(path, window, meters)
    seconds = time.perf_counter() - started
    path.unlink()
    ensure(total > 0 and rows > 0, "every meter is billed")
    return seconds, meters * len(window)


def bill_month(path: Path, window: Window, count: int) -> int:
    """Return the sum of all bills of a file, in minor units."""
    folder = law_folder("by")
    terms = read_terms((folder / "mining.yaml").read_text(encoding="utf-8"), "mining.yaml")
    entries = [
        Meter(meter=f"m{n:05}", site=f"s{n:05}", minutes=15, certified_to=date(_YEAR + 1, 1, 1), valid_from=date(_YEAR, 1, 1))
        for n in range(count)
    ]
    tables = collect([path], entries, window)
    for table in tables:
        validate(table, {one.meter: 1_200_000 for one in table.meters}, terms.limits)
        estimate(table, terms.limits)
    tariffs = [_fixed(one) for one in terms.tariffs if one.tariff == "industry_three_zones"]
    parts = stretches(tariffs, "industry_three_zones", "", window.first, window.last, lambda name, day: None)
    standing = (Standing(first=str(window.first), last=str(window.last), verdict="permit", provision="none"),)
    total = 0
    for row in range(count):
        site = MiningSite(
            site=f"s{row:05}", party="p", capacity_w=1_200_000, tariff="industry_three_zones", valid_from=date(_YEAR, 1, 1)
        )
        used = usage(tables, [[row]], parts, frozenset())
        case = Case(site, "", window.first, window.last, used, parts, terms, lambda name, day: None, standing, "BYN", 2)
        lines, _ = lines_of(case)
        total += sum(one.amount for one in lines)
    return total


def _fixed(tariff: Tariff) -> Tariff:
    """Return a tariff with prices of its own instead of parameters, so that no law is loaded."""
    bands = tuple(msgspec.structs.replace(one, price="0.25", parameter="") for one in tariff.energy)
    return msgspec.structs.replace(tariff, energy=bands)


def _window(month: int) -> Window:
    first = date(_YEAR, month, 1)
    last = date(_YEAR + month // 12, month % 12 + 1, 1)
    return Window("Europe/Minsk", first, date.fromordinal(last.toordinal() - 1), 15)


def _write(path: Path, window: Window, meters: int, seed: int) -> int:
    """Write a file of meters: all meters of an interval after each other, as head-ends deliver."""
    drawn = np.random.default_rng(seed)
    slots = len(window)
    energy = drawn.normal(240_000, 2_000, (slots, meters)).astype(np.int64)
    energy[(window.minute // 60 == 19) & (window.weekday < 3)] //= 10
    keep = drawn.random(energy.shape) > 0.002
    keep[0] = True
    at, meter = np.nonzero(keep)
    energy[slots // 2, 0] = 50_000_000  # a meter that jumps
    names = pa.array([f"m{n:05}" for n in range(meters)])
    instants = pa.array([window.at(slot).isoformat(timespec="minutes") for slot in range(slots)])
    table = pa.table({"meter": names.take(pa.array(meter)), "at": instants.take(pa.array(at)), "energy_wh": energy[at, meter]})
    pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="none"))
    return len(at)
