"""Sign a document with a private key: by its holder, in a process of its own that opens no book and decides nothing."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from skarb.app.keys import read_private
from skarb.custody import Signed, Statement, statement_text
from skarb.custody.signatures import ED25519


def sign_statement(statement: Statement, key: Path) -> Signed:
    """Return a statement signed with the private key in a file.

    Raises: NotFound, InputError
    """
    return Signed(statement=statement, signature=read_private(key).sign(statement_text(statement).encode()).hex())


def policy_key(public: Ed25519PublicKey) -> str:
    """Return a public key as policies name it."""
    return ED25519 + public.public_bytes_raw().hex()
