"""Screening, holds, quarantine and assumptions on the way from an instruction to its facts."""

import pytest

from skarb.core.activity import ACTIVITIES
from skarb.core.instruction import Assumptions
from skarb.core.party import Profile
from skarb.journal import verify
from skarb.products import products

MOVING = sorted({activity for product in products() for activity in product.plans})


@pytest.mark.parametrize("law", ["zz", "by"])
@pytest.mark.parametrize("licence", ["crypto_bank", "bank"])
@pytest.mark.parametrize("at", ["2026-10-01T09:00:00Z", "2017-06-01T09:00:00Z", "2005-06-01T09:00:00Z"])
def test_without_lists_nothing_is_permitted(law: str, licence: str, at: str, zedland, tmp_path) -> None:
    town = zedland.Town(tmp_path, law=law, licence=licence, screened=False)
    with town.desk() as desk:
        rows = [town.instruction(f"{activity}-{asset}", activity, amount="1", asset=asset, counterparty="boris", at=at,
                                 consideration_asset=town.money, consideration="1.00")
                for activity in (*MOVING, "onboard") for asset in ("BTC", town.money)]  # fmt: skip
        answer = desk.submit(rows)
        assert answer.problems == []
        for receipt in answer.receipts:
            assert receipt.outcome in ("referred", "refused"), receipt
        for gathered in desk.book.batch(1).facts:
            assert gathered.screening == "unavailable"
        assert not list(desk.positions())


LISTED = {
    "party": {"party": "listed"},
    "counterparty": {"counterparty": "listed"},
    "venue": {"venue": "listed", "activity": "token_buy_fiat", "consideration_asset": "ZZD", "consideration": "1.00"},
    "the other way": {"activity": "token_transfer_in", "counterparty": "listed"},
}


@pytest.mark.parametrize("law", ["zz", "by"])
@pytest.mark.parametrize("who", LISTED)
def test_whoever_is_listed_is_blocked(who: str, law: str, zedland, tmp_path) -> None:
    town = zedland.Town(tmp_path, law=law)
    given = {"activity": "fiat_pay", "amount": "1.00", **LISTED[who]}
    if "consideration_asset" in given:
        given["consideration_asset"] = town.money
    with town.open_funded() as desk:
        before = zedland.balances(desk)
        receipt = zedland.only(desk.submit([town.instruction("x", **given)]))
        assert (receipt.outcome, receipt.decision.measure, receipt.codes) == ("refused", "block", ())
        assert zedland.balances(desk) == before


def test_a_listed_wallet_is_listed_in_any_spelling(zedland, tmp_path) -> None:
    town = zedland.Town(tmp_path)
    with town.open_funded() as desk:
        name = zedland.TAINTED.partition(":")[2]
        for number, chain in enumerate(("BTC", "btc", "bitcoin", "XBT")):
            asked = town.instruction(f"x{number}", "token_transfer_out", amount="1", wallet=f"{chain}:{name}")
            assert zedland.only(desk.submit([asked])).decision.provision == "ZZ-R3-2026/wallet-listed-out"


def test_a_hold_refuses(zedland, tmp_path) -> None:
    town = zedland.Town(tmp_path, law="by")
    with town.desk() as desk:
        receipt = zedland.only(desk.submit([town.instruction("x", party="held")]))
        assert (receipt.outcome, receipt.decision.measure) == ("refused", "hold")


HELD = {
    "token_transfer_in": {"amount": "1"},
    "token_buy_fiat": {"amount": "1", "consideration_asset": "BYN", "consideration": "100000.00"},
    "token_sell_fiat": {"amount": "0.001", "consideration_asset": "BYN", "consideration": "100.00"},
    "token_swap": {"amount": "1", "consideration_asset": "BTC", "consideration": "1"},
}


