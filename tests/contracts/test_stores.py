"""Every store keeps the same promises: entries in order, for one writer and any number of readers, nothing changed or removed."""

import random
import threading
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from skarb.core.errors import Conflict, NotAllowed, NotFound, SkarbError, Unavailable
from skarb.store import BookUrl, Entry, Location, Store, open_store

KINDS = ("sqlite", "segments", "postgres")
ZERO = bytes(32)


def head(number: int) -> bytes:
    return ZERO if number == 0 else sha256(b"%d" % number).digest()


def fill(store: Store, first: int, last: int, size: int = 100) -> None:
    for number in range(first, last + 1):
        store.append(number, head(number - 1), head(number), b"%d" % number * size)


def make_place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Location:
    if kind == "postgres":
        new: Callable[[], BookUrl] = request.getfixturevalue("new_schema")
        return new()
    return tmp_path / {"sqlite": "one.book", "segments": "one.segments"}[kind]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Location:
    return make_place(kind, tmp_path, request)


@pytest.fixture
def store(place: Location):
    store = open_store(place, write=True, create=True)
    yield store
    store.close()


def again(place: Location) -> Store:
    store = open_store(place, write=True)
    store.begin()
    return store


def test_entries_come_back_in_order_and_from_anywhere(store: Store) -> None:
    assert store.last() is None
    assert list(store.read()) == []
    fill(store, 1, 150)
    assert [entry.sequence for entry in store.read()] == list(range(1, 151))
    assert [entry.sequence for entry in store.read(149)] == [149, 150]
    assert list(store.read(151)) == []
    assert store.last() == (150, head(150))
    assert store.entry(7) == Entry(7, head(6), head(7), b"7" * 100)
    assert (store.entry(151), store.entry(0)) == (None, None)
    assert store.check() == []


