"""Whether a signature is that of a holder: Ed25519 over the text of a statement, or a Bitcoin message with that text.

Only public keys are ever seen here. Whoever signs does so elsewhere, in a process or on a device of his own.
Source: RFC 8032 (Ed25519); `chain.signed` for messages of Bitcoin wallets.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from skarb.chain.signed import verify_message
from skarb.core.identifiers import Flaw
from skarb.custody.model import Destination, Holder, Signed, destination_text, statement_text

ED25519 = "ed25519:"
KEY = re.compile(r"ed25519:[0-9a-f]{64}|BTC:[a-zA-HJ-NP-Z0-9]{14,90}")
_HEX = re.compile("[0-9a-f]{128}")


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
