"""The log of looks: who looked at personal data, at whose, and why. Written before the data are shown; chained, never shortened.

A last line without its end is what was being written when the machine died. Nobody was shown anything for it, so it is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import msgspec

from skarb.core.errors import InputError, NotAllowed, Unavailable
from skarb.core.time import Clock
from skarb.store import Location


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look at personal data."""

    at: datetime
    purpose: str
    subject: str  # what was looked at: book/batch/row
    previous: str  # SHA-256 of the line before, hex


@contextmanager
def _alone(file: BinaryIO) -> Iterator[None]:
    """Keep other processes from writing until the file is closed, where the system knows how."""
    if os.name == "posix":
        from fcntl import LOCK_EX, flock

        flock(file.fileno(), LOCK_EX)
    yield


def beside(book: Location) -> Path:
    """Return where looks at the people in a book outside a market are recorded: beside it, and for one in a database where one works."""
    return book.with_name(f"{book.name}.looks.jsonl") if isinstance(book, Path) else Path(f"{book.name}.looks.jsonl")


def stated(purpose: str | None, subject: str, log: Path) -> str:
    """Return why somebody looks; there is no usual reason, everybody gives his own.

    Raises: NotAllowed without a purpose
    """
    if purpose is None or not purpose.strip():
        raise NotAllowed(f"{subject}: this shows somebody's data; say why you look: --purpose TEXT, it is written into {log}")
    return purpose.strip()


class Looks:
    """The log in one file of JSON lines."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock = Lock()
        self._head, self._size = "0" * 64, 0
        for line, _ in self._lines():
            self._head = sha256(line).hexdigest()
            self._size += len(line) + 1

    def record(self, purpose: str | None, subject: str) -> None:
        """Write one look; it is on disk when this returns.

        Raises: NotAllowed without a purpose; Unavailable if it cannot be written, and then nothing may be shown
        """
        said = stated(purpose, subject, self.path)
        try:
            self._write(said, subject)
        except OSError as error:
            raise Unavailable(
                f"{self.path} cannot be written ({error.strerror or error}); whoever looks must be on record, so nothing is shown"
            ) from None

    def _write(self, purpose: str, subject: str) -> None:
        with self._lock:
            with self.path.open("ab") as file, _alone(file):
                self._catch_up()
                look = Look(at=self._clock(), purpose=purpose, subject=subject, previous=self._head)
                line = msgspec.json.encode(look)
                file.truncate(self._size)
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._head = sha256(line).hexdigest()
            self._size += len(line) + 1

    def _catch_up(self) -> None:
        """Go on after what another process has written; a line without its end is nobody's."""
        with self.path.open("rb") as file:
            file.seek(self._size)
            for line in file.read().split(b"\n")[:-1]:
                self._head = sha256(line).hexdigest()
                self._size += len(line) + 1

    def all(self) -> list[Look]:
        """Return every look, oldest first, after checking the chain.

        Raises: InputError naming the line that does not fit.
        """
        found, head = [], "0" * 64
        for number, (line, look) in enumerate(self._lines(), 1):
            if look.previous != head:
                raise InputError(
                    f"{self.path} line {number}: it follows {look.previous}, the line before is {head}; a line was changed"
                )
            head = sha256(line).hexdigest()
            found.append(look)
        return found

    def _lines(self) -> Iterator[tuple[bytes, Look]]:
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().split(b"\n")[:-1], 1):
            try:
                yield line, msgspec.json.decode(line, type=Look)
            except msgspec.DecodeError as error:
                raise InputError(f"{self.path} line {number}: not a look ({error})") from None
