"""A book in a schema of a PostgreSQL database.

Opening a book for writing takes a new epoch, and every insert of a batch is checked against the current one by the database, within the
same statement, holding the epoch until it is committed. So whoever opens the book last is its writer: a batch of the writer before that is
under way is waited for, and one that comes later is refused, however late. Who was first is decided by the database, never by a clock.

The tables refuse an entry that does not continue the last, and every change and removal, on their own. A commit waits for the disk, and for
the standbys where the server names some. When the connection is lost the outcome of an append is not known; whoever opens the book next sees it.
A writer needs a connection of its own to the server, not one that a pool hands round between transactions. A URL may name several servers;
a writer then looks for the primary among them.

Source: PostgreSQL documentation, "Explicit Locking", "Overview of Trigger Behavior", "synchronous_commit", "TOAST".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from skarb.core.errors import ConfigurationError, Conflict, InputError, NotAllowed, NotFound, SkarbError, Unavailable, shorten
from skarb.store.errors import Damaged
from skarb.store.location import BookUrl
from skarb.store.model import Entry

VERSION = 1  # of the tables; kept in `writer`
OLDEST_SERVER = 150_000  # as the server numbers its versions
READ_AT_ONCE = 64  # entries per statement, so that a slow reader holds no old snapshot
PATIENCE = "30s"  # how long a new writer waits for a batch of the one before

_CONNECTION = {  # unless the URL says otherwise; a server that vanished is noticed within half a minute
    "application_name": "skarb",
    "connect_timeout": "10",
    "tcp_user_timeout": "30000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
}
_TRIGGERS = {
    "batch": {"batch_continues", "batch_stays", "batch_remains"},
    "text": {"text_stays", "text_remains"},
    "meta": {"meta_stays", "meta_remains"},
    "writer": {"writer_advances", "writer_stays", "writer_remains"},
}
# Trigger functions see what is committed when each of their statements starts. That, and the lock, keeps a late batch out.
# Bodies are not compressed: the processor would need longer for it than the disk for the bytes.
_TABLES = f"""
CREATE TABLE writer (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  format integer NOT NULL,
  epoch  bigint  NOT NULL CHECK (epoch >= 0)
);
CREATE TABLE batch (
  sequence bigint PRIMARY KEY CHECK (sequence > 0),
  previous bytea  NOT NULL CHECK (length(previous) = 32),
  head     bytea  NOT NULL CHECK (length(head) = 32),
  epoch    bigint NOT NULL,
  body     bytea  NOT NULL
);
ALTER TABLE batch ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE text (name text COLLATE "C" PRIMARY KEY, text bytea NOT NULL);
CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);
INSERT INTO writer (format, epoch) VALUES ({VERSION}, 0);

CREATE FUNCTION continues() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE last record;
BEGIN
  PERFORM FROM writer WHERE epoch = NEW.epoch FOR SHARE;
  IF NOT FOUND THEN
    RAISE integrity_constraint_violation
      USING MESSAGE = format('epoch %s is over, the writer has epoch %s', NEW.epoch, (SELECT epoch FROM writer));
  END IF;
  SELECT sequence, head INTO last FROM batch ORDER BY sequence DESC LIMIT 1;
  IF NEW.sequence <> coalesce(last.sequence, 0) + 1 OR NEW.previous <> coalesce(last.head, decode(repeat('00', 32), 'hex')) THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'does not continue the last entry';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE integrity_constraint_violation USING MESSAGE = format('a %s is never changed or removed', TG_TABLE_NAME);
