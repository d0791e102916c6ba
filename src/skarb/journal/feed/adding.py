"""Kernels that add up columns exactly: numbers are added in parts of 32 bits, whose sums cannot overflow for two billion rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Halves = NDArray[np.uint64]
Sums = NDArray[np.uint64]

HALF = np.uint64(32)
MASK = np.uint64((1 << 32) - 1)


def add_by_place(places: NDArray[np.int32], pairs: Halves, sums: Sums) -> None:
    """Add up numbers of 128 bits, each to the sum that its row says.

    Shape: `pairs` a lower and an upper half for each row; `sums` a row for each place and a column for each part of 32 bits.
    """
    for row in range(len(places)):
        place, low, high = places[row], pairs[row, 0], pairs[row, 1]
        sums[place, 0] += low & MASK
        sums[place, 1] += low >> HALF
        sums[place, 2] += high & MASK
        sums[place, 3] += high >> HALF
