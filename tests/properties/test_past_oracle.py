"""The past against a plain list: every change that happened, and sums made by going through all of them.

The list is filled by watching the machine from outside: what it answered, what it says of a transfer it created, and which holds were
open when their deadline passed. It knows nothing of runs, notes or rows. Books are those of the reference test, with a date of effect drawn for
each transfer in any order.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import Conflict, Unavailable
from skarb.core.transfer import ACCOUNT
from skarb.core.transfer import TransferFlag as F
from skarb.journal.model import Opening
from skarb.journal.past import BookPast, Heights
from skarb.journal.past.keep import load, save
from skarb.journal.past.model import sum_of
from skarb.ledger import Filter, Ledger, Result
from skarb.ledger.past import Behind, Past, page_by_effect, page_by_record
from skarb.ledger.past.index import Shape
from skarb.ledger.past.model import totals_of

spec = importlib.util.spec_from_file_location("test_ledger_reference", Path(__file__).with_name("test_ledger_reference.py"))
reference = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = reference
spec.loader.exec_module(reference)
HIGH, MAX, SECOND, START, read = reference.HIGH, reference.MAX, reference.SECOND, reference.START, reference.read

SMALL = Shape(bits=2, step=1, sizes=3)  # runs of 4, 8 and 16 changes, so that a book of forty has all of them
DATES = (0, 0, 0, 1, START - 5, START, START + 7, START + SECOND, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@dataclass
class Change:
    moment: int
    effective: int
    kind: str
    debit: int
    credit: int
    amount: int = 0
    held: int = 0  # what holds grow by


class Watcher:
    """Writes down what happens to a ledger."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.open: dict[int, Any] = {}  # records of holds

    def note(self, kind: str, moment: int, effective: int, record: Any, amount: int, held: int) -> None:
        recorded = max(moment, self.changes[-1].moment if self.changes else 0)
        self.changes.append(Change(recorded, effective, kind, read(record, "debit"), read(record, "credit"), amount, held))

    def expire(self, now: int) -> None:
        due = {key: int(hold["timestamp"]) + int(hold["timeout"]) * SECOND for key, hold in self.open.items() if hold["timeout"]}
        order = list(self.open)
        for key in sorted((key for key in due if due[key] <= now), key=lambda key: (due[key], order.index(key))):
            hold = self.open.pop(key)
            self.note("expired", now, due[key], hold, 0, -read(hold, "amount"))

    def post(self, ledger: Ledger, batch: Any, now: int) -> None:
        self.expire(now)
        for record, code in zip(batch, ledger.post(batch, now), strict=True):
            if code == Result.created:
                self.created(ledger, read(record, "id"))

    def created(self, ledger: Ledger, key: int) -> None:
        record = ledger.lookup_transfer(key)
        flags, amount, moment = int(record["flags"]), read(record, "amount"), int(record["timestamp"])
        effective = int(record["user_64"])
        if not 0 < effective < 1 << 63:
            effective = moment
        if flags & F.pending:
            self.open[key] = record
            self.note("pending", moment, effective, record, 0, amount)
        elif flags & F.post_pending_transfer:
            self.note("posted", moment, effective, record, amount, -read(self.open.pop(read(record, "pending")), "amount"))
        elif flags & F.void_pending_transfer:
            self.note("voided", moment, effective, record, 0, -read(self.open.pop(read(record, "pending")), "amount"))
        else:
            self.note("created", moment, effective, record, amount, 0)

    def sums(self, changes: list[Change], account: int) -> tuple[int, int, int, int]:
        dp = d = cp = c = 0
        for one in changes:
            if one.debit == account:
                dp, d = dp + one.held, d + one.amount
            if one.credit == account:
                cp, c = cp + one.held, c + one.amount
        return dp, d, cp, c


class Story:
    """A book of the reference test, its watcher, and its past."""

    def __init__(self, seed: int, kind: Any, behind: bool = False, batches: int = 9) -> None:
        self.chance = chance = Random(seed)
        self.ledger, self.watcher, self.past = Ledger(kind), Watcher(), Past(kind, SMALL)
        keeper, drawn = reference.Reference(), reference.draw_accounts(chance)  # the keeper only helps to draw what makes sense
        opened = self.ledger.open_accounts(reference.account_records(drawn), START)
        self.accounts = [place + 1 | HIGH for place, code in enumerate(opened) if code == Result.created]
        for key in self.accounts:
            flags, floor, ceiling, number = drawn[(key ^ HIGH) - 1]
            keeper.accounts[key] = reference.Account(key, number, flags, floor, ceiling, START + (key ^ HIGH) - 1)
        thread = Behind(self.ledger, self.past) if behind else None
        now = START + len(drawn)
        for _ in range(min(batches, chance.randint(1, 9))):
            now += chance.choice(reference.WAITS)
            events = reference.draw_batch(chance, keeper, len(drawn))
            batch = reference.transfer_records(events)
            batch["user_64"] = [chance.choice(DATES) for _ in events]
            keeper.post(events, now)
            self.watcher.post(self.ledger, batch, now)
            now += len(events)
            if chance.random() < 0.3:
                now += SECOND
                self.ledger.expire(now)
                self.watcher.expire(now)
                now += 1
            if thread is not None:
                thread.wait()
            elif chance.random() < 0.5:
                self.past.follow(self.ledger)
        if thread is not None:
            thread.close()
        self.past.follow(self.ledger)
        self.known = self.past.known

    def moment(self, of: str) -> int:
        moments = [getattr(one, of) for one in self.watcher.changes] or [START]
        near = self.chance.choice(moments) + self.chance.choice((-1, 0, 0, 0, 1))
        return self.chance.choice((near, near, near, near, 0, (1 << 63) - 1))