END $$;
CREATE FUNCTION advances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.epoch <= OLD.epoch OR NEW.format <> OLD.format THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'a new writer takes a later epoch and nothing else';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER batch_continues BEFORE INSERT ON batch FOR EACH ROW EXECUTE FUNCTION continues();
CREATE TRIGGER batch_stays     BEFORE UPDATE OR DELETE ON batch FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER batch_remains   BEFORE TRUNCATE ON batch EXECUTE FUNCTION stays();
CREATE TRIGGER text_stays      BEFORE UPDATE OR DELETE ON text FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER text_remains    BEFORE TRUNCATE ON text EXECUTE FUNCTION stays();
CREATE TRIGGER meta_stays      BEFORE UPDATE OR DELETE ON meta FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER meta_remains    BEFORE TRUNCATE ON meta EXECUTE FUNCTION stays();
CREATE TRIGGER writer_advances BEFORE UPDATE ON writer FOR EACH ROW EXECUTE FUNCTION advances();
CREATE TRIGGER writer_stays    BEFORE DELETE ON writer FOR EACH ROW EXECUTE FUNCTION stays();
CREATE TRIGGER writer_remains  BEFORE TRUNCATE ON writer EXECUTE FUNCTION stays();
"""
# Follows from the journal and is replaced now and then; made when the first one is kept.
_SNAPSHOT = """
CREATE TABLE IF NOT EXISTS snapshot (part bigint PRIMARY KEY, bytes bytea NOT NULL);
ALTER TABLE snapshot ALTER COLUMN bytes SET STORAGE EXTERNAL;
"""
_CHUNK = 1 << 23  # bytes in a row of it, about


class PostgresStore:
    """One book in one schema; see `Store` for what it promises."""

    def __init__(self, path: BookUrl, *, write: bool, create: bool = False) -> None:
        self.path = path
        self._use = threading.Lock()  # callers of two threads share one connection
        self._warnings: list[str] = []
        self._epoch: int | None = None
        self._writing = False
        self._db = _connect(path, write=write)
        try:
            self._db.add_notice_handler(self._hear)
            with self._using() as db:
                if write and create:
                    self._writing = _make(db, path)
                _check_kind(db, path)
                if write:
                    self._epoch = _take_epoch(db, path)
        except BaseException:
            self._db.close()
            raise

    def begin(self) -> None:
        """Start to write; the epoch was taken before, and nothing was written by others since."""
        if self._epoch is None:
            raise NotAllowed(f"{self.path} was opened for reading; open it for writing")
        self._writing = True

    def append(self, sequence: int, previous: bytes, head: bytes, body: bytes) -> None:
        """Insert one entry; it is committed when this returns."""
        query = "INSERT INTO batch (sequence, previous, head, body, epoch) VALUES (%s, %b, %b, %b, %s)"
        with self._using() as db:
            self._must_write()
            self._warnings.clear()
            db.execute(query, (sequence, previous, head, body, self._epoch), prepare=True)
            if self._warnings:
                # Such as a wait for a standby that somebody cut short: the server then commits all the same and only warns.
                warnings = "; ".join(self._warnings)
                self._db.close()
                raise Unavailable(f"{self.path}: the server does not vouch for entry {sequence}: {warnings}; open the book again")

    def read(self, from_sequence: int = 1) -> Iterator[Entry]:
        """Yield entries one by one over a connection of its own, so that neither side waits."""
        query = "SELECT sequence, previous, head, body FROM batch WHERE sequence >= %s ORDER BY sequence LIMIT %s"
        with _saying(self.path), closing(self._reading()) as db, db.cursor(binary=True) as cursor:
            found = True
            while found:
                found = False
                for row in cursor.stream(query, (from_sequence, READ_AT_ONCE), binary=True):
                    found = True
                    yield Entry(*row)
                    from_sequence = row[0] + 1

    def entry(self, sequence: int) -> Entry | None:
        """Return one entry, or None."""
        row = self._row("SELECT sequence, previous, head, body FROM batch WHERE sequence = %s", sequence)
        return None if row is None else Entry(*row)

    def last(self) -> tuple[int, bytes] | None:
        """Return sequence and head of the last entry."""
        row = self._row("SELECT sequence, head FROM batch ORDER BY sequence DESC LIMIT 1")
        return None if row is None else (row[0], row[1])

    def put_text(self, name: str, text: bytes) -> None:
        """Keep a text under its hash."""
        self._put_once("text", "text", name, text)

    def text(self, name: str) -> bytes | None:
        """Return the text kept under a hash, or None."""
        row = self._row("SELECT text FROM text WHERE name = %s", name)
        return None if row is None else row[0]

    def text_names(self) -> list[str]:
        """Return the hashes of all texts, in order."""
        with self._using() as db:
            return [row[0] for row in db.execute("SELECT name FROM text ORDER BY name")]

    def put_meta(self, name: str, value: str) -> None:
        """Note something about the book that is set once."""
        self._put_once("meta", "value", name, value)

    def meta(self, name: str) -> str | None:
        """Return what was noted under a name, or None."""
        row = self._row("SELECT value FROM meta WHERE name = %s", name)
        return None if row is None else row[0]

    def put_snapshot(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Keep a snapshot instead of the one before; the epoch is held until it is committed."""
        with self._using() as db, db.transaction():
            self._must_write()
            if db.execute("SELECT FROM writer WHERE epoch = %s FOR SHARE", (self._epoch,)).rowcount != 1:
                raise Conflict(f"{self.path}: epoch {self._epoch} is over; another writer was first, open the book again")
            db.execute(_SNAPSHOT)
            db.execute("DELETE FROM snapshot")
            with db.cursor().copy("COPY snapshot (part, bytes) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "bytea"])
                for part, chunk in enumerate(_chunks(pieces)):
                    copy.write_row((part, chunk))

    def snapshot(self) -> bytes | None:
        """Return the snapshot that is kept, or None."""
        with _saying(self.path), closing(self._reading()) as db, db.cursor(binary=True) as cursor:
            try:
                found = [row[0] for row in cursor.stream("SELECT bytes FROM snapshot ORDER BY part", binary=True)]
            except (errors.UndefinedTable, errors.InsufficientPrivilege):
                return None
        return b"".join(found) or None

    def check(self) -> list[str]:
        """Return which promises the database no longer holds by itself; what it holds is checked where it is read."""
        query = (
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal "
            "AND tgrelid IN ('batch'::regclass, 'text'::regclass, 'meta'::regclass, 'writer'::regclass)"
        )
        try:
            with self._using() as db:
                there = {(table, name) for table, name in db.execute(query)}
        except SkarbError as error:
            return [str(error)]
        wanted = {(table, name) for table, names in _TRIGGERS.items() for name in names}
        return [f"{self.path}: the trigger {name} on {table} is missing or disabled" for table, name in sorted(wanted - there)]

    def settle(self) -> bool:
        """Write nothing more. The book lies in no file of its own, so this is never True."""
        self._writing = False
        return False

    def close(self) -> None:
        """Let go of the connection; the epoch stays until another writer takes the next."""
        with self._use:
            self._db.close()

    def _reading(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect to read; a writer to the primary, since a standby may lag behind what it has to recover."""
        return _connect(self.path, write=False, primary=self._epoch is not None)

    def _must_write(self) -> None:
        if not self._writing:
            raise Unavailable(f"{self.path} is readonly now: it was opened for reading, or its writer has not begun")

    def _put_once(self, table: str, column: str, name: str, value: bytes | str) -> None:
        query = sql.SQL(
            "INSERT INTO {} (name, {}) SELECT %s, %s FROM writer WHERE epoch = %s FOR SHARE ON CONFLICT (name) DO NOTHING"
        ).format(sql.Identifier(table), sql.Identifier(column))
        with self._using() as db:
            self._must_write()
            db.execute(query, (name, value, self._epoch))
        kept = self.text(name) if table == "text" else self.meta(name)
        if kept is None:
            raise Conflict(f"{self.path}: epoch {self._epoch} is over; another writer was first, open the book again")
        if kept != value:
            raise Conflict(
                f"{self.path}: {table} {name!r} is already kept as {shorten(kept)}, given {shorten(value)}; it is set once"
            )

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._using() as db, db.cursor(binary=True) as cursor:
            return cursor.execute(query.encode(), values).fetchone()

    def _hear(self, notice: errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warnings.append(notice.message_primary or "a warning without words")

    @contextmanager
    def _using(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with self._use, _saying(self.path):
            yield self._db


def _connect(path: BookUrl, *, write: bool, primary: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    with _saying(path):
        try:
            wanted = _CONNECTION | conninfo_to_dict(path.database)
            if (write or primary) and "," in str(wanted.get("host", "")):
                wanted.setdefault("target_session_attrs", "read-write")
            given = make_conninfo("", **wanted)
        except psycopg.ProgrammingError as error:
            raise InputError(f"{path} cannot be read as the URL of a database: {_words(error)}") from None
        db: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(given, autocommit=True)
        try:
            if db.info.server_version < OLDEST_SERVER:
                raise ConfigurationError(
                    f"{path}: the server is PostgreSQL {db.info.parameter_status('server_version')}, expected 15 or later"
                )
            db.execute(
                "SELECT set_config('search_path', %s, false), set_config('default_transaction_isolation', 'read committed', false), "
                "set_config('default_transaction_read_only', %s, false), set_config('lock_timeout', %s, false)",
                (f'"{path.schema}", pg_temp', "off" if write else "on", PATIENCE),
            )
            if write:
                _be_durable(db, path)
            return db
        except BaseException:
            db.close()
            raise


def _be_durable(db: psycopg.Connection[tuple[Any, ...]], path: BookUrl) -> None:
    """Let every commit of this connection wait for the disk, and for the standbys that the server waits for."""
    query = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery()"
    fsync, commit, standby = db.execute(query).fetchone() or ("", "", False)
    if standby:
        raise Unavailable(f"{path} lies on a standby, which takes no writes; give the address of the primary")
    if fsync != "on":
        raise ConfigurationError(
            f"{path}: the server runs with fsync = {fsync} and forgets commits when it crashes; set fsync = on, or only read"
        )
    if commit not in {"on", "remote_apply"}:
        db.execute("SELECT set_config('synchronous_commit', 'on', false)")


def _make(db: psycopg.Connection[tuple[Any, ...]], path: BookUrl) -> bool:
    """Make the tables unless there are some; all of them, or none."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"skarb {path.schema}",))
        schema = db.execute("SELECT oid FROM pg_namespace WHERE nspname = %s", (path.schema,)).fetchone()
        if schema is None:
            db.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(path.schema)))
        elif db.execute("SELECT FROM pg_class WHERE relnamespace = %s LIMIT 1", schema).fetchone() is not None:
            return False
        db.execute(_TABLES.encode())
        return True


