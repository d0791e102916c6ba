"""Signed messages: whoever can sign a text with the key of a wallet has the wallet in his hands.

Three ways to sign are read: the message signature of the first Bitcoin client, whose 65 bytes let the key be recovered, for addresses that
name the hash of a key; the simple form of BIP 322, which is the witness of a transaction that never exists, for segregated witness
with one key and for taproot spent by its key; and `personal_sign` of Ethereum. Wallets that are scripts or contracts cannot prove
themselves by one key and are told so.
Source: BIP 137 (headers of message signatures), BIP 322, BIP 143 and 341 (what a witness signs), BIP 66 (DER), EIP-191 version 0x45.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from skarb.chain.address import hash160, key_script, script_of
from skarb.chain.keccak import keccak256
from skarb.chain.model import double_sha256
from skarb.chain.secp256k1 import N, Point, read_key, recover, tagged_hash, verify_ecdsa, verify_schnorr, write_key
from skarb.core.errors import InputError, shorten
from skarb.core.identifiers import Address, Flaw, classify

Method = Literal["bitcoin_message", "bip322_simple", "personal_sign"]
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{130}")
_ALL = b"\1"  # the signature covers everything
_BITCOIN, _ETHEREUM = b"\x18Bitcoin Signed Message:\n", b"\x19Ethereum Signed Message:\n"
_ACCOUNTS = ("ETH", "ETC", "BSC", "ARB", "MATIC", "AVAX")  # chains with accounts as Ethereum has them


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message whose signature was found to be the wallet's."""

    wallet: str  # chain:address, normalised
    method: Method
    message_hash: str  # hex, of what was signed
    key: str  # the public key, hex: 33 bytes, or for taproot 32


def verify_message(wallet: str, message: str, signature: str) -> SignedMessage | Flaw:
    """Return the proof that the owner of a wallet signed a message, or the first thing that is wrong with it.

    `wallet` is chain:address; `signature` is what wallets give out: base64 for Bitcoin, hexadecimal digits for Ethereum.
    Raises: InputError if the wallet is not an address of a chain whose messages can be checked.
    """
    chain, _, text = wallet.partition(":")
    address = classify(chain, text)
    if isinstance(address, Flaw):
        raise InputError(f"wallet {shorten(wallet)!r}: expected {address.expected}")
    given, content = signature.strip(), message.encode("utf-8")
    if address.chain in _ACCOUNTS:
        return _personal(address, content, given)
    if address.chain == "BTC":
        return _bitcoin(address, content, given)
    raise InputError(
        f"wallet {shorten(wallet)!r}: messages signed for {address.chain} are not read; expected BTC or an account of Ethereum"
    )


# Ethereum -------------------------------------------------------------------------------------------------------------------


