"""The kernel of runs: a filter that knows most ids it has never seen, and a check word for each row.

The filter is a Bloom filter of one word per id asked: an id sets four bits of the 64 of its block. It sees only the upper half of an id's
hash, as that is all that a run keeps.
Source: Putze, Sanders, Singler, "Cache-, hash- and space-efficient Bloom filters", 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skarb.ledger.slots import hash_id

Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.uint8]

IDS_PER_BLOCK = 5  # about 13 bits an id; about one new id in a hundred passes
_HALF = np.uint64(32)
_FIRST = np.uint64(0x9E37_79B9_7F4A_7C15)
_SECOND = np.uint64(0xD6E8_FEB8_6659_FD93)
_ONE = np.uint64(1)
_SIX_BITS = np.uint64(63)
_SHIFTS = (np.uint64(40), np.uint64(46), np.uint64(52), np.uint64(58))
_FOLD = np.uint64(29)


def make_prints(ids: Words, salt: np.uint64, prints: Words) -> None:
    """Write the hash of each id."""
    for row in range(len(ids)):
        prints[row] = hash_id(ids[row, 0] ^ salt, ids[row, 1])


def mark_of(upper: np.uint64) -> np.uint64:
    """Return the bits that an id sets in its block."""
    mixed = upper * _SECOND
    bits = _ONE << ((mixed >> _SHIFTS[0]) & _SIX_BITS)
    bits |= _ONE << ((mixed >> _SHIFTS[1]) & _SIX_BITS)
    bits |= _ONE << ((mixed >> _SHIFTS[2]) & _SIX_BITS)
    return bits | (_ONE << ((mixed >> _SHIFTS[3]) & _SIX_BITS))


def block_of(upper: np.uint64, count: np.uint64) -> np.uint64:
    """Return the block of an id."""
    return (((upper * _FIRST) >> _HALF) * count) >> _HALF


def enter(blocks: Words, prints: Words) -> None:
    """Enter ids into an empty filter."""
    count = np.uint64(len(blocks))
    for row in range(len(prints)):
        upper = prints[row] >> _HALF
        blocks[np.int64(block_of(upper, count))] |= mark_of(upper)


def sift(blocks: Words, prints: Words, passed: Flags) -> int:
    """Say of each id whether the run may have it; return how many it may have."""
    count, found = np.uint64(len(blocks)), 0
    for row in range(len(prints)):
        upper = prints[row] >> _HALF
        mark = mark_of(upper)
        passed[row] = (blocks[np.int64(block_of(upper, count))] & mark) == mark
        found += passed[row]
    return found


def stamp(rows: Words, first: int) -> None:
    """Write the check word of each row into its last column; it depends on the place, too."""
    last = rows.shape[1] - 1
    for row in range(len(rows)):
        rows[row, last] = check_word(rows, row, np.uint64(first + row))


def unsound(rows: Words, places: npt.NDArray[np.int64]) -> int:
    """Return the first row that is not what was put at its place, or -1."""
    last = rows.shape[1] - 1
    for row in range(len(rows)):
        if rows[row, last] != check_word(rows, row, np.uint64(places[row])):
            return row
    return -1


def check_word(rows: Words, row: int, place: np.uint64) -> np.uint64:
    """Return 64 bits that follow from a row and its place."""
    check = (place + _ONE) * _FIRST
    for column in range(rows.shape[1] - 1):
        check = (check ^ rows[row, column]) * _SECOND
        check ^= check >> _FOLD
    return check
