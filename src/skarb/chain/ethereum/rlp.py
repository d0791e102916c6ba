"""RLP, in which Ethereum writes everything that it hashes: strings of bytes, and lists of them. Source: Ethereum yellow paper, appendix B."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | Sequence[Item]"


def encode(item: Item) -> bytes:
    """Return bytes, or a list of them, as RLP."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    inside = b"".join(map(encode, item))
    return _length(len(inside), 0xC0) + inside


def number(value: int) -> bytes:
    """Return a whole number as bytes without leading zeros; nothing for zero."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _length(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    width = number(length)
    return bytes([offset + 55 + len(width)]) + width
