"""Facts as small numbers: how a column of each fact is laid out, the same in arrays, in Parquet and in a lake.

A code is its place in the closed list of its field, a flag is nought or one, a day, a count and money are themselves. A missing number is
`MISSING`, which no field can hold; codes and flags of the facts are never missing. Two capital letters are a closed list, too: there are 676.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt

from skarb.core.errors import ConfigurationError
from skarb.rulebook.schema import INT64_MIN, Field

MISSING = INT64_MIN
"""Stands in a column of numbers where there is none."""

_COUNTRIES = tuple(map("".join, product(ascii_uppercase, repeat=2)))


def codes_of(field: Field) -> tuple[str, ...]:
    """Return every code that a field can have; a code's place in the list is its number.

    Raises: ConfigurationError for a pattern whose codes nobody has listed.
    """
    if field.type.base != "code":
        return ()
    if field.type.codes:
        return field.type.codes
    if field.type.pattern == r"^[A-Z]{2}\Z":
        return _COUNTRIES
    raise ConfigurationError(f"fact {field.name!r}: the codes of the pattern {field.type.pattern} cannot be listed")


def dtype_of(field: Field) -> np.dtype[np.generic]:
    """Return the type of a column of a fact.

    Shape: flags and codes of up to 256 are `u1`, longer lists `u2`, days `i4`, counts and money `i8`; a missing day or number makes it `i8`.
    """
    match field.type.base:
        case "flag":
            return np.dtype("u1")
        case "code":
            return np.dtype("u1" if len(codes_of(field)) <= 256 else "u2")
        case "day" if not field.optional:
            return np.dtype("i4")
    return np.dtype("i8")


@cache
def numbers_of(field: Field) -> Mapping[str, int]:
    """Return the number of each code of a field."""
    return {code: number for number, code in enumerate(codes_of(field))}


def encode(field: Field, values: list[object]) -> npt.NDArray[np.generic]:
    """Return values of a fact, as `Facts` holds them, as a column."""
    if field.type.base == "code":
        numbers = numbers_of(field)
        return np.array([numbers[str(one)] for one in values], dtype_of(field))
    return np.array([MISSING if one is None else one for one in values], dtype_of(field))


def decode(field: Field, column: npt.NDArray[np.generic]) -> list[object]:
    """Return a column as the values that `Facts` holds."""
    values = column.tolist()
    match field.type.base:
        case "code":
            codes = codes_of(field)
            return [codes[number] for number in values]
        case "flag":
            return [bool(one) for one in values]
    return [None if one == MISSING else one for one in values]
