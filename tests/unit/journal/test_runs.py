"""What a book has put away changes nothing that anybody can see: answers, balances and the bytes of the journal stay as they were."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import ConfigurationError, Unavailable
from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag, TransferFlag
from skarb.journal import LedgerBook, NewAccount, open_book, open_ledger, verify
from skarb.journal.cold import LIMIT_VARIABLE, FileShelf, Runs, runs_path
from skarb.journal.snapshot import snapshot_path
from skarb.ledger import Ledger, Result
from skarb.ledger.books import BEFORE
from skarb.ledger.cold import Cold
from skarb.ledger.past import Behind

F = TransferFlag
ASSET = "BYN"
CLIENTS = [f"client/{number}" for number in range(6)]


class Story:
    """Random batches for a ledger, the same for the same seed: most ask for something that happened long before."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.past: list[Any] = []

    def clock(self) -> datetime:
        return self.now

    def open(self, book: LedgerBook) -> None:
        book.open_accounts([NewAccount(one, ASSET, floor=-500 if place else None) for place, one in enumerate(CLIENTS)])

    def batch(self, book: LedgerBook) -> Any:
        self.now += timedelta(seconds=self.chance.choice([0, 0, 1, 3]))
        batch = np.concatenate([self.one(book) for _ in range(self.chance.randint(1, 40))])
        self.past += [record.copy() for record in batch]
        return batch

    def one(self, book: LedgerBook) -> Any:
        record = np.zeros(1, TRANSFER)
        record["id_lo"], record["id_hi"] = self.chance.getrandbits(60) + 1, self.chance.getrandbits(60)
        kind = self.chance.random()
        if self.past and kind < 0.25:  # again, sometimes with another content
            record[0] = self.chance.choice(self.past)
            if self.chance.random() < 0.3:
                record["amount_lo"] += 1
        elif self.past and kind < 0.45:  # posts or voids anything at all
            record["pending_lo"], record["pending_hi"] = (self.chance.choice(self.past)[half] for half in ("id_lo", "id_hi"))
            post = self.chance.random() < 0.6
            record["flags"] = F.post_pending_transfer if post else F.void_pending_transfer
            record["amount_lo"] = record["amount_hi"] = (1 << 64) - 1 if post else 0
        else:
            debit, credit = self.chance.sample(CLIENTS, 2)
            for side, address in (("debit", debit), ("credit", credit)):
                record[f"{side}_lo"], record[f"{side}_hi"] = np.frombuffer(book.account(address, ASSET), "<u8")
            record["amount_lo"] = self.chance.randint(1, 300)  # many fall below the floor, and spend their id
            record["ledger"], record["code"] = book.asset(ASSET), 1
            record["flags"] = self.chance.choice([0, 0, F.pending, F.pending, F.balancing_debit])
            if int(record["flags"][0]) & F.pending:
                record["timeout"] = self.chance.choice([0, 1, 20])
        if self.chance.random() < 0.15:
            record["flags"] ^= np.uint16(F.linked)
        return record


def tell(book: LedgerBook) -> tuple[Any, ...]:
    return book.book.sequence, book.book.head, book.ledger.state_hash(), book.ledger.balances().tobytes(), book.ledger.marks


def same_story(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch, place: str = "one.book") -> None:
    """Tell a story to a book that keeps everything in memory and to one that keeps little and is opened again and again."""
    one, other = Story(seed), Story(seed)
    (folder / "large").mkdir()
    (folder / "little").mkdir()
    paths = folder / "large" / place, folder / "little" / place
    limit = str(one.chance.choice([1, 30, 64]))
    other.chance.choice([1, 30, 64])
    restarts = Random(seed + 1)
    large = open_ledger(paths[0], clock=one.clock, name="ledger")
    monkeypatch.setenv(LIMIT_VARIABLE, limit)
    little = open_ledger(paths[1], clock=other.clock, name="ledger")
    one.open(large)
    other.open(little)
    for _ in range(20):
        batch, again = one.batch(large), other.batch(little)
        tried = large.dry_run(batch), little.dry_run(again)
        assert [part.tobytes() for part in tried[0]] == [part.tobytes() for part in tried[1]]
        assert large.post(batch).tolist() == little.post(again).tolist()
        if restarts.random() < 0.2:
            if restarts.random() < 0.5:
                little.book.take_snapshot()
            little.close()
            little = open_ledger(paths[1], clock=other.clock)
    assert tell(large) == tell(little)
    changes = [list(one.ledger.history().changes()) for one in (large, little)]
    assert changes[0] == changes[1]
    for record in one.past[::7]:
        key = int(record["id_lo"]) | int(record["id_hi"]) << 64
        assert str(large.ledger.lookup_transfer(key)) == str(little.ledger.lookup_transfer(key))
    large.close()
    little.close()
    assert verify(paths[1]).ok
    with open_book(paths[1]) as reader:
        assert reader.ledger.state_hash() == large.ledger.state_hash()


