"""A kernel that reads rulings from their MessagePack bytes.

Source: MessagePack specification.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skarb.core.columns.scanning import Bytes, Whole, big

FIELDS = 4  # of `journal.model.Ruling`
ARRAY = 0x90 | FIELDS


def read_rulings(data: Bytes, out: NDArray[np.int64]) -> Whole:
    """Read the numbers of rulings written one after another; return how many were read before something else stood there.

    Shape: one row per ruling and one column per field in `out`.
    """
    place = 0
    for row in range(len(out)):
        if place >= len(data) or data[place] != ARRAY:
            return row
        place += 1
        for field in range(FIELDS):
            if place >= len(data):
                return row
            kind: Whole = np.int64(data[place])  # a byte shifted stays a byte where the interpreter runs
            if kind <= 0x7F:
                out[row, field], place = kind, place + 1
            elif 0xCC <= kind <= 0xCF and place + 1 + (1 << (kind - 0xCC)) <= len(data):
                width = 1 << (kind - 0xCC)
                out[row, field], place = big(data, place + 1, width), place + 1 + width
            else:
                return row
    return len(out) if place == len(data) else -1
