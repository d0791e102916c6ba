"""Kernels that find the fields of instructions in their MessagePack bytes and read numbers from texts.

They read what `Instruction` is written as and nothing more: a map from names of fields to texts, one instant, and the declared facts.
Whatever else they meet they hand back; the typed decoder then says what it is.

Source: MessagePack specification; timestamp extension type.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Whole: TypeAlias = Any  # a whole number: Python's or numpy's in the interpreter, a word when compiled
Spans = NDArray[np.int32]

ABSENT = -1
AT, DECLARED = 1, 15  # places of the two fields of `Instruction` that are not texts; a test holds them to it
SECOND = 1_000_000_000
SECONDS_MAX = 9_000_000_000  # beyond which nanoseconds do not fit into 64 bits
DIGITS_MAX = 18
POINT, ZERO, NINE = 0x2E, 0x30, 0x39


def scan(data: Bytes, names: Bytes, stops: Places, starts: Places, begins: Spans, sizes: Spans, at: Places) -> Whole:
    """Find where each instruction starts, where the content of each of its fields lies, and its instant; return how many were read.

    Shape: `names` the fields' names in one, `stops` where each ends. One row per instruction and one column per field in `begins` and
    `sizes`, ABSENT where a field is left out; `starts` has one place more, the end. Units: nanoseconds since 1970.
    """
    place, fields = 0, len(stops)
    for row in range(len(at)):
        starts[row] = place
        for field in range(fields):
            sizes[row, field] = ABSENT
        count, place = open_map(data, place)
        if count < 0:
            return row
        field = 0
        for _ in range(count):
            while field < fields and not is_name(data, place, names, stops, field):
                field += 1
            if field == fields:
                return row
            place += 1 + name_size(stops, field)
            if field == AT:
                begin, stop = span_instant(data, place)
            elif field == DECLARED:
                begin, stop = place, skip(data, place)
            else:
                begin, stop = span_text(data, place)
            if stop < 0:
                return row
            begins[row, field], sizes[row, field] = begin, stop - begin
            place, field = stop, field + 1
        if sizes[row, AT] == ABSENT:
            return row
        at[row] = read_instant(data, begins[row, AT], sizes[row, AT])
    starts[len(at)] = place
    return len(at) if place == len(data) else -1


def open_map(data: Bytes, place: Whole) -> tuple[Whole, Whole]:
    """Return how many entries a map has and where the first one begins, -1 where there is none."""
    if place < len(data) and data[place] & 0xF0 == 0x80:
        return np.int64(data[place] & 0x0F), place + 1
    if place + 3 <= len(data) and data[place] == 0xDE:
        return big(data, place + 1, 2), place + 3
    return np.int64(-1), place


def name_size(stops: Places, field: Whole) -> Whole:
    """Return how many bytes the name of a field has."""
    return stops[field] - (stops[field - 1] if field > 0 else 0)


def is_name(data: Bytes, place: Whole, names: Bytes, stops: Places, field: Whole) -> bool:
    """Tell whether a short text with the name of a field stands at a place."""
    size = name_size(stops, field)
    if place + 1 + size > len(data) or data[place] != 0xA0 | size:
        return False
    first = stops[field] - size
    for byte in range(size):  # noqa: SIM110  # a generator is nothing that can be compiled
        if data[np.uint64(place + 1 + byte)] != names[np.uint64(first + byte)]:
            return False
    return True


def span_text(data: Bytes, place: Whole) -> tuple[Whole, Whole]:
    """Return where the bytes of a text begin and end, -1 where there is none."""
    if place >= len(data):
        return 0, -1
    kind = data[place]
    width = 0 if kind & 0xE0 == 0xA0 else 1 if kind == 0xD9 else 2 if kind == 0xDA else -1
    if width < 0 or place + 1 + width > len(data):
        return 0, -1
    size = np.int64(kind & 0x1F) if width == 0 else big(data, place + 1, width)
    begin = place + 1 + width
    return begin, begin + size if begin + size <= len(data) else -1


def span_instant(data: Bytes, place: Whole) -> tuple[Whole, Whole]:
    """Return where the bytes of a timestamp begin and end, -1 where there is none."""
    if place + 2 > len(data):
        return 0, -1
    kind = data[place]
    size, begin = (4, place + 2) if kind == 0xD6 else (8, place + 2) if kind == 0xD7 else (12, place + 3)
    if begin + size > len(data) or data[begin - 1] != 0xFF or (size == 12 and not (kind == 0xC7 and data[place + 1] == 12)):
        return 0, -1
    if size == 12 and abs(big(data, begin + 4, 8)) > SECONDS_MAX:
        return 0, -1
    return begin, begin + size


def read_instant(data: Bytes, begin: Whole, size: Whole) -> Whole:
    """Return a timestamp in nanoseconds since 1970."""
    if size == 4:
        return big(data, begin, 4) * SECOND
    if size == 8:
        upper, lower = big(data, begin, 4), big(data, begin + 4, 4)
        return ((upper & 3) << 32 | lower) * SECOND + (upper >> 2)
    return big(data, begin + 4, 8) * SECOND + big(data, begin, 4)


def big(data: Bytes, place: Whole, width: Whole) -> Whole:
    """Return a number written highest byte first; one of eight bytes has a sign."""
    number = np.int64(0)
    for byte in range(width):
        number = (number << 8) | np.int64(data[place + byte])
    return number


def skip(data: Bytes, place: Whole) -> Whole:
    """Return where a map of texts to texts, truths and whole numbers ends, -1 where there is none."""
    count, place = open_map(data, place)
    if count < 0:
        return -1
    left = 2 * count
    while left > 0 and place < len(data):
        kind = data[place]
        if kind <= 0x7F or kind >= 0xE0 or kind in (0xC2, 0xC3):
            place += 1
        elif 0xCC <= kind <= 0xCF:
            place += 1 + (1 << (kind - 0xCC))
        elif 0xD0 <= kind <= 0xD3:
            place += 1 + (1 << (kind - 0xD0))
        else:
            _, place = span_text(data, place)
            if place < 0:
                return -1
        left -= 1
    return place if left == 0 and place <= len(data) else -1


def read_amounts(data: Bytes, begins: Places, sizes: Places, decimals: Whole, units: Places) -> bool:
    """Read decimal texts as smallest units, as `parse_amount` does; False if one is longer than usual or no such text."""
    for row in range(len(begins)):
        begin, size = begins[row], sizes[row]
        number, digits, places = np.int64(0), 0, -1
        for byte in range(size):
            sign = data[begin + byte]
            if sign == POINT and places < 0 and byte > 0:
                places = 0
            elif ZERO <= sign <= NINE and places < decimals:
                number, digits = number * 10 + np.int64(sign - ZERO), digits + 1
                places += places >= 0
            elif sign == ZERO:  # more decimals than the asset has, all of them zero
                places += 1
            else:
                return False
        if size < 1 or places == 0 or digits + max(decimals - max(places, 0), 0) > DIGITS_MAX or size > 2 * DIGITS_MAX:
            return False
        for _ in range(decimals - max(places, 0)):
            number *= 10
        units[row] = number
    return True


def join_texts(data: Bytes, begins: Places, sizes: Places, out: Bytes) -> None:
    """Write some texts one after another, a zero between them."""
    place = 0
    for row in range(len(begins)):
        for byte in range(sizes[row]):
            out[place + byte] = data[begins[row] + byte]
        place += sizes[row] + 1


def are_alike(data: Bytes, begins: Places, sizes: Places) -> bool:
    """Tell whether all of some texts are the same; none is not."""
    if len(begins) == 0 or sizes[0] < 0:
        return False
    for row in range(1, len(begins)):
        if sizes[row] != sizes[0]:
            return False
        for byte in range(sizes[0]):
            if data[begins[row] + byte] != data[begins[0] + byte]:
                return False
    return True
