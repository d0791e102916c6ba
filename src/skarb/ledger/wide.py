"""Whole numbers of 128 bits as two 64-bit words, low word first.

These are leaves of the kernel: plain functions that run in the interpreter and, unchanged, compiled. Every constant that
meets a word is a word itself, because a compiler that mixes signed and unsigned 64 bits would quietly turn to floats.
"""

from __future__ import annotations

import numpy as np

Word = np.uint64
ZERO = np.uint64(0)
WORD_MAX = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def add_wide(a_lo: Word, a_hi: Word, b_lo: Word, b_hi: Word) -> tuple[Word, Word, bool]:
    """Return the sum modulo 2^128 and whether it overflowed."""
    lo = a_lo + b_lo
    hi = a_hi + b_hi
    over = hi < a_hi
    total = hi + np.uint64(lo < a_lo)
    return lo, total, bool(over or total < hi)


def subtract_wide(a_lo: Word, a_hi: Word, b_lo: Word, b_hi: Word) -> tuple[Word, Word]:
    """Return the difference modulo 2^128."""
    return a_lo - b_lo, a_hi - b_hi - np.uint64(a_lo < b_lo)


def less_wide(a_lo: Word, a_hi: Word, b_lo: Word, b_hi: Word) -> bool:
    """Tell whether the first number is smaller."""
    return bool(a_hi < b_hi or (a_hi == b_hi and a_lo < b_lo))


def excess_wide(a_lo: Word, a_hi: Word, b_lo: Word, b_hi: Word) -> tuple[Word, Word]:
    """Return how much the first number exceeds the second, never less than zero."""
    if less_wide(a_lo, a_hi, b_lo, b_hi):
        return ZERO, ZERO
    return subtract_wide(a_lo, a_hi, b_lo, b_hi)


def least_wide(a_lo: Word, a_hi: Word, b_lo: Word, b_hi: Word) -> tuple[Word, Word]:
    """Return the smaller number."""
    if less_wide(b_lo, b_hi, a_lo, a_hi):
        return b_lo, b_hi
    return a_lo, a_hi
