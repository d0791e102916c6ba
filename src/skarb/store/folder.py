"""The folder that segment files lie in: what makes it a book, and who may write in it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skarb.core.errors import ConfigurationError, InputError, Unavailable, shorten
from skarb.store.walk import LOCK, MARKER

DRAFT = ".new"  # the ending of a small file that is not yet whole
KIND = b"skarb segments 1\n"  # what the marker says; the number is that of the format
OWN = {MARKER, MARKER + DRAFT, LOCK, "texts", "meta"}  # names in the folder, beside those of segments
_PATIENCE = 0.2  # seconds a writer waits for readers that look whether there is one


def is_blank(path: Path) -> bool:
    """Whether there is nothing yet, or a folder whose making was cut short before it became a book."""
    if not path.exists():
        return True
    if not path.is_dir() or (path / MARKER).is_file():
        return False
    return all(file.name in OWN and not (file.is_dir() and any(file.iterdir())) for file in path.iterdir())


def check_kind(path: Path) -> None:
    """Make sure that a folder is a book in the format that is read here.

    Raises: InputError; ConfigurationError for another format.
    """
    if not path.is_dir():
        raise InputError(f"{path} is not a book: it is no folder of segments")
    if not (path / MARKER).is_file():
        raise InputError(f"{path} is not a book: a folder of segments has a file named {MARKER!r}")
    kind = (path / MARKER).read_bytes()
    if kind == KIND:
        return
    if kind.startswith(KIND[:-2]):
        raise ConfigurationError(
            f"{path} is of another format: given {kind!r}, this Skarb reads {KIND!r}; use the one that wrote it"
        )
    raise InputError(f"{path} is not a book: its file {MARKER!r} says {shorten(kind)}, expected {KIND!r}")


def take_lock(path: Path) -> int:
    """Become the writer; the system lets go of the lock when the process ends, however it ends.

    Raises: Unavailable if somebody else is.
    """
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(lock)
                raise Unavailable(
                    f"{path} is being written by another process; a book has one writer, wait until it ends or read only"
                ) from None
            time.sleep(_PATIENCE / 100)


def release(lock: int | None) -> None:
    """Let somebody else become the writer."""
    if lock is not None:
        os.close(lock)


@contextmanager
def nobody_writes(path: Path) -> Iterator[bool]:
    """Say whether there is no writer, and keep it so for a moment."""
    try:
        lock = os.open(path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)
