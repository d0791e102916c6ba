"""A book in PostgreSQL: what the database promises by itself, who may write, and what is said when it cannot."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256

import pytest

from skarb.core.errors import ConfigurationError, Conflict, InputError, NotFound, Unavailable
from skarb.store import BookUrl, Store, find_book, location_of, open_store

psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed: pip install 'skarb[postgres]'")


def head(number: int) -> bytes:
    return bytes(32) if number == 0 else sha256(b"%d" % number).digest()


def fill(store: Store, first: int, last: int, size: int = 100) -> None:
    for number in range(first, last + 1):
        store.append(number, head(number - 1), head(number), bytes([number]) * size)


@pytest.fixture
def place(new_schema: Callable[[], BookUrl]) -> BookUrl:
    return new_schema()


@pytest.fixture
def store(place: BookUrl):
    store = open_store(place, write=True, create=True)
    yield store
    store.close()


@pytest.fixture
def admin(place: BookUrl) -> Iterator:
    """Somebody else in the same database, with every right."""
    with psycopg.connect(place.database, autocommit=True) as db:
        db.execute(f"SET search_path = {place.schema}")
        yield db


def again(place: BookUrl) -> Store:
    store = open_store(place, write=True)
    store.begin()
    return store


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET body = ''",
        "DELETE FROM batch",
        "TRUNCATE batch",
        "UPDATE text SET text = ''",
        "DELETE FROM text",
        "TRUNCATE text",
        "UPDATE meta SET value = ''",
        "DELETE FROM meta",
        "TRUNCATE meta",
        "UPDATE writer SET epoch = 0",
        "UPDATE writer SET epoch = epoch",
        "DELETE FROM writer",
        "TRUNCATE writer",
    ],
)
def test_the_database_itself_refuses_changes_and_removals(store: Store, admin, statement: str) -> None:
    fill(store, 1, 1)
    store.put_text("a", b"text")
    store.put_meta("book", "one")
    with pytest.raises(psycopg.IntegrityError, match=r"never changed or removed|a later epoch and nothing else"):
        admin.execute(statement)


@pytest.mark.parametrize(
    ("sequence", "previous", "epoch"), [(3, head(1), 1), (4, head(2), 1), (2, head(1), 1), (3, head(2), 0), (3, head(2), 2)]
)
def test_the_database_itself_refuses_what_does_not_continue(
    store: Store, admin, sequence: int, previous: bytes, epoch: int
) -> None:
    """Also from a client that is not ours and looks up names along another path."""
    fill(store, 1, 2)
    insert = f"INSERT INTO {store.path.schema}.batch (sequence, previous, head, body, epoch) VALUES (%s, %s, %s, '', %s)"
    admin.execute("SET search_path = public")
    with pytest.raises(psycopg.IntegrityError, match=r"does not continue the last entry|epoch"):
        admin.execute(insert, (sequence, previous, head(9), epoch))
    admin.execute(insert, (3, head(2), head(3), 1))


def test_an_old_leader_cannot_write_any_more(store: Store, place: BookUrl) -> None:
    fill(store, 1, 3)
    with closing(again(place)) as second:
        for late in (
            lambda: fill(store, 4, 4),
            lambda: fill(store, 4, 4),
            lambda: store.put_text("a", b"x"),
            lambda: store.put_meta("a", "x"),
        ):
            with pytest.raises(Conflict, match=r"epoch .* is over.*another writer was first, open the book again"):
                late()
        fill(second, 4, 5)
        with closing(again(place)) as third, pytest.raises(Conflict, match="epoch 2 is over, the writer has epoch 3"):
            fill(second, 6, 6)
        assert third.path == place
    assert [entry.sequence for entry in store.read()] == [1, 2, 3, 4, 5]
    assert store.text_names() == []


def test_the_epoch_of_each_batch_is_kept(store: Store, place: BookUrl, admin) -> None:
    fill(store, 1, 2)
    with closing(again(place)) as second:
        fill(second, 3, 3)
    assert admin.execute("SELECT epoch FROM batch ORDER BY sequence").fetchall() == [(1,), (1,), (2,)]


def test_a_batch_under_way_is_waited_for_before_another_one_writes(store: Store, place: BookUrl, admin) -> None:
    """The old leader's insert is not yet committed when somebody else opens the book: he waits, and then sees it."""
    fill(store, 1, 1)
    opened: list[Store] = []
    with psycopg.connect(place.database) as old:
        insert = f"INSERT INTO {place.schema}.batch (sequence, previous, head, body, epoch) VALUES (2, %s, %s, '', 1)"
        old.execute(insert, (head(1), head(2)))
        new = threading.Thread(target=lambda: opened.append(again(place)))
        new.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE writer%'"
        until = time.monotonic() + 20
        while admin.execute(waiting).fetchone() != (1,) and time.monotonic() < until:
            pass
        assert (admin.execute(waiting).fetchone(), opened) == ((1,), [])
        old.commit()
        new.join()
    with closing(opened[0]) as second:
        assert second.last() == (2, head(2))
        fill(second, 3, 3)


