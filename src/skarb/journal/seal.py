"""The seal of a closed book: what every byte of its file must be.

The chain protects what was journalled; it cannot notice a change in the rest of the file, in its header or in unused pages.
So a clean close writes a seal beside the book: the SHA-256 of each block of 64 KiB, of the whole file, and the last head. A book that is
a folder is sealed like its files laid one after the other, in the order of their names; the seal lists them, and blocks begin anew with each.
The seal is a function of the book alone, so anybody can make it again and compare; `sha256sum` gives the same hash of the file.
While a book is open, and after a crash, the seal says so and names the head it had when it was opened.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from skarb.core.errors import shorten
from skarb.store import Damaged, parts_of

BLOCK = 65_536
SEAL_FORMAT = 1

Progress = Callable[[str, int, int], None]  # what is being done, how much of it, of how much


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a seal file says."""

    format: int = SEAL_FORMAT
    state: Literal["open", "closed"]
    book: str
    sequence: int  # of the last batch when it was written
    head: str  # after that batch, hex
    size: int = 0  # bytes of the book's file
    file: str = ""  # SHA-256 of the whole file, hex
    block_size: int = BLOCK
    blocks: tuple[str, ...] = ()  # SHA-256 of each block, hex
    files: tuple[tuple[str, int], ...] = ()  # of a folder: name and bytes of each file


class Block(NamedTuple):
    """A piece of one file of a book."""

    file: str  # its name within the folder, "" where the book is one file
    start: int
    data: bytes


def seal_path(book: Path) -> Path:
    """Return where the seal of a book lies."""
    return book.with_name(book.name + ".seal")


def write_seal(book: Path, seal: Seal) -> None:
    """Put the seal beside the book in one step: after a crash there is the old one or the new one."""
    path = seal_path(book)
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(seal_bytes(seal))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_directory(path.parent)


def read_seal(book: Path) -> Seal | None:
    """Return the seal beside a book, or None if there is none.

    Raises: Damaged if the file is not byte for byte a seal.
    """
    try:
        data = seal_path(book).read_bytes()
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(data)
        stated = fields.pop("seal")
        seal = msgspec.convert(fields, Seal)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.ValidationError) as error:
        raise Damaged(f"{seal_path(book)} is not a seal: {shorten(str(error))}") from None
    if seal_bytes(seal) != data or stated != _own_hash(seal):
        raise Damaged(f"{seal_path(book)} is not what it says of itself: a byte of it was changed")
    return seal


def seal_bytes(seal: Seal) -> bytes:
    """Return the one way in which a seal is written."""
    return (json.dumps(_fields(seal) | {"seal": _own_hash(seal)}, indent=0) + "\n").encode()


def take_seal(book: Path, name: str, sequence: int, head: bytes, progress: Progress | None = None) -> Seal:
    """Read every file of a closed book and say what it is."""
    whole, blocks, sizes = sha256(), [], sizes_of(book)
    for block in blocks_of(book, progress):
        whole.update(block.data)
        blocks.append(sha256(block.data).hexdigest())
    return Seal(
        state="closed",
        book=name,
        sequence=sequence,
        head=head.hex(),
        size=sum(sizes.values()),
        file=whole.hexdigest(),
        blocks=tuple(blocks),
        files=tuple(sizes.items()) if book.is_dir() else (),
    )


def sizes_of(book: Path) -> dict[str, int]:
    """Return the bytes of each file of a book by its name within the folder, in order; a book of one file has one named ""."""
    return {name: path.stat().st_size for name, path in parts_of(book).items()}


def blocks_of(book: Path, progress: Progress | None = None) -> Iterator[Block]:
    """Yield each file in blocks of 64 KiB; the last one of a file may be shorter."""
    size, done = sum(sizes_of(book).values()), 0
    for name, path in parts_of(book).items():
        start = 0
        with path.open("rb", buffering=0) as file:
            while data := file.read(BLOCK):
                yield Block(name, start, data)
                start += len(data)
                done += len(data)
                if progress is not None:
                    progress("hash the file", done, size)


def _fields(seal: Seal) -> dict[str, Any]:
    """Return what a seal says; one of a single file lists no files."""
    fields = asdict(seal)
    return fields if seal.files else {name: value for name, value in fields.items() if name != "files"}


def _own_hash(seal: Seal) -> str:
    return sha256(json.dumps(_fields(seal), separators=(",", ":")).encode()).hexdigest()


def _sync_directory(path: Path) -> None:
    """Make a renamed file's name durable, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
