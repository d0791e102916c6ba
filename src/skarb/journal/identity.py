"""Which instruction is which: an id belongs to one content for ever.

The key is the 128-bit hash of the id, the digest the 128-bit hash of the whole content. The same key with the same
digest is the same instruction again and gets the first receipt; with another digest it is a conflict.

Source: RFC 7693 (BLAKE2b), keyed apart by its personalisation field.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from skarb.core.instruction import Instruction
from skarb.core.transfer import key_128

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DIGEST = blake2b(digest_size=16, person=b"skarb-digest-128")


def content_of(instruction: Instruction) -> bytes:
    """Return the content of an instruction as the bytes that stand in the journal; equal contents are equal bytes.

    Wrapped in `msgspec.Raw` they can be put into a batch as they are, which saves writing them twice.
    """
    return _ENCODER.encode(instruction)


def digest_of(content: bytes | msgspec.Raw) -> bytes:
    """Return the 16 bytes that stand for a content."""
    digest = _DIGEST.copy()  # copying a prepared hash costs half of making one
    digest.update(content)
    return digest.digest()


def keys_and_digests(instructions: Iterable[Instruction]) -> tuple[bytes, bytes]:
    """Return the columns `Batch.keys` and `Batch.digests`: 16 bytes of each per instruction, in order."""
    instructions = list(instructions)
    keys = b"".join([key_128(instruction.id) for instruction in instructions])
    return keys, b"".join([digest_of(content_of(instruction)) for instruction in instructions])
