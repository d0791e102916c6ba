"""Containers: a file, plain or gzip, as a stream of blocks of bounded size.

Everything is read twice: once to see that it is whole, once to use it. So a truncated or damaged archive is refused before
a single row of it was decided. A source that cannot be read twice (a pipe) is copied to a temporary file first.
Source: RFC 1952 (gzip).
"""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from skarb.core.errors import InputError, NotFound

BLOCK = 1 << 20  # bytes handed on at a time
WHOLE_BYTES_MAX = 1 << 30  # of a source that must be held in memory as a whole
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Container:
    """A file that can be read from the beginning as often as needed."""

    name: str
    path: Path
    gzipped: bool
    copy: IO[bytes] | None = field(default=None, repr=False)  # of a source that can be read only once

    def blocks(self) -> Iterator[bytes]:
        """Yield the content, unpacked, in blocks of at most `BLOCK` bytes.

        Raises: InputError if the archive is truncated or damaged.
        """
        with self.path.open("rb") as file:
            if self.gzipped:
                yield from _inflate(file, self.name)
            else:
                while block := file.read(BLOCK):
                    yield block

    def head(self) -> bytes:
        """Return the first block of content."""
        return next(self.blocks(), b"")

    def whole(self, most: int = WHOLE_BYTES_MAX) -> bytes:
        """Return all of the content, refusing what would not fit into memory.

        Raises: InputError
        """
        parts, size = [], 0
        for block in self.blocks():
            size += len(block)
            if size > most:
                raise InputError(
                    f"{self.name}: the content is larger than {most} bytes and this format must be held in memory as a whole; "
                    "split the file, or hand in JSON lines, CSV or Parquet"
                )
            parts.append(block)
        return b"".join(parts)


def open_container(path: str | Path) -> Container:
    """Return a container for a path.

    Raises: NotFound if there is no such file; InputError if it is empty or a kind of archive that is not read.
    """
    path = Path(path)
    copy: IO[bytes] | None = None
    name = path.name or str(path)
    if path.is_dir():
        raise InputError(f"{path}: a folder was given, expected a file; name one file of it")
    try:
        if not path.is_file():
            with path.open("rb") as pipe:
                copy = tempfile.NamedTemporaryFile(prefix="skarb-intake-")  # noqa: SIM115 (lives as long as the container)
                shutil.copyfileobj(pipe, copy)
                copy.flush()
            path = Path(copy.name)
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not magic:
        raise InputError(f"{name}: the file is empty, expected instructions")
    for other, start in {"zip": b"PK\x03\x04", "zstandard": b"\x28\xb5\x2f\xfd", "xz": b"\xfd7zX", "bzip2": b"BZh"}.items():
        if magic.startswith(start):
            raise InputError(f"{name}: given a {other} archive, expected a plain or gzip file; unpack it first")
    return Container(name, path, magic.startswith(_GZIP), copy)


def _inflate(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield the content of a gzip file of one or more members, in bounded memory."""
    block, written = file.read(BLOCK), 0
    while block:
        machine = zlib.decompressobj(wbits=31)
        while not machine.eof:
            block = block or file.read(BLOCK)
            try:
                content = machine.decompress(block, BLOCK)
            except zlib.error as error:
                raise InputError(
                    f"{name}: the gzip archive is damaged near byte {file.tell()} of the file, after {written} bytes of content "
                    f"({error}); fetch the file again"
                ) from None
            if not content and not block and not machine.eof:
                raise InputError(
                    f"{name}: the gzip archive is truncated: it ends at byte {file.tell()} of the file, after {written} bytes of "
                    "content, before its end mark; nothing of it was used; fetch the file again"
                )
            block = machine.unconsumed_tail
            written += len(content)
            if content:
                yield content
        block = (machine.unused_data or file.read(BLOCK)).lstrip(b"\0")  # archives may be padded with zeros
        if block and not block.startswith(_GZIP[: len(block)]):
            raise InputError(f"{name}: something that is not gzip follows the archive at its end; fetch the file again")
