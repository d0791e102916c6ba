"""The law looks at what was posted before: limits of a month, counts of a week, exact inside one batch, after a restart and for a verifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from skarb.journal import open_book, verify
from skarb.journal.chain import facts_of

LIMIT = 8000  # ZZD of instant payments in a month, this one included
START = datetime(2026, 10, 1, 9, tzinfo=UTC)


def instant(town, name: str, amount: str, party: str = "anna", at: datetime = START, **other):
    counterparty = other.pop("counterparty", "cora")
    return town.instruction(name, "instant_pay", party, amount, at=at, counterparty=counterparty, **other)


def outcomes(answer) -> list[str]:
    assert answer.problems == []
    return [receipt.outcome for receipt in answer.receipts]


def totals(town) -> list[tuple[int | None, ...]]:
    """The totals of every instant payment as journalled, in order."""
    with open_book(town.book) as book:
        found = [one for envelope in book.envelopes() for one in facts_of(envelope)]
    return [one.totals for one in found if one.activity == "instant_pay"]


def clean(town) -> None:
    report = verify(town.book)
    assert report.findings == [] and not report.skipped - {"seal"}


def test_a_limit_of_the_month_is_exact_inside_one_batch(town) -> None:
    with town.open_funded() as desk:
        batch = [instant(town, f"a{n}", "3000.00") for n in range(4)] + [instant(town, "b", "8000.00", "boris")]
        assert outcomes(desk.submit(batch)) == ["posted", "posted", "refused", "refused", "posted"]
        assert outcomes(desk.submit([instant(town, "small", "2000.00"), instant(town, "cent", "0.01")])) == ["posted", "refused"]
    assert [row[0] for row in totals(town)] == [300000, 600000, 900000, 900000, 800000, 800000, 800001]
    clean(town)


def test_each_instruction_alone_sees_the_same(town, zedland, tmp_path: Path) -> None:
    batch = [instant(town, f"a{n}", "3000.00") for n in range(4)]
    with town.open_funded() as desk:
        single = [outcomes(desk.submit([one]))[0] for one in batch]
    assert single == ["posted", "posted", "refused", "refused"]


def test_what_the_ledger_turns_down_does_not_count(town) -> None:
    """Nobody knows before the ledger is asked, so it is asked as soon as somebody's total depends on it."""
    with town.desk() as desk:
        money = [town.instruction("money", party="other-bank", amount="5000.00", counterparty="anna")]
        batch = [
            instant(town, "1", "4000.00"),
            instant(town, "2", "3000.00"),
            instant(town, "3", "900.00"),
            instant(town, "4", "50.00"),
        ]
        answer = desk.submit(money + batch)
        assert outcomes(answer) == ["posted", "posted", "not_posted", "posted", "posted"]
        assert answer.receipts[2].codes == ("exceeds_floor",)
    assert [row[0] for row in totals(town)] == [400000, 700000, 490000, 495000]
    clean(town)


def test_money_that_came_in_earlier_in_the_batch_can_be_spent(town) -> None:
    with town.desk() as desk:
        batch = [
            town.instruction("money", party="other-bank", amount="100.00", counterparty="anna"),
            instant(town, "1", "60.00"),
            instant(town, "back", "30.00", "cora", counterparty="anna"),
            instant(town, "2", "70.00"),
            instant(town, "3", "0.01"),
        ]
        assert outcomes(desk.submit(batch)) == ["posted", "posted", "posted", "posted", "not_posted"]
    clean(town)


def test_a_month_ends_with_the_legal_day(town) -> None:
    """Minsk is three hours ahead: the last evening of September in UTC is October there."""
    late = datetime(2026, 9, 30, 21, tzinfo=UTC)
    with town.open_funded() as desk:
        batch = [
            instant(town, "september", "8000.00", at=late - timedelta(microseconds=1)),
            instant(town, "october", "8000.00", at=late),
            instant(town, "full", "0.01", at=late + timedelta(days=30, hours=23, minutes=59)),
            instant(town, "november", "0.01", at=late + timedelta(days=31)),
            instant(town, "late", "0.01", at=late - timedelta(hours=3)),
        ]
        assert outcomes(desk.submit(batch)) == ["posted", "posted", "refused", "posted", "refused"]
    clean(town)


def test_totals_go_on_after_a_restart(town) -> None:
    with town.open_funded() as desk:
        desk.submit([instant(town, "1", "5000.00")])
    with town.desk() as desk:
        assert outcomes(desk.submit([instant(town, "2", "3000.01"), instant(town, "3", "3000.00")])) == ["refused", "posted"]
    clean(town)