@pytest.mark.parametrize("activity", HELD)
def test_nothing_is_taken_from_a_held_counterparty(activity: str, zedland, tmp_path) -> None:
    """A hold is worth nothing if the other side of a deal can take what is held."""
    town = zedland.Town(tmp_path, law="by")
    with town.open_funded() as desk:
        zedland.only(desk.submit([town.instruction("m", party="other-bank", counterparty="held", amount="200000.00")]))
        zedland.only(desk.submit([town.instruction("t", "token_gift", amount="2", counterparty="held")]))
        before = zedland.balances(desk)
        for address in (("client/held", "BYN"), ("client/held", "BTC")):
            assert before[address] > 0
        receipt = zedland.only(desk.submit([town.instruction("x", activity, counterparty="held", **HELD[activity])]))
        after = zedland.balances(desk)
        assert receipt.outcome in ("refused", "referred"), (receipt.outcome, receipt.decision.provision)
        assert after == before


@pytest.mark.parametrize("wallet", [None, "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"])
def test_what_a_listed_client_holds_here_is_not_taken_from_him(wallet: str | None, zedland, tmp_path) -> None:
    """Only what came from outside is in our hands against our will; a blocked account stays as it is."""
    town = zedland.Town(tmp_path, law="by")
    with town.open_funded() as desk:
        before = zedland.balances(desk)
        receipt = zedland.only(desk.submit([town.instruction("x", "token_transfer_in", counterparty="listed", wallet=wallet)]))
        assert (receipt.outcome, receipt.decision.measure, receipt.codes) == ("refused", "block", ())
        assert zedland.balances(desk) == before


def test_tokens_from_a_listed_wallet_are_set_apart(town, zedland) -> None:
    with town.open_funded() as desk:
        before = zedland.balances(desk)
        asked = town.instruction("x", "token_transfer_in", amount="2", wallet=zedland.TAINTED)
        receipt = zedland.only(desk.submit([asked]))
        assert (receipt.outcome, receipt.decision.measure, receipt.codes) == ("refused", "quarantine", ("created",))
        after = zedland.balances(desk)
        assert after[f"quarantine/anna/{zedland.TAINTED}", "BTC"] == 2 * 10**8
        assert after["client/anna", "BTC"] == before["client/anna", "BTC"]
        assert zedland.only(desk.submit([asked])).repeated
        assert zedland.balances(desk) == after
        # What is set apart cannot be spent.
        all_of_it = town.instruction(
            "all", "token_transfer_out", amount="6", wallet=zedland.NEAR, declared={"travel_rule": "complete"}
        )
        assert zedland.only(desk.submit([all_of_it])).codes == ("exceeds_floor",)
    assert verify(town.book).ok


# What a source of instructions takes for granted


GRANTED = Profile(kind="natural_person", country="ZZ", resident=True, identified=True)
BOLD = Profile(
    kind="legal_entity", country="ZZ", resident=True, identified=True, licence="crypto_bank", regime_resident=True, registered=True,
    covers=frozenset(ACTIVITIES), screening="clear",
)  # fmt: skip


def test_an_assumption_is_about_parties_that_nobody_knows(town, zedland) -> None:
    assumed = Assumptions(source="elsewhere", party=GRANTED, observed=True)
    with town.open_funded() as desk:
        rows = [
            town.instruction("unknown", party="u1", counterparty="u2", amount="5000000.00"),
            town.instruction("known", amount="1.00"),
            town.instruction("not identified", party="stranger"),
            town.instruction("listed", party="listed"),
            town.instruction("pays a listed one", party="u1", counterparty="listed"),
        ]
        answer = desk.submit(rows, assumed)
        assert [receipt.outcome for receipt in answer.receipts] == ["posted", "posted", "referred", "refused", "refused"]
        after = zedland.balances(desk)
        assert (after["observed/u1", "ZZD"], after["observed/u2", "ZZD"]) == (-5_000_000_00, 5_000_000_00)
        assert after["client/anna", "ZZD"] == 99_999_00
        # It is not taken for granted any more when others hand something in, and not before either.
        assert zedland.only(desk.submit([town.instruction("unknown again", party="u1")])).outcome == "referred"
        assert desk.book.batch(2).assumptions == assumed
        assert desk.book.batch(3).assumptions is None
    assert verify(town.book).ok


def test_without_an_assumption_about_parties_they_stay_unknown(town, zedland) -> None:
    with town.desk() as desk:
        answer = desk.submit([town.instruction("x", party="u1")], Assumptions(source="elsewhere", observed=True))
        assert zedland.only(answer).outcome == "referred"


