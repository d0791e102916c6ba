"""A referral waits; a second person's approval is a new instruction and posts it once."""

import msgspec
import pytest

from skarb.journal import verify


@pytest.fixture
def desk(town):
    with town.open_funded() as desk:
        yield desk
    assert verify(town.book).ok


def refer(town, desk, zedland, **other):
    """Hand in something that the law does not answer by itself: tokens to a wallet hosted in a watched country."""
    given = {"amount": "1", "wallet": zedland.FAR, "declared": {"travel_rule": "complete"}, "entered_by": "olga", **other}
    asked = town.instruction("asked", "token_transfer_out", **given)
    assert zedland.only(desk.submit([asked])).outcome == "referred"
    return asked


def approval(asked, name: str = "yes", by: str | None = "petra", **other):
    return msgspec.structs.replace(asked, id=name, approves=asked.id, entered_by=by, **other)


def test_a_referral_moves_nothing_and_waits(town, desk, zedland) -> None:
    before = zedland.balances(desk)
    asked = refer(town, desk, zedland)
    receipt = zedland.only(desk.submit([asked]))
    assert (receipt.decision.verdict, receipt.decision.provision, receipt.codes) == ("refer", "ZZ-R3-2026/watched", ())
    assert receipt.decision.assumed
    assert zedland.balances(desk) == before