def _check_kind(db: psycopg.Connection[tuple[Any, ...]], path: BookUrl) -> None:
    if db.execute("SELECT FROM pg_namespace WHERE nspname = %s", (path.schema,)).fetchone() is None:
        raise NotFound(f"there is no book at {path}; give the URL of an existing book, or create one")
    try:
        row = db.execute("SELECT format FROM writer").fetchone()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        row = None
    if row is None:
        raise InputError(f"{path} is not a book: the schema {path.schema} holds other tables; name another one after #")
    if row[0] != VERSION:
        raise ConfigurationError(
            f"{path} has tables of version {row[0]}, this Skarb reads version {VERSION}; use the one that wrote it"
        )


def _take_epoch(db: psycopg.Connection[tuple[Any, ...]], path: BookUrl) -> int:
    """Become the writer, once a batch of the writer before that is under way has come to its end."""
    try:
        row = db.execute("UPDATE writer SET epoch = epoch + 1 RETURNING epoch").fetchone()
    except errors.LockNotAvailable:
        raise Unavailable(f"{path}: a batch of the writer before is still under way after {PATIENCE}; try again later") from None
    if row is None:
        raise Damaged(f"{path}: the table writer has lost its row; run skarb verify")
    epoch: int = row[0]
    return epoch


def _chunks(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Cut a stream of bytes into rows of about the same size."""
    waiting = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            waiting += piece[start : start + _CHUNK]
            if len(waiting) >= _CHUNK:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


def _words(error: psycopg.Error) -> str:
    return " ".join((error.diag.message_primary or str(error)).split()).rstrip(".")


@contextmanager
def _saying(path: BookUrl) -> Iterator[None]:
    """Say what the driver reports in the words of the house."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise Conflict(f"{path}: {_words(error)}; another writer was first, open the book again") from error
    except (errors.DataCorrupted, errors.IndexCorrupted) as error:
        raise Damaged(f"{path}: {_words(error)}; run skarb verify to see where") from error
    except errors.InsufficientPrivilege as error:
        raise NotAllowed(f"{path}: the database refuses: {_words(error)}; connect as a user who may") from error
    except psycopg.Error as error:
        raise Unavailable(
            f"{path} cannot be used now: {_words(error)}; whether an entry under way was written shows when the book is opened again"
        ) from error
