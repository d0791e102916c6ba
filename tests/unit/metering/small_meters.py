"""A meter, a month and rows of a file, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from skarb.metering import Limits, Metered, Window, collect, estimate, validate
from skarb.registers import Meter

MINSK = "Europe/Minsk"
BERLIN = "Europe/Berlin"  # where clocks change


def meter(name: str = "m1", **changes: Any) -> Meter:
    given = {"meter": name, "site": "s1", "minutes": 60, "certified_to": date(2030, 1, 1), "valid_from": date(2020, 1, 1)}
    return Meter(**{**given, **changes})


def window(first: date = date(2026, 4, 1), last: date = date(2026, 4, 30), zone: str = MINSK, minutes: int = 60) -> Window:
    return Window(zone, first, last, minutes)


def rows_of(period: Window, energy_wh: Sequence[int], name: str = "m1") -> list[str]:
    return [f"{name},{period.at(slot).isoformat()},{wh}" for slot, wh in enumerate(energy_wh)]


def uneven(count: int) -> list[int]:
    """Energy that is never the same twice in a row."""
    return [900_000 + 37 * (slot % 101) for slot in range(count)]


def collected(
    folder: Path, rows: Sequence[str], period: Window, *meters: Meter, header: str = "meter,at,energy_wh", now: Any = None
) -> Metered:
    """Write rows of one kind of meter to a file and collect it."""
    path = folder / "meters.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (found,) = collect([path], meters or [meter(minutes=period.minutes)], period, now)
    return found


def judged(metered: Metered, capacity_w: int = 2_000_000, limits: Limits | None = None) -> Metered:
    validate(metered, {one.meter: capacity_w for one in metered.meters}, limits or Limits())
    estimate(metered, limits or Limits())
    return metered


def kinds(metered: Metered) -> dict[str, int]:
    """Return the intervals of every kind of fault."""
    found: dict[str, int] = {}
    for one in metered.faults:
        found[one.kind] = found.get(one.kind, 0) + one.intervals
    return found
