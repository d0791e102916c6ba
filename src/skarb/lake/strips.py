"""Strips: columns of `rows` as plain numbers, a file each, beside the tables.

A database hands a column over through two copies and a format between them. A file of numbers is read as it is, any part of it by any thread, at a
third of the price. Whoever reads all rows anyway lays strips out on the way; they repeat what the tables say, and may be deleted at any time.

A strip says how many rows it holds, and the digest of the additions that brought them: a lake that was made anew finds none. One that has grown
has strips of its first rows, which are lengthened the same way. Who else reads meanwhile sees the length that was noted last; nobody waits.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from weakref import finalize

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from skarb.core.errors import ensure
from skarb.journal.feed.write import write_whole
from skarb.lake.schema import ROWS

FOLDER = "strips"
NOTE = "strips.json"
WORTH: Final = 1 << 20  # rows of a lake that is worth it
FORMAT = 1

_WIDTHS = {"USMALLINT": "<i4", "INTEGER": "<i4", "BIGINT": "<i8"}  # a missing number needs room, too
KINDS = {name: np.dtype(_WIDTHS[kind]) for name, kind in ROWS.items() if kind in _WIDTHS} | {"answer": np.dtype("i1")}
"""The columns that can be strips: codes by their place, a missing number as whoever reads the tables says it."""

Column = npt.NDArray[Any]


class Strip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is noted of one: its rows, and the digest of the additions that brought them."""

    rows: int
    additions: str


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    strips: dict[str, Strip]


class Strips:
    """The strips of a lake that is open."""

    def __init__(self, folder: Path, additions: Mapping[int, str]) -> None:
        """Look at what there is; `additions` are the digests of all that a lake held at some time, by how many rows it had then."""
        self._folder, self._additions = folder, additions
        self.stop = max(additions)
        self._files: dict[str, int] = {}
        self._known = self._look()

    def _look(self) -> dict[str, int]:
        """Return how many rows there are strips of, by column."""
        return {
            name: strip.rows
            for name, strip in _noted(self._folder).items()
            if name in KINDS and self._additions.get(strip.rows) == strip.additions and self._holds(name, strip.rows)
        }

    def rows(self, columns: Sequence[str]) -> int:
        """Return how many rows there are strips of, for some columns together."""
        return min((self._known.get(name, 0) for name in columns), default=0)

    def kind(self, name: str) -> np.dtype[Any]:
        """Return the kind of numbers in a strip."""
        return KINDS[name]

    def read(self, name: str, first: int, into: Column) -> None:
        """Read a part of a strip into an array of its kind."""
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
            finalize(self, os.close, file)  # whoever holds a part that is still to be read holds this, too
        read = os.preadv(file, [into.data.cast("B")], first * into.itemsize)
        ensure(read == into.nbytes, f"{self._path(name)} holds the rows that are noted")

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.{KINDS[name].str[1:]}"

    def _holds(self, name: str, rows: int) -> bool:
        try:
            return self._path(name).stat().st_size >= rows * KINDS[name].itemsize
        except OSError:
            return False

    def lengthen(self, columns: Sequence[str]) -> Lengthening | None:
        """Begin to lay out what is missing of some columns; None if somebody else does, or nobody may."""
        try:
            self._folder.mkdir(exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._known = self._look()  # somebody may have laid out more by now
            wanted = {name: known for name in columns if name in KINDS and (known := self._known.get(name, 0)) < self.stop}
            return Lengthening(lock, {name: (self._path(name), rows) for name, rows in wanted.items()}, self._done)
        except OSError:
            os.close(lock)
            return None

    def _done(self, names: Sequence[str]) -> None:
        """Note that some strips hold all rows now."""
        self._known |= dict.fromkeys(names, self.stop)
        strips = {name: Strip(rows, self._additions[rows]) for name, rows in self._known.items()}
        write_whole(self._folder / NOTE, msgspec.json.encode(_Note(FORMAT, strips)))


class Lengthening:
    """Strips that are being laid out; what is not done in the end was not begun."""

    def __init__(self, lock: int, wanted: Mapping[str, tuple[Path, int]], done: Callable[[Sequence[str]], None]) -> None:
        """Take the lock, where each strip lies, how many rows of it are noted already, and whom to tell in the end."""
        self._lock, self._done = lock, done
        self._begin = {name: rows for name, (_, rows) in wanted.items()}
        self._files: dict[str, int] = {}
        try:
            for name, (path, rows) in wanted.items():
                if rows == 0:  # whoever still reads what an earlier lake held goes on doing so
                    path.unlink(missing_ok=True)
                self._files[name] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            self._give_up()

    def add(self, position: int, columns: Mapping[str, Column]) -> None:
        """Take all rows from a position on that were just read; what strips hold already is passed over."""
        try:
            for name, file in self._files.items():
                known = max(0, self._begin[name] - position)
                part = np.ascontiguousarray(columns[name][known:], KINDS[name])
                if len(part):
                    _write(file, part.data.cast("B"), (position + known) * part.itemsize)
        except OSError:
            self._give_up()  # a full disk, say: strips are a comfort

    def finish(self) -> None:
        """Note what was laid out, now that it holds every row."""
        try:
            for file in self._files.values():
                os.fsync(file)
            if self._files:
                self._done(list(self._files))
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        for name, file in self._files.items():
            with suppress(OSError):
                os.ftruncate(file, self._begin[name] * KINDS[name].itemsize)
            os.close(file)
        self._files = {}

    def __enter__(self) -> Lengthening:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files.values():
            os.close(file)
        os.close(self._lock)


def strips_of(connection: duckdb.DuckDBPyConnection, rows: int) -> Strips | None:
    """Return the strips of a lake of so many rows; None if it is not worth having any, or rows are there that no addition brought."""
    if rows < WORTH:
        return None
    path = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()").fetchall()[0][0]
    additions, digest, count = {0: ""}, sha256(), 0
    for *said, brought in connection.execute("SELECT number, book, manifest, rows FROM feeds ORDER BY number").fetchall():
        digest.update(repr((*said, brought)).encode())
        count += brought
        additions[count] = digest.hexdigest()
    return Strips(Path(path).parent / FOLDER, additions) if path and count == rows else None


def _noted(folder: Path) -> Mapping[str, Strip]:
    try:
        note = msgspec.json.decode((folder / NOTE).read_bytes(), type=_Note)
    except (OSError, msgspec.MsgspecError):
        return {}
    return note.strips if note.format == FORMAT else {}


def _write(file: int, data: memoryview, place: int) -> None:
    while data:
        written = os.pwrite(file, data, place)
        data, place = data[written:], place + written