def test_many_writers_at_once_make_one_chain(store: Store, place: BookUrl) -> None:
    """Whoever is out opens the book again; no entry is lost that was acknowledged, and none is there twice."""
    acknowledged: list[bytes] = []

    def write(name: int) -> None:
        done = 0
        while done < 5:
            with closing(again(place)) as one:
                try:
                    for _ in range(5 - done):
                        last, before = one.last() or (0, bytes(32))
                        body = b"%d %d" % (name, done)
                        one.append(last + 1, before, sha256(before + body).digest(), body)
                        acknowledged.append(body)
                        done += 1
                except Conflict:
                    continue

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    bodies, previous = [entry.body for entry in store.read()], bytes(32)
    assert sorted(bodies) == sorted(acknowledged)
    assert len(bodies) == 20
    for entry in store.read():
        assert (entry.previous, entry.head) == (previous, previous := sha256(previous + entry.body).digest())


def test_a_lost_connection_is_said_and_the_outcome_is_seen_by_whoever_opens_the_book(store: Store, place: BookUrl, admin) -> None:
    fill(store, 1, 2)
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'skarb'")
    for use in (lambda: fill(store, 3, 3), store.last, lambda: store.put_text("a", b"")):
        with pytest.raises(Unavailable, match="shows when the book is opened again"):
            use()
    with closing(again(place)) as second:
        assert second.last() == (2, head(2))
        fill(second, 3, 3)


def test_a_commit_that_the_server_does_not_vouch_for_is_not_acknowledged(store: Store, place: BookUrl, admin) -> None:
    """A wait for a standby that somebody cuts short ends with a warning and a commit on this server alone."""
    fill(store, 1, 1)
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nowhere'")
    admin.execute("SELECT pg_reload_conf()")
    problems: list[Exception] = []

    def append() -> None:
        try:
            fill(store, 2, 20_000)  # until the server has heard of its new setting
        except Unavailable as error:
            problems.append(error)

    writer = threading.Thread(target=append)
    try:
        writer.start()
        cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        until = time.monotonic() + 20
        while not admin.execute(cancel).fetchall() and time.monotonic() < until:
            pass
        writer.join()
    finally:
        admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        admin.execute("SELECT pg_reload_conf()")
    with closing(again(place)) as second:
        last, _ = second.last() or (0, b"")
    assert f"does not vouch for entry {last}:" in str(problems[0])
    with pytest.raises(Unavailable):
        fill(store, last + 1, last + 1)


@pytest.mark.parametrize(
    ("asked", "used"), [("off", "on"), ("local", "on"), ("remote_write", "on"), ("on", "on"), ("remote_apply", "remote_apply")]
)
def test_commits_wait_for_the_disk_whatever_the_server_does_by_default(place: BookUrl, asked: str, used: str) -> None:
    lax = BookUrl(f"{place.database}?options=-c%20synchronous_commit%3D{asked}", place.schema)
    with closing(open_store(lax, write=True, create=True)) as store:
        assert store._db.execute("SHOW synchronous_commit").fetchone() == (used,)


