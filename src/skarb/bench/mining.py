"""Mining, measured: each group of figures is a function in a file of its own; here they are collected."""

from __future__ import annotations

from collections.abc import Callable

from skarb.bench import mining_economics, mining_grid, mining_proofs
from skarb.bench.machine import hash_us, machine

GROUPS: tuple[Callable[[], dict[str, object]], ...] = (mining_economics.bench, mining_grid.bench, mining_proofs.bench)


def bench() -> dict[str, object]:
    """Return the figures of all groups."""
    figures: dict[str, object] = {}
    for group in GROUPS:
        figures |= group()
    conditions = {
        "scenarios": mining_economics.COUNT,
        "years": mining_economics.YEARS,
        "runs": mining_economics.RUNS,
        "hash_us": hash_us(),
    }
    return figures | {"conditions": conditions, "machine": machine()}