def test_a_second_person_approves_once(town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    before = zedland.balances(desk)
    receipt = zedland.only(desk.submit([approval(asked)]))
    assert (receipt.outcome, receipt.codes, receipt.decision.provision) == ("posted", ("created",), "ZZ-R3-2026/watched")
    after = zedland.balances(desk)
    assert after["client/anna", "BTC"] == before["client/anna", "BTC"] - 10**8
    batch = desk.book.batch(receipt.sequence)
    assert (batch.instructions[receipt.row].approves, batch.facts[receipt.row].approved) == ("asked", True)
    # The same approval again is a repeat; a third person's approval finds that it was posted.
    assert zedland.only(desk.submit([approval(asked)])).repeated
    third = zedland.only(desk.submit([approval(asked, "me-too", "ruta")]))
    assert (third.outcome, third.codes) == ("not_posted", ("exists",))
    assert zedland.balances(desk) == after
    # The referral itself keeps its first answer.
    assert zedland.only(desk.submit([asked])).outcome == "referred"


def test_two_approvals_in_one_batch_post_once(town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    answer = desk.submit([approval(asked, "yes-1", "petra"), approval(asked, "yes-2", "ruta")])
    assert [(receipt.outcome, receipt.codes) for receipt in answer.receipts] == [
        ("posted", ("created",)),
        ("not_posted", ("exists",)),
    ]


def test_an_approval_of_an_exchange_posts_all_legs_once(town, desk, zedland) -> None:
    asked = town.instruction(
        "asked",
        "token_buy_fiat",
        party="stranger",
        amount="0.001",
        consideration_asset="ZZD",
        consideration="100.00",
        entered_by="olga",
    )
    assert zedland.only(desk.submit([asked])).outcome == "referred"
    assert zedland.only(desk.submit([approval(asked)])).codes == ("created", "created")
    after = zedland.balances(desk)
    third = zedland.only(desk.submit([approval(asked, "me-too", "ruta")]))
    assert third.outcome == "not_posted"
    assert zedland.balances(desk) == after


def test_an_approval_after_a_restart(town, zedland) -> None:
    desk = town.open_funded()
    asked = refer(town, desk, zedland)
    desk.book.close()
    with town.desk() as desk:
        assert zedland.only(desk.submit([approval(asked)])).outcome == "posted"
    with town.desk() as desk:
        assert zedland.only(desk.submit([approval(asked, "me-too", "ruta")])).codes == ("exists",)
    assert verify(town.book).ok


def test_an_approval_while_the_referral_is_still_being_written(town, desk, zedland) -> None:
    asked = town.instruction("asked", party="stranger", entered_by="olga")
    first, second = desk.stream([([asked], None), ([approval(asked)], None)])
    assert zedland.only(first).outcome == "referred"
    assert (zedland.only(second).decision.verdict, second.receipts[0].outcome) == ("permit", "posted")


@pytest.mark.parametrize("by", ["olga", None])
def test_the_same_person_or_nobody_cannot_approve(by: str | None, town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    answer = desk.submit([approval(asked, by=by)])
    assert [(problem.field, problem.row) for problem in answer.problems] == [("entered_by", 0)]
    assert "olga" in answer.problems[0].expected


@pytest.mark.parametrize("by", ["Olga", " olga", "olga ", "OLGA"])
def test_the_same_person_in_other_letters_cannot_approve(by: str, town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    answer = desk.submit([approval(asked, by=by)])
    assert [problem.field for problem in answer.problems] == ["entered_by"]


def test_a_referral_that_nobody_entered_has_no_second_person(town, desk, zedland) -> None:
    """Who entered it is unknown, so nobody can be shown to be another one."""
    asked = refer(town, desk, zedland, entered_by=None)
    answer = desk.submit([approval(asked, by="olga")])
    assert [problem.field for problem in answer.problems] == ["entered_by"]


CHANGES = {
    "amount": "1.1",
    "party": "boris",
    "counterparty": "cora",
    "wallet": "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "venue": "far-venue",
    "declared": {"travel_rule": "complete", "reason": "gift"},
    "activity": "token_gift",
    "consideration": "5",
    "asset": "ZED",
}


@pytest.mark.parametrize("field", CHANGES)
def test_an_approval_of_something_else_is_refused(field: str, town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    before = (zedland.balances(desk), desk.book.head)
    answer = desk.submit([approval(asked, **{field: CHANGES[field]})])
    assert [problem.field for problem in answer.problems] == [field]
    assert (zedland.balances(desk), desk.book.head) == before
    # The right approval still goes.
    assert zedland.only(desk.submit([approval(asked)])).outcome == "posted"


@pytest.mark.parametrize(
    ("outcome", "change"), [("posted", {}), ("refused", {"party": "listed"}), ("not_posted", {"amount": "1000000.00"})]
)
def test_only_what_waits_can_be_approved(outcome: str, change: dict[str, str], town, desk, zedland) -> None:
    asked = town.instruction("asked", entered_by="olga", **change)
    assert zedland.only(desk.submit([asked])).outcome == outcome
    answer = desk.submit([approval(asked)])
    (problem,) = answer.problems
    assert problem.field == "approves"
    assert outcome in problem.expected


def test_an_approval_cannot_be_approved(town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    yes = approval(asked)
    zedland.only(desk.submit([yes]))
    answer = desk.submit([msgspec.structs.replace(yes, id="twice", approves="yes", entered_by="ruta")])
    assert [problem.field for problem in answer.problems] == ["approves"]


def test_an_approval_under_the_id_of_its_referral_is_a_conflict(town, desk, zedland) -> None:
    asked = refer(town, desk, zedland)
    assert zedland.only(desk.submit([approval(asked, "asked")])).outcome == "conflict"


def test_no_approval_lifts_a_refusal(town, desk, zedland) -> None:
    """Somebody who was listed after the referral is refused, whoever approves."""
    asked = town.instruction("asked", party="stranger", entered_by="olga")
    assert zedland.only(desk.submit([asked])).outcome == "referred"
    listed = msgspec.structs.replace(
        zedland.lists(), version="2", entries=(msgspec.structs.replace(zedland.lists().entries[0], parties=("stranger",)),)
    )
    town.registers.record_list(listed, "the authority")
    town.screen = zedland.screen_of(town.registers)
    desk.book.close()
    with town.desk() as later:
        receipt = zedland.only(later.submit([approval(asked)]))
        assert (receipt.outcome, receipt.decision.measure) == ("refused", "block")


def test_a_referral_and_its_approval_in_one_batch(town, desk, zedland) -> None:
    """The approval cannot be answered before its referral is durable; it is told so and can be handed in again."""
    asked = town.instruction("asked", party="stranger", entered_by="olga")
    answer = desk.submit([asked, approval(asked)])
    assert [receipt and receipt.outcome for receipt in answer.receipts] == ["referred", None]
    assert [problem.field for problem in answer.problems] == ["approves"]
    assert zedland.only(desk.submit([approval(asked)])).outcome == "posted"
