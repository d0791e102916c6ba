"""A kernel that gives each different text of a column a place of its own, the same one whenever it comes again.

The texts lie one after another in one array; a hash table with open addressing leads from a text to its place. The whole text is
compared on every hit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Words = NDArray[np.uint64]

PRIME = np.uint64(0x0000_0100_0000_01B3)  # of FNV-1a, 64 bits (Fowler, Noll, Vo)
HALF = np.uint64(32)


def intern(
    data: Bytes,
    begins: Places,
    sizes: Places,
    texts: Bytes,
    stops: Places,
    count: int,
    slots: Places,
    secret: np.uint64,
    out: Places,
) -> int:
    """Find the place of each text, entering those that are new in order; return how many different ones there are.

    Shape: `stops` where each known text ends in `texts`; `slots` twice as many as there can be texts, each a place plus one.
    """
    mask = len(slots) - 1
    for row in range(len(begins)):
        begin, size = begins[row], sizes[row]
        mixed = secret
        for byte in range(size):
            mixed = (mixed ^ np.uint64(data[np.uint64(begin + byte)])) * PRIME
        slot = np.int64((mixed * (secret | np.uint64(1))) >> HALF) & mask
        while slots[slot] != 0 and not is_same(data, begin, size, texts, stops, slots[slot] - 1):
            slot = (slot + 1) & mask
        if slots[slot] == 0:
            slots[slot] = count + 1
            first = stops[count - 1] if count > 0 else 0
            for byte in range(size):
                texts[first + byte] = data[begin + byte]
            stops[count] = first + size
            count += 1
        out[row] = slots[slot] - 1
    return count


def is_same(data: Bytes, begin: int, size: int, texts: Bytes, stops: Places, place: int) -> bool:
    """Tell whether a text is the one in a place."""
    first = stops[place - 1] if place > 0 else 0
    if stops[place] - first != size:
        return False
    for byte in range(size):  # noqa: SIM110  # a generator is nothing that can be compiled
        if data[np.uint64(begin + byte)] != texts[np.uint64(first + byte)]:
            return False
    return True
