"""How a batch becomes bytes, and how the bytes of all batches hang together.

A body is MessagePack with a fixed order of fields, so equal batches are equal bytes. Its head is
SHA-256(previous head || body): who knows the last head can tell whether anything before it was changed.

Most work needs only the columns of a batch: keys, transfers, results. `Envelope` reads those and leaves instructions, facts and
rulings as unread bytes. The frames at the end of a body say how long those are, so they are passed over without being looked
at; that is a hundred times faster than reading everything.

Source: FIPS 180-4 (SHA-256); MessagePack specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np

from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.folding import CASE_BYTES, VALUE_BYTES, unfold
from skarb.journal.model import FORMAT, GENESIS, KEY_BYTES, Batch, Note, Opening, Ruling
from skarb.store import Damaged

__all__ = [
    "GENESIS",
    "KEY_BYTES",
    "Envelope",
    "decode",
    "distinct_of",
    "encode",
    "facts_of",
    "head_of",
    "instructions_of",
    "notes_of",
    "open_envelope",
    "openings_of",
    "rulings_of",
]

OWNER_BYTES = 4
_FRAMES = 16
_FRAMES_MARK = b"\xc4\x10"  # MessagePack: 16 bytes follow
_NOTHING = b"\xc0" * 3
_LONG, _SHORT = b"\xdc\x00\x18", b"\xdc\x00\x16"  # MessagePack: an array of 24 fields, and of the 22 without totals
_NO_TOTALS = b"\xc4\x00" * 2  # the two fields that a batch without totals leaves out


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
    cases: memoryview
    values: memoryview
    dollars: memoryview
    openings: msgspec.Raw
    accounts: memoryview
    account_results: memoryview
    transfers: memoryview
    owners: memoryview
    results: memoryview
    notes: msgspec.Raw
    format: int
    frames: bytes = b""
    totals: memoryview = memoryview(b"")
    ending: bytes = b""

    @property
    def rows(self) -> int:
        """How many instructions the batch holds."""
        return len(self.keys) // KEY_BYTES


_T = TypeVar("_T")
_Readers: TypeAlias = tuple[msgspec.msgpack.Decoder[_T], msgspec.msgpack.Decoder[list[_T]]]  # of one row, of all rows
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_BATCH = msgspec.msgpack.Decoder(Batch)
_ENVELOPE = msgspec.msgpack.Decoder(Envelope)
_RAWS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_INSTRUCTION = msgspec.msgpack.Decoder(Instruction), msgspec.msgpack.Decoder(list[Instruction])
_FACTS = msgspec.msgpack.Decoder(Facts), msgspec.msgpack.Decoder(list[Facts])
_RULING = msgspec.msgpack.Decoder(Ruling), msgspec.msgpack.Decoder(list[Ruling])
_OPENINGS = msgspec.msgpack.Decoder(list[Opening])
_NOTES = msgspec.msgpack.Decoder(list[Note])
_UNREAD = Facts(activity="fiat_pay", day=0)  # stands for facts that nobody asked for


def head_of(previous: bytes, body: bytes) -> bytes:
    """Return the head after a body: SHA-256(previous head || body)."""
    digest = sha256(previous)
    digest.update(body)
    return digest.digest()


def encode(batch: Batch) -> bytes:
    """Return the body of a batch with its frames; equal batches give equal bytes."""
    rows = [_ENCODER.encode(field) for field in (batch.instructions, batch.facts, batch.rulings)]
    before = _ENCODER.encode((batch.book, batch.sequence, batch.recorded_at, batch.registers, batch.editions, batch.assumptions))
    start = len(before) + 2  # an array of so few begins with one byte, that of a whole batch with three
    frames = np.array([start, *map(len, rows)], "<u4").tobytes()
    places = {"frames": b"", "ending": frames} if batch.totals else {"frames": frames, "ending": b""}
    frame = _ENCODER.encode(msgspec.structs.replace(batch, instructions=(), facts=(), rulings=(), **places))
    if not batch.totals:
        frame = _SHORT + frame.removeprefix(_LONG).removesuffix(_NO_TOTALS)
    return b"".join([frame[:start], *rows, frame[start + len(rows) :]])


def decode(body: bytes) -> Batch:
    """Read a whole batch.

    Raises: Damaged if the bytes are not a batch of a format this program reads.
    """
    _checked(_read(_ENVELOPE, body, "a batch"))
    return _read(_BATCH, body, "a batch")


def open_envelope(body: bytes, *, strict: bool = False) -> Envelope:
    """Read the columns of a batch and check that their lengths agree.

    The frames are believed, as the chain was checked before; a `strict` reader looks at every byte and compares.
    Raises: Damaged if the bytes are not a batch of a format this program reads.
    """
    stops = _stops(body)
    if strict or stops is None:
        envelope = _read(_ENVELOPE, body, "a batch")
        if (envelope.frames or envelope.ending) and stops != (real := frames_of(envelope, body)):
            raise Damaged(f"the frames say that rows end at {stops}, they end at {real}")
        return _checked(envelope)
    view = memoryview(body)
    short = _read(_ENVELOPE, b"".join([view[: stops[0]], _NOTHING, view[stops[3] :]]), "a batch")
    rows = [msgspec.Raw(view[start:stop]) for start, stop in pairwise(stops)]
    return _checked(msgspec.structs.replace(short, instructions=rows[0], facts=rows[1], rulings=rows[2]))


def frames_of(envelope: Envelope, body: bytes) -> tuple[int, ...]:
    """Return where instructions, facts and rulings of a strictly read envelope begin and where the last of them ends."""
    start = address(envelope.instructions) - address(body)
    return tuple(
        accumulate((len(memoryview(raw)) for raw in (envelope.instructions, envelope.facts, envelope.rulings)), initial=start)
    )


def address(data: bytes | msgspec.Raw | memoryview) -> int:
    """Return where bytes lie in memory; pieces of a body are views of it."""
    return int(np.frombuffer(data, np.uint8).ctypes.data)


def _stops(body: bytes) -> tuple[int, ...] | None:
    """Return the frames at the end of a body as places in it, or None if there are none that fit."""
    if body[-_FRAMES - 2 : -_FRAMES] != _FRAMES_MARK:
        return None
    stops = tuple(accumulate(np.frombuffer(body[-_FRAMES:], "<u4").tolist()))
    return stops if stops[3] <= len(body) else None


def _checked(envelope: Envelope) -> Envelope:
    if envelope.format != FORMAT:
        raise Damaged(f"the batch has format {envelope.format}, this Skarb reads format {FORMAT}; use the version that wrote it")
    transfers = len(envelope.transfers) // TRANSFER.itemsize
    accounts = len(envelope.accounts) // ACCOUNT.itemsize
    expected = {
        "keys": envelope.rows * KEY_BYTES,
        "cases": envelope.rows * CASE_BYTES,
        "values": envelope.rows * VALUE_BYTES,
        "dollars": envelope.rows * VALUE_BYTES,
        "transfers": transfers * TRANSFER.itemsize,
        "owners": transfers * OWNER_BYTES,
        "results": transfers,
        "accounts": accounts * ACCOUNT.itemsize,
        "account_results": accounts,
    }
    if len(envelope.totals) % VALUE_BYTES:
        raise Damaged(f"field totals has {len(envelope.totals)} bytes, expected {VALUE_BYTES} for each total")
    for name, length in expected.items():
        if len(getattr(envelope, name)) != length:
            raise Damaged(f"field {name} has {len(getattr(envelope, name))} bytes, expected {length} to go with the others")
    return envelope


def instructions_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Instruction]:
    """Read the instructions of a batch, or only those of some rows."""
    return _rows(_INSTRUCTION, envelope.instructions, rows, "an instruction")


def facts_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Facts]:
    """Read the whole facts of every instruction, or only those of some rows."""
    if rows is None or len(envelope.totals):  # where a row's totals lie depends on how many those before it have
        distinct = distinct_of(envelope)
    else:
        distinct = [_UNREAD] * len(raw_rows(envelope.facts))
        cases = set(np.frombuffer(envelope.cases, "<u4")[np.asarray(rows, np.int64)].tolist())
        used = sorted(case for case in cases if case < len(distinct))
        for case, one in zip(used, distinct_of(envelope, used), strict=True):
            distinct[case] = one
    return unfold(distinct, envelope.cases, envelope.values, envelope.dollars, envelope.totals, rows)


def distinct_of(envelope: Envelope, cases: Sequence[int] | None = None) -> list[Facts]:
    """Read the distinct facts of a batch, or only some of them; the values of the rows are not among them."""
    found = _rows(_FACTS, envelope.facts, cases, "facts")
    for place, one in enumerate(found):
        if one.value is not None or one.value_usd is not None:
            case = place if cases is None else cases[place]
            raise Damaged(f"facts {case} have a value of their own; values stand in the columns of the rows")
        if any(total is not None for total in one.totals):
            case = place if cases is None else cases[place]
            raise Damaged(f"facts {case} have totals of their own; totals stand in the columns of the rows")
    return found


def rulings_of(envelope: Envelope, rows: Sequence[int] | None = None) -> list[Ruling]:
    """Read the rulings of a batch, or only those of some rows."""
    return _rows(_RULING, envelope.rulings, rows, "a ruling")


def openings_of(envelope: Envelope) -> list[Opening]:
    """Read the accounts that a batch opened, in words."""
    return _read(_OPENINGS, envelope.openings, "openings")


def notes_of(envelope: Envelope) -> list[Note]:
    """Read the metadata of the batch's transfers."""
    return _read(_NOTES, envelope.notes, "metadata of transfers")


def raw_rows(field: msgspec.Raw) -> list[msgspec.Raw]:
    """Cut a field of rows into the bytes of each row without reading them."""
    return _read(_RAWS, field, "a list of rows")


def _rows(readers: _Readers[_T], field: msgspec.Raw, rows: Sequence[int] | None, what: str) -> list[_T]:
    one, whole = readers
    if rows is None:
        return _read(whole, field, f"a list of which each is {what}")
    raws = raw_rows(field)
    return [_read(one, raws[row], f"{what} in place {row}") for row in rows]


def _read(reader: msgspec.msgpack.Decoder[_T], data: bytes | msgspec.Raw, what: str) -> _T:
    try:
        return reader.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError, ValueError) as error:
        raise Damaged(f"the bytes are not {what}: {error}") from error
