"""A kernel that turns lines of JSON into the contents of instructions, MessagePack as it stands in the journal.

It understands what programs write: one object a line, known names, texts without escapes, null. Whatever else it meets, be it wrong or
only unusual, it hands back, and the typed decoder reads it and says what it is. A test holds the two to the same bytes.

Source: RFC 8259 (JSON), RFC 3339 (instants), MessagePack specification.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Whole: TypeAlias = Any  # a whole number: Python's or numpy's in the interpreter, a word when compiled

ABSENT, NULL = -1, -2
AT, ACTIVITY, AMOUNT = 1, 2, 5  # places of fields of `Instruction`; a test holds them to it
REQUIRED = 6  # so many first fields must be there
QUOTE, ESCAPE, COLON, COMMA, OPEN, CLOSE = 0x22, 0x5C, 0x3A, 0x2C, 0x7B, 0x7D
BLANK, LINE, RETURN, ZERO, POINT = 0x20, 0x0A, 0x0D, 0x30, 0x2E
YEARS = (1902, 2168)  # within them every zone has its days in the years that facts can hold
ROW_MORE = (
    64  # bytes that a content can have beyond its line: it names each field once, as the line does, and its instant is short
)


def transcode(
    text: Bytes, names: Bytes, stops: Places, limits: Places, words: Bytes, word_stops: Places, begins: Places, sizes: Places,
    at: Places, out: Bytes, count: Whole,
) -> Whole:  # fmt: skip
    """Write the contents of so many lines; return how many bytes they take, -1 if a line is not understood.

    Shape: `names` the fields' names in one, `stops` where each ends, `limits` the least and the most letters of each one's text; `words`
    the activities, likewise. Room to work in: `begins` and `sizes` one place a field; `at` three, of which the last is the activity of
    the row before, as the next one often has the same.
    """
    place, written = 0, 0
    for row in range(count):
        place = read_row(text, place, names, stops, begins, sizes)
        if 0 <= place < len(text) and text[place] == RETURN:
            place += 1
        if place < 0 or (place < len(text) and text[place] != LINE) or (place == len(text)) != (row == count - 1):
            return -1
        place += 1
        if not is_sound(text, limits, words, word_stops, begins, sizes, at):
            return -1
        written = write_row(text, names, stops, begins, sizes, at, out, written)
    return written


def read_row(text: Bytes, place: Whole, names: Bytes, stops: Places, begins: Places, sizes: Places) -> Whole:
    """Find the text of each field in the object at a place; return where it ends, -1 if it is not understood."""
    for field in range(len(stops)):
        sizes[field] = ABSENT
    if place >= len(text) or text[place] != OPEN:
        return -1
    place, guess, more = after_blanks(text, place + 1), 0, True
    while more:
        field = find_name(text, place, names, stops, guess)
        if field < 0 or sizes[field] != ABSENT:
            return -1
        place = after_blanks(text, place + 2 + stops[field] - (stops[field - 1] if field > 0 else 0))
        if place >= len(text) or text[place] != COLON:
            return -1
        place = after_blanks(text, place + 1)
        if place >= len(text):
            return -1
        if text[place] == QUOTE:
            begins[field] = place + 1
            place = end_of_text(text, place + 1)
            if place < 0:
                return -1
            sizes[field] = place - begins[field]
            place += 1
        elif is_null(text, place):
            sizes[field] = NULL
            place += 4
        else:
            return -1
        place = after_blanks(text, place)
        if place >= len(text) or text[place] not in (COMMA, CLOSE):
            return -1
        more = text[place] == COMMA
        place, guess = after_blanks(text, place + 1) if more else place + 1, field + 1
    return place


def after_blanks(text: Bytes, place: Whole) -> Whole:
    """Return the place after the blanks at a place."""
    while place < len(text) and text[place] == BLANK:
        place += 1
    return place


def find_name(text: Bytes, place: Whole, names: Bytes, stops: Places, guess: Whole) -> Whole:
    """Return the field whose name stands in quotes at a place, the guess and those after it first; -1 if it is none."""
    if place >= len(text) or text[place] != QUOTE:
        return -1
    for step in range(len(stops)):
        field = (guess + step) % len(stops)
        first = stops[field - 1] if field > 0 else 0
        if is_at(text, place + 1, names, first, stops[field], QUOTE):
            return field
    return -1


def is_at(text: Bytes, place: Whole, names: Bytes, first: Whole, stop: Whole, end: Whole) -> bool:
    """Tell whether a name, and then a certain byte, stand at a place."""
    size = stop - first
    if place + size >= len(text) or text[place + size] != end:
        return False
    for byte in range(size):  # noqa: SIM110  # a generator is nothing that can be compiled
        if sign_at(text, place + byte) != sign_at(names, first + byte):
            return False
    return True


def end_of_text(text: Bytes, place: Whole) -> Whole:
    """Return where the quote is that ends a text without escapes, -1 if there is none."""
    while place < len(text):
        sign = sign_at(text, place)
        if sign <= ESCAPE:  # few signs are looked at twice
            if sign == QUOTE:
                return place
            if sign < BLANK or sign == ESCAPE:
                return -1
        place += 1
    return -1


def sign_at(text: Bytes, place: Whole) -> Whole:
    """Return the byte at a place. A number without a sign cannot count from the end, which saves the machine the question."""
    return text[np.uint64(place)]


def is_null(text: Bytes, place: Whole) -> bool:
    """Tell whether `null` stands at a place."""
    if place + 4 > len(text):
        return False
    return bool(text[place] == 0x6E and text[place + 1] == 0x75 and text[place + 2] == 0x6C and text[place + 3] == 0x6C)


def is_sound(text: Bytes, limits: Places, words: Bytes, word_stops: Places, begins: Places, sizes: Places, at: Places) -> bool:
    """Tell whether the fields of a row are those of an instruction beyond doubt; its instant goes to `at`."""
    for field in range(len(sizes)):
        if sizes[field] < 0 and field < REQUIRED:
            return False
        if 0 <= sizes[field] < limits[2 * field]:
            return False
        if sizes[field] > limits[2 * field + 1] and letters(text, begins[field], sizes[field]) > limits[2 * field + 1]:
            return False
    above_zero = False
    for byte in range(sizes[AMOUNT]):
        sign = sign_at(text, begins[AMOUNT] + byte)
        above_zero = above_zero or sign not in (ZERO, POINT)
    if not above_zero or not read_instant(text, begins[AT], sizes[AT], at):
        return False
    for step in range(len(word_stops)):
        word = (at[2] + step) % len(word_stops)
        first = word_stops[word - 1] if word > 0 else 0
        if word_stops[word] - first == sizes[ACTIVITY] and is_at(text, begins[ACTIVITY], words, first, word_stops[word], QUOTE):
            at[2] = word
            return True
    return False


def letters(text: Bytes, begin: Whole, size: Whole) -> Whole:
    """Return how many letters a text in UTF-8 has."""
    count = 0
    for byte in range(size):
        count += 1 if text[begin + byte] & 0xC0 != 0x80 else 0
    return count


def read_instant(text: Bytes, begin: Whole, size: Whole, at: Places) -> bool:
    """Read an instant such as 2026-01-31T09:30:00.123456+03:00 as seconds since 1970 and microseconds; False if it is none."""
    if size < 20:
        return False
    if text[begin + 4] != 0x2D or text[begin + 7] != 0x2D or text[begin + 10] != 0x54:
        return False
    if text[begin + 13] != COLON or text[begin + 16] != COLON:
        return False
    year, month, day = number(text, begin, 4), number(text, begin + 5, 2), number(text, begin + 8, 2)
    hour, minute, second = number(text, begin + 11, 2), number(text, begin + 14, 2), number(text, begin + 17, 2)
    if not (YEARS[0] <= year <= YEARS[1] and 1 <= month <= 12 and 1 <= day <= days_in(year, month)):
        return False
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
        return False
    place, stop, micros = begin + 19, begin + size, np.int64(0)
    if text[place] == POINT:
        place += 1
        digits = 0
        while place < stop and digits < 6 and is_digit(text[place]):
            micros = micros * 10 + np.int64(text[place]) - ZERO
            place, digits = place + 1, digits + 1
        if digits == 0:
            return False
        for _ in range(6 - digits):
            micros *= 10
    offset = 0
    if place + 1 == stop and text[place] == 0x5A:
        pass
    elif place + 6 == stop and text[place] in (0x2B, 0x2D) and text[place + 3] == COLON:
        hours, minutes = number(text, place + 1, 2), number(text, place + 4, 2)
        if not (0 <= hours <= 23 and 0 <= minutes <= 59):
            return False
        offset = (hours * 60 + minutes) * (60 if text[place] == 0x2B else -60)
    else:
        return False
    at[0] = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    at[1] = micros
    return True


def is_digit(sign: Whole) -> bool:
    """Tell whether a byte is a digit."""
    return bool(ZERO <= sign <= ZERO + 9)


def number(text: Bytes, place: Whole, digits: Whole) -> Whole:
    """Return a number of so many digits, -1 if one of them is none."""
    value = np.int64(0)
    for byte in range(digits):
        sign = sign_at(text, place + byte)
        if not is_digit(sign):
            return np.int64(-1)
        value = value * 10 + np.int64(sign) - ZERO
    return value


def days_in(year: Whole, month: Whole) -> Whole:
    """Return how many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def days_since_1970(year: Whole, month: Whole, day: Whole) -> Whole:
    """Return the number of a day, counted in years that begin in March so that the leap day comes last."""
    years = year - (1 if month <= 2 else 0)
    months = (month + 9) % 12
    return years * 365 + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1 - 719_468


