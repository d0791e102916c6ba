"""How a batch becomes bytes, and how the bytes of all batches hang together.

A body is MessagePack with a fixed order of fields, so equal batches are equal bytes. Its head is
SHA-256(previous head || body): who knows the last head can tell whether anything before it was changed.

Most work needs only the columns of a batch: keys, transfers, results. `Envelope` reads those and leaves instructions,
facts and rulings as unread bytes; it is fifteen times faster than reading everything.

Source: FIPS 180-4 (SHA-256); MessagePack specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

import msgspec

from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.model import FORMAT, GENESIS, Batch, Opening, Ruling
from skarb.store import Damaged

__all__ = [
    "GENESIS",
    "Envelope",
    "decode",
    "encode",
    "facts_of",
    "head_of",
    "instructions_of",
    "open_envelope",
    "openings_of",
    "rulings_of",
]

KEY_BYTES = 16
OWNER_BYTES = 4


class Envelope(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A batch whose columns can be read while its rows stay bytes. The fields are those of `Batch`, in their order."""

    book: str
    sequence: int
    recorded_at: int
    registers: bytes
    editions: tuple[str, ...]
    assumptions: msgspec.Raw
    instructions: msgspec.Raw
    facts: msgspec.Raw
    rulings: msgspec.Raw
    keys: memoryview
    digests: memoryview
    openings: msgspec.Raw
    accounts: memoryview
    account_results: memoryview
    transfers: memoryview
    owners: memoryview
    results: memoryview
    format: int

    @property
    def rows(self) -> int:
        """How many instructions the batch holds."""
        return len(self.keys) // KEY_BYTES


_T = TypeVar("_T")
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_BATCH = msgspec.msgpack.Decoder(Batch)
_ENVELOPE = msgspec.msgpack.Decoder(Envelope)
_RAWS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_INSTRUCTION = msgspec.msgpack.Decoder(Instruction)
_FACTS = msgspec.msgpack.Decoder(Facts)
_RULING = msgspec.msgpack.Decoder(Ruling)
_OPENINGS = msgspec.msgpack.Decoder(list[Opening])


def head_of(previous: bytes, body: bytes) -> bytes:
    """Return the head after a body: SHA-256(previous head || body)."""
    digest = sha256(previous)
    digest.update(body)
    return digest.digest()


def encode(batch: Batch) -> bytes:
    """Return the body of a batch; equal batches give equal bytes."""
    return _ENCODER.encode(batch)


def decode(body: bytes) -> Batch:
    """Read a whole batch.

    Raises: Damaged if the bytes are not a batch of a format this program reads.
    """
    open_envelope(body)
    return _read(_BATCH, body, "a batch")


def open_envelope(body: bytes) -> Envelope:
    """Read the columns of a batch and check that their lengths agree.

    Raises: Damaged if the bytes are not a batch of a format this program reads.
    """
    envelope = _read(_ENVELOPE, body, "a batch")
    if envelope.format != FORMAT:
        raise Damaged(f"the batch has format {envelope.format}, this Skarb reads format {FORMAT}; use the version that wrote it")
    transfers = len(envelope.transfers) // TRANSFER.itemsize
    accounts = len(envelope.accounts) // ACCOUNT.itemsize
    expected = {
        "keys": envelope.rows * KEY_BYTES,
        "digests": envelope.rows * KEY_BYTES,
        "transfers": transfers * TRANSFER.itemsize,
        "owners": transfers * OWNER_BYTES,
        "results": transfers,
        "accounts": accounts * ACCOUNT.itemsize,
        "account_results": accounts,
    }
    for name, length in expected.items():
        if len(getattr(envelope, name)) != length:
            raise Damaged(f"field {name} has {len(getattr(envelope, name))} bytes, expected {length} to go with the others")
    return envelope


def instructions_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Instruction]:
    """Read the instructions of a batch, or only those of some rows."""
    return _rows(_INSTRUCTION, envelope.instructions, rows, "an instruction")


def facts_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Facts]:
    """Read the facts of a batch, or only those of some rows."""
    return _rows(_FACTS, envelope.facts, rows, "facts")


def rulings_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Ruling]:
    """Read the rulings of a batch, or only those of some rows."""
    return _rows(_RULING, envelope.rulings, rows, "a ruling")


def openings_of(envelope: Envelope) -> list[Opening]:
    """Read the accounts that a batch opened, in words."""
    return _read(_OPENINGS, envelope.openings, "openings")


def raw_rows(field: msgspec.Raw) -> list[msgspec.Raw]:
    """Cut a field of rows into the bytes of each row without reading them."""
    return _read(_RAWS, field, "a list of rows")


def _rows(reader: msgspec.msgpack.Decoder[_T], field: msgspec.Raw, rows: Sequence[int] | None, what: str) -> list[_T]:
    raws = raw_rows(field)
    return [_read(reader, raws[row], f"{what} in row {row}") for row in (range(len(raws)) if rows is None else rows)]


def _read(reader: msgspec.msgpack.Decoder[_T], data: bytes | msgspec.Raw, what: str) -> _T:
    try:
        return reader.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError, ValueError) as error:
        raise Damaged(f"the bytes are not {what}: {error}") from error