@pytest.mark.parametrize(("seed", "kind"), [(0, "python"), (1, "numba"), (2, "numba"), (3, "python")])
def test_a_book_that_keeps_little_in_memory_is_the_same_book(tmp_path: Path, monkeypatch, seed: int, kind: str) -> None:
    monkeypatch.setenv("SKARB_KERNEL", kind)
    same_story(tmp_path, seed, monkeypatch, "one.segments" if seed % 2 else "one.book")


def test_an_institution_that_keeps_little_in_memory_gives_first_answers(small, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "16")
    path = tmp_path / "small.book"
    work = [small.instruction(number) for number in range(120)]
    with small.create(path) as book:
        for start in range(0, 100, 10):
            small.hand_in(book, work[start : start + 10])
        assert book._memory.index.before >= 80
        known = book.ledger.state_hash(), book.head
    with open_book(path, clock=small.clock) as book:
        assert book._memory.index.before >= 64, "the snapshot taken while it was open is used"
        assert (book.ledger.state_hash(), book.head) == known
        answers = small.hand_in(book, work)
        assert [answer.repeated for answer in answers] == [True] * 100 + [False] * 20
    assert verify(path).ok


def test_nothing_is_imported_at_a_moment_that_was_put_away(tmp_path: Path) -> None:
    """Moments rise over all transfers and accounts there ever were, not only over those in memory."""
    answers = []
    for cold in (None, Cold(Runs(tmp_path / "runs").ledger)):
        ledger = Ledger("python", cold)
        accounts = np.zeros(3, ACCOUNT)
        accounts["id_lo"], accounts["ledger"], accounts["code"] = (1, 2, 3), 1, 1
        ledger.open_accounts(accounts[:2], 10)
        transfers = np.zeros(3, TRANSFER)
        transfers["id_lo"], transfers["debit_lo"], transfers["credit_lo"] = (5, 6, 7), 1, 2
        transfers["ledger"], transfers["code"], transfers["amount_lo"] = 1, 1, 1
        ledger.post(transfers[:2], 100)  # at 100 and 101
        ledger.put_away()
        late = accounts[2:].copy()
        late["flags"] = AccountFlag.imported
        for moment in (100, 101, 102):
            late["timestamp"] = moment
            answers.append(Result(ledger.open_accounts(late, 1000)[0]).name)
        imported = transfers[2:].copy()
        imported["flags"] = F.imported
        for moment in (99, 101, 103):
            imported["timestamp"] = moment
            answers.append(Result(ledger.post(imported, 2000)[0]).name)
    wrong = "imported_event_timestamp_must_not_regress"
    assert answers[:6] == answers[6:] == [wrong, wrong, "created", wrong, wrong, "created"]


# ── what may happen to the files ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, list[Any]]:
    """A book with runs and a snapshot, closed; its state, and what it was asked."""
    folder = tmp_path_factory.mktemp("runs")
    path, story = folder / "one.book", Story(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LIMIT_VARIABLE, "40")
        with open_ledger(path, clock=story.clock, name="ledger") as book:
            story.open(book)
            for _ in range(40):
                book.post(story.batch(book))
            book.book.take_snapshot()
            state = book.ledger.state_hash()
    assert len(list(runs_path(path).iterdir())) > 5
    return path, state, story.past


def copy(told: tuple[Path, bytes, list[Any]], folder: Path) -> Path:
    shutil.copytree(told[0].parent, folder, dirs_exist_ok=True)
    return folder / told[0].name


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_happens_to_a_file_of_the_runs_is_noticed(told, data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        path = copy(told, Path(name))
        files = sorted(one for one in runs_path(path).iterdir() if one.name != "lock")
        file = data.draw(st.sampled_from(files))
        good = file.read_bytes()
        place = data.draw(st.integers(0, len(good) - 1))
        bad = bytearray(good)
        bad[place] ^= 1 << data.draw(st.integers(0, 7))
        kind = data.draw(st.sampled_from(["changed", "cut", "gone"]))
        if kind == "gone":
            file.unlink()
        else:
            file.write_bytes(bytes(bad) if kind == "changed" else good[:place])
        for _ in range(2):  # what is found only when it is asked for is made again at the next opening
            try:
                with open_ledger(path, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)) as book:
                    assert book.ledger.state_hash() == told[1]
                break
            except Unavailable as error:
                assert "made again" in str(error)
        else:
            raise AssertionError("the runs were not made again")


