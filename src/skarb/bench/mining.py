"""Mining, measured: the power system that it lives on."""

from __future__ import annotations

from skarb.bench import mining_grid


def bench() -> dict[str, object]:
    """Return the figures of mining."""
    return mining_grid.bench()
