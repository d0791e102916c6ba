"""Numbers that look real: tax numbers with their check digit, addresses on a chain.

Tax numbers come from the pattern and scheme of the town file. Addresses follow BIP 173 (Bitcoin) or are
forty hexadecimal digits (Ethereum family); they come from random bits and belong to nobody we know.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from skarb.core.errors import ConfigurationError
from skarb.registers import Numbering, check_digit

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def tax_numbers(rng: Random, pattern: str, scheme: Numbering) -> Iterator[str]:
    """Yield the numbers of a pattern that have a check digit, each once, in random order.

    Raises: ConfigurationError when the pattern has no more numbers.
    """
    width = pattern.count("#")
    prefix = pattern.rstrip("#")
    for serial in rng.sample(range(10**width), 10**width):
        body = f"{prefix}{serial:0{width}}"
        digit = check_digit(scheme, body)
        if digit is not None:
            yield f"{body}{digit}"
    raise ConfigurationError(f"tax number pattern {pattern!r} is used up; give the town file a pattern with more '#'")


def address(rng: Random, chain: str) -> str:
    """Return a fresh address as "chain:address"."""
    if chain == "btc":
        return f"btc:{_segwit(rng.randbytes(20))}"
    return f"{chain}:0x{rng.randbytes(20).hex()}"


def _segwit(program: bytes) -> str:
    bits = int.from_bytes(program, "big")
    data = [0, *((bits >> shift) & 31 for shift in range(len(program) * 8 - 5, -1, -5))]
    expanded = [3, 3, 0, 2, 3]  # the prefix "bc", as the checksum sees it
    checksum = _polymod([*expanded, *data, 0, 0, 0, 0, 0, 0]) ^ 1
    data += [(checksum >> shift) & 31 for shift in range(25, -1, -5)]
    return "bc1" + "".join(_BECH32[value] for value in data)


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if top >> place & 1:
                state ^= generator
    return state
