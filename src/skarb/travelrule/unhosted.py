"""Wallets that nobody hosts: no provider is there to ask, so the client proves with a signature that the wallet is his.

The text to be signed names the institution, the client, the wallet, the occasion and the day, so that a signature given once
cannot be shown for something else. Whether a signature fits an address is a question about a chain, and is answered by whoever
is handed in as `verify`.
Source: FATF Recommendation 15, interpretive note: transfers with unhosted wallets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from skarb.core.time import from_day
from skarb.travelrule.findings import Finding, fault

Verify: TypeAlias = Callable[[str, str, str], bool]  # wallet as chain:address, text, signature


class WalletProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signed text, as the client hands it in."""

    wallet: str  # chain:address
    text: str
    signature: str


def challenge(institution: str, client: str, wallet: str, occasion: str, day: int) -> str:
    """Return the text that a client signs with the key of his wallet."""
    return f"I, {client}, hold the wallet {wallet}. Told to {institution} on {from_day(day)} for {occasion}."


def refute(proof: WalletProof, wallet: str, expected: str, verify: Verify) -> Finding | None:
    """Return what is wrong with a proof, None if it holds."""
    if proof.wallet != wallet:
        return fault("proof", "wallet", proof.wallet, f"the wallet {wallet} of the transfer")
    if proof.text != expected:
        return fault("proof", "text", proof.text, expected, "sign the text as it was given")
    if not verify(wallet, proof.text, proof.signature):
        return fault("proof", "signature", proof.signature, "a signature of that text by the key of that wallet")
    return None
