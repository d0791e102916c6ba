"""A book in one SQLite file.

The writer uses a write-ahead log with full synchronisation: an append is one transaction, and one flush to the disk
before it returns. A transaction that a crash interrupts is rolled back by SQLite at the next opening. Readers see whole
entries only and never wait. The writer holds a lock file for as long as it lives, so a second one is turned away at the
door; the tables refuse an entry that does not continue the last, and every change and removal, on their own.

Source: SQLite documentation, "Write-Ahead Logging", "PRAGMA synchronous", "Database File Format".
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from skarb.core.errors import ConfigurationError, Conflict, InputError, NotAllowed, SkarbError, Unavailable, shorten
from skarb.store.errors import Damaged
from skarb.store.model import Entry

APPLICATION_ID = 0x536B4273  # "SkBs", in the header of the file
VERSION = 1  # of the tables; kept in user_version
PAGE = 16_384  # bytes; bodies of megabytes fill overflow pages one after the other
CHECKPOINT = 1_000  # pages of the log that are copied into the main file at once
READ_AT_ONCE = 64  # entries per read transaction, so that a slow reader does not hold the log back

TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE batch (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
  previous BLOB NOT NULL CHECK (typeof(previous) = 'blob' AND length(previous) = 32),
  head     BLOB NOT NULL CHECK (typeof(head) = 'blob' AND length(head) = 32),
  body     BLOB NOT NULL CHECK (typeof(body) = 'blob')
);
CREATE TABLE text (name TEXT PRIMARY KEY, text BLOB NOT NULL CHECK (typeof(text) = 'blob'));
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TRIGGER batch_continues BEFORE INSERT ON batch BEGIN
  SELECT RAISE(ABORT, 'does not continue the last entry')
  WHERE NEW.sequence <> coalesce((SELECT max(sequence) FROM batch), 0) + 1
     OR NEW.previous <> coalesce((SELECT head FROM batch ORDER BY sequence DESC LIMIT 1), zeroblob(32));
END;
CREATE TRIGGER batch_stays   BEFORE UPDATE ON batch BEGIN SELECT RAISE(ABORT, 'a batch is never changed'); END;
CREATE TRIGGER batch_remains BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'a batch is never removed'); END;
CREATE TRIGGER text_stays    BEFORE UPDATE ON text  BEGIN SELECT RAISE(ABORT, 'a text is never changed'); END;
CREATE TRIGGER text_remains  BEFORE DELETE ON text  BEGIN SELECT RAISE(ABORT, 'a text is never removed'); END;
CREATE TRIGGER meta_stays    BEFORE UPDATE ON meta  BEGIN SELECT RAISE(ABORT, 'a note is never changed'); END;
CREATE TRIGGER meta_remains  BEFORE DELETE ON meta  BEGIN SELECT RAISE(ABORT, 'a note is never removed'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""


class SqliteStore:
    """One book in one file; see `Store` for what it promises."""

    def __init__(self, path: Path, *, write: bool, create: bool = False, still: bool = False) -> None:
        self.path = path
        self._use = threading.Lock()  # callers of two threads share one connection
        self._lock = _take_writer_lock(path) if write else None
        self._reading = "ro&immutable=1" if still else "ro"
        try:
            self._writing = write and create and _is_blank(path)
            self._db = _connect(path, "rwc" if self._writing else self._reading)
        except BaseException:
            _release(self._lock)
            raise

    def begin(self) -> None:
        """Open the file again for writing; the lock was taken before."""
        if self._lock is None:
            raise NotAllowed(f"{self.path} was opened for reading; open it for writing")
        with self._use:
            if not self._writing:
                self._db.close()
                self._db, self._writing = _connect(self.path, "rwc"), True

    def append(self, sequence: int, previous: bytes, head: bytes, body: bytes) -> None:
        """Add one entry; it is on disk when this returns."""
        with self._using() as db:
            db.execute("INSERT INTO batch (sequence, previous, head, body) VALUES (?, ?, ?, ?)", (sequence, previous, head, body))

    def read(self, from_sequence: int = 1) -> Iterator[Entry]:
        """Yield entries over a connection of its own, so that neither side waits."""
        query = "SELECT sequence, previous, head, body FROM batch WHERE sequence >= ? ORDER BY sequence LIMIT ?"
        with _saying(self.path), closing(_connect(self.path, self._reading)) as db:
            found = True
            while found:
                found = False
                for row in db.execute(query, (from_sequence, READ_AT_ONCE)):
                    found = True
                    yield _entry(row, self.path)
                    from_sequence = row[0] + 1

    def entry(self, sequence: int) -> Entry | None:
        """Return one entry, or None."""
        with self._using() as db:
            row = db.execute("SELECT sequence, previous, head, body FROM batch WHERE sequence = ?", (sequence,)).fetchone()
        return None if row is None else _entry(row, self.path)

    def last(self) -> tuple[int, bytes] | None:
        """Return sequence and head of the last entry; the head lies before the body, so the body is not read."""
        with self._using() as db:
            row = db.execute("SELECT sequence, head FROM batch ORDER BY sequence DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], row[1])

    def put_text(self, name: str, text: bytes) -> None:
        """Keep a text under its hash."""
        self._put_once("text", "text", name, text)

    def text(self, name: str) -> bytes | None:
        """Return the text kept under a hash, or None."""
        return self._get("SELECT text FROM text WHERE name = ?", name)

    def text_names(self) -> list[str]:
        """Return the hashes of all texts, in order."""
        with self._using() as db:
            return [_words(row[0]) for row in db.execute("SELECT name FROM text ORDER BY name")]

    def put_meta(self, name: str, value: str) -> None:
        """Note something about the book that is set once."""
        self._put_once("meta", "value", name, value)

    def meta(self, name: str) -> str | None:
        """Return what was noted under a name, or None."""
        value = self._get("SELECT value FROM meta WHERE name = ?", name)
        return None if value is None else _words(value)

    def check(self) -> list[str]:
        """Return what SQLite's own integrity check finds, in its words."""
        try:
            with self._using() as db:
                found = [_words(row[0]) for row in db.execute("PRAGMA integrity_check(100)")]
        except SkarbError as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def settle(self) -> bool:
        """Move the log into the main file and remove it, unless somebody is reading just now."""
        with self._use:
            try:
                return self._writing and _fold(self._db)
            finally:
                self._db.close()

    def close(self) -> None:
        """Let go of the file, then of the writer's lock."""
        with self._use:
            self._db.close()
            _release(self._lock)
            self._lock = None

    def _put_once(self, table: str, column: str, name: str, value: bytes | str) -> None:
        with self._using() as db:
            db.execute(f"INSERT INTO {table} (name, {column}) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, value))
        kept = self.text(name) if table == "text" else self.meta(name)
        if kept != value:
            raise Conflict(
                f"{self.path}: {table} {name!r} is already kept as {shorten(kept)}, given {shorten(value)}; it is set once"
            )

    def _get(self, query: str, name: str) -> bytes | None:
        with self._using() as db:
            row = db.execute(query, (name,)).fetchone()
        return None if row is None else row[0]

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._use, _saying(self.path):
            yield self._db


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with _saying(path):
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
        try:
            # Damaged text must not fail on its encoding before anybody can say where it lies.
            db.text_factory = bytes
            db.executescript("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;")
            if mode == "rwc":
                _prepare(db, path)
            _check_kind(db, path)
            if mode == "rwc":
                _flush_folder(path)
            return db
        except BaseException as error:
            db.close()
            if mode == "ro" and _has_no_log(error, path):
                return _connect(path, "ro&immutable=1")
            raise


def _has_no_log(error: BaseException, path: Path) -> bool:
    """Whether a book could not be opened only as its log is not there and cannot be made, on a full disk or one that is read only.

    All of it lies in the main file then, and no writer can begin.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_CANTOPEN and path.exists() and not _beside(path, "-wal").exists()


def _is_blank(path: Path) -> bool:
    """Whether there is no file yet, or one whose making was cut short before it became a book."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with _saying(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,) and _kind(db) == (0, 0)


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the connection a durable writer, and the file a book if it is new."""
    new = _kind(db) == (0, 0) and db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    if new:
        db.execute(f"PRAGMA page_size = {PAGE}")
    else:
        _check_kind(db, path)
    if db.execute("PRAGMA journal_mode").fetchone()[0] != b"wal":
        _without_journal(db)
    mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != b"wal":
        raise Unavailable(f"{path} lies on a file system without write-ahead logs for SQLite; keep books on a local disk")
    db.executescript(f"PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA wal_autocheckpoint = {CHECKPOINT};")
    if new:
        db.executescript(TABLES)
    _write_anew(db)


def _write_anew(db: sqlite3.Connection) -> None:
    """Put what the log holds, and the first page, into the main file and onto the disk.

    An earlier writer may have ended within a flush that failed. What it wrote can be read and yet never reach the disk, as the system forgets
    what it could not write and calls the next flush a success. Nothing may be built on that, or a loss of power takes both away: so it is
    written once more, and the log begins anew. Readers who are just using the log may keep it from doing so until they are done.
    """
    db.execute(f"PRAGMA user_version = {VERSION}")  # changes nothing but the first page, which says that there is a log
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _flush_folder(path: Path) -> None:
    """Make the names of the book and of its log durable, which stand by now.

    SQLite flushes the folder, too, but takes no notice when that fails; a loss of power could then take the log away with its name.
    """
    if os.name != "posix":
        return
    try:
        folder = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable(f"{path} cannot be used now: its folder could not be flushed to the disk: {error.strerror}") from error


def _check_kind(db: sqlite3.Connection, path: Path) -> None:
    kind, version = _kind(db)
    if kind != APPLICATION_ID:
        raise InputError(f"{path} is not a book: its application id is {kind:#010x}, expected {APPLICATION_ID:#010x}")
    if version != VERSION:
        raise ConfigurationError(
            f"{path} has tables of version {version}, this Skarb reads version {VERSION}; use the one that wrote it"
        )


def _kind(db: sqlite3.Connection) -> tuple[int, int]:
    return db.execute("PRAGMA application_id").fetchone()[0], db.execute("PRAGMA user_version").fetchone()[0]


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _take_writer_lock(path: Path) -> sqlite3.Connection:
    """Hold an empty file beside the book locked; the system lets go of it when the process ends, however it ends."""
    beside = _beside(path, ".lock")
    with _saying(beside):
        lock = sqlite3.connect(beside, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise Unavailable(
                f"{path} is being written by another process; a book has one writer, wait until it ends or read only"
            ) from None
    return lock


def _release(lock: sqlite3.Connection | None) -> None:
    if lock is not None:
        lock.close()


def _fold(db: sqlite3.Connection) -> bool:
    """Bring everything into the main file; True when nothing is left beside it."""
    try:
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            return False
        _without_journal(db)
    except sqlite3.OperationalError:
        return False  # somebody reads; the log is complete and stays beside the book
    return True


def _without_journal(db: sqlite3.Connection) -> None:
    """Let the next change be made in place, without a journal beside the file.

    Turning the log on or off changes a few bytes of the header, in one sector. A rollback journal for them would only make a crash
    at that moment keep readers out until the next writer comes.
    """
    db.execute("PRAGMA journal_mode = MEMORY").fetchone()


def _entry(row: tuple[object, ...], path: Path) -> Entry:
    sequence, previous, head, body = row
    if isinstance(sequence, int) and isinstance(previous, bytes) and isinstance(head, bytes) and isinstance(body, bytes):
        return Entry(sequence, previous, head, body)
    raise Damaged(f"{path}: entry {sequence!r} does not hold bytes where a batch was written; run skarb verify")


def _words(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


@contextmanager
def _saying(path: Path) -> Iterator[None]:
    """Say what the driver reports in the words of the house."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict(f"{path}: {error}; another writer was first, open the book again") from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise InputError(f"{path} is not a book: it is no SQLite file, or its first bytes were changed") from error
        if code in _DAMAGED:
            raise Damaged(f"{path}: {error}; run skarb verify to see where") from error
        raise Unavailable(f"{path} cannot be used now: {error}") from error
    except UnicodeDecodeError as error:  # what SQLite complains of, it quotes as it is
        raise Damaged(
            f"{path}: SQLite complains, quoting bytes that are no text: {error.object!r}; run skarb verify to see where"
        ) from error
    except (sqlite3.Error, OverflowError) as error:
        raise Unavailable(f"{path} cannot be used now: {error}") from error
