"""A snapshot spares reading the journal again, and is never believed when it does not belong to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import Conflict, Unavailable
from skarb.journal import NewAccount, open_book, open_ledger, verify
from skarb.journal import book as book_module
from skarb.journal import memory as memory_module
from skarb.journal.cold import FOLDER_VARIABLE, LIMIT_VARIABLE
from skarb.journal.snapshot import map_snapshot, read_snapshot, snapshot_path
from skarb.ledger import Ledger
from skarb.store import location_of


@pytest.fixture
def replayed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the batches that were posted again."""
    found: list[int] = []
    whole = memory_module.replay
    monkeypatch.setattr(
        memory_module, "replay", lambda ledger, envelope: found.append(envelope.sequence) or whole(ledger, envelope)
    )
    return found


def numbers(small, start: int, stop: int) -> list[object]:
    return [small.instruction(number) for number in range(start, stop)]


def everything(book) -> tuple[object, ...]:
    return (
        book.ledger.state_hash(),
        book.sequence,
        book.head,
        book.instructions,
        book.assets,
        [(opening.address, opening.asset) for opening in book.chart.openings],
        book.chart.ledgers,
    )


@pytest.mark.parametrize("place", ["small.book", "small.segments"])
def test_only_what_comes_after_is_read(small, tmp_path: Path, replayed: list[int], place: str) -> None:
    path = tmp_path / place
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 40))
        book.take_snapshot()
        small.hand_in(book, numbers(small, 40, 60))
        known = everything(book)
    with open_book(path, clock=small.clock) as book:
        assert replayed == [known[1]]
        assert everything(book) == known
        answers = small.hand_in(book, numbers(small, 0, 70))
        assert [answer.repeated for answer in answers] == [True] * 60 + [False] * 10
        known = everything(book)
    snapshot_path(path).unlink()
    with open_book(path) as book:
        assert everything(book) == known
    assert verify(path).ok


def test_a_book_in_a_database_keeps_its_snapshot_there(small, postgres: str, tmp_path: Path, monkeypatch, replayed) -> None:
    path = location_of(f"{postgres}#kept")
    monkeypatch.setenv(LIMIT_VARIABLE, "16")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "runs"))
    first = small.create(path)
    small.hand_in(first, numbers(small, 0, 40))
    first.take_snapshot()
    with open_book(path, clock=small.clock) as book:  # takes over
        with pytest.raises(Conflict, match="epoch 1 is over"):
            first.take_snapshot()
        small.hand_in(book, numbers(small, 40, 50))
        with pytest.raises(Unavailable, match="another process writes there"):
            book.take_snapshot()  # the writer before has not let go of the folder; all stays in memory
        first.close()
        small.hand_in(book, numbers(small, 50, 60))
        book.ledger.put_away()
        book.take_snapshot()
        known = everything(book)
        assert book._memory.marks.put_away > 40
    replayed.clear()
    with open_book(path) as book:
        assert (replayed, everything(book)) == ([], known)
    shutil.rmtree(tmp_path / "runs")  # as on another machine
    with open_book(path, clock=small.clock) as book:
        assert (len(replayed), everything(book)) == (known[1], known)
        answers = small.hand_in(book, numbers(small, 0, 60))
        assert all(answer.repeated for answer in answers)
    assert verify(path).ok


def test_an_observer_is_shown_every_batch(small, tmp_path: Path) -> None:
    path = tmp_path / "small.book"
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 5))
        book.take_snapshot()
        last = book.sequence
    shown: list[int] = []
    with open_book(path, observer=lambda envelope: shown.append(envelope.sequence)):
        assert shown == list(range(1, last + 1))


