"""Keys that sign heads: Ed25519, the private one as PEM that only its owner can read, the public one as PEM beside it.

Source: RFC 8032 (Ed25519); RFC 8410 (how such keys are written).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from skarb.core.errors import Conflict, InputError, NotFound
from skarb.journal.proofs import Head, SignedHead, statement_bytes

_WRONG = (ValueError, TypeError, UnsupportedAlgorithm)  # what the library raises for PEM it cannot use


def public_path(key: Path) -> Path:
    """Return where the public half of a key lies."""
    return key.with_name(key.name + ".pub")


def make_key(path: Path) -> str:
    """Make a key, write both halves and return its id.

    Raises: Conflict if one of the files is there already; nothing is overwritten.
    """
    if not path.parent.is_dir():
        raise NotFound(f"key {path}: there is no folder {path.parent}; create it first")
    for one in (path, public_path(path)):
        if one.exists():
            raise Conflict(f"key {one} is there already and is not overwritten; name another file")
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    shown = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _create(path, secret, 0o600)
    _create(public_path(path), shown, 0o644)
    return key_id(private.public_key())


def read_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises: NotFound, InputError
    """
    try:
        key = serialization.load_pem_private_key(_bytes(path), None)
    except _WRONG as error:
        raise InputError(f"key {path} is not an unencrypted private key in PEM ({error}); skarb proof key makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"key {path}: given {type(key).__name__}, expected Ed25519; skarb proof key makes one")
    return key


def read_public(path: Path) -> Ed25519PublicKey:
    """Read a public key.

    Raises: NotFound, InputError
    """
    try:
        key = serialization.load_pem_public_key(_bytes(path))
    except _WRONG as error:
        raise InputError(f"key {path} is not a public key in PEM ({error}); it lies beside the private one as .pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"key {path}: given {type(key).__name__}, expected Ed25519")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: SHA-256 of its 32 bytes, hex."""
    return sha256(key.public_bytes_raw()).hexdigest()


def sign(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """Sign a head. The same head and key give the same signature, always."""
    return SignedHead(statement=head, signature=key.sign(statement_bytes(head)).hex())


class Keyring:
    """Public keys that are trusted."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {key_id(key): key for key in keys}

    def signed(self, head: Head, data: bytes, signature: bytes) -> bool:
        """Say whether the key that a head names is one of these and made the signature."""
        key = self._keys.get(head.key)
        if key is None:
            return False
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"there is no key at {path}; skarb proof key makes one") from None


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that was not there before."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise Conflict(f"key {path} is there already and is not overwritten; name another file") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