def test_the_same_batches_give_the_same_journal_in_every_store(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    chance, previous, entries = random.Random(1), ZERO, []
    for number, size in enumerate([0, 1, 8_000, 2_800_000, 3, *(chance.randrange(3_000) for _ in range(60))], 1):
        body = chance.randbytes(size)
        entries.append(Entry(number, previous, previous := sha256(previous + body).digest(), body))
    for kind in KINDS:
        place = make_place(kind, tmp_path, request)
        with closing(open_store(place, write=True, create=True)) as store:
            for entry in entries:
                store.append(*entry)
            store.settle()
        with closing(open_store(place)) as store:
            assert list(store.read()) == entries, kind
            assert [store.entry(entry.sequence) for entry in reversed(entries)] == entries[::-1], kind
            assert store.last() == (len(entries), previous), kind
            assert store.check() == [], kind


@pytest.mark.parametrize(
    ("sequence", "previous", "after"),
    [(5, head(3), head(4)), (3, head(3), head(4)), (0, head(3), head(4)), (-1, head(3), head(4)), (4, head(2), head(4)),
     (4, ZERO, head(4)), (4, b"", head(4)), (4, head(3)[:31], head(4)), (4, head(3), b""), (4, head(3), head(4) + b"\0")],
    ids=["gap", "again", "zero", "negative", "branch", "from the start", "no head", "31 bytes", "no new head", "33 bytes"],
)  # fmt: skip
def test_an_entry_that_does_not_continue_the_last_is_a_conflict(
    store: Store, sequence: int, previous: bytes, after: bytes
) -> None:
    fill(store, 1, 3)
    with pytest.raises(Conflict, match="open the book again"):
        store.append(sequence, previous, after, b"body")
    assert store.last() == (3, head(3))
    fill(store, 4, 4)


def test_the_first_entry_continues_nothing(store: Store) -> None:
    with pytest.raises(Conflict):
        store.append(1, head(9), head(1), b"body")
    fill(store, 1, 1)


def test_texts_and_notes_are_kept_once(store: Store, place: Location) -> None:
    for one in range(2):
        store.put_text("b", b"text")
        store.put_text("a", b"\xff\0")
        assert (store.text_names(), store.text("a"), store.text("c")) == (["a", "b"], b"\xff\0", None), one
    with pytest.raises(Conflict, match="already kept"):
        store.put_text("b", b"other")
    store.put_meta("book", "Банк")
    store.put_meta("book", "Банк")
    assert (store.meta("book"), store.meta("nothing")) == ("Банк", None)
    with pytest.raises(Conflict, match="set once"):
        store.put_meta("book", "other")
    store.close()
    with closing(open_store(place)) as reader:
        assert (reader.text("b"), reader.meta("book")) == (b"text", "Банк")


def test_a_reader_sees_what_was_appended_and_cannot_append(store: Store, place: Location) -> None:
    fill(store, 1, 2)
    with closing(open_store(place)) as reader:
        assert reader.last() == (2, head(2))
        fill(store, 3, 3)
        store.put_text("a", b"text")
        assert reader.last() == (3, head(3))
        assert reader.text("a") == b"text"
        for write in (lambda: fill(reader, 4, 4), lambda: reader.put_text("b", b"text"), lambda: reader.put_meta("book", "one")):
            with pytest.raises(Unavailable, match="readonly"):
                write()
        with pytest.raises(NotAllowed, match="opened for reading"):
            reader.begin()
    assert (store.last(), store.text_names(), store.meta("book")) == ((3, head(3)), ["a"], None)


def test_a_writer_has_to_begin(store: Store, place: Location) -> None:
    fill(store, 1, 3)
    store.close()
    with closing(open_store(place, write=True)) as writer:
        with pytest.raises(Unavailable, match="readonly"):
            fill(writer, 4, 4)
        assert [entry.sequence for entry in writer.read()] == [1, 2, 3]
        writer.begin()
        writer.begin()
        fill(writer, 4, 4)
        assert writer.last() == (4, head(4))


def test_of_two_writers_only_one_can_go_on(store: Store, place: Location, kind: str) -> None:
    """A file has a lock, and the second writer is turned away; a database has an epoch, and the first one is out."""
    fill(store, 1, 2)
    if kind != "postgres":
        with pytest.raises(Unavailable, match="is being written by another process; a book has one writer"):
            open_store(place, write=True)
        fill(store, 3, 3)
        return
    with closing(again(place)) as second:
        with pytest.raises(Conflict, match=r"epoch 1 is over, the writer has epoch 2; another writer was first"):
            fill(store, 3, 3)
        fill(second, 3, 3)
        assert store.last() == (3, head(3))


def test_writers_follow_each_other(store: Store, place: Location) -> None:
    fill(store, 1, 2)
    store.settle()
    store.close()
    for number in range(3, 8):
        with closing(again(place)) as writer:
            fill(writer, number, number)
    with closing(open_store(place)) as reader:
        assert [entry.sequence for entry in reader.read()] == list(range(1, 8))


def test_reading_goes_on_while_the_writer_appends(store: Store) -> None:
    fill(store, 1, 100)
    reading = store.read()
    assert next(reading).sequence == 1
    fill(store, 101, 200)
    assert [entry.sequence for entry in reading][-1] == 200


def test_a_reader_may_stop_in_the_middle(store: Store) -> None:
    fill(store, 1, 200, 5_000)
    for _ in range(3):
        reading = store.read(7)
        assert next(reading).sequence == 7
        reading.close()
    assert len(list(store.read(150))) == 51


def test_readers_see_only_whole_entries_while_a_writer_appends(store: Store, place: Location) -> None:
    """Readers open the book again and again, and follow it, while another thread writes as fast as it can."""
    bodies = [random.Random(number).randbytes(1 + number * 37_021 % 400_000) for number in range(1, 81)]
    acknowledged = 0
    problems: list[str] = []
    done = threading.Event()

    def write() -> None:
        nonlocal acknowledged
        try:
            for number, body in enumerate(bodies, 1):
                store.append(number, head(number - 1), head(number), body)
                acknowledged = number
        finally:
            done.set()

    def look() -> None:
        try:
            with closing(open_store(place)) as following:
                rounds = 0
                while rounds == 0 or not done.is_set():
                    rounds += 1
                    before = acknowledged
                    with closing(open_store(place)) as fresh:
                        for reader in (fresh, following):
                            found = list(reader.read(max(1, before - 3)))
                            last = found[-1].sequence if found else 0
                            if last < before or any(entry.body != bodies[entry.sequence - 1] for entry in found):
                                problems.append(f"{before} were acknowledged, {last} were read")
        except SkarbError as error:
            problems.append(str(error))

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    writer = threading.Thread(target=write)
    writer.start()
    for thread in (writer, *readers):
        thread.join()
    assert (problems, acknowledged) == ([], len(bodies))


def test_settling_and_closing_leave_the_book_whole(store: Store, place: Location, kind: str) -> None:
    fill(store, 1, 50, 10_000)
    assert store.settle() == (kind != "postgres")
    store.close()
    with closing(open_store(place, still=True)) as reader:
        assert len(list(reader.read())) == 50
        assert reader.check() == []


def test_where_there_is_no_book_none_is_opened(place: Location) -> None:
    for write in (False, True):
        with pytest.raises(NotFound, match="there is no book at"):
            open_store(place, write=write)
    with closing(open_store(place, write=True, create=True)):
        pass
    with closing(open_store(place)) as reader:
        assert reader.last() is None
