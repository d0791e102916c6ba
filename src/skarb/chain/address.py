"""Addresses: the standard output scripts of Bitcoin in the form that people copy.

Source: BIP 13 and 16 (script hash), 173 (bech32), 350 (bech32m); base58check as in the first Bitcoin client.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

Network = Literal["mainnet", "testnet", "regtest"]

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_VERSIONS = {"mainnet": (0x00, 0x05, "bc"), "testnet": (0x6F, 0xC4, "tb"), "regtest": (0x6F, 0xC4, "bcrt")}


def address_of(script: bytes, network: Network) -> str | None:
    """Return the address of an output script: p2pkh, p2sh, p2wpkh, p2wsh, p2tr or a later witness version; None for others."""
    key_hash, script_hash, prefix = _VERSIONS[network]
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return base58check(bytes([key_hash]) + script[3:23])
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return base58check(bytes([script_hash]) + script[2:22])
    if 4 <= len(script) <= 42 and (script[0] == 0 or 0x51 <= script[0] <= 0x60) and script[1] == len(script) - 2:
        version = script[0] - 0x50 if script[0] else 0
        if version == 0 and len(script) not in (22, 34):
            return None
        return witness_address(prefix, version, script[2:])
    return None


def base58check(payload: bytes) -> str:
    """Return bytes in base 58 with four bytes of checksum."""
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def witness_address(prefix: str, version: int, program: bytes) -> str:
    """Return the address of a witness program: bech32 for version 0, bech32m for later ones."""
    values = [version, *_five_bits(program)]
    expanded = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    check = _polymod([*expanded, *values, 0, 0, 0, 0, 0, 0]) ^ (_BECH32M if version else 1)
    return prefix + "1" + "".join(_BECH32[value] for value in [*values, *((check >> 5 * (5 - place)) & 31 for place in range(6))])


def _five_bits(data: bytes) -> list[int]:
    count = -(-len(data) * 8 // 5)
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    return [(number >> 5 * (count - 1 - place)) & 31 for place in range(count)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if (top >> place) & 1:
                check ^= generator
    return check