def check_totals(story: Story) -> None:
    everything = story.watcher.changes
    assert story.known.length == len(everything)
    for account in story.accounts:
        row = story.ledger.row(account)
        now = story.ledger.balance(account)
        assert told(story.known.totals(row)) == (now.debits_pending, now.debits_posted, now.credits_pending, now.credits_posted)
        for _ in range(6):
            recorded, effective = story.moment("moment"), story.moment("effective")
            known = [one for one in everything if one.moment <= recorded]
            assert told(story.known.totals(row, recorded=recorded)) == story.watcher.sums(known, account)
            both = [one for one in known if one.effective <= effective]
            assert told(story.known.totals(row, recorded=recorded, effective=effective)) == story.watcher.sums(both, account)
            table = story.known.all_totals(story.ledger.accounts, len(known), effective)
            assert told(totals_of(table[row])) == story.watcher.sums(both, account)
            each = [story.watcher.sums(both, one) for one in story.accounts]
            assert told(sum_of(table)) == tuple(map(sum, zip(*each, strict=True)))


def check_pages(story: Story) -> None:
    chance, everything = story.chance, story.watcher.changes
    for account in story.accounts:
        row = story.ledger.row(account)
        own = [(number, one) for number, one in enumerate(everything) if account in (one.debit, one.credit)]
        skip, size = chance.randint(0, len(own) + 1), chance.randint(1, 12)
        start, stop = sorted((chance.randint(0, len(everything)), chance.randint(0, len(everything))))
        page = page_by_record(story.known, row, start, stop, skip, size)
        wanted = [(number, one) for number, one in own if start <= number < stop]
        assert page.total == len(wanted)
        assert told(page.opening) == story.watcher.sums(everything[:start], account)
        assert told(page.closing) == story.watcher.sums(everything[:stop], account)
        compare_lines(story, account, page.lines, wanted[skip : skip + size], everything)

        count = chance.randint(0, len(everything))
        first, last = sorted((story.moment("effective"), story.moment("effective")))
        page = page_by_effect(story.known, row, count, first, last, skip, size)
        order = sorted(range(count), key=lambda number: (everything[number].effective, number))
        wanted = [(number, one) for number, one in own if number < count and first <= one.effective < last]
        wanted.sort(key=lambda item: (item[1].effective, item[0]))
        known = everything[:count]
        assert page.total == len(wanted)
        assert told(page.opening) == story.watcher.sums([one for one in known if one.effective < first], account)
        assert told(page.closing) == story.watcher.sums([one for one in known if one.effective < last], account)
        compare_lines(story, account, page.lines, wanted[skip : skip + size], [everything[number] for number in order])


def compare_lines(story: Story, account: int, lines: Any, wanted: Any, order: list[Change]) -> None:
    assert [line.number for line in lines] == [number for number, _ in wanted]
    for line, (_, one) in zip(lines, wanted, strict=True):
        assert (line.moment, line.effective, line.kind) == (one.moment, one.effective, one.kind)
        assert line.incoming == (one.credit == account)
        assert line.amount == (one.amount or abs(one.held))
        assert line.counter == story.ledger.row(one.debit if line.incoming else one.credit)
        until = next(place for place, other in enumerate(order) if other is one) + 1
        assert told(line.after) == story.watcher.sums(order[:until], account)


def told(totals: Any) -> tuple[int, int, int, int]:
    return totals.debits_pending, totals.debits_posted, totals.credits_pending, totals.credits_posted


SEEDS = st.integers(0, 2**32 - 1)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", ["python", "numba"])
@FUZZ
@given(seed=SEEDS)
def test_every_moment_has_the_sums_of_the_plain_list(kind: Any, seed: int) -> None:
    story = Story(seed, kind)
    check_totals(story)
    check_pages(story)


@settings(FUZZ, max_examples=25)
@given(SEEDS)
def test_an_index_behind_the_writer_is_the_same(seed: int) -> None:
    story = Story(seed, "numba", behind=True)
    check_totals(story)
    check_pages(story)


@settings(FUZZ, max_examples=40)
@given(SEEDS)
def test_both_kernels_make_the_same_bytes(seed: int) -> None:
    one, other = (Story(seed, kind).known for kind in ("python", "numba"))
    assert one.changes[: one.length].tobytes() == other.changes[: other.length].tobytes()
    for level, same in zip(one.runs, other.runs, strict=True):
        for run, twin in zip(level, same, strict=True):
            assert run.base == twin.base
            assert [array.tobytes() for array in run[1:]] == [array.tobytes() for array in twin[1:]]


