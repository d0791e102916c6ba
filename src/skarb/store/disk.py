"""What a store of plain files asks of the disk: a few operations, in one place, so that tests can let each of them fail.

Nothing here decides anything. Every operation raises OSError as the system gives it.

Source: Linux man-pages, `lseek(2)`; POSIX, `pwrite`, `fdatasync`, `posix_fallocate`, `rename`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """Files and folders; a file is known by the number that `open` gives."""

    def open(self, path: Path, *, write: bool = False) -> int:
        """Open a file; for writing it is made if it is not there."""

    def read(self, file: int, size: int, at: int) -> bytes:
        """Return the bytes at a place; fewer where the file ends."""

    def written(self, file: int, at: int) -> list[tuple[int, int]]:
        """Return the spans from a place on, first byte and the one after the last, outside of which there are only zeros."""

    def size(self, file: int) -> int:
        """Return how long a file is."""

    def write(self, file: int, parts: Sequence[bytes | memoryview], at: int) -> int:
        """Write the parts one after the other, and return how many bytes were taken; it may be fewer than given."""

    def allocate(self, file: int, size: int) -> None:
        """Make a file at least so long, with zeros, and keep the room on the disk for it."""

    def cut(self, file: int, size: int) -> None:
        """Make a file exactly so long."""

    def sync(self, file: int) -> None:
        """Return when content and length of a file are on the disk."""

    def close(self, file: int) -> None:
        """Let go of a file."""

    def make_folder(self, path: Path) -> None:
        """Make a folder unless it is there."""

    def sync_folder(self, path: Path) -> None:
        """Return when the names in a folder are on the disk."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name in the same folder, in one step."""

    def remove(self, path: Path) -> None:
        """Remove a file."""


class SystemDisk:
    """The disk as the operating system offers it."""

    def open(self, path: Path, *, write: bool = False) -> int:
        """Open a file, made with the usual rights when it is new."""
        return os.open(path, (os.O_RDWR | os.O_CREAT if write else os.O_RDONLY) | os.O_CLOEXEC, 0o666)

    def read(self, file: int, size: int, at: int) -> bytes:
        """Read until there is enough or the file ends."""
        data = os.pread(file, size, at)
        while len(data) < size and (more := os.pread(file, size - len(data), at + len(data))):
            data += more
        return data

    def written(self, file: int, at: int) -> list[tuple[int, int]]:
        """Pass over room that was kept and never written, where the system knows of it."""
        size = os.fstat(file).st_size
        if not hasattr(os, "SEEK_DATA"):
            return [(at, size)]
        spans = []
        while at < size:
            try:
                first = os.lseek(file, at, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:  # which means that zeros follow up to the end
                    raise
                break
            at = os.lseek(file, first, os.SEEK_HOLE)
            spans.append((first, at))
        return spans

    def size(self, file: int) -> int:
        """Ask the open file, not its name."""
        return os.fstat(file).st_size

    def write(self, file: int, parts: Sequence[bytes | memoryview], at: int) -> int:
        """Write everything with one call, without putting the parts together first."""
        return os.pwritev(file, parts, at)

    def allocate(self, file: int, size: int) -> None:
        """Keep the room where the system can; elsewhere only the length is set."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
        elif os.fstat(file).st_size < size:
            os.ftruncate(file, size)

    def cut(self, file: int, size: int) -> None:
        """Cut a file off, or lengthen it with zeros."""
        os.ftruncate(file, size)

    def sync(self, file: int) -> None:
        """Flush without the times of access, where the system makes the difference."""
        (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(file)

    def close(self, file: int) -> None:
        """Close the number."""
        os.close(file)

    def make_folder(self, path: Path) -> None:
        """Make a folder whose parent is there."""
        path.mkdir(exist_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Open the folder for as long as the flush takes."""
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        """Replace what had the new name."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Remove the name."""
        path.unlink()


def write_all(disk: Disk, file: int, parts: Sequence[bytes], at: int) -> None:
    """Write the parts one after the other, going on where the system stopped short.

    Raises: OSError if nothing more is taken.
    """
    waiting = [memoryview(part) for part in parts if part]
    while waiting:
        done = disk.write(file, waiting, at)
        if done <= 0:
            raise OSError("the system takes no more bytes and does not say why")
        at += done
        while waiting and done >= len(waiting[0]):
            done -= len(waiting.pop(0))
        if waiting:
            waiting[0] = waiting[0][done:]
