"""A store keeps entries in order, for one writer and any number of readers, and nothing is changed or removed."""

import os
import sqlite3
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError, Conflict, InputError, NotAllowed, NotFound, Unavailable
from skarb.store import Damaged, Store, book_files, open_store
from skarb.store.pages import page_size, uses_of

ZERO = bytes(32)


def head(number: int) -> bytes:
    return ZERO if number == 0 else sha256(b"%d" % number).digest()


def fill(store: Store, first: int, last: int, size: int = 100) -> None:
    for number in range(first, last + 1):
        store.append(number, head(number - 1), head(number), b"%d" % number * size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.book"


@pytest.fixture
def store(path: Path):
    store = open_store(path, write=True, create=True)
    yield store
    store.close()


def test_entries_come_back_in_order_and_from_anywhere(store: Store) -> None:
    assert store.last() is None
    fill(store, 1, 150)
    assert [entry.sequence for entry in store.read()] == list(range(1, 151))
    assert [entry.sequence for entry in store.read(149)] == [149, 150]
    assert list(store.read(151)) == []
    assert store.last() == (150, head(150))
    assert store.entry(7) == (7, head(6), head(7), b"7" * 100)
    assert store.entry(151) is None


@pytest.mark.parametrize(
    ("sequence", "previous"),
    [(5, head(3)), (3, head(3)), (0, head(3)), (4, head(2)), (4, ZERO)],
    ids=["gap", "again", "zero", "other branch", "from the start"],
)
def test_an_entry_that_does_not_continue_the_last_is_a_conflict(store: Store, sequence: int, previous: bytes) -> None:
    fill(store, 1, 3)
    with pytest.raises(Conflict, match="open the book again"):
        store.append(sequence, previous, head(4), b"body")
    assert store.last() == (3, head(3))
    fill(store, 4, 4)


def test_the_first_entry_continues_nothing(store: Store) -> None:
    with pytest.raises(Conflict):
        store.append(1, head(9), head(1), b"body")


@pytest.mark.parametrize("previous", [b"", b"\0" * 31])
def test_a_head_has_32_bytes(store: Store, previous: bytes) -> None:
    with pytest.raises(Conflict):
        store.append(1, previous, head(1), b"body")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET body = x'00'",
        "DELETE FROM batch",
        "UPDATE text SET text = x'00'",
        "DELETE FROM text",
        "UPDATE meta SET value = ''",
        "DELETE FROM meta",
    ],
)
def test_the_database_itself_refuses_changes_and_removals(store: Store, path: Path, statement: str) -> None:
    fill(store, 1, 1)
    store.put_text("a", b"text")
    store.put_meta("book", "one")
    store.close()
    other = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        other.execute(statement)
    other.close()


def test_texts_and_notes_are_kept_once(store: Store) -> None:
    store.put_text("b", b"text")
    store.put_text("a", b"\xff\0")
    store.put_text("b", b"text")
    assert (store.text_names(), store.text("a"), store.text("c")) == (["a", "b"], b"\xff\0", None)
    with pytest.raises(Conflict, match="already kept"):
        store.put_text("b", b"other")
    store.put_meta("book", "Банк")
    assert (store.meta("book"), store.meta("nothing")) == ("Банк", None)
    with pytest.raises(Conflict, match="set once"):
        store.put_meta("book", "other")


def test_a_second_writer_is_turned_away_and_a_reader_is_not(store: Store, path: Path) -> None:
    fill(store, 1, 2)
    with pytest.raises(Unavailable, match="one writer"):
        open_store(path, write=True)
    reader = open_store(path)
    assert reader.last() == (2, head(2))
    fill(store, 3, 3)
    assert reader.last() == (3, head(3))
    with pytest.raises(Unavailable):
        fill(reader, 4, 4)
    reader.close()


def test_a_writer_in_another_process_is_seen(store: Store, path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from skarb.store import open_store; open_store(Path(sys.argv[1]), write=True)"
    )
    source = Path(sys.modules["skarb"].__file__ or "").parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
        check=False,
    )
    assert done.returncode != 0
    assert "is being written by another process" in done.stderr


def test_the_lock_is_free_after_closing(store: Store, path: Path) -> None:
    store.close()
    again = open_store(path, write=True)
    again.begin()
    fill(again, 1, 1)
    again.close()


def test_a_writer_touches_nothing_before_it_begins(store: Store, path: Path) -> None:
    fill(store, 1, 3)
    assert store.settle()
    store.close()
    before = path.read_bytes()
    waiting = open_store(path, write=True)
    assert waiting.last() == (3, head(3))
    with pytest.raises(Unavailable, match="readonly"):
        fill(waiting, 4, 4)
    assert path.read_bytes() == before
    waiting.begin()
    fill(waiting, 4, 4)
    waiting.close()
    with pytest.raises(NotAllowed, match="opened for reading"):
        open_store(path).begin()


