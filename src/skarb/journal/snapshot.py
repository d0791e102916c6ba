"""A snapshot beside a book: all that its writer must know, so that opening it reads only what came after.

Everything in it follows from the journal. It names the batch and the head it was taken after; one that does not belong to the journal, or is not
whole, is passed over and everything is read again, as if there were none. Verification never looks at it.

What was put away (`cold`) is only named in it, with the digests of its runs; where that is not there any more, the snapshot is passed over, too.

Units: 128 bytes a transfer and 16 an instruction in memory, 224 an account, and its address.
"""

from __future__ import annotations

import mmap
import os
import sys
from array import array
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from skarb.core.errors import InputError
from skarb.journal.cold import KeptRuns, Runs
from skarb.journal.index import IdIndex
from skarb.journal.memory import Memory
from skarb.journal.model import Opening
from skarb.ledger import Ledger
from skarb.ledger.cold import Cold
from skarb.store import Entry

FORMAT = 2
_DIGEST = 32


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of a snapshot, and how long its parts are."""

    snapshot: int  # format
    book: str
    sequence: int  # of the batch after which it was taken
    head: str
    recorded_at: int
    assets: dict[str, int]
    keys: int  # bytes
    stops: int  # bytes
    openings: int  # bytes
    runs: KeptRuns | None


def snapshot_path(book: Path) -> Path:
    """Return where the snapshot of a book lies."""
    return book.with_name(book.name + ".snapshot")


def snapshot_pieces(name: str, memory: Memory) -> Iterator[bytes | memoryview]:
    """Yield the bytes of a snapshot of what is known, piece by piece. Nothing may be on its way out of memory."""
    keys, stops = memory.index.keys(), memory.stops.tobytes()
    openings = msgspec.msgpack.encode(memory.chart.openings)
    header = _Header(
        snapshot=FORMAT,
        book=name,
        sequence=memory.sequence,
        head=memory.head.hex(),
        recorded_at=memory.recorded_at,
        assets=memory.assets,
        keys=len(keys),
        stops=len(stops),
        openings=len(openings),
        runs=None if memory.runs is None else memory.runs.kept,
    )
    own = b"".join([msgspec.json.encode(header) + b"\n", keys, stops, openings])
    yield own
    yield sha256(own).digest()
    yield from memory.ledger.snapshot_pieces()


def write_snapshot(path: Path, name: str, memory: Memory) -> None:
    """Put a snapshot of what is known beside the book in one step: after a crash there is the old one or the new one.

    Raises: OSError if it cannot be written; the old one stays then, and nothing of the new one.
    """
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("wb") as file:
            for piece in snapshot_pieces(name, memory):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()  # a full disk needs its room
        raise


def map_snapshot(path: Path) -> memoryview | None:
    """Return the bytes of a snapshot where they lie, None if there is none."""
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))  # let go of when the last view of it is
    except (OSError, ValueError):
        return None


def read_snapshot(
    data: bytes | memoryview | None, name: str, folder: Path | None = None, limit: int | None = None
) -> Memory | None:
    """Return what a snapshot says, None if there is none or it is not a whole one of this book.

    `folder` is where lies what was put away; it must be there as it was. At most `limit` transfers and ids stay in memory; without a limit
    nothing is ever put away.
    """
    try:
        return None if data is None else _read(memoryview(data), name, folder, limit)
    except (OSError, ValueError, KeyError, InputError, msgspec.MsgspecError):
        return None


def belongs(memory: Memory, entry: Entry | None) -> bool:
    """Tell whether a snapshot was taken after this entry of the journal."""
    return entry is not None and (entry.sequence, entry.head) == (memory.sequence, memory.head)


def _read(view: memoryview, name: str, folder: Path | None, limit: int | None) -> Memory:
    first = bytes(view[:65_536]).index(b"\n") + 1
    header = msgspec.json.decode(view[: first - 1], type=_Header)
    stop = first + header.keys + header.stops + header.openings
    if header.snapshot != FORMAT or header.book != name or sha256(view[:stop]).digest() != view[stop : stop + _DIGEST]:
        raise InputError(f"the snapshot is of book {header.book!r}, or not whole")
    keys = view[first : first + header.keys]
    stops = array("q", view[first + header.keys : first + header.keys + header.stops].tobytes())
    openings = msgspec.msgpack.decode(view[stop - header.openings : stop], type=list[Opening])
    runs = None if folder is None else Runs(folder, header.runs, write=limit is not None)
    limit = sys.maxsize if limit is None else limit
    cold = None if runs is None else Cold(runs.ledger, limit)
    memory = Memory(
        ledger=Ledger.restore(view[stop + _DIGEST :], cold=cold),
        index=IdIndex() if runs is None else IdIndex(runs.keys, limit),
        stops=stops,
        assets=header.assets,
        recorded_at=header.recorded_at,
        sequence=header.sequence,
        head=bytes.fromhex(header.head),
        runs=runs,
    )
    if memory.index.count + len(keys) // 16 != memory.instructions:
        raise InputError(f"the snapshot has {memory.instructions} instructions and the ids of others")
    memory.index.add(keys)
    memory.chart.learn(openings)
    return memory
