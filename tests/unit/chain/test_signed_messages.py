# ruff: noqa: E501
"""Signed messages: published ones hold, every change of them is refused, and the curve agrees with a library."""

from __future__ import annotations

import importlib.util
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.chain.address import address_of, hash160, key_script, script_of
from skarb.chain.secp256k1 import N, lift, read_key, recover, verify_ecdsa, verify_schnorr, write_key
from skarb.chain.signed import SignedMessage, verify_message
from skarb.core.errors import InputError
from skarb.core.identifiers import Flaw

_spec = importlib.util.spec_from_file_location("signing", Path(__file__).with_name("signing.py"))
assert _spec is not None and _spec.loader is not None
signing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(signing)

ONE_KEY = "BTC:bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l"
TAPROOT = "BTC:bc1ppv609nr0vr25u07u95waq5lucwfm6tde4nydujnu8npg4q75mr5sxq8lt3"

# Source: BIP 322, test vectors (message signing); the one of taproot from the tests of Bitcoin Core for the same key; the legacy one from the
# documentation of bitcoinjs-message; personal_sign from the documentation of web3.js.
PUBLISHED = {
    "BIP 322, empty": (ONE_KEY, "", "AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI="),
    "BIP 322, empty, r of 33 bytes": (ONE_KEY, "", "AkgwRQIhAPkJ1Q4oYS0htvyuSFHLxRQpFAY56b70UvE7Dxazen0ZAiAtZfFz1S6T6I23MWI2lK/pcNTWncuyL8UL+oMdydVgzAEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy"),
    "BIP 322, text": (ONE_KEY, "Hello World", "AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI="),
    "BIP 322, text, r of 33 bytes": (ONE_KEY, "Hello World", "AkgwRQIhAOzyynlqt93lOKJr+wmmxIens//zPzl9tqIOua93wO6MAiBi5n5EyAcPScOjf1lAqIUIQtr3zKNeavYabHyR8eGhowEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy"),
    "taproot": (TAPROOT, "Hello World", "AUHd69PrJQEv+oKTfZ8l+WROBHuy9HKrbFCJu7U1iK2iiEy1vMU5EfMtjc+VSHM7aU0SDbak5IUZRVno2P5mjSafAQ=="),
    "legacy": ("BTC:1F3sAm6ZtwLAUnj7d38pGFxtP3RVEvtsbV", "This is an example of a signed message.", "H9L5yLFjti0QTHhPyFrZCT1V/MMnBtXKmoiKDZ78NDBjERki6ZTQZdSMCtkgoNmp17By9ItJr8o7ChX0XxY91nk="),
    "personal_sign": ("ETH:0x2c7536E3605D9C16a7a3D7b1898e529396a65c23", "Some data", "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_signatures_hold(name: str) -> None:
    wallet, message, signature = PUBLISHED[name]
    assert isinstance(verify_message(wallet, message, signature), SignedMessage)
    assert isinstance(verify_message(wallet, f"  {message}", signature), Flaw)


def test_the_mark_of_the_newer_bip_322_is_read() -> None:
    wallet, message, signature = PUBLISHED["BIP 322, text"]
    assert verify_message(wallet, message, f"smp{signature}") == verify_message(wallet, message, signature)


def test_message_hashes_are_those_of_bip_322() -> None:
    hashes_found = []
    for name in ("BIP 322, empty", "BIP 322, text"):
        found = verify_message(*PUBLISHED[name])
        assert isinstance(found, SignedMessage)
        hashes_found.append(found.message_hash)
    assert hashes_found == [
        "c90c269c4f8fcbe6880f72a721ddfbf1914268a794cbb21cfafee13770ae19f1",
        "f0eb03b1a75ac6d9847f55c624a99169b5dccba2a31f5b23bea77ba270de0a7a",
    ]


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_changed_byte_is_refused(name: str) -> None:
    wallet, message, signature = PUBLISHED[name]
    hexadecimal = signature.startswith("0x")
    raw = bytes.fromhex(signature[2:]) if hexadecimal else b64decode(signature)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        text = "0x" + changed.hex() if hexadecimal else b64encode(changed).decode()
        assert isinstance(verify_message(wallet, message, text), Flaw), place
    for part in (raw[:-1], raw + b"\0", b"", raw[:1]):
        text = "0x" + part.hex() if hexadecimal else b64encode(part).decode()
        assert isinstance(verify_message(wallet, message, text), Flaw)


def test_schnorr_vectors() -> None:
    # Source: BIP 340, test vectors 0, 1 and 5 (a key that is not on the curve).
    key = bytes.fromhex("F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9")
    signed = bytes.fromhex(
        "E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0"
    )
    assert verify_schnorr(bytes(32), key, signed)
    assert not verify_schnorr(b"\1" + bytes(31), key, signed)
    assert not verify_schnorr(
        bytes(32), bytes.fromhex("EEFDEA4CDB677750A420FEE807EACF21EB9898AE79B9768766E4FAA04A2D4A34"), signed
    )


@settings(max_examples=25, deadline=None)
@given(secret=st.integers(1, N - 1), digest=st.binary(min_size=32, max_size=32))
def test_the_curve_agrees_with_a_library(secret: int, digest: bytes) -> None:
    private = ec.derive_private_key(secret, ec.SECP256K1())
    numbers = private.public_key().public_numbers()
    key = (numbers.x, numbers.y)
    assert signing.public(secret) == key
    assert read_key(write_key(key)) == read_key(write_key(key, compressed=False)) == key
    theirs = private.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    r, s = utils.decode_dss_signature(theirs)
    assert verify_ecdsa(digest, r, s, key)
    assert not verify_ecdsa(digest, r, (s + 1) % N, key)
    assert key in [recover(digest, r, s, number) for number in range(4)]
    r, s, recovery = signing.sign(digest, secret)
    assert recover(digest, r, s, recovery) == key
    private.public_key().verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    with pytest.raises(InvalidSignature):
        private.public_key().verify(
            utils.encode_dss_signature(r, s), bytes(byte ^ 1 for byte in digest), ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        )


@settings(max_examples=15, deadline=None)
@given(secret=st.integers(1, N - 1), message=st.text(max_size=300))
def test_each_kind_of_address_with_one_key_can_prove_itself(secret: int, message: str) -> None:
    key = signing.public(secret)
    short, long = hash160(write_key(key)), hash160(write_key(key, compressed=False))
    witness = b"\0\x14" + short
    scripts = {27: key_script(long), 31: key_script(short), 35: b"\xa9\x14" + hash160(witness) + b"\x87", 39: witness}
    for header, script in scripts.items():
        address = address_of(script, "mainnet")
        assert address is not None and script_of(address) == script
        signature = signing.sign_bitcoin(message, secret, header)
        for other, other_script in scripts.items():
            found = verify_message(f"BTC:{address_of(other_script, 'mainnet')}", message, signature)
            # The headers of short keys in base58 are also used by wallets for their witnesses.
            assert isinstance(found, SignedMessage) == (other == header or (header == 31 and other in (35, 39)))
    wallet = f"ETH:{signing.ethereum_address(secret)}"
    assert isinstance(verify_message(wallet, message, signing.sign_ethereum(message, secret)), SignedMessage)
    assert isinstance(verify_message(wallet, message + "x", signing.sign_ethereum(message, secret)), Flaw)


def test_what_cannot_prove_itself_is_told_so() -> None:
    script = verify_message("BTC:bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "x", "AQFB")
    assert isinstance(script, Flaw) and "one key" in script.expected
    contract = verify_message("ETH:0x2c7536e3605d9c16a7a3d7b1898e529396a65c23", "x", "0x" + "00" * 200)
    assert isinstance(contract, Flaw) and "contract" in contract.expected
    with pytest.raises(InputError, match="TRX"):
        verify_message("TRX:T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "x", "00")
    with pytest.raises(InputError, match="expected"):
        verify_message("BTC:bc1qnonsense", "x", "00")


def test_no_point_outside_the_curve() -> None:
    assert lift(5) is None
    assert read_key(b"\4" + bytes(64)) is None
    assert read_key(b"\5" + bytes(32)) is None
    assert recover(bytes(32), 0, 1, 0) is None and recover(bytes(32), 1, N, 0) is None
