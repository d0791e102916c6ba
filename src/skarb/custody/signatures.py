"""Whether a signature is that of a holder: Ed25519 over the text of a statement, or a Bitcoin message with that text.

Only public keys are ever seen here. Whoever signs does so elsewhere, in a process or on a device of his own.
Source: RFC 8032 (Ed25519); `chain.signed` for messages of Bitcoin wallets.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from skarb.chain.address import hash160, script_of
from skarb.chain.signed import verify_message
from skarb.core.identifiers import Flaw
from skarb.custody.model import Destination, Holder, Signed, destination_text, statement_text

ED25519 = "ed25519:"
KEY = re.compile(r"ed25519:[0-9a-f]{64}|BTC:[a-zA-HJ-NP-Z0-9]{14,90}")
_HEX = re.compile("[0-9a-f]{128}")
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def is_key(key: str) -> bool:
    """Say whether a holder's key is written as one, and if it is of Ed25519, whether it is a point of the curve that only its owner can sign for.

    For the few points of a small order anybody can make a signature: those with a y of 0, 1 or -1, and those that are one of these when they
    are doubled.
    """
    if KEY.fullmatch(key) is None:
        return False
    if not key.startswith(ED25519):
        return True
    y = int.from_bytes(bytes.fromhex(key.removeprefix(ED25519)), "little") & ((1 << 255) - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P  # of x
    small = y * (y * y - 1) * (_D * y**4 + 2 * y * y - 1) % _P == 0
    return y < _P and not small and pow(square, (_P - 1) // 2, _P) == 1


def owner_of(key: str) -> str:
    """Return what two keys of one owner have in common: addresses that differ only in how they hash the same key of Bitcoin have it, too."""
    script = script_of(key.removeprefix("BTC:")) if key.startswith("BTC:") else None
    if script is None:
        return key
    if len(script) == 25:  # OP_DUP OP_HASH160 and the hash of the key
        script = b"\0\x14" + script[3:23]
    return hash160(script).hex() if len(script) == 22 else script[2:22].hex() if len(script) == 23 else key


def is_signed(holder: Holder, signed: Signed) -> bool:
    """Say whether a holder's key made a signature over its statement."""
    text = statement_text(signed.statement)
    if not holder.key.startswith(ED25519):
        return _holds(holder.key, text, signed.signature)
    if _HEX.fullmatch(signed.signature) is None:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(holder.key.removeprefix(ED25519)))
        key.verify(bytes.fromhex(signed.signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def wallet_is_proven(book: str, destination: Destination) -> bool:
    """Say whether the wallet of a destination is proven to be in the hands of whoever receives."""
    proof = destination.proof
    if proof is None or not destination.address:
        return False
    text = destination_text(book, destination, proof.day)
    return _holds(destination.address, text, proof.signature)


@lru_cache(maxsize=1024)  # the same proofs are asked for with every request, and a curve is slow
def _holds(wallet: str, text: str, signature: str) -> bool:
    return not isinstance(verify_message(wallet, text, signature), Flaw)
