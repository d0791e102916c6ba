"""Bech32 and bech32m: the texts of segregated-witness addresses, one case, with a checksum over prefix and data.

Version 0 programs use bech32, all later versions bech32m. Source: BIP 173, BIP 350.
"""

from __future__ import annotations

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32 = 1
BECH32M = 0x2BC830A3
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def checksum_constant(prefix: str, values: list[int]) -> int:
    """Return the constant that a checked text leaves: BECH32, BECH32M or anything else when the check fails."""
    state = 1
    for value in [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix] + values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            if top >> bit & 1:
                state ^= _GENERATOR[bit]
    return state


def encode(prefix: str, version: int, program: bytes) -> str:
    """Return the address of a witness program."""
    values = [version, *_to_groups(program)]
    constant = BECH32 if version == 0 else BECH32M
    check = checksum_constant(prefix, [*values, 0, 0, 0, 0, 0, 0]) ^ constant
    return f"{prefix}1" + "".join(ALPHABET[value] for value in [*values, *((check >> 5 * (5 - i)) & 31 for i in range(6))])


def _to_groups(program: bytes) -> list[int]:
    padding = -len(program) * 8 % 5
    number = int.from_bytes(program, "big") << padding
    count = (len(program) * 8 + padding) // 5
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]


def program_of(groups: list[int]) -> bytes | None:
    """Join groups of five bits to bytes; None if the padding is longer than four bits or not zero."""
    number = 0
    for group in groups:
        number = number << 5 | group
    padding = len(groups) * 5 % 8
    if padding > 4 or number & ((1 << padding) - 1):
        return None
    return (number >> padding).to_bytes(len(groups) * 5 // 8, "big")
