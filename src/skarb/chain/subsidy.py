"""The subsidy: what a block makes anew, halved every 210,000 blocks, in whole satoshi.

Source: Bitcoin protocol documentation (controlled supply).
"""

from __future__ import annotations

HALVING_BLOCKS = 210_000
FIRST_SUBSIDY_SAT = 50 * 10**8


def subsidy_sat(height: int) -> int:
    """Return what the block at a height may make, in satoshi, fees not included."""
    halvings = height // HALVING_BLOCKS
    return FIRST_SUBSIDY_SAT >> halvings if halvings < 64 else 0


def halving_heights(until: int) -> tuple[int, ...]:
    """Return the heights up to `until` at which the subsidy was halved."""
    return tuple(range(HALVING_BLOCKS, until + 1, HALVING_BLOCKS))
