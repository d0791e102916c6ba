"""Plan and post: floors, legs that stand or fall together, editions, registers, and a book that verifies after all of it."""

import msgspec
import numpy as np
import pytest

from skarb.core.amount import AMOUNT_MAX
from skarb.core.errors import ConfigurationError, SkarbError
from skarb.desk import Leg, Product
from skarb.desk.plan import Planner
from skarb.journal import NewAccount, open_ledger, verify
from skarb.journal.model import Opening


def test_a_client_cannot_spend_what_he_does_not_have(town, zedland) -> None:
    with town.open_funded() as desk:
        exact = zedland.only(desk.submit([town.instruction("all", amount="100000.00")]))
        assert exact.outcome == "posted"
        cent = zedland.only(desk.submit([town.instruction("cent", amount="0.01")]))
        assert (cent.outcome, cent.codes, cent.decision.verdict) == ("not_posted", ("exceeds_floor",), "permit")
        assert ("client/anna", "ZZD") not in zedland.balances(desk)
    assert verify(town.book).ok


def test_a_payment_to_oneself_is_turned_down_by_the_ledger(town, zedland) -> None:
    with town.open_funded() as desk:
        receipt = zedland.only(desk.submit([town.instruction("x", counterparty="anna")]))
        assert (receipt.outcome, receipt.codes) == ("not_posted", ("accounts_must_be_different",))


@pytest.mark.parametrize("broken", ["first", "second"])
def test_both_legs_of_an_exchange_stand_or_fall_together(broken: str, town, zedland) -> None:
    amount, paid = ("0.001", "100000.01") if broken == "first" else ("5.1", "1.00")
    with town.open_funded() as desk:
        before = zedland.balances(desk)
        deal = town.instruction(
            "x", "token_buy_fiat", amount=amount, consideration_asset="ZZD", consideration=paid, counterparty="boris"
        )
        receipt = zedland.only(desk.submit([deal, town.instruction("next", amount="1.00")][:1]))
        codes = ("exceeds_floor", "linked_event_failed") if broken == "first" else ("linked_event_failed", "exceeds_floor")
        assert (receipt.outcome, receipt.codes) == ("not_posted", codes)
        assert zedland.balances(desk) == before
    assert verify(town.book).ok


def test_a_failed_deal_does_not_touch_its_neighbours(town, zedland) -> None:
    with town.open_funded() as desk:
        deals = [
            town.instruction(
                f"x{n}", "token_buy_fiat", amount=amount, consideration_asset="ZZD", consideration="1.00", counterparty="boris"
            )
            for n, amount in enumerate(("1", "5.1", "1"))
        ]
        answer = desk.submit(deals)
        assert [receipt.outcome for receipt in answer.receipts] == ["posted", "not_posted", "posted"]
        assert zedland.balances(desk)["client/boris", "BTC"] == 3 * 10**8
    assert verify(town.book).ok


def test_money_spent_earlier_in_a_batch_is_gone_later_in_it(town, zedland) -> None:
    with town.open_funded() as desk:
        rows = [
            town.instruction("1", amount="100000.00"),
            town.instruction("2", amount="0.01"),
            town.instruction("3", party="boris", counterparty="anna", amount="0.01"),
            town.instruction("4", amount="0.01"),
        ]
        assert [r.outcome for r in desk.submit(rows).receipts] == ["posted", "not_posted", "posted", "posted"]


def test_an_amount_of_128_bits(town, zedland) -> None:
    from skarb.registers import Token

    token = Token(code="WEI", asset_class="cryptocurrency", decimals=18, valid_from=zedland.LONG_AGO)
    town.registers.record([token], "the registrar")
    whole = f"{AMOUNT_MAX // 10**18}.{AMOUNT_MAX % 10**18:018}"
    with town.open_funded() as desk:
        rows = [
            town.instruction(f"x{n}", "mine", amount=amount, asset="WEI")
            for n, amount in enumerate([whole, "0.000000000000000001"])
        ]
        answer = desk.submit(rows)
        assert [r.outcome for r in answer.receipts] == ["posted", "not_posted"]
        assert answer.receipts[1].codes[0].startswith("overflows")
        assert zedland.balances(desk)["client/anna", "WEI"] == AMOUNT_MAX
    report = verify(town.book)
    assert report.ok
    assert report.supply["WEI"] == (AMOUNT_MAX, AMOUNT_MAX)


def test_an_amount_of_nothing_moves_nothing(town, zedland) -> None:
    with town.open_funded() as desk:
        before = zedland.balances(desk)
        answer = desk.submit([town.instruction("x", amount="0.00"), town.instruction("y", "onboard", asset="ZZD", amount="0")])
        assert all(receipt is None or receipt.codes == () for receipt in answer.receipts)
        assert zedland.balances(desk) == before


