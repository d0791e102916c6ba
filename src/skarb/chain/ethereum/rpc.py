"""Answers of a node in JSON, read strictly: a field is what it must be, or the place where it is not is named.

Nodes of different makers add fields of their own; those that say nothing of what is decoded here are left alone. Quantities are
hexadecimal numbers of any size, or plain numbers as some nodes write heights.
Source: JSON-RPC 2.0; Ethereum JSON-RPC specification (execution-apis).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from skarb.core.errors import InputError, shorten

_QUANTITY = re.compile(r"0x[0-9a-fA-F]+")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def read_answer(data: bytes, name: str) -> Any:
    """Return the result in a node's answer.

    Raises: InputError if it is no answer, or says that the call failed.
    """
    answer = read_json(data, name)
    if not isinstance(answer, dict) or "result" not in answer:
        said = answer.get("error") if isinstance(answer, dict) else None
        given = f"the error {shorten(said)}" if said else "no result"
        raise InputError(f"{name}: given {given}, expected a node's answer with a result (JSON-RPC 2.0)")
    return answer["result"]


def read_json(data: bytes, name: str) -> Any:
    """Return what a text of JSON holds.

    Raises: InputError
    """
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({error}); fetch the answer again") from None


class Fields:
    """One object of an answer, which knows how to say where something is wrong."""

    __slots__ = ("_values", "where")

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise InputError(f"{where}: given {shorten(value)!r}, expected an object")
        self._values = value
        self.where = where

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def error(self, name: str, expected: str) -> InputError:
        """Return the error for a field."""
        given = "nothing" if self._values.get(name) is None else repr(shorten(self._values[name]))
        return InputError(f"{self.where}.{name}: given {given}, expected {expected}")

    def quantity(self, name: str) -> int:
        """Return a number that must be there."""
        found = self.quantity_or_none(name)
        if found is None:
            raise self.error(name, "a number in hexadecimal digits after 0x")
        return found

    def quantity_or_none(self, name: str) -> int | None:
        """Return a number of any size, None where it is missing or null."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if not isinstance(value, str) or _QUANTITY.fullmatch(value) is None:
            raise self.error(name, "a number in hexadecimal digits after 0x")
        return int(value, 16)

    def data(self, name: str, length: int | None = None) -> str:
        """Return bytes that must be there, as lower-case hexadecimal digits after 0x."""
        found = self.data_or_none(name, length)
        if found is None:
            raise self.error(name, _bytes(length))
        return found

    def data_or_none(self, name: str, length: int | None = None) -> str | None:
        """Return bytes as lower-case hexadecimal digits after 0x, None where they are missing or null."""
        value = self._values.get(name)
        return None if value is None else self._hex(name, value, length)

    def hashes(self, name: str) -> tuple[str, ...]:
        """Return a list of words of 32 bytes."""
        return tuple(self._hex(name, value, 32) for value in self.items(name))

    def items(self, name: str, optional: bool = False) -> list[Any]:
        """Return a list as it is; one that may be missing is then empty."""
        value = self._values.get(name)
        if value is None and optional:
            return []
        if not isinstance(value, list):
            raise self.error(name, "a list")
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of plain numbers."""
        found = self.items(name)
        if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in found):
            raise self.error(name, "a list of whole numbers")
        return tuple(found)

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise self.error(name, "a text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text, None where it is missing or null."""
        return None if self._values.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """Return a yes or no; missing is no."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self.error(name, "true or false")
        return value

    def part(self, name: str) -> Fields:
        """Return an object inside this one."""
        return Fields(self._values.get(name), f"{self.where}.{name}")

    def _hex(self, name: str, value: object, length: int | None) -> str:
        if not isinstance(value, str) or _DATA.fullmatch(value) is None or (length is not None and len(value) != 2 + 2 * length):
            raise InputError(f"{self.where}.{name}: given {shorten(value)!r}, expected {_bytes(length)}")
        return value.lower()


def _bytes(length: int | None) -> str:
    return f"{'whole' if length is None else length} bytes in hexadecimal digits after 0x"
