"""A book answers each instruction once, durably, and knows the same after it was opened again."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from skarb.core.errors import BrokenPromise, ConfigurationError, InputError, NotAllowed, NotFound, Unavailable
from skarb.core.facts import Facts
from skarb.journal import Book, open_book, read_seal, verify
from skarb.journal.ahead import ahead
from skarb.store import Damaged


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.book"


def numbers(small, first: int, last: int) -> list:
    return [small.instruction(number) for number in range(first, last)]


def test_the_first_answer_is_the_answer_for_ever(small, path: Path) -> None:
    with small.create(path) as book:
        first = small.hand_in(book, numbers(small, 0, 40))
        assert {receipt.outcome for receipt in first} == {"posted", "not_posted", "refused", "referred"}
        again = small.hand_in(book, numbers(small, 0, 40))
        assert [msgspec.structs.replace(receipt, repeated=False) for receipt in again] == first
        assert all(receipt.repeated for receipt in again)
        assert book.sequence == 2
    with small.create(path) as book:
        later = small.hand_in(book, numbers(small, 0, 45))
        assert [msgspec.structs.replace(receipt, repeated=False) for receipt in later[:40]] == first
        assert [receipt.sequence for receipt in later[40:]] == [3] * 5


def test_another_content_under_a_known_id_is_a_conflict(small, path: Path) -> None:
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 3))
        other = msgspec.structs.replace(small.instruction(1), amount="7.77")
        assert [receipt.outcome for receipt in small.hand_in(book, [other])] == ["conflict"]
        assert book.sequence == 2


def test_opening_again_gives_the_same_ledger_and_the_same_head(small, path: Path) -> None:
    with small.create(path) as book:
        for start in range(0, 60, 20):
            small.hand_in(book, numbers(small, start, start + 20))
        state, head, count = book.ledger.state_hash(), book.head, book.instructions
    shown: list[int] = []
    with open_book(path, observer=lambda envelope: shown.append(envelope.sequence)) as book:
        assert (book.ledger.state_hash(), book.head, book.instructions) == (state, head, count)
        assert (book.name, book.assets, shown) == ("small", {"ZZD": 1}, [1, 2, 3, 4])
        assert [batch.sequence for batch in book.batches(3)] == [3, 4]
        assert [envelope.rows for envelope in book.envelopes()] == [20, 20, 20, 20]
        assert book.batch(2).instructions[5] == small.instruction(5)
        assert book.editions == (small.edition().hash,)
        assert book.edition_text(small.edition().hash) == small.edition().normal
        with pytest.raises(NotFound, match="no batch 5"):
            book.batch(5)
        with pytest.raises(NotFound, match="position 80"):
            book.receipt(80)
        with pytest.raises(NotFound, match="no edition"):
            book.edition("0" * 64)


def test_a_reader_reads_beside_the_writer_and_writes_nothing(small, path: Path) -> None:
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 5))
        with open_book(path) as reader:
            assert reader.head == book.head
            assert reader.receipt(22).id == "i-000002"
            for write in (reader.instant, lambda: reader.append(book.batch(2)), lambda: reader.keep_edition(b"")):
                with pytest.raises(NotAllowed, match="opened for reading"):
                    write()
        with pytest.raises(Unavailable, match="one writer"):
            small.create(path)
        small.hand_in(book, numbers(small, 5, 6))
    assert verify(path).ok


def test_time_never_runs_back(small, path: Path) -> None:
    now = [datetime(2026, 6, 1, tzinfo=UTC)]
    with small.create(path, lambda: now[0]) as book:
        now[0] -= timedelta(days=1)
        small.hand_in(book, numbers(small, 0, 5))
        small.hand_in(book, numbers(small, 5, 6))
        times = [batch.recorded_at for batch in book.batches()]
        assert times == sorted(set(times))
        now[0] += timedelta(days=2)
        assert book.instant() == int(now[0].timestamp()) * 10**9
    assert verify(path).ok


def test_two_batches_are_under_way_and_answers_wait_for_the_disk(small, path: Path) -> None:
    with small.create(path) as book:
        gate, entered, append = threading.Event(), threading.Semaphore(0), book._store.append

        def slow(*entry: object) -> None:
            entered.release()
            assert gate.wait(10)
            append(*entry)

        book._store.append = slow
        futures = [book.append_async(small.post(book, numbers(small, start, start + 5))) for start in (0, 5)]
        assert entered.acquire(timeout=10)
        third = small.post(book, numbers(small, 10, 15))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(book.append_async, third)
            with pytest.raises(TimeoutError):
                waiting.result(0.2)
            assert (book.sequence, [future.done() for future in futures]) == (1, [False, False])
            columns = small.journalled(numbers(small, 0, 5))
            assert book.recall(columns["keys"]).tolist() == [20, 21, 22, 23, 24]
            receipt = ThreadPoolExecutor(1).submit(book.receipt, 21)
            with pytest.raises(TimeoutError):
                receipt.result(0.2)
            gate.set()
            heads = [future.result(10) for future in [*futures, waiting.result(10)]]
            assert receipt.result(10).head == heads[0].hex()
        book.flush()
        assert (book.head, book.sequence) == (heads[-1], 4)
    assert verify(path).ok


@pytest.mark.parametrize("background", [False, True])
def test_after_a_failed_write_the_book_must_be_opened_again(small, path: Path, background: bool) -> None:
    book: Book = small.create(path)
    small.hand_in(book, numbers(small, 0, 5))
    state = book.ledger.state_hash()

    def full(*_: object) -> None:
        raise Unavailable("the disk is full")

    book._store.append, append = full, book._store.append
    batches = [small.post(book, numbers(small, start, start + 5)) for start in (5, 10)]
    if background:
        futures = [book.append_async(batches[0])]
        with pytest.raises(Unavailable, match="disk is full"):
            futures[0].result(10)
    else:
        with pytest.raises(Unavailable, match="disk is full"):
            book.append(batches[0])
    book._store.append = append
    for use in (lambda: book.append(batches[1]), book.instant, lambda: book.recall(b""), book.flush):
        with pytest.raises(Unavailable, match=r"opened again.*disk is full"):
            use()
    assert not book.close()
    with small.create(path) as book:
        assert (book.sequence, book.ledger.state_hash()) == (2, state)
        assert small.hand_in(book, numbers(small, 5, 10))[0].sequence == 3
    assert verify(path).ok


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"rulings": ()}, "its ruling"),
        ({"facts": ()}, "stand in its batch"),
        ({"facts": [Facts(activity="fiat_pay", day=0, value=1)]}, "no value of their own"),
        ({"facts": [Facts(activity="fiat_pay", day=0, value_usd=1)]}, "no value of their own"),
        ({"cases": b""}, "its facts"),
        ({"cases": b"\1\0\0\0" * 3}, "stand in its batch"),
        ({"values": bytes(16)}, "its values"),
        ({"dollars": bytes(32)}, "its values"),
        ({"keys": b""}, "its key"),
        ({"results": b""}, "its result"),
        ({"owners": b""}, "its instruction"),
        ({"recorded_at": 1}, "after the one before"),
        ({"editions": ("0" * 64,)}, "text of an edition is kept"),
    ],
)
def test_a_batch_that_does_not_fit_together_is_never_written(small, path: Path, change: dict, promise: str) -> None:
    book: Book = small.create(path)
    with pytest.raises(BrokenPromise, match=promise):
        book.append(msgspec.structs.replace(small.post(book, numbers(small, 0, 3)), **change))
    with pytest.raises(Unavailable, match="opened again"):
        book.instant()
    book.close()
    with small.create(path) as book:
        assert book.sequence == 1


def test_an_id_that_is_known_is_never_written_twice(small, path: Path) -> None:
    book: Book = small.create(path)
    small.hand_in(book, numbers(small, 0, 3))
    with pytest.raises(BrokenPromise, match="journalled once"):
        book.append(small.post(book, numbers(small, 2, 4)))
    book.close()


def test_a_closed_book_is_sealed_and_says_nothing_more(small, path: Path) -> None:
    book: Book = small.create(path)
    assert read_seal(path).state == "open"
    assert book.close()
    seal = read_seal(path)
    assert (seal.state, seal.book, seal.sequence, seal.head) == ("closed", "small", 1, book.head.hex())
    assert (seal.size, seal.file) == (path.stat().st_size, sha256(path.read_bytes()).hexdigest())
    with pytest.raises(Unavailable, match="closed"):
        book.instant()


def test_a_book_has_one_name(small, path: Path) -> None:
    small.create(path).close()
    with pytest.raises(ConfigurationError, match="'small', not 'large'"):
        open_book(path, clock=small.clock, name="large")
    with pytest.raises(NotFound, match="no book"):
        open_book(path.with_name("two.book"), clock=small.clock)


def rewrite(path: Path, *statements: str) -> None:
    """Change a closed book behind its back, as somebody with the file in his hands can."""
    other = sqlite3.connect(path)
    other.execute("PRAGMA ignore_check_constraints = ON")
    for (trigger,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        other.execute(statement)
    other.commit()
    other.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE batch SET body = substr(body, 1, 1000) WHERE sequence = 4", "batch 4 has the head .* half-written or changed"),
        ("UPDATE batch SET head = zeroblob(32) WHERE sequence = 4", "batch 4 has the head 0000"),
        ("UPDATE batch SET previous = zeroblob(32) WHERE sequence = 3", "batch 3 continues 0000"),
        ("DELETE FROM batch WHERE sequence = 2", "batch 2 is missing, the next one there is 3"),
        ("INSERT INTO batch SELECT 5, previous, head, body FROM batch WHERE sequence = 4", "batch 5 continues"),
        ("UPDATE batch SET body = 5 WHERE sequence = 4", "entry 4 does not hold bytes"),
    ],
)
def test_a_torn_or_foreign_row_is_recognised_and_nothing_is_changed(small, path: Path, statement: str, said: str) -> None:
    with small.create(path) as book:
        for start in range(0, 30, 10):
            small.hand_in(book, numbers(small, start, start + 10))
    rewrite(path, statement)
    files = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    for clock in (small.clock, None):
        with pytest.raises(Damaged, match=said) as error:
            open_book(path, clock=clock)
        assert "nothing was changed, run skarb verify" in str(error.value)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == files


def test_a_valid_chain_with_other_results_is_recognised(small, path: Path) -> None:
    """Somebody who rewrites a batch and its head still cannot make the ledger agree."""
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 10))
        batch = book.batch(2)
        at, row = book.batch(1).recorded_at, bytes(batch.results).index(0)
    from skarb.journal import encode, head_of

    results = bytes(batch.results[:row]) + b"\x36" + bytes(batch.results[row + 1 :])
    with open_book(path) as book:
        previous = head_of(bytes(32), encode(book.batch(1)))
    body = encode(msgspec.structs.replace(batch, results=results))
    rewrite(path, f"UPDATE batch SET body = x'{body.hex()}', head = x'{head_of(previous, body).hex()}' WHERE sequence = 2")
    assert at < batch.recorded_at
    with pytest.raises(Damaged, match=f"batch 2, transfer {row}: the journal states result 54, the ledger gives 0"):
        open_book(path)


def test_a_book_without_a_name_is_not_finished(small, path: Path) -> None:
    small.create(path).close()
    rewrite(path, "DELETE FROM meta")
    for clock in (small.clock, None):
        with pytest.raises(InputError, match="does not say which book"):
            open_book(path, clock=clock, name="small" if clock else None)


def test_working_ahead_keeps_order_passes_errors_on_and_ends_early() -> None:
    assert list(ahead(range(10_000))) == list(range(10_000))

    def failing():
        yield from range(10)
        raise ValueError("at ten")

    got = []
    with pytest.raises(ValueError, match="at ten"):
        for number in ahead(failing()):
            got.append(number)
    assert got == list(range(10))
    endless = ahead(iter(int, 1))
    assert next(endless) == 0
    endless.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "skarb-ahead"]
