"""Who spends: the address that an input shows, for every standard way to show it, and None where nothing is shown."""

from __future__ import annotations

from hashlib import sha256

import pytest

from skarb.chain.address import address_of, hash160, key_script, script_of
from skarb.chain.model import Input
from skarb.chain.spending import address_spent, pushes

KEY, LONG = b"\2" + bytes(range(32)), b"\4" + bytes(64)
SIGNATURE = b"\x30" + bytes(70)
MULTISIG = b"\x52" + (b"\x21" + KEY) * 2 + b"\x52\xae"
PROGRAM = b"\0\x14" + hash160(KEY)


def pushed(*items: bytes) -> bytes:
    return b"".join((bytes([len(item)]) if len(item) < 76 else b"\x4c" + bytes([len(item)])) + item for item in items)


def shown(script: bytes = b"", *witness: bytes) -> str | None:
    return address_spent(Input("00" * 32, 0, script, 0, witness), "mainnet")


def named(script: bytes) -> str | None:
    return address_of(script, "mainnet")


@pytest.mark.parametrize(
    ("given", "spent"),
    [
        ((pushed(SIGNATURE, KEY),), key_script(hash160(KEY))),
        ((pushed(SIGNATURE, LONG),), key_script(hash160(LONG))),
        ((pushed(SIGNATURE, b"\7" + bytes(64)),), key_script(hash160(b"\7" + bytes(64)))),
        ((b"", SIGNATURE, KEY), PROGRAM),
        ((pushed(PROGRAM), SIGNATURE, KEY), b"\xa9\x14" + hash160(PROGRAM) + b"\x87"),
        ((b"\0" + pushed(SIGNATURE, SIGNATURE, MULTISIG),), b"\xa9\x14" + hash160(MULTISIG) + b"\x87"),
        ((b"", b"", SIGNATURE, SIGNATURE, MULTISIG), b"\0\x20" + sha256(MULTISIG).digest()),
    ],
)
def test_the_address_follows_from_what_is_shown(given: tuple[bytes, ...], spent: bytes) -> None:
    assert shown(*given) == named(spent) is not None


@pytest.mark.parametrize(
    "given",
    [
        (b"",),
        (pushed(SIGNATURE),),  # a bare key
        (b"", bytes(64)),  # taproot, by its key
        (b"", b"x", b"\xac", b"\xc0" + bytes(32)),  # taproot, by a script
        (b"", b"x", b"\xac", b"\xc1" + bytes(64), b"\x50note"),
        (b"\x76",),
        (b"\x05ab",),
    ],
)
def test_where_nothing_is_shown_nothing_is_guessed(given: tuple[bytes, ...]) -> None:
    assert shown(*given) is None


def test_pushes_are_read_in_every_length() -> None:
    assert pushes(b"\0\x4f\x51\x60") == [b"", b"\xff", b"\1", b"\x10"]
    assert pushes(b"\x4c\2ab\x4d\2\0cd\x4e\2\0\0\0ef") == [b"ab", b"cd", b"ef"]
    assert pushes(b"\x4c\3ab") is None and pushes(b"\xac") is None


@pytest.mark.parametrize(
    "script",
    [
        key_script(bytes(20)),
        b"\xa9\x14" + bytes(20) + b"\x87",
        PROGRAM,
        b"\0\x20" + bytes(32),
        b"\x51\x20" + bytes(32),
        b"\x60\x02ab",
    ],
)
def test_an_address_gives_its_script_back(script: bytes) -> None:
    for network in ("mainnet", "testnet", "regtest"):
        address = address_of(script, network)
        assert address is not None and script_of(address) == script
    assert script_of("nonsense") is None
