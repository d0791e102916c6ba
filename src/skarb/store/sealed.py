"""Sealed blobs, the small records that belong to them, and what waits to be sent: one SQLite file, one transaction a step.

SQLite and not a folder of files, because a step writes several things that stand or fall together: the message that came, what
became of the exchange, the answer that must still be sent. A write returns when it is on disk. What is sealed is never changed;
a record says how things are now. The key to the seals is not here.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Self

from skarb.core.errors import Conflict, NotFound, Unavailable

_TABLES = """
CREATE TABLE IF NOT EXISTS sealed (name TEXT PRIMARY KEY, blob BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, value BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS sealed_stays BEFORE UPDATE ON sealed BEGIN SELECT RAISE(ABORT, 'what is sealed is never changed'); END;
"""
_LAST = chr(0x10FFFF)  # no letter comes after it
_PATIENCE = 10.0  # seconds to wait for another writer


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that must still be sent."""

    number: int
    name: str
    value: bytes


class SealedStore:
    """One file of sealed blobs, open for reading and writing by several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if there is none; only its owner can read it.

        Raises: NotFound, Unavailable
        """
        if not path.parent.is_dir():
            raise NotFound(f"{path}: there is no folder {path.parent}; create it first")
        self.path = path
        self._lock = RLock()
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"{path} cannot be opened ({error})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def write(
        self,
        *,
        sealed: Iterable[tuple[str, bytes]] = (),
        records: Iterable[tuple[str, str, bytes, bytes | None]] = (),
        waiting: Iterable[tuple[str, bytes]] = (),
        sent: Iterable[int] = (),
    ) -> None:
        """Write everything of one step; it is on disk when this returns, or nothing of it happened.

        A record is (kind, name, what it is to be, what it was when it was read); None where there was none.
        Raises: Conflict if a record is not what it was any more; Unavailable if the disk cannot be written.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    self._db.executemany("INSERT OR IGNORE INTO sealed VALUES (?, ?)", list(sealed))
                    for kind, name, value, before in records:
                        self._replace(kind, name, value, before)
                    self._db.executemany("INSERT INTO waiting (name, value) VALUES (?, ?)", list(waiting))
                    self._db.executemany("DELETE FROM waiting WHERE number = ?", [(number,) for number in sent])
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise Unavailable(f"{self.path} cannot be written ({error}); nothing was done") from None

    def _replace(self, kind: str, name: str, value: bytes, before: bytes | None) -> None:
        if self.record(kind, name) != before:
            raise Conflict(f"{kind} {name}: somebody else has changed it meanwhile; look at it again")
        self._db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, name, value))

    def record(self, kind: str, name: str) -> bytes | None:
        """Return a record, None if there is none."""
        found = self._rows("SELECT value FROM record WHERE kind = ? AND name = ?", kind, name)
        return next((bytes(value) for (value,) in found), None)

    def records(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield all records of a kind whose names begin in some way, by name."""
        query = "SELECT name, value FROM record WHERE kind = ? AND name BETWEEN ? AND ? ORDER BY name"
        for name, value in self._rows(query, kind, prefix, prefix + _LAST):
            yield str(name), bytes(value)

    def sealed(self, name: str) -> bytes | None:
        """Return a sealed blob, None if there is none."""
        return next((bytes(blob) for (blob,) in self._rows("SELECT blob FROM sealed WHERE name = ?", name)), None)

    def waiting(self) -> list[Waiting]:
        """Return what must still be sent, the oldest first."""
        return [
            Waiting(int(n), str(name), bytes(value))
            for n, name, value in self._rows("SELECT number, name, value FROM waiting ORDER BY 1")
        ]

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise Unavailable(f"{self.path} cannot be read ({error})") from None