def test_a_large_book_takes_a_snapshot_when_it_is_closed(small, tmp_path: Path, monkeypatch, replayed: list[int]) -> None:
    monkeypatch.setattr(book_module, "WORTH_SNAPSHOT", 30)
    path = tmp_path / "small.book"
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 5))
    assert not snapshot_path(path).exists()
    with open_book(path, clock=small.clock) as book:
        small.hand_in(book, numbers(small, 5, 60))
        known = everything(book)
    taken = snapshot_path(path).read_bytes()
    replayed.clear()
    with open_book(path, clock=small.clock) as book:
        assert (replayed, everything(book)) == ([], known)
        small.hand_in(book, numbers(small, 60, 62))
    assert snapshot_path(path).read_bytes() == taken  # two more are soon posted again


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A ledger with a snapshot, and another one that began alike."""
    folder = tmp_path_factory.mktemp("snapshots")
    paths = folder / "one.book", folder / "two.book"
    for path, more in zip(paths, (1, 2), strict=True):
        with open_ledger(path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), name="ledger") as book:
            book.open_accounts([NewAccount("a", "BYN"), NewAccount("b", "BYN")])
            book.open_accounts([NewAccount(f"c{more}", "USD")])
            book.book.take_snapshot()
    return paths


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_a_snapshot_is_noticed(kept: tuple[Path, Path], data: st.DataObject) -> None:
    path = kept[0]
    good = snapshot_path(path).read_bytes()
    bad = bytearray(good)
    place = data.draw(st.integers(0, len(good) - 1))
    bad[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        snapshot_path(path).write_bytes(data.draw(st.sampled_from([bytes(bad), good[:place], good + b"x", b""])))
        assert read_snapshot(map_snapshot(snapshot_path(path)), "ledger") is None
        with open_book(path) as book:
            assert [opening.address for opening in book.chart.openings] == ["a", "b", "c1"]
    finally:
        snapshot_path(path).write_bytes(good)


def test_a_snapshot_of_another_journal_is_passed_over(kept: tuple[Path, Path], tmp_path: Path) -> None:
    """Two books of one name that went apart: the head tells them apart."""
    path = tmp_path / "one.book"
    shutil.copy(kept[0], path)
    shutil.copy(snapshot_path(kept[1]), snapshot_path(path))
    with open_book(path) as book:
        assert [opening.address for opening in book.chart.openings] == ["a", "b", "c1"]
    assert read_snapshot(map_snapshot(snapshot_path(path)), "another name") is None


def test_a_snapshot_of_what_a_restored_book_has_not_yet_is_passed_over(small, tmp_path: Path) -> None:
    path = tmp_path / "small.book"
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 5))
        known = everything(book)
    older = path.read_bytes()
    with open_book(path, clock=small.clock) as book:
        small.hand_in(book, numbers(small, 5, 10))
        book.take_snapshot()
    path.write_bytes(older)
    with open_book(path) as book:
        assert everything(book) == known


def test_a_snapshot_that_cannot_be_written_harms_nothing(small, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "small.book"
    with small.create(path) as book:
        small.hand_in(book, numbers(small, 0, 5))
        snapshot_path(path).with_name(snapshot_path(path).name + ".new").mkdir()
        with pytest.raises(Unavailable, match="the book itself is whole"):
            book.take_snapshot()
        small.hand_in(book, numbers(small, 5, 10))
    assert verify(path).ok


def test_a_full_disk_keeps_no_half_snapshot_and_the_book_is_sealed(small, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(book_module, "WORTH_SNAPSHOT", 1)

    def full(ledger: Ledger) -> Iterator[bytes]:
        yield b"begun"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ledger, "snapshot_pieces", full)
    path = tmp_path / "small.book"
    book = small.create(path)
    small.hand_in(book, numbers(small, 0, 5))
    assert book.close()
    assert not [one.name for one in tmp_path.iterdir() if "snapshot" in one.name]
    assert verify(path).ok


def test_a_header_from_another_version_is_passed_over(kept: tuple[Path, Path], tmp_path: Path) -> None:
    line, _, rest = snapshot_path(kept[0]).read_bytes().partition(b"\n")
    header = msgspec.json.decode(line) | {"snapshot": 3}
    path = tmp_path / "x.snapshot"
    path.write_bytes(msgspec.json.encode(header) + b"\n" + rest)
    assert read_snapshot(map_snapshot(path), "ledger") is None
    assert read_snapshot(map_snapshot(tmp_path / "missing"), "ledger") is None
