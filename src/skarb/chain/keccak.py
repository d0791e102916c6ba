"""Keccak-256, the hash of Ethereum: SHA-3 as it was before it became a standard. Source: Ethereum yellow paper, appendix B."""

from __future__ import annotations


def keccak256(data: bytes) -> bytes:
    """Return the Keccak hash of 256 bits."""
    from Crypto.Hash import keccak  # loaded only where something of Ethereum is met

    digest: bytes = keccak.new(digest_bits=256, data=data).digest()
    return digest
