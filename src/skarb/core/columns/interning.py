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

FACTOR = np.uint64(0x9E37_79B9_7F4A_7C15)  # odd, from the golden ratio (Fibonacci hashing)
HALF = np.uint64(32)
BYTE = np.uint64(8)


def intern(
    data: Bytes,
    begins: Places,
    sizes: Places,
    texts: Bytes,
    stops: Places,
    count: int,
    slots: Places,
    secret: np.uint64,
    ahead: Places,
    out: Places,
) -> int:
    """Find the place of each text, entering those that are new in order; return how many different ones there are.

    What a search will touch is touched before, some rows together: none waits for another, so the processor fetches several at once.
    Shape: `stops` where each known text ends in `texts`; `slots` twice as many as there can be texts, each a place plus one; `ahead` as long as
    rows are taken together.
    """
    mask, together = len(slots) - 1, len(ahead)
    for start in range(0, len(begins), together):
        rows = min(together, len(begins) - start)
        for row in range(rows):
            out[start + row] = np.int64(mix(data, begins[start + row], sizes[start + row], secret) >> HALF) & mask
        for row in range(rows):
            ahead[row] = slots[out[start + row]]
        for row in range(rows):
            ahead[row] = stops[max(ahead[row] - 2, 0)]
        for row in range(rows):
            ahead[row] = texts[min(ahead[row], len(texts) - 1)]
        for row in range(start, start + rows):
            begin, size, slot = begins[row], sizes[row], out[row]
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


def mix(data: Bytes, begin: int, size: int, secret: np.uint64) -> np.uint64:
    """Return a hash of a text, eight bytes at a time."""
    mixed, place, stop = secret ^ np.uint64(size), begin, begin + size
    while place + 8 <= stop:
        mixed = stir(mixed ^ word_at(data, np.uint64(place)))
        place += 8
    left = np.uint64(0)
    while place < stop:
        left, place = left << BYTE | np.uint64(data[np.uint64(place)]), place + 1
    return stir(mixed ^ left) * (secret | np.uint64(1))


def stir(mixed: np.uint64) -> np.uint64:
    """Let every bit of a word reach the others."""
    mixed = mixed * FACTOR
    return mixed ^ mixed >> HALF


def word_at(data: Bytes, place: np.uint64) -> np.uint64:
    """Return eight bytes as one word; a compiler makes one step of it."""
    low = (
        np.uint64(data[place])
        | np.uint64(data[place + np.uint64(1)]) << np.uint64(8)
        | np.uint64(data[place + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[place + np.uint64(3)]) << np.uint64(24)
    )
    high = (
        np.uint64(data[place + np.uint64(4)])
        | np.uint64(data[place + np.uint64(5)]) << np.uint64(8)
        | np.uint64(data[place + np.uint64(6)]) << np.uint64(16)
        | np.uint64(data[place + np.uint64(7)]) << np.uint64(24)
    )
    return low | high << HALF


def is_same(data: Bytes, begin: int, size: int, texts: Bytes, stops: Places, place: int) -> bool:
    """Tell whether a text is the one in a place."""
    first = stops[place - 1] if place > 0 else 0
    if stops[place] - first != size:
        return False
    done = 0
    while done + 8 <= size:
        if word_at(data, np.uint64(begin + done)) != word_at(texts, np.uint64(first + done)):
            return False
        done += 8
    while done < size:
        if data[np.uint64(begin + done)] != texts[np.uint64(first + done)]:
            return False
        done += 1
    return True
