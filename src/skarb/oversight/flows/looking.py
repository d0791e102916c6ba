"""Look at transfers once before anything is moved: what cannot be followed is found, and how much room the others need. A kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.flows.places import ABROAD, HOME

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Whole = Any


def count_border(sources: Places, targets: Places, sides: npt.NDArray[np.uint8], counts: Numbers) -> None:
    """Count the transfers that leave and those that come back, or are spent; without a branch, as nobody could guess it."""
    outward, homeward = 0, 0
    for row in range(sources.shape[0]):
        here, there = sides[sources[row]], sides[targets[row]]
        outward += (here == HOME) & (there == ABROAD)
        homeward += (here == ABROAD) & (there != ABROAD)
    counts[0], counts[1] = outward, homeward


def find_mixed(sources: Places, targets: Places, assets: Places) -> Whole:
    """Return the first transfer between accounts of two assets, -1 if there is none."""
    for row in range(sources.shape[0]):
        if assets[sources[row]] != assets[targets[row]]:
            return row
    return -1


def find_lowest(sources: Places, targets: Places, amounts: Numbers, balances: Numbers, lowest: Numbers) -> None:
    """Add up all transfers from nothing, and note the lowest that each balance ever was, at most nought."""
    for row in range(sources.shape[0]):
        source, target, amount = sources[row], targets[row], amounts[row]
        balances[source] -= amount
        balances[target] += amount
        lowest[source] = min(lowest[source], balances[source])
