"""Compare a book's file, byte for byte, with its seal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np

from skarb.core.errors import SkarbError
from skarb.journal.findings import Finding, SealState
from skarb.journal.locate import place_of
from skarb.journal.model import GENESIS
from skarb.journal.seal import BLOCK, Progress, Seal, blocks_of, read_seal, seal_bytes, seal_path, sizes_of, take_seal
from skarb.store import Damaged, Location, Store, book_files, open_store

_MOST_PLACES = 100  # damaged blocks that are described one by one


@dataclass(kw_only=True)
class SealCheck:
    """What the seal says and what is wrong with it or with the file."""

    state: SealState
    seal: Seal | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_seal(path: Location, progress: Progress | None = None) -> SealCheck:
    """Compare every byte of a closed book with its seal, and say what lies where they differ."""
    if not isinstance(path, Path):
        note = "the book lies in a database, which has no file of its own to be sealed: the bytes around the journal were not checked"
        return SealCheck(state="missing", notes=[note])
    try:
        seal = read_seal(path)
    except Damaged as error:
        return SealCheck(state="damaged", findings=[_damaged_seal(path, error)])
    if seal is None:
        return SealCheck(state="missing", notes=["the book has no seal: the bytes around the journal were not checked"])
    if seal.state == "open":
        note = "the book is open, or its writer ended without closing it: the bytes around the journal were not checked"
        return SealCheck(state="open", seal=seal, notes=[note])
    beside = [
        Finding(check="seal", where=file.name, given=f"{file.stat().st_size} bytes", expected="no such file beside a closed book")
        for file in book_files(path)
    ]
    return SealCheck(state="closed", seal=seal, findings=beside + _compare(path, seal, progress))


def different_blocks(path: Path, seal: Seal, progress: Progress | None = None) -> Iterator[tuple[str, int, int, str, str]]:
    """Yield file, start, stop, hash and sealed hash of each block that is not what the seal says."""
    sealed = _sealed_blocks(seal)
    for block in blocks_of(path, progress):
        given, expected = sha256(block.data).hexdigest(), sealed.get((block.file, block.start))
        if expected is not None and given != expected:
            yield block.file, block.start, block.start + len(block.data), given, expected


def _sealed_blocks(seal: Seal) -> dict[tuple[str, int], str]:
    places = [(name, start) for name, size in _sealed_sizes(seal).items() for start in range(0, size, BLOCK)]
    return dict(zip(places, seal.blocks, strict=False))


def _sealed_sizes(seal: Seal) -> dict[str, int]:
    return dict(seal.files or (("", seal.size),))


def _compare(path: Path, seal: Seal, progress: Progress | None) -> list[Finding]:
    store = _still(path)
    different = islice(different_blocks(path, seal, progress), _MOST_PLACES)
    findings = [_block(path, store, *one) for one in different]
    if store is not None:
        store.close()
    return findings + list(_sizes(path, seal))


def _sizes(path: Path, seal: Seal) -> Iterator[Finding]:
    """Yield the files that are longer or shorter than sealed, that are missing, and that were not there."""
    there, sealed = sizes_of(path), _sealed_sizes(seal)
    for name in sorted(there.keys() | sealed.keys()):
        size, before = there.get(name), sealed.get(name)
        if size == before:
            continue
        start, stop = sorted((size or 0, before or 0))
        given = "no such file" if size is None else f"{size} bytes"
        expected = "no such file" if before is None else f"{before} bytes"
        where = f"{path.name}{'/' if name else ''}{name}, size"
        yield Finding(check="seal", where=where, given=given, expected=expected, start=start, stop=stop)


def _block(path: Path, store: Store | None, file: str, start: int, stop: int, given: str, expected: str) -> Finding:
    place = place_of(path, start, stop, store, file)
    return Finding(
        check="seal",
        where=place.words,
        given=f"SHA-256 {given}",
        expected=expected,
        sequence=place.sequence,
        row=place.row,
        start=start,
        stop=stop,
    )


def _still(path: Path) -> Store | None:
    """Open the file as it is, without touching anything beside it, if it can be opened at all."""
    try:
        return open_store(path, still=True)
    except SkarbError:
        return None


def _damaged_seal(path: Path, error: Damaged) -> Finding:
    """Say where a seal differs from the one that the book would get now."""
    data, name = seal_path(path).read_bytes(), seal_path(path).name
    near = min((_differences(data, made) for made in _made_again(path)), key=len, default=[])
    if not 0 < len(near) <= _MOST_PLACES:
        return Finding(
            check="seal",
            where=name,
            given=f"{len(data)} bytes that are no seal",
            expected=f"a seal; {error}",
            start=0,
            stop=len(data),
        )
    start, stop = near[0][0], near[-1][0] + 1
    return Finding(
        check="seal",
        where=f"bytes {start} to {stop - 1} of {name}",
        given=repr(data[start:stop]),
        expected=f"{bytes(byte for _, byte in near)!r}, as the book itself gives it; {error}",
        start=start,
        stop=stop,
    )


def _made_again(path: Path) -> list[bytes]:
    """Return the seals that would fit the book as it is now: closed, or open since the last batch."""
    store = _still(path)
    if store is None:
        return []
    try:
        book, (sequence, head) = store.meta("book") or "", store.last() or (0, GENESIS)
        opened = Seal(state="open", book=book, sequence=sequence, head=head.hex())
        return [seal_bytes(take_seal(path, book, sequence, head)), seal_bytes(opened)]
    except SkarbError:
        return []
    finally:
        store.close()


def _differences(given: bytes, made: bytes) -> list[tuple[int, int]]:
    """Return where two texts of one length differ, and what stands there in the second; nothing for other lengths."""
    if len(given) != len(made):
        return [(at, 0) for at in range(_MOST_PLACES + 1)]
    left, right = np.frombuffer(given, np.uint8), np.frombuffer(made, np.uint8)
    return [(at, made[at]) for at in np.flatnonzero(left != right)[: _MOST_PLACES + 1].tolist()]
