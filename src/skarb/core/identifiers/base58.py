"""Base58Check: bytes and four checksum bytes in an alphabet without look-alikes, as Bitcoin and its kin write them.

Source: Bitcoin protocol documentation, Base58Check encoding.
"""

from __future__ import annotations

from hashlib import sha256

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {char: value for value, char in enumerate(ALPHABET)}


def decode(text: str) -> bytes | None:
    """Return the bytes that a text stands for, checksum included, or None if a character is not in the alphabet."""
    number = 0
    for char in text:
        value = _VALUES.get(char)
        if value is None:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(payload: bytes) -> str:
    """Return a payload with its checksum as text; the reverse of `decode` with `checksum_holds`."""
    raw = payload + checksum(payload)
    number = int.from_bytes(raw, "big")
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(ALPHABET[digit])
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + "".join(reversed(digits))


def checksum(payload: bytes) -> bytes:
    """Return the first four bytes of the double SHA-256."""
    return sha256(sha256(payload).digest()).digest()[:4]


def checksum_holds(raw: bytes) -> bool:
    """Tell whether the last four bytes check the ones before them."""
    return checksum(raw[:-4]) == raw[-4:]
