"""A malformed instruction comes back with field, what was given and what was expected; it never stops the good ones."""

from datetime import UTC, datetime

import msgspec
import pytest

from skarb.core.amount import AMOUNT_MAX, LEGAL_VALUE_MAX
from skarb.desk import Desk
from skarb.journal import verify

BAD = {
    "an unknown asset": ({"asset": "QQQ"}, "asset", "QQQ"),
    "an asset in small letters": ({"asset": "zzd"}, "asset", "zzd"),
    "too many decimals": ({"amount": "10.001"}, "amount", "10.001"),
    "a sign": ({"amount": "-1"}, "amount", "-1"),
    "a plus": ({"amount": "+1"}, "amount", "+1"),
    "an exponent": ({"amount": "1e3"}, "amount", "1e3"),
    "a separator": ({"amount": "1,000.00"}, "amount", "1,000.00"),
    "a blank": ({"amount": " 10"}, "amount", " 10"),
    "no digit before the point": ({"amount": ".5"}, "amount", ".5"),
    "no digit after the point": ({"amount": "5."}, "amount", "5."),
    "digits of another script": ({"amount": "١٠"}, "amount", "١٠"),
    "not a number": ({"amount": "NaN"}, "amount", "NaN"),
    "more than 128 bits": ({"amount": str(AMOUNT_MAX)}, "amount", str(AMOUNT_MAX)),
    "an overlong number": ({"amount": "9" * 80}, "amount", "9" * 80),
    "a value beyond the legal limit": (
        {"amount": f"{LEGAL_VALUE_MAX // 100}.01"},
        "amount",
        f"{LEGAL_VALUE_MAX // 100}.01",
    ),
    "an unknown consideration": ({"consideration_asset": "QQQ", "consideration": "1"}, "consideration_asset", "QQQ"),
    "a consideration without an amount": ({"consideration_asset": "BTC"}, "consideration", "nothing"),
    "too fine a consideration": ({"consideration_asset": "BTC", "consideration": "0.123456789"}, "consideration", "0.123456789"),
    "a wallet without a chain": (
        {"wallet": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
        "wallet",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    ),
    "a wallet with a wrong checksum": (
        {"wallet": "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyU"},
        "wallet",
        "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyU",
    ),
    "an unknown declaration": ({"declared": {"colour": "green"}}, "declared.colour", "green"),
    "a declaration that is not the party's": ({"declared": {"screening": "clear"}}, "declared.screening", "clear"),
    "a declared approval": ({"declared": {"approved": True}}, "declared.approved", "True"),
    "a declared hold": ({"declared": {"hold": False}}, "declared.hold", "False"),
    "a declared value": ({"declared": {"value": 1}}, "declared.value", "1"),
    "a declared licence": ({"declared": {"operator_licence": "bank"}}, "declared.operator_licence", "bank"),
    "a text instead of a flag": ({"declared": {"white_paper": "yes"}}, "declared.white_paper", "yes"),
    "a number instead of a flag": ({"declared": {"white_paper": 1}}, "declared.white_paper", "1"),
    "a flag instead of a count": ({"declared": {"hired_persons": True}}, "declared.hired_persons", "True"),
    "a count below zero": ({"declared": {"hired_persons": -1}}, "declared.hired_persons", "-1"),
    "an unknown code": ({"declared": {"settlement": "barter"}}, "declared.settlement", "barter"),
    "declared money without a currency": ({"declared": {"capital": "500.00"}}, "declared.capital", "500.00"),
    "declared money as a number": ({"declared": {"capital": 500}}, "declared.capital", "500"),
    "declared money in another currency": ({"declared": {"capital": "500.00 USD"}}, "declared.capital", "500.00 USD"),
    "too much declared money": (
        {"declared": {"capital": "99999999999999999999.00 ZZD"}},
        "declared.capital",
        "99999999999999999999.00 ZZD",
    ),
    "an approval of nothing": ({"approves": "never-seen", "entered_by": "olga"}, "approves", "never-seen"),
}


@pytest.fixture
def desk(town) -> Desk:
    with town.open_funded() as desk:
        yield desk


@pytest.mark.parametrize("what", BAD)
def test_one_bad_instruction_among_good_ones(what: str, town, desk: Desk, zedland) -> None:
    change, field, given = BAD[what]
    before = desk.book.sequence
    rows = [town.instruction("first"), town.instruction("bad", **change), town.instruction("last")]
    answer = desk.submit(rows)
    assert [receipt and receipt.outcome for receipt in answer.receipts] == ["posted", None, "posted"]
    (problem,) = answer.problems
    assert (problem.row, problem.field, problem.given) == (1, field, given[:79] + "…" if len(given) > 80 else given)
    assert "bad" in problem.where and problem.expected
    assert desk.book.sequence == before + 1
    # Nothing was remembered of it, so the row can be put right under the same id.
    assert zedland.only(desk.submit([town.instruction("bad")])).outcome == "posted"


def test_all_bad_instructions_at_once_leave_no_batch(town, desk: Desk) -> None:
    before = (desk.book.sequence, desk.book.head)
    rows = [town.instruction(f"bad-{number}", **change) for number, (change, _, _) in enumerate(BAD.values())]
    answer = desk.submit(rows)
    assert answer.receipts == [None] * len(BAD)
    assert [problem.row for problem in answer.problems] == list(range(len(BAD)))
    assert (desk.book.sequence, desk.book.head) == before
    assert desk.submit([]).receipts == []


def test_good_and_bad_rows_of_one_id_in_one_batch(town, desk: Desk) -> None:
    """A malformed row never takes the id away from the good one behind it."""
    answer = desk.submit([town.instruction("same", asset="QQQ"), town.instruction("same"), town.instruction("same", asset="QQQ")])
    first, second, third = answer.receipts
    assert (first, second.outcome, second.repeated, third.outcome) == (None, "posted", False, "conflict")
    assert [problem.row for problem in answer.problems] == [0]


@pytest.mark.parametrize("year", [1, 1899, 2171, 9999])
def test_an_instant_outside_the_calendar_of_the_journal_is_a_problem(year: int, town, desk: Desk) -> None:
    """Facts keep a legal day from 1900 to 2170; anything else could be written, but never be read again."""
    answer = desk.submit(
        [msgspec.structs.replace(town.instruction("odd"), at=datetime(year, 6, 1, tzinfo=UTC)), town.instruction("good")]
    )
    desk.book.close()
    report = verify(town.book)
    assert report.ok, report.findings
    assert [problem.field for problem in answer.problems] == ["at"]
    assert answer.receipts[1].outcome == "posted"


def test_an_instruction_that_names_half_a_consideration_is_a_problem(town, desk: Desk) -> None:
    answer = desk.submit([town.instruction("half", "token_buy_fiat", amount="1", consideration="100000.00")])
    assert [problem.field for problem in answer.problems] == ["consideration"]


@pytest.mark.parametrize("activity", ["token_buy_fiat", "token_sell_fiat", "token_swap"])
def test_nobody_buys_or_sells_for_nothing(activity: str, town, desk: Desk, zedland) -> None:
    before = zedland.balances(desk)
    answer = desk.submit([town.instruction("gift", activity, amount="1")])
    assert zedland.balances(desk) == before
    assert [problem.field for problem in answer.problems] == ["consideration"]