def test_a_repeated_id_and_a_conflict_do_not_count(town) -> None:
    with town.open_funded() as desk:
        one = instant(town, "1", "3000.00")
        desk.submit([one])
        answer = desk.submit([one, instant(town, "1", "3000.01"), instant(town, "2", "5000.00"), instant(town, "2", "5000.00")])
        assert outcomes(answer) == ["posted", "conflict", "posted", "posted"]
        assert outcomes(desk.submit([instant(town, "3", "0.01")])) == ["refused"]
    assert [row[0] for row in totals(town)] == [300000, 800000, 800001]
    clean(town)


def test_a_value_that_nobody_knows_makes_the_total_missing(town) -> None:
    """The rate of the day is missing, so is the value, so is the month's total: the law refuses what it cannot measure."""
    with town.open_funded() as desk:
        first = instant(town, "1", "10.00", at=datetime(2027, 6, 1, tzinfo=UTC), asset="USD")
        assert outcomes(desk.submit([first, instant(town, "2", "10.00", at=datetime(2027, 6, 1, tzinfo=UTC))])) == [
            "refused",
            "posted",
        ]
    assert [row[0] for row in totals(town)] == [None, 1000]
    clean(town)


def test_swaps_of_seven_days_are_counted_before_this_one(town) -> None:
    def swap(number: int, days: int):
        given = {"consideration_asset": "BTC", "consideration": "0.001", "counterparty": "boris"}
        return town.instruction(f"s{number}", "token_swap", "anna", "0.001", at=START + timedelta(days=days), **given)

    with town.open_funded() as desk:
        days = [0, 0, 1, 6, 7, 8, 20]
        receipts = desk.submit([swap(n, day) for n, day in enumerate(days)]).receipts
    reported = ["ZZ-L1-2026/many-swaps" in receipt.decision.duties for receipt in receipts]
    with open_book(town.book) as book:
        rows = [one for envelope in book.envelopes() for one in facts_of(envelope) if one.activity == "token_swap"]
    assert [receipt.outcome for receipt in receipts] == ["posted"] * 7
    assert [row.totals for row in rows] == [(None, n) for n in (0, 1, 2, 3, 2, 2, 0)]
    assert reported == [False, False, False, True, False, False, False]
    clean(town)


def test_a_total_counts_what_was_posted_before_the_law_asked_for_it(town) -> None:
    """The count of swaps is asked for since July; those of June are still being written when it is first asked."""

    def swap(name: str, day: datetime):
        given = {"consideration_asset": "BTC", "consideration": "0.001", "counterparty": "boris"}
        return town.instruction(name, "token_swap", "anna", "0.001", at=day, **given)

    june, july = datetime(2026, 6, 29, 9, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=UTC)
    with town.open_funded() as desk:
        batches = [
            [swap(f"june-{n}", june) for n in range(3)],
            [swap("july-1", july)],
            [swap("july-2", july), swap("june-4", june)],
        ]
        answers = list(desk.stream((batch, None) for batch in batches))
    assert [outcomes(answer) for answer in answers] == [["posted"] * 3, ["posted"], ["posted"] * 2]
    assert "ZZ-L1-2026/many-swaps" in answers[1].receipts[0].decision.duties
    with open_book(town.book) as book:
        rows = [one for envelope in book.envelopes() for one in facts_of(envelope) if one.activity == "token_swap"]
    assert [row.totals for row in rows] == [(), (), (), (None, 3), (None, 4), ()]
    clean(town)


def test_instructions_that_no_total_concerns_carry_none(town) -> None:
    with town.open_funded() as desk:
        desk.submit([town.instruction("plain")])
    with open_book(town.book) as book:
        assert all(envelope.totals == b"" for envelope in book.envelopes())
        assert all(one.totals == () for envelope in book.envelopes() for one in facts_of(envelope))


def test_a_changed_total_is_found(town, tmp_path: Path) -> None:
    """Whoever writes a journal of his own with lower totals chains it well and decides accordingly; the sums give him away."""
    with town.open_funded() as desk:
        desk.submit([instant(town, "1", "3000.00"), instant(town, "2", "3000.00")])
    with open_book(town.book) as book:
        batches, editions = list(book.batches()), [book.edition_text(name) for name in book.editions]
    forged = tmp_path / "forged.book"
    last = batches[-1]
    column = np.frombuffer(last.totals, "<i8").copy()
    column[2] = 300000
    batches[-1] = msgspec.structs.replace(last, totals=column.tobytes())
    with open_book(forged, clock=town.clock, name="town") as book:
        for text in editions:
            book.keep_edition(text)
        for batch in batches:
            book.ledger.open_accounts(np.frombuffer(batch.accounts, book_dtype("ACCOUNT")), batch.recorded_at)
            book.ledger.post(np.frombuffer(batch.transfers, book_dtype("TRANSFER")), batch.recorded_at)
            book.append(batch)
    (finding,) = verify(forged).findings
    assert (finding.check, finding.row) == ("decision", 1)
    assert "300000, missing" in finding.given and "600000, missing" in finding.expected


def book_dtype(name: str):
    from skarb.core import transfer

    return getattr(transfer, name)