def write_row(
    text: Bytes, names: Bytes, stops: Places, begins: Places, sizes: Places, at: Places, out: Bytes, place: Whole
) -> Whole:
    """Write a content and return where it ends."""
    count = 0
    for field in range(len(stops)):
        count += 1 if sizes[field] >= 0 else 0
    out[place], out[place + 1], out[place + 2] = 0xDE, 0, count
    place += 3
    for field in range(len(stops)):
        if sizes[field] >= 0:
            first = stops[field - 1] if field > 0 else 0
            place = write_text(names, first, stops[field] - first, out, place)
            if field == AT:
                place = write_instant(at[0], at[1] * 1000, out, place)
            else:
                place = write_text(text, begins[field], sizes[field], out, place)
    return place


def write_text(text: Bytes, begin: Whole, size: Whole, out: Bytes, place: Whole) -> Whole:
    """Write a text and return where it ends."""
    if size < 32:
        out[place] = 0xA0 | size
    elif size < 256:
        out[place], place = 0xD9, place + 1
        out[place] = size
    else:
        out[place], out[place + 1], place = 0xDA, size >> 8, place + 2
        out[place] = size & 0xFF
    place += 1
    for byte in range(size):
        out[np.uint64(place + byte)] = sign_at(text, begin + byte)
    return place + size


def write_instant(seconds: Whole, nanos: Whole, out: Bytes, place: Whole) -> Whole:
    """Write a timestamp in its shortest form and return where it ends."""
    if 0 <= seconds < 1 << 32 and nanos == 0:
        out[place], out[place + 1] = 0xD6, 0xFF
        return write_big(seconds, 4, out, place + 2)
    if 0 <= seconds < 1 << 34:
        out[place], out[place + 1] = 0xD7, 0xFF
        return write_big(seconds & 0xFFFF_FFFF, 4, out, write_big(nanos << 2 | seconds >> 32, 4, out, place + 2))
    out[place], out[place + 1], out[place + 2] = 0xC7, 12, 0xFF
    return write_big(seconds, 8, out, write_big(nanos, 4, out, place + 3))


def write_big(value: Whole, width: Whole, out: Bytes, place: Whole) -> Whole:
    """Write a number highest byte first and return where it ends."""
    for byte in range(width):
        out[place + byte] = (value >> (8 * (width - 1 - byte))) & 0xFF
    return place + width