def test_a_file_whose_making_was_cut_short_becomes_a_book(path: Path) -> None:
    for content in (b"", None):
        if content is None:
            other = sqlite3.connect(path)
            other.execute("PRAGMA journal_mode = WAL")
            other.close()
        else:
            path.write_bytes(content)
        made = open_store(path, write=True, create=True)
        fill(made, 1, 1)
        made.close()
        path.unlink()


def test_reading_goes_on_while_the_writer_appends(store: Store) -> None:
    fill(store, 1, 100)
    reading = store.read()
    assert next(reading).sequence == 1
    fill(store, 101, 200)
    assert [entry.sequence for entry in reading][-1] == 200


def test_settling_leaves_one_file_unless_somebody_reads(store: Store, path: Path) -> None:
    fill(store, 1, 50, 10_000)
    assert [file.name for file in book_files(path)] == ["one.book-wal"]
    assert store.settle()
    store.close()
    assert book_files(path) == []
    reader = open_store(path, still=True)
    assert len(list(reader.read())) == 50
    reader.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["one.book", "one.book.lock"]


def test_settling_while_a_reader_is_in_the_middle_says_so(store: Store, path: Path) -> None:
    fill(store, 1, 200, 1_000)
    reading = open_store(path).read()
    next(reading)
    fill(store, 201, 201)
    assert not store.settle()
    store.close()
    assert [entry.sequence for entry in reading][-1] == 201


def test_what_was_never_folded_is_there_after_the_writer_is_gone(store: Store, path: Path) -> None:
    fill(store, 1, 3)
    store.close()  # without settling, as after a crash
    again = open_store(path)
    assert again.last() == (3, head(3))
    again.close()


def test_other_files_are_not_books(tmp_path: Path, path: Path) -> None:
    with pytest.raises(NotFound, match="no book"):
        open_store(path)
    with pytest.raises(NotFound, match="no book"):
        open_store(path, write=True)
    with pytest.raises(NotFound, match="directory"):
        open_store(tmp_path / "nowhere" / "one.book", write=True, create=True)
    with pytest.raises(InputError, match="is a directory"):
        open_store(tmp_path)
    path.write_text("this is no database at all, but it is long enough to be mistaken for one" * 10)
    for write in (False, True):
        with pytest.raises(InputError, match="is not a book"):
            open_store(path, write=write)
    foreign = tmp_path / "foreign.db"
    other = sqlite3.connect(foreign)
    other.execute("CREATE TABLE t (x)")
    other.close()
    before = foreign.read_bytes()
    for write in (False, True):
        with pytest.raises(InputError, match="application id"):
            open_store(foreign, write=write)
    assert foreign.read_bytes() == before


def test_a_book_of_a_later_version_is_left_alone(store: Store, path: Path) -> None:
    store.settle()
    store.close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(ConfigurationError, match="version 2"):
        open_store(path, write=True)


def test_a_damaged_file_is_called_damaged(store: Store, path: Path) -> None:
    fill(store, 1, 40, 2_000)
    store.settle()
    store.close()
    data = bytearray(path.read_bytes())
    root = 16_384  # the second page: the root of the table of batches
    data[root : root + 8] = b"\xff" * 8
    path.write_bytes(data)
    damaged = open_store(path)
    assert damaged.check() != []
    with pytest.raises(Damaged, match="skarb verify"):
        list(damaged.read())
    damaged.close()


def test_a_complaint_that_quotes_bytes_which_are_no_text_is_told(store: Store, path: Path) -> None:
    fill(store, 1, 1)
    store.settle()
    store.close()
    data = path.read_bytes()
    assert b"CREATE TABLE batch (" in data
    path.write_bytes(data.replace(b"CREATE TABLE batch (", b"CREATE TABLE batch \xf0"))
    damaged = open_store(path)
    assert "skarb verify" in damaged.check()[0]
    with pytest.raises(Damaged, match="skarb verify"):
        list(damaged.read())
    damaged.close()


def test_every_page_is_known_for_what_it_holds(store: Store, path: Path) -> None:
    sizes = [10, 16_000, 17_000, 200_000, 3]
    for number, size in enumerate(sizes, 1):
        store.append(number, head(number - 1), head(number), bytes([number]) * size)
    store.put_text("a", b"text")
    store.settle()
    store.close()
    size, data = page_size(path, 0), path.read_bytes()
    assert size == 16_384
    shares = dict.fromkeys(range(1, len(sizes) + 1), 0)
    for use in uses_of(path, set(range(1, len(data) // size + 1)), size):
        assert use.table != ""
        if use.column == "body":
            page = data[(use.page - 1) * size : use.page * size]
            assert page.count(bytes([use.row or 0])) >= use.stop - use.start
            shares[use.row or 0] += use.stop - use.start
    assert list(shares.values()) == sizes


def test_pages_of_any_bytes_are_walked_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "noise"
    for seed in range(50):
        noise = b"".join(sha256(b"%d %d" % (seed, part)).digest() for part in range(512))
        path.write_bytes(b"SQLite format 3\0\x02\x00\x01\x01\x00" + noise)
        size = page_size(path, 4096)
        assert {use.page for use in uses_of(path, {1, 2, 5}, size)} == {1, 2, 5}
