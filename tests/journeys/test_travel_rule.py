"""One story: tokens go from a client of one provider to a client of another, and what must be told about both travels with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from skarb.core.errors import Conflict, InputError, NotAllowed
from skarb.travelrule.exchange import Exchange
from skarb.travelrule.messages import Confirmation

spec = spec_from_file_location("travel_pair", Path(__file__).with_name("travel_pair.py"))
assert spec is not None and spec.loader is not None
world: Any = module_from_spec(spec)
sys.modules["travel_pair"] = world
spec.loader.exec_module(world)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Any]:
    with world.open_pair(tmp_path) as both:
        yield both


def ask(pair: Any, request: str, payload: Any, amount: Any = world.HALF) -> Any:
    return pair.alpha.office.ask(request, "beta", pair.beta.office.travel_address("boris"), "BTC", amount, payload)


def reference(house: Any, side: str, request: str) -> str:
    kept = house.shelf.of_handle(f"{side}/{request}")
    assert kept is not None
    return str(kept.reference)


def one(answer: Any) -> Any:
    assert answer.problems == []
    (receipt,) = answer.receipts
    return receipt


def test_a_transfer_is_asked_approved_posted_and_confirmed(pair: Any) -> None:
    alpha, beta, request = pair.alpha, pair.beta, str(uuid4())
    asked = ask(pair, request, world.payload())
    assert isinstance(asked, Exchange) and asked.state == "inquired"
    assert alpha.deliver() == [("inquiry", 200)]
    assert alpha.shelf.exchange("originator", request).state == "acknowledged"
    received = beta.shelf.exchange("beneficiary", request)
    assert (received.state, received.counterparty, received.amount) == ("received", "alpha", "0.5")

    named = {"declared": {"travel_payload": reference(alpha, "originator", request)}}
    with alpha.desk(pair.clock) as desk, beta.desk(pair.clock) as there:
        own = world.transfer("fund", "token_transfer_in", "5", wallet="BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
        assert one(desk.submit([own])).outcome == "posted"  # from her own wallet; nobody is there to tell anything to
        early = one(desk.submit([world.transfer("early", wallet=f"BTC:{world.PAY_TO}", **named)]))
        assert (early.outcome, early.decision.provision) == ("referred", "ZZ-R3-2026/travel-rule")

        beta.office.resolve(request, pay_to=world.PAY_TO)
        assert beta.deliver() == [("resolution", 204)]
        assert alpha.shelf.exchange("originator", request).address == world.PAY_TO
        elsewhere = one(desk.submit([world.transfer("elsewhere", wallet=f"BTC:{world.OTHER}", **named)]))
        too_much = one(desk.submit([world.transfer("too-much", amount="0.6", wallet=f"BTC:{world.PAY_TO}", **named)]))
        assert {elsewhere.outcome, too_much.outcome} == {"referred"}
        posted = one(desk.submit([world.transfer("goes", wallet=f"BTC:{world.PAY_TO}", **named)]))
        assert posted.outcome == "posted"
        again = world.transfer("again", wallet=f"BTC:{world.PAY_TO}", **named)
        assert one(desk.submit([again])).outcome == "referred", "one exchange is about one transfer"
        assert world.standing_of(alpha.shelf)(again) == ("payload (it was used for goes)",)

        alpha.office.confirm(request, Confirmation(txid="ab" * 32))
        assert alpha.deliver() == [("confirmation", 204)]
        assert beta.shelf.exchange("beneficiary", request).txid == "ab" * 32
        arrived = {"declared": {"travel_payload": reference(beta, "beneficiary", request)}, "party": "boris"}
        assert one(there.submit([world.transfer("arrives", "token_transfer_in", **arrived)])).outcome == "posted"
    assert alpha.deliver() == beta.deliver() == []


def test_what_is_missing_is_named_and_then_completed(pair: Any) -> None:
    alpha, beta, request = pair.alpha, pair.beta, str(uuid4())
    ask(pair, request, world.payload(account=""))  # enough for alpha's country, not for beta's
    alpha.deliver()
    with pytest.raises(NotAllowed, match=r"originator\.account"):
        beta.office.resolve(request, pay_to=world.PAY_TO)
    assert beta.shelf.exchange("beneficiary", request).state == "received"  # held
    beta.office.resolve(request)
    beta.deliver()
    rejected = alpha.shelf.exchange("originator", request)
    assert (rejected.state, rejected.comment) == ("rejected", "missing: originator.account")
    second = str(uuid4())
    ask(pair, second, world.payload())
    alpha.deliver()
    assert beta.office.resolve(second, pay_to=world.PAY_TO).state == "approved"


def test_a_rejected_transfer_is_held(pair: Any) -> None:
    alpha, beta, request = pair.alpha, pair.beta, str(uuid4())
    ask(pair, request, world.payload())
    alpha.deliver()
    beta.office.resolve(request, comment="we know no Boris")
    beta.deliver()
    named = {"declared": {"travel_payload": reference(alpha, "originator", request), "travel_rule": "complete"}}
    with alpha.desk(pair.clock) as desk:
        i = world.transfer("no", wallet=f"BTC:{world.PAY_TO}", **named)
        held = one(desk.submit([i]))
        assert held.outcome == "referred", "a sender's own word about completeness counts for nothing"
    assert world.standing_of(alpha.shelf)(i) == ("approval (the exchange is rejected)",)
    exchange = alpha.shelf.exchange("originator", request)
    assert exchange.comment == "sealed" and beta.shelf.exchange("beneficiary", request).comment == "we know no Boris"
    assert b"Boris" not in b"".join(file.read_bytes() for file in alpha.folder.glob("payloads.db*"))
    with pytest.raises(InputError, match="--purpose"):
        alpha.office.comment(request, " ")
    assert alpha.office.comment(request, "why was it rejected?") == "we know no Boris"
    assert "why was it rejected?" in (alpha.folder / "looks.jsonl").read_text()


def test_an_office_answers_by_itself(tmp_path: Path) -> None:
    with world.open_pair(tmp_path, pay_to=world.PAY_TO) as pair:
        full, thin = str(uuid4()), str(uuid4())
        ask(pair, full, world.payload())
        ask(pair, thin, world.payload(account=""))
        assert pair.alpha.deliver() == [("inquiry", 200)] * 2
        states = {request: pair.alpha.shelf.exchange("originator", request) for request in (full, thin)}
        assert (states[full].state, states[full].address) == ("approved", world.PAY_TO)
        assert (states[thin].state, states[thin].comment) == ("rejected", "missing: originator.account")


def test_nothing_happens_twice_and_nothing_is_lost(pair: Any) -> None:
    alpha, beta, request = pair.alpha, pair.beta, str(uuid4())
    ask(pair, request, world.payload())
    ask(pair, request, world.payload())  # the same again is the same
    with pytest.raises(Conflict):
        ask(pair, request, world.payload(), amount=world.HALF * 2)
    assert len(alpha.shelf.store.waiting()) == 1

    def lost(url: str, headers: dict[str, str], body: bytes, expected: Any) -> Any:
        alpha.send(url, headers, body, expected)  # it arrives, and the answer does not
        raise world_unavailable("the line is cut")

    from skarb.core.errors import Unavailable as world_unavailable

    (cut,) = alpha.office.deliver(lost)
    assert cut.status == 0 and alpha.shelf.exchange("originator", request).state == "inquired"
    assert beta.shelf.exchange("beneficiary", request).state == "received"
    beta.office.resolve(request, pay_to=world.PAY_TO)
    assert alpha.deliver() == [("inquiry", 200)]  # the same inquiry again: by now it is resolved
    assert alpha.shelf.exchange("originator", request).state == "approved"
    assert beta.deliver() == [("resolution", 204)]  # and the resolution again changes nothing
    assert len(list(beta.shelf.exchanges())) == len(list(alpha.shelf.exchanges())) == 1


def test_waiting_ends(pair: Any) -> None:
    request = str(uuid4())
    ask(pair, request, world.payload())
    pair.alpha.deliver()
    pair.clock.now += world.timedelta(hours=73)
    assert {one.state for house in (pair.alpha, pair.beta) for one in house.office.expire()} == {"expired"}
    with pytest.raises(Conflict):
        pair.beta.office.resolve(request, pay_to=world.PAY_TO)


def test_an_approval_ends_by_itself(pair: Any) -> None:
    alpha, request = pair.alpha, str(uuid4())
    ask(pair, request, world.payload())
    alpha.deliver()
    pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    pair.beta.deliver()
    approved = alpha.shelf.exchange("originator", request)
    named = {"wallet": f"BTC:{world.PAY_TO}", "declared": {"travel_payload": reference(alpha, "originator", request)}}
    in_time = world.transfer("in-time", **named)
    assert world.standing_of(alpha.shelf)(in_time) == ()
    late = msgspec.structs.replace(in_time, id="late", at=approved.deadline + world.timedelta(seconds=1))
    assert world.standing_of(alpha.shelf)(late) == ("approval (the exchange is expired)",)


def test_a_message_that_comes_while_time_runs_out_counts(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    request, beta = str(uuid4()), pair.beta
    ask(pair, request, world.payload())
    pair.alpha.deliver()
    before = list(beta.shelf.exchanges())
    beta.office.resolve(request, comment="no")
    monkeypatch.setattr(beta.shelf, "exchanges", lambda: iter(before))  # as they were read a moment ago
    pair.clock.now += world.timedelta(hours=73)
    assert beta.office.expire() == []
    assert beta.shelf.exchange("beneficiary", request).state == "rejected"


def test_what_the_other_side_refuses_for_good_is_not_sent_for_ever(pair: Any) -> None:
    request = str(uuid4())
    ask(pair, request, world.payload())
    pair.alpha.deliver()
    pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    start = pair.clock.now
    pair.clock.now += world.timedelta(hours=73)
    pair.alpha.office.expire()  # nobody waits for the answer there any more
    pair.clock.now = start
    assert pair.beta.deliver() == [("resolution", 409)]
    assert pair.beta.deliver() == []


def test_nothing_personal_lies_open(pair: Any) -> None:
    request = str(uuid4())
    ask(pair, request, world.payload())
    pair.alpha.deliver()
    pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    pair.beta.deliver()
    for house in (pair.alpha, pair.beta):
        written = b"".join(path.read_bytes() for path in house.folder.iterdir() if path.is_file())
        assert b"Kupala" not in written and b"Kolas" not in written
    with pytest.raises(Exception, match="purpose"):
        pair.beta.shelf.open(reference(pair.beta, "beneficiary", request), "  ")
    opened = json.loads(pair.beta.shelf.open(reference(pair.beta, "beneficiary", request), "a question of the client"))
    assert opened["originator"]["originatorPerson"][0]["accountNumber"] == ["A-1"]
    (look,) = world.Looks(pair.beta.folder / "looks.jsonl", pair.clock).all()
    assert look.purpose == "a question of the client" and look.subject.startswith("travel/")
    (told,) = world.Looks(pair.alpha.folder / "looks.jsonl", pair.clock).all()
    assert told.purpose == f"inquiry {request} sent to beta"
