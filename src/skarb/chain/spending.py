"""Who spends: the address that an input comes from, as far as the input itself shows it.

An input names the output that it spends, not the address of it. Whoever spends must show what the address is the hash of, a key or a
script, so the address mostly follows from what was shown. A taproot output spent by its key and a bare key show nothing; there only the
block with the spent output helps.
Source: BIP 16 (script hash), BIP 141 (witness programs), BIP 341 (taproot); Bitcoin protocol documentation (scripts).
"""

from __future__ import annotations

from hashlib import sha256

from skarb.chain.address import Network, address_of, hash160, key_script
from skarb.chain.model import Input

_PUSHES = {76: 1, 77: 2, 78: 4}  # opcodes that are followed by a length, and its width


def address_spent(given: Input, network: Network) -> str | None:
    """Return the address whose output an input spends, None where the input does not show it."""
    script = _script_spent(given)
    return None if script is None else address_of(script, network)


def _script_spent(given: Input) -> bytes | None:
    items = pushes(given.script)
    if items is None:
        return None
    if given.witness:
        if len(items) == 1:
            return _hash_script(items[0])  # a witness program inside a script hash
        return _witness_script(given.witness) if not items else None
    if len(items) == 2 and _is_signature(items[0]) and _is_key(items[1]):
        return key_script(hash160(items[1]))
    if len(items) >= 2 or (len(items) == 1 and items[0] and not _is_signature(items[0])):
        return _hash_script(items[-1])
    return None


def _witness_script(witness: tuple[bytes, ...]) -> bytes | None:
    if len(witness) == 2 and len(witness[1]) == 33 and _is_key(witness[1]) and (not witness[0] or _is_signature(witness[0])):
        return b"\0\x14" + hash160(witness[1])
    if len(witness) == 1 or _is_control(witness[-2] if witness[-1][:1] == b"\x50" and len(witness) > 2 else witness[-1]):
        return None  # taproot
    return b"\0\x20" + sha256(witness[-1]).digest()


def _hash_script(script: bytes) -> bytes:
    return b"\xa9\x14" + hash160(script) + b"\x87"


def _is_key(data: bytes) -> bool:
    return (len(data) == 33 and data[0] in (2, 3)) or (
        len(data) == 65 and data[0] in (4, 6, 7)
    )  # 6, 7: both forms in one, in old blocks


def _is_signature(data: bytes) -> bool:
    return 9 <= len(data) <= 73 and data[0] == 0x30


def _is_control(data: bytes) -> bool:
    """Tell whether an item has the form of a control block of taproot."""
    return len(data) >= 33 and (len(data) - 33) % 32 == 0 and data[0] & 0xFE >= 0xC0


def pushes(script: bytes) -> list[bytes] | None:
    """Return what a script pushes, None when it does anything else."""
    items, place = [], 0
    while place < len(script):
        code = script[place]
        place += 1
        if code == 0 or 0x51 <= code <= 0x60 or code == 0x4F:
            items.append(b"" if code == 0 else bytes([(code - 0x50) & 0xFF]))
            continue
        width = _PUSHES.get(code, 0)
        if code > 78:
            return None
        length = int.from_bytes(script[place : place + width], "little") if width else code
        place += width
        if place + length > len(script):
            return None
        items.append(script[place : place + length])
        place += length
    return items
