"""One exchange on either side: what follows what, what is the same again, what contradicts, what comes too late; and what the law wants to travel."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from skarb.core.errors import ConfigurationError, Conflict
from skarb.core.time import parse_day
from skarb.travelrule.constraints import Rules
from skarb.travelrule.exchange import Asked, Ended, Exchange, Resolved, Seen, Terms, Waited, begin, step
from skarb.travelrule.findings import doubt, fault, note
from skarb.travelrule.messages import Approval, Asset, Confirmation, Inquiry, Resolution
from skarb.travelrule.payload import check_tree
from skarb.travelrule.required import REQUIREMENTS, lacking, missing, read_requirements, required_on

AT, TERMS = datetime(2026, 10, 1, 9, tzinfo=UTC), Terms(answer_hours=24, confirm_hours=48)
NAME = {"nameIdentifier": [{"primaryIdentifier": "A", "naturalPersonNameIdentifierType": "LEGL"}]}


def payload(**more: Any) -> Any:
    person = {"naturalPerson": {"name": NAME, "customerIdentification": "1", **more.pop("natural", {})}, **more.pop("person", {})}
    tree = {
        "originator": {"originatorPerson": [person]},
        "beneficiary": {"beneficiaryPerson": [{"naturalPerson": {"name": NAME}}]},
        **more,
    }
    found = check_tree(tree, Rules(parse_day("2026-10-01")))
    assert found.value is not None, found.findings
    return found.value


def asked(amount: str = "1", by: str = "alpha") -> Asked:
    return Asked(
        "r", by, Inquiry(asset=Asset(dti="4H95J0R2X"), amount=Decimal(amount), callback="https://a.example/r", ivms101=payload())
    )


YES = Resolved(Resolution(approved=Approval(address="address", callback="https://b.example/c")))
NO = Resolved(Resolution(rejected="no"))
PAID, GIVEN_UP = Ended(Confirmation(txid="t")), Ended(Confirmation(canceled="no"))
EVENTS = {"seen": Seen(), "yes": YES, "no": NO, "paid": PAID, "given up": GIVEN_UP, "waited": Waited(), "asked": asked()}
FOLLOWS = {  # what an exchange is after an event that may happen to it in a state
    "originator": {
        ("inquired", "seen"): "acknowledged", ("inquired", "yes"): "approved", ("inquired", "no"): "rejected",
        ("acknowledged", "yes"): "approved", ("acknowledged", "no"): "rejected",
        ("approved", "paid"): "confirmed", ("approved", "given up"): "canceled",
    },
    "beneficiary": {
        ("received", "yes"): "approved", ("received", "no"): "rejected",
        ("approved", "paid"): "confirmed", ("approved", "given up"): "canceled",
    },
}  # fmt: skip


@pytest.mark.parametrize("side", FOLLOWS)
def test_every_course_of_four_events(side: Any) -> None:
    """Whatever comes in whatever order: a state follows as the table says, or it is the same again, or a conflict that changes nothing."""
    for course in itertools.product(EVENTS, repeat=4):
        now: Exchange = begin(side, asked(), AT, TERMS).exchange
        resolved = ended = ""
        for name in course:
            known = FOLLOWS[side].get((now.state, name))
            try:
                made = step(now, EVENTS[name], AT, TERMS)
            except Conflict:
                assert known is None
                continue
            if known is None:
                assert made.exchange is now or made.exchange == now
                assert name in ("seen", "waited", "asked") or name in (resolved, ended), course
            else:
                assert made.exchange.state == known, course
                sends = (side, name) in {
                    ("originator", "paid"),
                    ("originator", "given up"),
                    ("beneficiary", "yes"),
                    ("beneficiary", "no"),
                }
                assert (made.sends is not None) == sends
                assert not sends or made.to == ("https://b.example/c" if side == "originator" else "https://a.example/r")
                resolved, ended = (name if name in ("yes", "no") else resolved), (name if name in ("paid", "given up") else ended)
            now = made.exchange


@pytest.mark.parametrize("side", FOLLOWS)
def test_the_same_inquiry_again_is_the_same_and_another_is_a_conflict(side: Any) -> None:
    exchange = begin(side, asked(), AT, TERMS).exchange
    assert step(exchange, asked(), AT, TERMS).repeated
    for other in (asked("2"), asked(by="gamma")):
        with pytest.raises(Conflict, match="request r"):
            step(exchange, other, AT, TERMS)


def test_who_waits_too_long_has_nothing_any_more() -> None:
    exchange = begin("beneficiary", asked(), AT, TERMS).exchange
    assert step(exchange, Waited(), AT + timedelta(hours=24), TERMS).exchange.state == "received"
    late = step(exchange, Waited(), AT + timedelta(hours=24, seconds=1), TERMS).exchange
    assert late.state == "expired" and late.deadline is None
    with pytest.raises(Conflict, match="expired"):
        step(exchange, YES, AT + timedelta(hours=25), TERMS)
    approved = step(exchange, YES, AT, TERMS).exchange
    assert approved.deadline == AT + timedelta(hours=48)
    with pytest.raises(Conflict, match="expired"):
        step(approved, PAID, AT + timedelta(hours=49), TERMS)
    paid = step(approved, PAID, AT, TERMS).exchange
    assert step(paid, PAID, AT + timedelta(days=99), TERMS).repeated  # said in time, and again much later


# what the law wants ----------------------------------------------------------------------------------------------------------

ADDRESS = {"addressType": "GEOG", "addressLine": ["1"], "townName": "Minsk", "country": "BY"}
FIRM = {"legalPerson": {"name": {"nameIdentifier": [{"legalPersonName": "F", "legalPersonNameIdentifierType": "LEGL"}]}}}
BRINGS: dict[str, dict[str, Any]] = {
    "originator.account": {"person": {"accountNumber": ["1"]}},
    "originator.address": {"natural": {"geographicAddress": [ADDRESS]}},
    "originator.birth": {"natural": {"dateAndPlaceOfBirth": {"dateOfBirth": "1990-01-01", "placeOfBirth": "Minsk"}}},
    "originator.provider": {"originatingVASP": {"originatingVASP": FIRM}},
    "beneficiary.provider": {"beneficiaryVASP": FIRM},
    "beneficiary.account": {"beneficiary": {"beneficiaryPerson": [{"naturalPerson": {"name": NAME}, "accountNumber": ["2"]}]}},
    "beneficiary.address": {
        "beneficiary": {"beneficiaryPerson": [{"naturalPerson": {"name": NAME, "geographicAddress": [ADDRESS]}}]}
    },
}
ALWAYS = {"originator.name", "beneficiary.name", "originator.identification"}  # the standard wants them, too


@pytest.mark.parametrize("what", BRINGS)
def test_each_requirement_is_met_by_what_it_names_and_by_nothing_else(what: str) -> None:
    assert set(missing(payload(), REQUIREMENTS)) == set(REQUIREMENTS) - ALWAYS
    assert set(missing(payload(**BRINGS[what]), REQUIREMENTS)) == set(REQUIREMENTS) - ALWAYS - {what}


def test_faults_and_doubts_keep_a_payload_from_being_complete() -> None:
    findings = [fault("C2", "a", "1990", "x"), doubt("C6", "b", "Secret", "x"), note("C9", "c", "y", "z")]
    assert lacking(None, findings, REQUIREMENTS) == ("a (C2)", "b (C6)")
    assert lacking(payload(), [], ["originator.account"]) == ("originator.account",)


TWO = """
- {from: 2019-06-21, to: 2020-01-01, cites: A, required: [originator.name]}
- {from: 2020-01-02, to: null, cites: A, required: []}
"""


def test_what_is_required_has_its_dates() -> None:
    found = read_requirements(TWO, "x.yaml")
    days = ("2019-06-20", "2019-06-21", "2020-01-01", "2020-01-02")
    assert [required_on(found, parse_day(day)) for day in days] == [(), ("originator.name",), ("originator.name",), ()]


@pytest.mark.parametrize(
    "text",
    ["- {from: 2020-01-01, cites: A, required: [originator.shoes]}", "{", "- {from: 2020-01-01, cites: A, required: []}\n" * 2],
)
def test_a_list_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.yaml"):
        read_requirements(text, "x.yaml")
