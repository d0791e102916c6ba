"""Cash addresses: how Bitcoin Cash writes the same key and script hashes that it also writes in Base58Check.

The prefix `bitcoincash:` may be left out. Source: Bitcoin Cash, specification of addresses ("cashaddr").
"""

from __future__ import annotations

from skarb.core.identifiers import base58, bech32

PREFIX = "bitcoincash"
_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_VERSIONS = {0: b"\x00", 8: b"\x05"}  # version byte of the cash address → of Base58Check: key hash, script hash


def legacy_of(text: str) -> str | None:
    """Return the Base58Check spelling of a cash address, or None if the text is none."""
    lower = text.lower()
    data = lower.removeprefix(f"{PREFIX}:")
    if text not in (lower, text.upper()) or len(data) != 42 or not set(bech32.ALPHABET).issuperset(data):
        return None
    values = [bech32.ALPHABET.index(char) for char in data]
    if _polymod([ord(char) & 31 for char in PREFIX] + [0] + values) != 0:
        return None
    payload = bech32.program_of(values[:-8])
    if payload is None or len(payload) != 21 or payload[0] not in _VERSIONS:
        return None
    return base58.encode(_VERSIONS[payload[0]] + payload[1:])


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 35
        state = (state & 0x07FFFFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= term
    return state ^ 1
