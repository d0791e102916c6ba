"""A portion of a whole number, exact: x times y divided by z, rounded down, where neither x nor y is above z. A kernel.

Below 2^52 a float says the answer to within a few units, and the remainder, small enough for a word, puts it right. Above, product and quotient
are made of 128 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Whole = Any  # a word of 64 bits where compiled, a whole number where interpreted
_EASY = 1 << 52
_HALF = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_63 = np.uint64(63)
_ONE = np.uint64(1)
_NONE = np.uint64(0)


def portion(x: Whole, y: Whole, z: Whole) -> Whole:
    """Return x * y // z for 0 <= x, y <= z < 2^62 and z > 0."""
    if z >= _EASY:
        return long_portion(x, y, z)
    quotient = np.int64(np.float64(x) * np.float64(y) / np.float64(z))
    rest = x * y - quotient * z  # words wrap around; the difference is small and right
    while rest < 0:
        quotient -= 1
        rest += z
    while rest >= z:
        quotient += 1
        rest -= z
    return quotient


def long_portion(x: Whole, y: Whole, z: Whole) -> Whole:
    """Return the same for large numbers: a product of four halves, divided bit by bit."""
    a, b, divisor = np.uint64(x), np.uint64(y), np.uint64(z)
    a_high, a_low, b_high, b_low = a >> _32, a & _HALF, b >> _32, b & _HALF
    lowest, left, right = a_low * b_low, a_high * b_low, a_low * b_high
    middle = (lowest >> _32) + (left & _HALF) + (right & _HALF)
    high = a_high * b_high + (left >> _32) + (right >> _32) + (middle >> _32)
    low = (middle << _32) | (lowest & _HALF)
    quotient = _NONE  # the high word is below z, so 64 steps over the low one give all of it
    for _ in range(64):
        high = (high << _ONE) | (low >> _63)
        low = low << _ONE
        quotient = quotient << _ONE
        if high >= divisor:
            high -= divisor
            quotient |= _ONE
    return np.int64(quotient)
