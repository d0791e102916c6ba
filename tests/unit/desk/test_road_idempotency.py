"""The same id with the same content gets the first receipt again; with another content it is a conflict and nothing is posted."""

import msgspec
import pytest

from skarb.core.decision import Receipt
from skarb.desk import Desk
from skarb.journal import verify

KINDS = {
    "posted": {},
    "refused": {"party": "listed"},
    "referred": {"party": "stranger"},
    "not_posted": {"amount": "1000000.00"},
}


def fresh(receipt: Receipt) -> Receipt:
    return msgspec.structs.replace(receipt, repeated=False)


@pytest.mark.parametrize("outcome", KINDS)
@pytest.mark.parametrize("restart", [False, True])
def test_the_first_receipt_again(outcome: str, restart: bool, town, zedland) -> None:
    desk = town.open_funded()
    asked = town.instruction("x", **KINDS[outcome])
    first = zedland.only(desk.submit([asked]))
    assert (first.outcome, first.repeated) == (outcome, False)
    after = zedland.balances(desk)
    town.clock.move(days=3)
    if restart:
        desk.book.close()
        desk = town.desk()
    sequence = desk.book.sequence
    for _ in range(2):
        again = zedland.only(desk.submit([asked]))
        assert again.repeated
        assert fresh(again) == first
    assert (zedland.balances(desk), desk.book.sequence) == (after, sequence)
    desk.book.close()
    assert verify(town.book).ok


@pytest.mark.parametrize("outcome", KINDS)
def test_twice_in_one_batch(outcome: str, town, zedland) -> None:
    with town.open_funded() as desk:
        asked = town.instruction("x", **KINDS[outcome])
        answer = desk.submit([asked, town.instruction("y"), asked, asked])
        first, other, *again = answer.receipts
        assert (first.outcome, first.repeated, other.outcome) == (outcome, False, "posted")
        assert [fresh(receipt) for receipt in again] == [first, first]
        assert all(receipt.repeated for receipt in again)
        batch = desk.book.batch(desk.book.sequence)
        assert [instruction.id for instruction in batch.instructions] == ["x", "y"]
    assert verify(town.book).ok


CHANGES = {
    "amount": {"amount": "10.01"},
    "amount written otherwise": {"amount": "10"},
    "party": {"party": "boris", "counterparty": "anna"},
    "purpose": {"purpose": "rent"},
    "declaration": {"declared": {"systematic": True}},
    "officer": {"entered_by": "olga"},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["same batch", "later", "after a restart"])
def test_another_content_under_the_same_id(change: str, when: str, town, zedland) -> None:
    desk = town.open_funded()
    asked, other = town.instruction("x"), town.instruction("x", **CHANGES[change])
    if when == "same batch":
        first, second = desk.submit([asked, other]).receipts
    else:
        first = zedland.only(desk.submit([asked]))
        if when == "after a restart":
            desk.book.close()
            desk = town.desk()
        second = zedland.only(desk.submit([other]))
    assert first.outcome == "posted"
    assert (second.id, second.outcome, second.codes, second.repeated) == ("x", "conflict", (), False)
    assert (second.sequence, second.row) == (first.sequence, first.row)  # where the first one stands
    assert zedland.balances(desk)["client/boris", "ZZD"] == 100_010_00
    # The first content still gets its own receipt.
    assert fresh(zedland.only(desk.submit([asked]))) == first
    desk.book.close()
    assert verify(town.book).ok


def test_the_same_instant_written_in_another_zone_is_the_same_content(town, zedland) -> None:
    with town.open_funded() as desk:
        zedland.only(desk.submit([town.instruction("x", at="2026-10-01T12:00:00+03:00")]))
        assert zedland.only(desk.submit([town.instruction("x", at="2026-10-01T09:00:00Z")])).repeated


def test_ids_stay_apart_from_what_the_ledger_calls_their_legs(town, zedland) -> None:
    """Whoever chooses ids may not be able to take the name of a transfer that somebody else's exchange will need."""
    from skarb.core.transfer import key_128

    with town.open_funded() as desk:
        squatter = town.instruction(f"{key_128('deal').hex()} 1")
        assert zedland.only(desk.submit([squatter])).outcome == "posted"
        deal = town.instruction(
            "deal", "token_buy_fiat", amount="0.001", consideration_asset="ZZD", consideration="100.00", counterparty="boris"
        )
        assert zedland.only(desk.submit([deal])).codes == ("created", "created")


def test_many_repeats_among_new_ones_keep_their_places(town: object, zedland) -> None:
    with town.open_funded() as desk:
        known = [town.instruction(f"k{number}", amount="0.01") for number in range(50)]
        first = zedland.settled(desk.submit(known))
        mixed = []
        for number in range(50):
            mixed += [known[-1 - number], town.instruction(f"n{number}", amount="0.01"), known[number]]
        answer = desk.submit(mixed)
        assert [receipt.id for receipt in answer.receipts] == [instruction.id for instruction in mixed]
        assert [receipt.repeated for receipt in answer.receipts] == [True, False, True] * 50
        by_id = {receipt.id: receipt for receipt in first}
        assert all(fresh(receipt) == by_id[receipt.id] for receipt in answer.receipts if receipt.repeated)


def test_streaming_knows_the_batches_that_are_still_being_written(town, zedland) -> None:
    desk: Desk
    with town.open_funded() as desk:
        rows = [town.instruction(f"s{number}", amount="0.01") for number in range(20)]
        answers = list(desk.stream([(rows[:10], None), (rows[5:15], None), (rows, None)]))
        outcomes = [[(receipt.outcome, receipt.repeated) for receipt in answer.receipts] for answer in answers]
        new, old = ("posted", False), ("posted", True)
        assert outcomes == [[new] * 10, [old] * 5 + [new] * 5, [old] * 15 + [new] * 5]
        assert desk.book.instructions == 6 + 20
    assert verify(town.book).ok