def test_runs_that_reach_beyond_the_journal_are_not_believed(told, tmp_path: Path, monkeypatch) -> None:
    """The journal of before, and beside it runs and a snapshot of what it does not have."""
    path = copy(told, tmp_path)
    older = path.read_bytes()
    monkeypatch.setenv(LIMIT_VARIABLE, "40")
    story = Story(6)
    with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book:
        for _ in range(9):
            book.post(story.batch(book))
        book.book.take_snapshot()
    path.write_bytes(older)
    with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book:
        assert book.ledger.state_hash() == told[1]


def test_rows_put_away_after_the_latest_snapshot_are_not_believed(told, tmp_path: Path, monkeypatch) -> None:
    """As after a crash: the files go on behind what the snapshot names, and are written over."""
    path = copy(told, tmp_path)
    snapshot = snapshot_path(path).read_bytes()
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    story = Story(7)
    for _ in range(3):
        with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book:
            for _ in range(4):
                book.post(story.batch(book))
            book.ledger.put_away()
            state = book.ledger.state_hash()
        snapshot_path(path).write_bytes(snapshot)
    with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book:
        assert book.ledger.state_hash() == state


def test_a_second_process_and_a_full_disk_leave_everything_in_memory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "5")
    path, story = tmp_path / "one.book", Story(8)
    runs_path(path).write_bytes(b"not a folder")
    with open_ledger(path, clock=story.clock, name="ledger") as book:
        story.open(book)
        for _ in range(12):
            book.post(story.batch(book))
        with pytest.raises(Unavailable, match="stay in memory"):
            book.ledger.put_away()
        runs_path(path).unlink()
        book.post(story.batch(book))
        book.ledger.put_away()
        state = book.ledger.state_hash()
    assert verify(path).ok
    shutil.rmtree(runs_path(path))
    with open_book(path) as book:
        assert book.ledger.state_hash() == state


def test_the_past_can_be_taken_from_what_was_put_away(told, tmp_path: Path) -> None:
    path = copy(told, tmp_path)
    with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book, Behind(book.ledger) as behind:
        known = behind.wait()
        assert book.ledger._books.counts[BEFORE] > book.ledger.transfers / 2
        taken = known.changes[: known.length].tobytes()
    shutil.rmtree(runs_path(path))
    snapshot_path(path).unlink()
    with open_ledger(path, clock=lambda: datetime(2026, 2, 1, tzinfo=UTC)) as book, Behind(book.ledger) as behind:
        known = behind.wait()
        assert known.changes[: known.length].tobytes() == taken


# ── shelves ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_stay_few_and_filters_let_few_pass(tmp_path: Path) -> None:
    shelf, chance = FileShelf(tmp_path, "keys", 2), np.random.default_rng(1)
    ids = chance.integers(1, 1 << 63, (80_000, 2)).astype(np.uint64)
    for start in range(0, len(ids), 1000):
        shelf.put([ids[start : start + 1000]])
        assert len(shelf._state.runs) <= 9
    assert shelf.find(ids).tolist() == list(range(len(ids)))
    new = chance.integers(1, 1 << 63, (20_000, 2)).astype(np.uint64)
    assert (shelf.find(new) == -1).all()
    assert shelf.filter_bytes * 8 < 14 * len(ids)
    passed = np.zeros(len(new), np.uint8)
    shelf._kernel(len(new)).sift(shelf._state.runs[0].blocks, shelf._prints(new), passed)
    assert 0 < passed.sum() < 0.03 * len(new)


def test_ids_of_one_hash_are_still_two(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(FileShelf, "_prints", lambda self, ids: np.full(len(ids), 7 << 32, np.uint64))
    shelf = FileShelf(tmp_path, "keys", 2)
    ids = np.arange(1, 13, dtype=np.uint64).reshape(6, 2)
    shelf.put([ids[:4]])
    shelf.put([ids[4:]])
    assert shelf.find(ids).tolist() == [0, 1, 2, 3, 4, 5]
    assert shelf.find(ids + np.uint64(1)).tolist() == [-1] * 6


@pytest.mark.parametrize("given_limit", ["0", "many", "-1"])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, monkeypatch, given_limit: str) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, given_limit)
    with pytest.raises(ConfigurationError, match=LIMIT_VARIABLE):
        open_ledger(tmp_path / "one.book", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC), name="ledger")
