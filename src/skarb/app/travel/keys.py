"""Keys that seal payloads at rest: AES-256-GCM, each key with a name, so that it can be replaced.

A line is a name and 32 bytes in Base64; the last line seals, the others still open what they sealed. The lines are a file that
only its owner can read, or the environment variable SKARB_TRAVEL_KEYS. Taking a line away makes what it sealed unreadable for
ever: that is how payloads are forgotten.
Source: NIST SP 800-38D (GCM), RFC 5116.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from skarb.core.errors import ConfigurationError, Conflict, NotAllowed, NotFound, Unavailable

VARIABLE = "SKARB_TRAVEL_KEYS"
_MAGIC = b"SKS1"
_NONCE = 12
_NAME = re.compile(r"[A-Za-z0-9._-]{1,32}", re.ASCII)


class SealingKeys:
    """The keys of an institution."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take keys by name, the last one for sealing."""
        if not keys:
            raise ConfigurationError("there is no sealing key; skarb travel key FILE makes one")
        self._keys = dict(keys)
        self.current = list(keys)[-1]

    def seal(self, plain: bytes, context: str) -> bytes:
        """Seal bytes for a context; they open only in the same one."""
        nonce = secrets.token_bytes(_NONCE)
        name = self.current.encode()
        head = _MAGIC + bytes([len(name)]) + name
        return head + nonce + AESGCM(self._keys[self.current]).encrypt(nonce, plain, head + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open what was sealed for a context.

        Raises: Unavailable if its key is not here; NotAllowed if it was changed or belongs elsewhere.
        """
        name, head = self.name_of(sealed)
        key = self._keys.get(name)
        if key is None:
            raise Unavailable(f"{context} was sealed with the key {name!r}, which is not among {', '.join(self._keys)}")
        rest = sealed[len(head) :]
        try:
            return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], head + context.encode())
        except (InvalidTag, ValueError):
            raise NotAllowed(f"{context} does not open: it was changed, or sealed for something else") from None

    def name_of(self, sealed: bytes) -> tuple[str, bytes]:
        """Return the name of the key that sealed something, and the head that says so."""
        end = 5 + (sealed[4] if len(sealed) > 4 else 0)
        if sealed[:4] != _MAGIC or len(sealed) < end + _NONCE + 16:
            raise NotAllowed("this was not sealed here, or was cut")
        return sealed[5:end].decode("ascii", "replace"), sealed[:end]

    def salt(self, handle: str, name: str | None = None) -> bytes:
        """Return the salt of a reference: nobody without the key can try payloads against a journal, and we find the same reference again."""
        key = self._keys.get(name or self.current)
        if key is None:
            raise Unavailable(
                f"the reference of {handle} was made with the key {name!r}, which is not among {', '.join(self._keys)}"
            )
        return hmac.digest(key, b"reference\0" + handle.encode(), "sha256")

    def mark(self, text: str) -> str:
        """Return a pseudonym: the same for the same text as long as the first key stays, and nothing to whoever has no key."""
        return hmac.digest(next(iter(self._keys.values())), b"mark\0" + text.encode(), "sha256").hex()[:32]


def read_keys(path: Path) -> SealingKeys:
    """Read the keys of an institution, from the environment if they stand there, else from a file.

    Raises: NotFound, NotAllowed if others can read the file, ConfigurationError
    """
    text = os.environ.get(VARIABLE)
    if text is not None:
        return SealingKeys(_parse(text, VARIABLE))
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise NotAllowed(f"sealing keys {path}: others can read the file; chmod 600 {path}")
        return SealingKeys(_parse(path.read_text(encoding="ascii"), str(path)))
    except FileNotFoundError:
        raise NotFound(f"there are no sealing keys at {path}; skarb travel key {path} makes one") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"sealing keys {path}: expected plain letters") from None


def add_key(path: Path, name: str) -> None:
    """Add a new key that seals from now on; the earlier ones stay for opening.

    Raises: Conflict if a key has that name; ConfigurationError
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"name of a key {name!r}: expected 1 to 32 letters, digits, dots or dashes")
    text = path.read_text(encoding="ascii") if path.exists() else ""
    known = _parse(text, str(path)) if text else {}
    if name in known:
        raise Conflict(f"sealing keys {path}: there is a key {name!r} already; give the new one another name")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        start = "" if not text or text.endswith("\n") else "\n"  # after a last line without its end
        file.write(f"{start}{name} {base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        file.flush()
        os.fsync(file.fileno())


def _parse(text: str, where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            key = base64.b64decode(words[1], validate=True) if len(words) == 2 else b""
        except binascii.Error:
            key = b""
        if len(key) != 32 or not _NAME.fullmatch(words[0]) or words[0] in found:
            raise ConfigurationError(f"{where} line {number}: expected a name of its own and 32 bytes in Base64")
        found[words[0]] = key
    if not found:
        raise ConfigurationError(f"{where}: there is no key in it; skarb travel key FILE makes one")
    return found
