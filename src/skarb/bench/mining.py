"""Mining, measured: each group of figures is a function in a file of its own; here they are collected."""

from __future__ import annotations

from collections.abc import Callable

from skarb.bench import mining_bills, mining_economics, mining_fleet, mining_grid, mining_proofs, mining_reserve
from skarb.bench.machine import hash_us, machine

GROUPS: tuple[Callable[[], dict[str, object]], ...] = (
    mining_economics.bench,
    mining_grid.bench,
    mining_bills.bench,
    mining_reserve.bench,
    mining_proofs.bench,
    mining_fleet.bench,
)


def bench() -> dict[str, object]:
    """Return the figures of all groups."""
    figures: dict[str, object] = {}
    for group in GROUPS:
        figures |= group()
    conditions = {
        "scenarios": mining_economics.COUNT,
        "years": mining_economics.YEARS,
        "runs": mining_economics.RUNS,
        "meters": mining_bills.METERS,
        "hash_us": hash_us(),
    }
    return figures | {"conditions": conditions, "machine": machine()}
