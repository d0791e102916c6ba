"""Addresses: the standard output scripts of Bitcoin in the form that people copy, and back.

Source: BIP 13 and 16 (script hash), 173 (bech32), 350 (bech32m); base58check as in the first Bitcoin client.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from skarb.core.identifiers import Flaw, base58, bech32, classify

Network = Literal["mainnet", "testnet", "regtest"]

_VERSIONS = {"mainnet": (0x00, 0x05, "bc"), "testnet": (0x6F, 0xC4, "tb"), "regtest": (0x6F, 0xC4, "bcrt")}


def address_of(script: bytes, network: Network) -> str | None:
    """Return the address of an output script: p2pkh, p2sh, p2wpkh, p2wsh, p2tr or a later witness version; None for others."""
    key_hash, script_hash, prefix = _VERSIONS[network]
    if len(script) == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return base58.encode(bytes([key_hash]) + script[3:23])
    if len(script) == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return base58.encode(bytes([script_hash]) + script[2:22])
    if 4 <= len(script) <= 42 and (script[0] == 0 or 0x51 <= script[0] <= 0x60) and script[1] == len(script) - 2:
        version = script[0] - 0x50 if script[0] else 0
        if version == 0 and len(script) not in (22, 34):
            return None
        return bech32.encode(prefix, version, script[2:])
    return None


def script_of(address: str) -> bytes | None:
    """Return the output script that an address of any network stands for, None if it is no address of Bitcoin."""
    found = classify("BTC", address)
    if isinstance(found, Flaw):
        return None
    if found.kind.startswith("segwit_v"):
        groups = [bech32.ALPHABET.index(letter) for letter in found.text[found.text.rindex("1") + 1 : -6]]
        version, program = groups[0], bech32.program_of(groups[1:]) or b""
        return bytes([version + 0x50 if version else 0, len(program)]) + program
    payload = (base58.decode(found.text) or b"")[1:-4]
    return key_script(payload) if found.kind == "p2pkh" else b"\xa9\x14" + payload + b"\x87"


def key_script(key_hash: bytes) -> bytes:
    """Return the script that pays to the hash of a key."""
    return b"\x76\xa9\x14" + key_hash + b"\x88\xac"


def hash160(data: bytes) -> bytes:
    """Return RIPEMD-160 of SHA-256, by which scripts name keys and scripts."""
    from Crypto.Hash import RIPEMD160  # OpenSSL 3 leaves it out

    digest: bytes = RIPEMD160.new(sha256(data).digest()).digest()
    return digest