def test_nobody_grants_himself_a_licence_by_assumption(town, zedland) -> None:
    """Even if somebody builds an assumption by hand that a mapping file could not say, the institution's own facts stay."""
    with town.desk() as desk:
        answer = desk.submit([town.instruction("x", party="u1", counterparty="u2"), town.instruction("y", party="listed")],
                             Assumptions(source="elsewhere", party=BOLD))  # fmt: skip
        assert answer.receipts[1].outcome == "refused"
        facts = desk.book.batch(1).facts[0]
        operator = town.registers.profile(zedland.OPERATOR, facts.day)
        assert (facts.operator_licence, facts.operator_registered) == (operator.licence, operator.registered)
        assert (facts.operator_regime_resident, facts.operator_covers_activity) == (
            operator.regime_resident,
            "fiat_pay" in operator.covers,
        )
        assert (facts.screening, facts.hold, facts.approved) == ("clear", False, False)


def test_an_assumption_does_not_make_a_listed_party_clear(zedland, tmp_path) -> None:
    town = zedland.Town(tmp_path, screened=False)
    with town.desk() as desk:
        receipt = zedland.only(desk.submit([town.instruction("x", party="u1")], Assumptions(source="elsewhere", party=BOLD)))
        assert (receipt.outcome, receipt.decision.provision) == ("referred", "ZZ-R3-2026/possible")


# What parties declare

KNOWN = {
    "the country of a registered wallet": ({"wallet": "FAR", "declared": {"wallet_country": "ZZ"}}, "wallet_country", "QM"),
    "who keeps a registered wallet": ({"wallet": "FAR", "declared": {"wallet_hosting": "unhosted"}}, "wallet_hosting", "hosted"),
    "that it stays in the country": ({"counterparty": "far-firm", "declared": {"cross_border": False}}, "cross_border", True),
    "that a foreign venue is at home": ({"venue": "far-venue", "declared": {"cross_border": False}}, "cross_border", True),
}


@pytest.mark.parametrize("what", KNOWN)
def test_a_declaration_does_not_outdo_the_registers(what: str, town, zedland) -> None:
    given, fact, kept = KNOWN[what]
    given = {**given, "wallet": zedland.FAR} if "wallet" in given else given
    with town.open_funded() as desk:
        asked = town.instruction("x", "token_transfer_out", amount="0.001", **given)
        answer = desk.submit([asked])
        # Either the contradiction is a problem, or what the registers know stands.
        assert answer.problems or getattr(desk.book.batch(2).facts[0], fact) == kept


def test_a_declaration_says_what_the_registers_do_not_know(town, zedland) -> None:
    with town.open_funded() as desk:
        asked = town.instruction(
            "x", "token_transfer_out", amount="0.001", wallet="BTC:1dice8EMZmqKvrGE4Qc9bUFf9PX3xaYDp",
            declared={"wallet_hosting": "hosted", "wallet_country": "QM"},
        )  # fmt: skip
        assert zedland.only(desk.submit([asked])).decision.provision == "ZZ-R3-2026/watched"


def test_news_in_the_registers_count_from_the_next_batch_on(town, zedland) -> None:
    from skarb.registers import Hold

    with town.open_funded() as desk:
        first = zedland.only(desk.submit([town.instruction("1")]))
        town.registers.record(
            [Hold(party="anna", kind="arrest", body="a court", reference="9", valid_from=zedland.LONG_AGO)], "a court"
        )
        second = zedland.only(desk.submit([town.instruction("2")]))
        one, two = desk.book.batch(first.sequence), desk.book.batch(second.sequence)
        assert (one.facts[0].hold, two.facts[0].hold) == (False, True)
        assert one.registers != two.registers == town.registers.version
    assert verify(town.book).ok


def test_the_legal_day_is_that_of_the_country(town, zedland) -> None:
    with town.open_funded() as desk:
        days = []
        for number, at in enumerate(
            ["2026-09-30T20:59:59Z", "2026-09-30T21:00:00Z", "1969-12-31T20:59:59.900000Z", "1969-12-31T21:00:00Z"]
        ):
            receipt = zedland.only(desk.submit([town.instruction(f"x{number}", at=at)]))
            days.append(desk.book.batch(receipt.sequence).facts[0].day)
        assert days == [20726, 20727, -1, 0]
