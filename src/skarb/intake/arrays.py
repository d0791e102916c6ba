"""JSON texts that are not lines: one array of objects, or one object alone."""

from __future__ import annotations

import json
import re

import msgspec

from skarb.core.errors import InputError

_BLANKS = re.compile(r"[ \t\r\n]*")


def split_array(text: bytes, name: str) -> list[bytes]:
    """Return the elements of a JSON array, or the one object that the text is.

    Raises: InputError with the byte offset at which the text stops being JSON.
    """
    if text.lstrip()[:1] == b"{":
        return [text.strip()]
    try:
        return [bytes(element).strip() for element in msgspec.json.decode(text, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return _split_slowly(text.decode(), name)


def _split_slowly(text: str, name: str) -> list[bytes]:
    """Split an array whose elements may hold words that only nearly are JSON (NaN), which is then told row by row."""
    decoder = json.JSONDecoder()
    elements: list[bytes] = []
    place = text.index("[") + 1
    while True:
        start = _skip(text, place)
        if not elements and text[start : start + 1] == "]":
            place = start
            break
        try:
            _, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise _broken(name, text, error.pos, f"{error.msg.lower()} in element {len(elements) + 1}") from None
        except RecursionError:
            raise _broken(name, text, start, f"element {len(elements) + 1} is nested too deeply") from None
        elements.append(text[start:end].encode())
        place = _skip(text, end)
        if text[place : place + 1] == "]":
            break
        if text[place : place + 1] != ",":
            raise _broken(name, text, place, f"a comma or ] is missing after element {len(elements)}")
        place += 1
    rest = _skip(text, place + 1)
    if rest != len(text):
        raise _broken(name, text, rest, "something follows the array")
    return elements


def _skip(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _broken(name: str, text: str, place: int, what: str) -> InputError:
    offset = len(text[:place].encode())
    return InputError(
        f"{name}: byte {offset}: given {text[place : place + 20]!r}, expected a whole JSON array of objects ({what}); "
        "nothing of it was used"
    )
