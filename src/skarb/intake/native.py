"""Our own format: the fields of an instruction under their own names, as JSON or as columns.

JSON goes through one typed decoder, thousands of rows in one call. A decoder keeps the last of two equal keys without a
word, so the keys that were written are counted against the keys that were understood; only rows that differ are read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.core.activity import ACTIVITIES
from skarb.core.columns import FIELD_NAMES, FIELD_STOPS, Sheet
from skarb.core.compiled import compiled
from skarb.core.errors import FieldError, shorten
from skarb.core.instruction import Instruction
from skarb.intake import transcoding
from skarb.intake.check import FIELDS, LENGTHS, REQUIRED, check_all, explain_fields
from skarb.intake.declared import KINDS
from skarb.intake.model import Decimals, Nested, Number
from skarb.intake.personal import masked

_Written = msgspec.defstruct(  # the same fields, but it remembers which of them were written
    "_Written",
    [(field.name, field.type | msgspec.UnsetType, msgspec.UNSET) for field in msgspec.structs.fields(Instruction)],
    kw_only=True,
    omit_defaults=True,
)
Column = NDArray[np.int64]
_lines = msgspec.json.Decoder(Instruction).decode_lines
_written_lines = msgspec.json.Decoder(_Written).decode_lines
_encode_lines = msgspec.json.Encoder().encode_lines
_ESCAPED = re.compile(rb"\\u00(?:2[02]|3[aA])")  # blank, quote, colon
_UNIQUE = "every field once"
TABLES = (  # what the kernel knows: the fields with the least and the most letters of their texts, and the activities
    np.frombuffer(FIELD_NAMES, np.uint8),
    FIELD_STOPS,
    np.array([LENGTHS[name] for name in FIELDS], np.int64).ravel(),
    np.frombuffer("".join(ACTIVITIES).encode(), np.uint8),
    np.cumsum([len(name) for name in ACTIVITIES]),
)
_COLON, _QUOTE, _SPACE, _TAB, _RETURN, _LINE, _OPEN, _CLOSE = b':" \t\r\n{}'


def is_native(columns: Sequence[str]) -> bool:
    """Tell whether names of columns or keys are those of our own format."""
    return all(name in columns for name in REQUIRED)


def unknown_columns(columns: Sequence[str]) -> list[str]:
    """Return the names that our own format does not have; declared facts are columns such as declared.reason."""
    declared = {f"declared.{name}" for name in KINDS}
    return [name for name in columns if name not in declared and (name not in FIELDS or name == "declared")]


def read_sheet(text: bytes, count: int) -> Sheet | None:
    """Return so many JSON objects, one a line, as columns, all by a kernel; None where one of them is wrong or only unusual."""
    if not _is_text(text):
        return None  # the file was changed after it had been looked through
    room, out = room_for(len(text), count)
    written = _transcode()(np.frombuffer(text, np.uint8), *TABLES, *room, out, count)
    return None if written < 0 else Sheet.read(out[:written].tobytes(), count, "numba")


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def room_for(letters: int, rows: int) -> tuple[tuple[Column, Column, Column], NDArray[np.uint8]]:
    """Return the room that the kernel works in, and that for what it writes."""
    fields = len(FIELDS)
    room = np.zeros(fields, np.int64), np.zeros(fields, np.int64), np.zeros(3, np.int64)
    return room, np.empty(letters + transcoding.ROW_MORE * rows, np.uint8)


@cache
def _transcode() -> Callable[..., int]:
    return compiled([transcoding], ("transcode",))["transcode"]


def decode_lines(rows: Sequence[bytes], decimals: Decimals | None) -> list[Instruction]:
    """Decode JSON objects, one per row, all or nothing.

    Raises: msgspec.DecodeError, msgspec.ValidationError or FieldError if any of them is malformed.
    """
    text = b"\n".join(rows)
    found = _lines(text)
    # Objects begin and end with their line: a line can neither hold two of them nor reach into the next one.
    if len(found) != len(rows) or not all(row[0] == _OPEN and row[-1] == _CLOSE for row in rows):
        raise FieldError(
            "", text[:200].decode(errors="replace"), "one JSON object on a line of its own, without blanks around it"
        )
    written = _keys(text)
    if _misleads(text) or (written != _keys(_encode_lines(found)) and written != _keys(_encode_lines(_written_lines(text)))):
        if len(rows) > 1:
            raise FieldError("", "perhaps a field given twice", _UNIQUE)
        read_object(rows[0])  # counting cannot tell, reading can
    check_all(found, decimals)
    return found


def _misleads(text: bytes) -> bool:
    """Tell whether escapes hide what would be counted as a key when written out."""
    return b"\\" in text and _ESCAPED.search(text) is not None


def _keys(text: bytes) -> int:
    """Return how many keys are written in JSON text, or more, never fewer: the colons that follow a quote."""
    letters = np.frombuffer(text, np.uint8)
    before = letters[np.flatnonzero(letters == _COLON) - 1]
    if any((before == blank).any() for blank in (_SPACE, _TAB, _RETURN, _LINE)):
        return text.translate(None, b" \t\r\n").count(b'":')
    return int(np.count_nonzero(before == _QUOTE))


def explain_json(row: bytes, decimals: Decimals | None) -> list[FieldError]:
    """Return everything that keeps a JSON text from being an instruction."""
    try:
        found = explain_fields(read_object(row), decimals)
    except FieldError as error:
        found = [error]
    return [masked(error, row) for error in found]


def read_object(row: bytes) -> dict[str, object]:
    """Read one JSON object strictly; numbers keep their digits.

    Raises: FieldError if it is not one object with every key once.
    """
    try:
        value = json.loads(row, object_pairs_hook=_pairs, parse_float=Number, parse_int=Number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        given = row[max(0, error.pos - 20) : error.pos + 40].decode(errors="replace")
        raise FieldError("", given, f"a JSON object ({error.msg.lower()} at character {error.pos + 1} of the row)") from None
    except RecursionError:
        raise FieldError("", row[:60].decode(errors="replace"), "a JSON object that is not nested this deep") from None
    if b"\\ud" in row.lower():
        _refuse_half_letters(row)
    if not isinstance(value, dict):
        raise FieldError("", row[:200].decode(errors="replace"), "a JSON object with the fields of one row")
    return value


def _refuse_half_letters(row: bytes) -> None:
    """Refuse escapes that are half of a letter; such a text could never be written out again."""
    try:
        msgspec.json.decode(row)
    except msgspec.DecodeError as error:
        raise FieldError("", row[:200].decode(errors="replace"), f"a JSON object ({error})") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError(twice, f"{shorten(twice, 40)} {names.count(twice)} times", _UNIQUE)
    return found


def _refuse_constant(name: str) -> object:
    raise FieldError("", name, "a number, a text, true, false or null (JSON has no such value)")


def cells_of(row: dict[str, object], columns: Sequence[str]) -> list[str]:
    """Return the values of a JSON object as cells of a table; what is missing or null is an empty cell."""
    return [_cell(row.get(name)) for name in columns]


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return Nested(json.dumps(value))