def test_bodies_are_not_compressed(store: Store, admin) -> None:
    fill(store, 1, 1, 100_000)
    assert admin.execute("SELECT pg_column_size(body) FROM batch").fetchone() == (100_000,)


def test_a_trigger_that_was_taken_away_is_found(store: Store, admin) -> None:
    assert store.check() == []
    admin.execute("ALTER TABLE batch DISABLE TRIGGER batch_stays")
    admin.execute("DROP TRIGGER meta_remains ON meta")
    assert [problem.rpartition(": ")[2] for problem in store.check()] == [
        "the trigger batch_stays on batch is missing or disabled",
        "the trigger meta_remains on meta is missing or disabled",
    ]


def test_several_books_lie_in_one_database(new_schema: Callable[[], BookUrl]) -> None:
    one, two = new_schema(), new_schema()
    with closing(open_store(one, write=True, create=True)) as first, closing(open_store(two, write=True, create=True)) as second:
        fill(first, 1, 2)
        fill(second, 1, 1)
        assert (first.last(), second.last()) == ((2, head(2)), (1, head(1)))


def test_a_schema_made_beforehand_is_used_and_one_with_other_tables_is_not(place: BookUrl, admin) -> None:
    admin.execute(f"CREATE SCHEMA {place.schema}")
    with closing(open_store(place, write=True, create=True)) as store:
        fill(store, 1, 1)
    foreign = BookUrl(place.database, f"{place.schema}_foreign")
    admin.execute(f"CREATE SCHEMA {foreign.schema}; CREATE TABLE {foreign.schema}.mine (x integer)")
    for create in (False, True):
        with pytest.raises(InputError, match=r"is not a book: the schema .* holds other tables"):
            open_store(foreign, write=True, create=create)
    admin.execute("ALTER TABLE writer DISABLE TRIGGER ALL; UPDATE writer SET format = 2")
    with pytest.raises(ConfigurationError, match="tables of version 2"):
        open_store(place)


def test_a_server_that_is_not_there_or_not_durable_is_said_plainly(place: BookUrl) -> None:
    nobody = BookUrl("postgresql://skarb:secret@127.0.0.1:1/postgres", "bank")
    for use in (open_store, find_book):
        with pytest.raises(Unavailable, match="cannot be used now") as caught:
            use(nobody)
        assert "secret" not in str(caught.value)
        with pytest.raises(NotFound, match="there is no book"):
            use(place)


def test_a_url_names_the_book() -> None:
    place = location_of("postgresql://user:pass%40word@host:5432/db?sslmode=require&password=also#bank_1")
    assert isinstance(place, BookUrl)
    assert (place.name, place.stem) == ("bank_1", "bank_1")
    assert str(place) == "postgresql://user:***@host:5432/db?sslmode=require&password=***#bank_1"
    assert repr(place) == f"BookUrl({str(place)!r})"
    for wrong in ("", "#", "#Bank", "#pg_bank", "#1", "#a b", '#a"b', "#" + "a" * 64):
        with pytest.raises(InputError, match="expected after # a name"):
            location_of(f"postgresql://user@host/db{wrong}")
    with pytest.raises(InputError, match="cannot be read as the URL of a database"):
        open_store(BookUrl("postgresql://host/db?nonsense=1", "bank"))


def test_a_url_may_name_several_servers(place: BookUrl) -> None:
    """The first one is down here; `python -m tests.ha` has standbys before the primary."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        several = BookUrl(place.database.replace("@", f"@127.0.0.1:{silent.getsockname()[1]},"), place.schema)
        with closing(open_store(several, write=True, create=True)) as store:
            store.begin()
            fill(store, 1, 3)
            assert len(list(store.read())) == 3
        with closing(open_store(several)) as reader:
            assert reader.last() == (3, head(3))
    assert "secret" not in str(location_of("postgresql://user:secret@one:5432,two:5432/db?target_session_attrs=read-write#bank"))


def test_without_the_driver_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from skarb.store import location_of, open_store\n"
        "open_store(location_of('postgresql://user@127.0.0.1/db#bank'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ConfigurationError" in done.stderr
    assert "pip install 'skarb[postgres]'" in done.stderr