def test_each_batch_says_what_it_was_decided_by(town, zedland) -> None:
    with town.open_funded() as desk:
        rows = [town.instruction("june", at="2026-06-30T12:00:00Z"), town.instruction("july", at="2026-07-01T12:00:00Z")]
        june, july = zedland.settled(desk.submit(rows))
        batch = desk.book.batch(june.sequence)
        assert batch.registers == town.registers.version
        assert set(batch.editions) == {june.edition, july.edition} <= set(desk.book.editions)
        assert june.edition != july.edition
        for receipt in (june, july):
            day = batch.facts[receipt.row].day
            assert receipt.edition == town.rulebook.edition(day).hash
            assert receipt.head == desk.book.head.hex()


def test_a_batch_that_cannot_be_kept_leaves_the_desk_as_it_was(town, zedland, monkeypatch) -> None:
    """The disk refuses the text of a new edition. What was not journalled may not stay in the ledger either."""
    desk = town.desk()
    monkeypatch.setattr(desk.book._store, "put_text", _refuse)
    with pytest.raises(SkarbError):
        desk.submit(town.funding())
    monkeypatch.undo()
    try:
        zedland.settled(desk.submit(town.funding()))
    except SkarbError:  # refusing until it is opened again is right, too
        desk.book.close()
        desk = town.desk()
        zedland.settled(desk.submit(town.funding()))
    assert zedland.balances(desk)["client/anna", "ZZD"] == 100_000_00
    desk.book.close()
    assert verify(town.book).ok


def _refuse(*_: object) -> None:
    from skarb.core.errors import Unavailable

    raise Unavailable("the disk is full")


def test_two_products_cannot_plan_one_activity() -> None:
    def plan(*_: object) -> tuple[Leg, ...]:
        return ()

    with pytest.raises(ConfigurationError, match="'b' plans 'mine', which another product plans already"):
        Planner([Product("a", "A", {"mine": plan}), Product("b", "B", {"mine": plan})])


def test_every_address_is_in_one_account_an_asset(town, zedland) -> None:
    with town.open_funded() as desk:
        openings = [(opening.address, opening.asset) for opening, _ in desk.positions()]
        assert len(openings) == len(set(openings)) == desk.book.ledger.accounts
        desk.submit([town.instruction("x"), town.instruction("y", counterparty="cora")])
        assert [(o.address, o.asset) for o, _ in desk.positions()][: len(openings)] == openings
    with town.desk() as again:
        assert {(o.address, o.asset) for o, _ in again.positions()} >= set(openings)


def test_positions_above_64_bits_come_back_whole(town, zedland) -> None:
    from skarb.registers import Token

    town.registers.record(
        [Token(code="WEI", asset_class="cryptocurrency", decimals=18, valid_from=zedland.LONG_AGO)], "the registrar"
    )
    units = (7 << 64) + 5
    with town.desk() as desk:
        mined = town.instruction("x", "mine", amount=f"{units // 10**18}.{units % 10**18:018}", asset="WEI")
        zedland.settled(desk.submit([mined]))
        assert zedland.balances(desk) == {("client/anna", "WEI"): units, ("chain/WEI/created", "WEI"): -units}


def test_the_journal_holds_records_that_can_be_read_back(town, zedland) -> None:
    from skarb.core.transfer import TRANSFER, key_128

    with town.open_funded() as desk:
        deal = town.instruction(
            "deal", "token_swap", amount="1", consideration_asset="BTC", consideration="1", counterparty="boris"
        )
        receipt = zedland.only(desk.submit([deal]))
        batch = desk.book.batch(receipt.sequence)
        records = np.frombuffer(batch.transfers, TRANSFER)
        assert batch.instructions[0] == msgspec.structs.replace(deal)
        key = key_128("deal")
        assert all(int(r["user_lo"]).to_bytes(8, "little") + int(r["user_hi"]).to_bytes(8, "little") == key for r in records)
        assert len(records) == len(receipt.codes) == 2
        assert np.frombuffer(batch.owners, "<u4").tolist() == [0, 0]


def test_an_institution_and_a_ledger_are_two_kinds_of_book(town) -> None:
    with town.open_funded():
        pass
    with pytest.raises(SkarbError, match="see `open_desk`"):
        open_ledger(town.book, clock=town.clock)
    town.book.unlink()
    with open_ledger(town.book, clock=town.clock, name=town.book.stem) as ledger:
        ledger.open_accounts([NewAccount("member/1", "BYN")])
    with pytest.raises(SkarbError, match="ledger without instructions"):
        town.desk()


def test_an_account_on_its_way_is_left_out_of_the_positions(town) -> None:
    with town.open_funded() as desk:
        before = list(desk.positions())
        desk.chart.learn((Opening("client/coming", "ZZD"),))
        assert list(desk.positions()) == before, "the chart knows an account before the ledger has it"