@settings(FUZZ, max_examples=60)
@given(SEEDS)
def test_what_was_kept_goes_on_as_if_nothing_had_happened(seed: int) -> None:
    half, whole = Story(seed, "python", batches=3), Story(seed, "python")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "past")
        save(folder, as_book(half), anew=True)
        for story in (half, whole):  # the second one takes up what the first one kept, as a book does that was posted again
            kept = load(folder, "drawn", SMALL)
            assert kept is not None
            kept.past.follow(story.ledger)
            assert kept.known.length == story.known.length
            story.known = kept.known
            check_totals(story)
            check_pages(story)
            story.past = kept.past
            save(folder, as_book(story), anew=False)
        again = load(folder, "drawn", SMALL)
        assert again is not None
        whole.known = again.known
        check_totals(whole)


def as_book(story: Story) -> BookPast:
    openings = [Opening(f"client/{key}", "ZZD") for key in story.accounts]
    heights = Heights(*np.array([(0, 0, 0), (START, *story.ledger.marks)], np.uint64).T)
    return BookPast("drawn", 1, sha256(story.ledger.state_hash()).digest(), story.past, openings, heights)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_book_with_few_accounts_uses_what_was_noted(backwards: bool) -> None:
    """Hundreds of legs of one account in a run: sums start from notes, at each of their edges."""
    story = Story(5, "numba", batches=1)
    chance, watcher, ledger = story.chance, story.watcher, story.ledger
    batch = np.zeros(6000, reference.transfer_records([]).dtype)
    batch["id_lo"], batch["id_hi"], batch["ledger"], batch["code"] = np.arange(1, 6001), 9, 1, 1
    accounts = np.zeros(3, ACCOUNT)
    accounts["id_lo"], accounts["ledger"], accounts["code"] = (901, 902, 903), 1, 1
    assert (ledger.open_accounts(accounts, ledger.moment + 1) == Result.created).all()
    for record in batch:
        debit, credit = chance.sample((901, 902, 903), 2)
        record["debit_lo"], record["credit_lo"], record["amount_lo"] = debit, credit, chance.randint(1, 9)
        record["amount_hi"] = chance.choice((0, 0, 5))
        record["user_64"] = chance.randint(1, 3000) if backwards else 0
        record["flags"] = F.pending if chance.random() < 0.3 else 0
    watcher.post(ledger, batch, ledger.moment + 1)
    story.past = Past("numba", Shape(bits=8, step=2, sizes=3))
    story.past.follow(ledger)
    story.known, story.accounts = story.past.known, [*story.accounts, 901, 902, 903]
    assert [len(runs) for runs in story.known.runs] == [23, 5, 1]
    for _ in range(8):
        check_totals(story)
        check_pages(story)
    for count in range(4096, 6000, 37):
        assert told(story.known.totals_until(ledger.row(901), count)) == watcher.sums(watcher.changes[:count], 901)


def test_what_is_drawn_meets_every_kind_of_change_and_every_size_of_run() -> None:
    stories = [Story(seed, "numba") for seed in range(60)]
    kinds = {one.kind for story in stories for one in story.watcher.changes}
    assert kinds == {"created", "pending", "posted", "voided", "expired"}
    assert all(max(len(story.known.runs[level]) for story in stories) >= 2 for level in range(3))
    held = [story.watcher.sums(story.watcher.changes, key) for story in stories for key in story.accounts]
    assert max(map(max, held)) > MAX // 4


def test_somebody_who_asked_keeps_his_answer_when_the_ledger_goes_on() -> None:
    story = Story(3, "numba")
    account = story.accounts[0]
    row, before = story.ledger.row(account), story.known
    answer = before.totals(row)
    batch = np.zeros(5000, reference.transfer_records([]).dtype)
    batch["id_lo"], batch["id_hi"] = np.arange(1, 5001), 9
    for name, key in (("debit", story.accounts[0]), ("credit", story.accounts[-1])):
        batch[f"{name}_lo"], batch[f"{name}_hi"] = key & (1 << 64) - 1, key >> 64
    batch["ledger"], batch["code"] = 1, 1
    transfers = story.ledger.transfers
    with Behind(story.ledger, story.past) as behind:
        with pytest.raises(Conflict, match="followed already"):
            Behind(story.ledger)
        for part in np.split(batch, 50):
            story.ledger.post(part, story.ledger.moment + 1)
            behind.known.totals(behind.row(account))
        after = behind.wait()
    assert story.ledger.transfers == transfers + 5000
    assert after.length == before.length + 5000
    assert before.totals(row) == answer == after.totals(row)


def test_an_index_that_fails_says_so_and_the_ledger_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no room for more changes")

    story = Story(7, "numba")
    monkeypatch.setattr(Past, "follow", fail)
    behind = Behind(story.ledger)
    with pytest.raises(Unavailable, match="no room for more"):
        behind.wait()
    batch = story.ledger.history().query_transfers(Filter())[:1]
    assert len(story.ledger.post(batch, story.ledger.moment + 1)) == 1
    with pytest.raises(Unavailable, match="no room for more"):
        behind.close()