def _personal(address: Address, message: bytes, signature: str) -> SignedMessage | Flaw:
    if _HEX.fullmatch(signature) is None:
        expected = "65 bytes in hexadecimal digits; a wallet that is a contract signs otherwise and cannot prove itself this way"
        return Flaw("length", signature, expected)
    raw = bytes.fromhex(signature.removeprefix("0x"))
    recovery = raw[64] - 27 if raw[64] >= 27 else raw[64]
    if recovery not in (0, 1):
        return Flaw("format", signature, "a last byte of 0, 1, 27 or 28")
    digest = keccak256(_ETHEREUM + str(len(message)).encode("ascii") + message)
    key = recover(digest, int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big"), recovery)
    if key is None or "0x" + keccak256(write_key(key, compressed=False)[1:])[-20:].hex() != address.text:
        return _not_his(signature)
    return SignedMessage(address.key, "personal_sign", digest.hex(), write_key(key).hex())


# Bitcoin --------------------------------------------------------------------------------------------------------------------


def _bitcoin(address: Address, message: bytes, signature: str) -> SignedMessage | Flaw:
    try:
        raw = b64decode(signature.removeprefix("smp"), validate=True)
    except (binascii.Error, ValueError):
        return Flaw("format", signature, "a signature in base64, as wallets give it out")
    if len(raw) == 65 and 27 <= raw[0] <= 42:
        return _legacy(address, message, signature, raw)
    script = script_of(address.text) or b""
    if (address.kind == "segwit_v0" and len(script) == 22) or (address.kind == "segwit_v1" and len(script) == 34):
        return _simple(address, message, signature, raw, script)
    expected = "an address of one key; scripts, and witnesses longer than one key needs, cannot be checked here"
    return Flaw("component", address.text, expected)


def _legacy(address: Address, message: bytes, signature: str, raw: bytes) -> SignedMessage | Flaw:
    """Check the 65 bytes of the first client. The header says how the key is written; the address says what its hash must be."""
    digest = double_sha256(_BITCOIN + compact(len(message)) + message)
    key = recover(digest, int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big"), (raw[0] - 27) & 3)
    if key is None:
        return _not_his(signature)
    written = write_key(key, compressed=raw[0] >= 31)
    hashed = hash160(written)
    scripts = {"p2pkh": key_script(hashed)}
    if raw[0] >= 31:  # witnesses know short keys only
        witness = b"\0\x14" + hashed
        scripts |= {"segwit_v0": witness, "p2sh": b"\xa9\x14" + hash160(witness) + b"\x87"}
    kinds = {35: "p2sh", 39: "segwit_v0"}  # the headers that name a kind; the others leave it to the address
    named = kinds.get((raw[0] - 27) // 4 * 4 + 27, address.kind)
    if named != address.kind or scripts.get(address.kind) != script_of(address.text):
        return _not_his(signature)
    return SignedMessage(address.key, "bitcoin_message", digest.hex(), written.hex())


def _simple(address: Address, message: bytes, signature: str, raw: bytes, script: bytes) -> SignedMessage | Flaw:
    """Check the witness of the transaction that BIP 322 makes up for a message."""
    hashed = tagged_hash("BIP0322-signed-message", message)
    items = _witness(raw)
    if items is None:
        return Flaw("format", signature, "a witness: how many items, and each with its length")
    spent = double_sha256(_to_spend(hashed, script))
    if address.kind == "segwit_v1":
        key = script[2:] if _taproot_signed(items, spent, script) else b""
    else:
        key = items[1] if _witness_signed(items, spent, script) else b""
    return SignedMessage(address.key, "bip322_simple", hashed.hex(), key.hex()) if key else _not_his(signature)


def _to_spend(hashed: bytes, script: bytes) -> bytes:
    """Return the transaction whose only output is the wallet's; its input holds the hash of the message."""
    given = bytes(32) + b"\xff" * 4 + b"\x22\x00\x20" + hashed + bytes(4)
    return bytes(4) + b"\1" + given + b"\1" + bytes(8) + compact(len(script)) + script + bytes(4)


_OUTPUT = bytes(8) + b"\1\x6a"  # of the transaction that is signed: nothing, to nobody


def _witness_signed(items: list[bytes], spent: bytes, script: bytes) -> bool:
    if len(items) != 2 or len(items[1]) != 33 or hash160(items[1]) != script[2:]:
        return False
    key, found = read_key(items[1]), _der(items[0][:-1])
    if key is None or found is None or items[0][-1:] != _ALL or found[1] > N // 2:
        return False
    outpoint = spent + bytes(4)
    digest = double_sha256(
        bytes(4)
        + double_sha256(outpoint)
        + double_sha256(bytes(4))
        + outpoint
        + b"\x19"
        + key_script(script[2:])
        + bytes(8)
        + bytes(4)
        + double_sha256(_OUTPUT)
        + bytes(4)
        + _ALL
        + bytes(3)
    )
    return verify_ecdsa(digest, *found, key)


def _taproot_signed(items: list[bytes], spent: bytes, script: bytes) -> bool:
    if len(items) != 1 or not (len(items[0]) == 64 or (len(items[0]) == 65 and items[0][64:] == _ALL)):
        return False
    covers = items[0][64:] or b"\0"
    parts = (spent + bytes(4), bytes(8), compact(len(script)) + script, bytes(4), _OUTPUT)
    hashes = b"".join(sha256(part).digest() for part in parts)
    digest = tagged_hash("TapSighash", b"\0" + covers + bytes(4) + bytes(4) + hashes + b"\0" + bytes(4))
    return verify_schnorr(digest, script[2:], items[0][:64])


def _witness(raw: bytes) -> list[bytes] | None:
    """Split a witness; None if bytes are missing or left over. Each length of a witness with one key is one byte."""
    if not raw or raw[0] > 2:
        return None
    items, place = [], 1
    for _ in range(raw[0]):
        length = raw[place] if place < len(raw) else 0xFF
        items.append(raw[place + 1 : place + 1 + length])
        place += 1 + length
    return items if place == len(raw) and all(items) else None


def _der(data: bytes) -> tuple[int, int] | None:
    """Return the two numbers of a signature, which must be written in the one way that is allowed."""
    if len(data) < 8 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    r = _der_number(data, 2)
    s = _der_number(data, 4 + data[3])
    return (r, s) if r is not None and s is not None and 4 + data[3] + 2 + data[5 + data[3]] == len(data) else None


def _der_number(data: bytes, place: int) -> int | None:
    if place + 2 > len(data) or data[place] != 2:
        return None
    length = data[place + 1]
    digits = data[place + 2 : place + 2 + length]
    if not 1 <= length == len(digits) or digits[0] & 0x80 or (length > 1 and digits[0] == 0 and not digits[1] & 0x80):
        return None
    return int.from_bytes(digits, "big")


def compact(number: int) -> bytes:
    """Return a length as Bitcoin writes it."""
    if number < 0xFD:
        return bytes([number])
    width, mark = (2, b"\xfd") if number < 1 << 16 else (4, b"\xfe")
    return mark + number.to_bytes(width, "little")


def _not_his(signature: str) -> Flaw:
    return Flaw("checksum", signature, "a signature by the wallet's own key over exactly this message; copy both again")


__all__ = ["Method", "Point", "SignedMessage", "compact", "verify_message"]
