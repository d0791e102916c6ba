"""Ids of accounts and transfers as people give them: a number of 128 bits, or its 16 bytes, the lowest first."""

from __future__ import annotations

import numpy as np

from skarb.core.errors import InputError

Id = int | bytes  # a number below 2^128, or its 16 bytes, lowest first
_WORD = (1 << 64) - 1


def number_of(value: Id) -> int:
    """Return an id as a number.

    Raises: InputError for what is no id
    """
    number = int.from_bytes(value, "little") if isinstance(value, bytes) else int(value)
    if (isinstance(value, bytes) and len(value) != 16) or not 0 <= number < 1 << 128:
        raise InputError(f"id: given {value!r}, expected a number below 2^128 or its 16 bytes")
    return number


def words_of(value: Id) -> tuple[np.uint64, np.uint64]:
    """Return an id as its two words, the lower one first."""
    number = number_of(value)
    return np.uint64(number & _WORD), np.uint64(number >> 64)
