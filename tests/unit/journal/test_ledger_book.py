"""A ledger on disk without instructions, and callers who share its writes."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.core.transfer import TRANSFER, key_128
from skarb.journal import GroupCommit, LedgerBook, NewAccount, open_ledger, verify
from skarb.journal.chain import notes_of
from skarb.journal.model import Note
from skarb.ledger import Result, reversal_of, transfers_of
from skarb.ledger.transaction import Leg


def clock() -> datetime:
    return datetime(2026, 10, 1, tzinfo=UTC)


def create(path: Path) -> LedgerBook:
    book = open_ledger(path, clock=clock, name="clearing")
    assert book.open_accounts([NewAccount(f"member/{n}", "BYN", floor=-1000) for n in range(4)]).tolist() == [Result.created] * 4
    return book


def transfers(book: LedgerBook, *rows: tuple[str, int, int, int]) -> np.ndarray:
    records = np.zeros(len(rows), TRANSFER)
    for record, (name, debit, credit, amount) in zip(records, rows, strict=True):
        record["id_lo"], record["id_hi"] = np.frombuffer(key_128(name), "<u8")
        for side, member in (("debit", debit), ("credit", credit)):
            record[f"{side}_lo"], record[f"{side}_hi"] = np.frombuffer(book.account(f"member/{member}", "BYN"), "<u8")
        record["amount_lo"] = amount
    records["ledger"], records["code"] = book.asset("BYN"), 7
    return records


def test_what_is_posted_is_there_after_the_next_opening(tmp_path: Path) -> None:
    path = tmp_path / "clearing.book"
    with create(path) as book:
        records = transfers(book, ("a", 0, 1, 600), ("b", 0, 1, 600), ("c", 1, 2, 5))
        told, after = book.dry_run(records)
        assert (int(after["credit_credits_posted_lo"][0]), int(after["credit_credits_posted_lo"][1])) == (600, 0)
        codes = book.post(records, metadata={2: {"contract": "№ 7", "agent": "anna"}})
        assert codes.tolist() == told.tolist() == [Result.created, Result.exceeds_floor, Result.created]
        state, head = book.ledger.state_hash(), book.book.head
    assert verify(path).ok
    notes: list[Note] = []
    with open_ledger(path, clock=clock, observer=lambda envelope: notes.extend(notes_of(envelope))) as book:
        assert (book.ledger.state_hash(), book.book.head) == (state, head)
        assert notes == [Note(2, {"contract": "№ 7", "agent": "anna"})]
        assert book.post(records).tolist() == [Result.exists, Result.id_already_failed, Result.exists]
        assert book.open_accounts([NewAccount("member/1", "BYN", floor=-1000), NewAccount("fees", "BYN")]).tolist() == [
            Result.exists,
            Result.created,
        ]
        assert book.post(reversal_of(book.ledger.lookup_transfer(key_128("c")))).tolist() == [Result.created]
    with open_ledger(path, clock=clock) as book:
        assert [opening.address for opening in book.chart.openings] == [*(f"member/{n}" for n in range(4)), "fees"]
        assert book.ledger.balance(book.account("member/1", "BYN")).posted == 600
    assert "no law decided them" in " ".join(verify(path).notes)


def test_a_transaction_of_many_legs_is_durable_as_one(tmp_path: Path) -> None:
    path = tmp_path / "clearing.book"
    with create(path) as book:
        member = [int.from_bytes(book.account(f"member/{n}", "BYN"), "little") for n in range(4)]
        legs = [Leg(member[0], 1, -300), Leg(member[1], 1, 100), Leg(member[2], 1, 150), Leg(member[3], 1, 50)]
        assert set(book.post(transfers_of(77, legs, code=7)).tolist()) == {Result.created}
        too_much = [Leg(member[0], 1, -800), Leg(member[1], 1, 800)]
        assert set(book.post(transfers_of(78, too_much, code=7)).tolist()) == {Result.exceeds_floor}
    with open_ledger(path, clock=clock) as book:
        assert [book.ledger.balance(one).posted for one in member] == [-300, 100, 150, 50]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda book: book.post(np.zeros(3, np.int64)), "expected one row of transfer records"),
        (lambda book: book.post(transfers(book, ("x", 0, 1, 1)), metadata={1: {}}), "expected a place below"),
        (lambda book: book.post(transfers(book, ("x", 0, 1, 1)), metadata={0: {"a": "x" * 70_000}}), "at most 65536"),
        (lambda book: book.open_accounts([NewAccount("", "BYN")]), "expected an address"),
        (lambda book: book.open_accounts([NewAccount("a", "BYN", floor=1 << 128)]), "at most 128 bits"),
        (lambda book: book.account("nobody", "BYN"), "open it first"),
        (lambda book: book.asset("XXX"), "open one first"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(tmp_path: Path, wrong, words: str) -> None:
    with create(tmp_path / "clearing.book") as book:
        before = book.ledger.state_hash()
        with pytest.raises((InputError, NotFound), match=words):
            wrong(book)
        assert book.ledger.state_hash() == before
        assert book.post(transfers(book, ("x", 0, 1, 1))).tolist() == [Result.created]


def test_a_transfer_without_an_instruction_is_found_in_an_institutions_book(small, tmp_path: Path) -> None:
    """Somebody who can write the file appends a batch as a ledger would."""
    path = tmp_path / "small.book"
    with small.create(path) as book:
        book.append(small.post(book, [small.instruction(number) for number in range(3)]))
        records = np.frombuffer(book.batch(book.sequence).transfers, TRANSFER).copy()
        records["id_hi"] ^= 1
        LedgerBook(book).post(records)
        sequence = book.sequence
    report = verify(path)
    assert {(finding.check, finding.sequence) for finding in report.findings} == {("decision", sequence)}


# callers who share writes


def test_many_callers_share_few_writes_and_each_gets_his_own_answer(tmp_path: Path) -> None:
    path = tmp_path / "clearing.book"
    with create(path) as book:
        group = book.group()
        amounts = [1, 2000, 3] * 100

        async def caller(number: int, amount: int) -> int:
            return int(await group.post(transfers(book, (f"t{number}", number % 2, 2, amount)).tobytes()))

        async def all_of_them() -> list[int]:
            return await asyncio.gather(*[caller(number, amount) for number, amount in enumerate(amounts)])

        codes = asyncio.run(all_of_them())
        assert [code == Result.created for code in codes] == [amount < 2000 for amount in amounts]
        assert book.book.sequence < 20
        total = sum(amount for amount in amounts if amount < 2000)
    with open_ledger(path, clock=clock) as book:
        assert book.ledger.balance(book.account("member/2", "BYN")).posted == total


def test_a_failed_write_is_told_to_everybody_who_shared_it_and_to_those_after() -> None:
    given: list[list[int]] = []

    def submit(items: list[int]) -> Future[list[int]]:
        given.append(list(items))
        answer: Future[list[int]] = Future()
        if len(given) == 1:
            answer.set_exception(Unavailable("the disk is full"))
        elif len(given) == 2:
            raise Unavailable("open the book again")
        else:
            answer.set_result([item * 2 for item in items])
        return answer

    async def story() -> list[object]:
        group: GroupCommit[int, int] = GroupCommit(submit, most=3)
        gone = asyncio.ensure_future(group.post(100))
        first = [asyncio.ensure_future(group.post(number)) for number in range(8)]
        await asyncio.sleep(0)
        gone.cancel()
        return await asyncio.gather(*first, return_exceptions=True)

    answers = asyncio.run(story())
    assert given == [[100, 0, 1], [2, 3, 4], [5, 6, 7]]
    assert [str(answer) for answer in answers] == ["the disk is full"] * 2 + ["open the book again"] * 3 + ["10", "12", "14"]
