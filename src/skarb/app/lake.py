"""The supervisor's side of a feed: whose keys are trusted, what is added, what the lake holds."""

from __future__ import annotations

import getpass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from skarb.app.files import now
from skarb.app.keys import key_id, read_public
from skarb.lake.add import Added, Key, Progress
from skarb.lake.add import add as add_feed
from skarb.lake.add import trust as trust_key


def add(
    lake: Path, feed: Path, *, key: Path | None = None, by: str | None = None, progress: Progress | None = None
) -> list[Added]:
    """Verify a feed and add what the lake does not hold yet; a key that is named is pinned to books that have none.

    Raises: Refused, NotAllowed, NotFound, InputError, Unavailable
    """
    given = None if key is None else _key("", key)
    return add_feed(lake, feed, made_by, by or user(), now, key=given, progress=progress)


def trust(lake: Path, book: str, key: Path, by: str | None = None) -> tuple[str, bool]:
    """Trust a public key of a book; return its id, and whether it is new.

    Raises: NotFound, InputError, Unavailable
    """
    one = _key(book, key)
    return one.id, trust_key(lake, one, by or user(), now)


def made_by(public: bytes, data: bytes, signature: bytes) -> bool:
    """Say whether a key made a signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def user() -> str:
    """Return who is at work, as the system calls him."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _key(book: str, path: Path) -> Key:
    public = read_public(path)
    return Key(book, key_id(public), public.public_bytes_raw())
