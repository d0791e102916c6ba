"""Everybody whom a payload tells of is screened: on the way out, on the way in, inside files, and again when lists change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from skarb.app.lists import whitelist
from skarb.app.setting import screen_of
from skarb.app.travel.office import Held
from skarb.app.travel.persons import PURPOSE, Persons
from skarb.cli import make_app
from skarb.core.errors import NotAllowed
from skarb.core.screening_list import Listed, Name, ScreeningList
from skarb.screening import Screen
from skarb.travelrule.exchange import Exchange
from skarb.travelrule.payload import told_in

spec = spec_from_file_location("travel_pair", Path(__file__).with_name("travel_pair.py"))
assert spec is not None and spec.loader is not None
world: Any = module_from_spec(spec)
sys.modules["travel_pair"] = world
spec.loader.exec_module(world)

ANNA = Listed(entry="7", kind="person", names=(Name(text="Анна Купала"),))
BORIS = Listed(entry="8", kind="person", names=(Name(text="Boris Kolas"),), births=("1980-05-17",))
BOTH_SIDES = ("alpha", "beta")


def record(house: Any, *entries: Listed, name: str = "un-sc", regime: str = "un", version: str = "1") -> None:
    found = ScreeningList(list=name, regime=regime, publisher="X", version=version, published=date(2026, 9, 1), entries=entries)  # type: ignore[arg-type]
    assert not house.registers.record_list(found, name).problems


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Any]:
    with world.open_pair(tmp_path) as both:
        yield both


def ask(pair: Any, request: str, payload: Any = None) -> Any:
    given = payload or world.payload()
    return pair.alpha.office.ask(request, "beta", pair.beta.office.travel_address("boris"), "BTC", world.HALF, given)


def looks(house: Any) -> list[dict[str, str]]:
    path = house.folder / "looks.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def passport(number: str, **more: Any) -> Any:
    identity = {"nationalIdentifier": number, "nationalIdentifierType": "CCPT", "countryOfIssue": "BY"}
    return world.person("Pavel", "Karatkevich", nationalIdentification=identity, **more)


# everybody, by everything --------------------------------------------------------------------------------------------------


def company(name: str, **more: Any) -> dict[str, Any]:
    names = [{"legalPersonName": name, "legalPersonNameIdentifierType": "LEGL"}]
    return {"legalPerson": {"name": {"nameIdentifier": names}, **more}}


def local(text: str, kind: str) -> dict[str, Any]:
    made = world.person("Pavel", "Karatkevich")
    given, family = text.split()
    named = {"primaryIdentifier": family, "secondaryIdentifier": given, "nameIdentifierType": "LEGL"}
    made["naturalPerson"]["name"][kind] = [named]
    return made


def tree(place: str, person: dict[str, Any]) -> dict[str, Any]:
    """A payload in which somebody stands at a place, and nobody else is on any list."""
    made = world.payload_tree()
    made["originator"] = {"originatorPerson": [world.person("Kim", "Lee", account="A-1")]}
    made["beneficiary"] = {"beneficiaryPerson": [world.person("Jan", "Berg")]}
    match place:
        case "originator" | "beneficiary":
            made[place][f"{place}Person"].append(person)
        case "originatingVASP" | "beneficiaryVASP":
            made[place] = {place: person}
        case _:
            made["transferPath"] = {"transferPath": [{"intermediaryVASP": person, "sequence": 0}]}
    return made


LEI = "TVYD005I7Q5IJK0EMI53"
ACCOUNT = "0x7F367cC41522cE07553e823bf3be79A889DEbe1B"
WAYS = [
    ("originator", world.person("Anna", "Kupala"), ANNA, "name"),
    ("beneficiary", world.person("Boris", "Kolas"), BORIS, "name"),
    ("originator", world.person("Boris", "Kolas", kind="LEGL"), BORIS, "name"),
    ("beneficiary", local("Анна Купала", "localNameIdentifier"), ANNA, "name"),
    ("beneficiary", local("Anna Kupala", "phoneticNameIdentifier"), ANNA, "name"),
    ("originator", passport("MP-1234567"), Listed(entry="1", passports=("mp1234567",)), "passport"),
    ("beneficiaryVASP", company("Zed Exchange"), Listed(entry="2", kind="entity", names=(Name(text="Zed Exchange"),)), "name"),
    ("originatingVASP", company("Other", nationalIdentification={"nationalIdentifier": LEI, "nationalIdentifierType": "LEIX"}),
     Listed(entry="3", leis=(LEI,)), "lei"),
    ("transferPath", company("Zed Hop"), Listed(entry="4", kind="entity", names=(Name(text="Zed Hop"),)), "name"),
    ("beneficiary", world.person("Ida", "Holm", account=ACCOUNT), Listed(entry="5", wallets=(f"USDT:{ACCOUNT.lower()}",)), "wallet"),
    ("beneficiary", world.person("Ida", "Holm", account=f"ETH:{ACCOUNT}"), Listed(entry="5", wallets=(f"ETH:{ACCOUNT}",)), "wallet"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "person", "entry", "by"), WAYS)
def test_nobody_in_a_payload_is_left_out(pair: Any, place: str, person: Any, entry: Listed, by: str) -> None:
    record(pair.alpha, entry)
    persons = pair.alpha.office.persons

    def compared(who: Any) -> Any:
        return persons.judge(persons.compare(told_in(json.dumps(tree(place, who)).encode()), "BTC"))

    found = compared(person)
    assert found.role.startswith(place)
    assert (found.result.status, found.result.entry, found.result.by) == (
        "possible" if by == "name" else "listed",
        entry.entry,
        by,
    )
    assert compared(world.person("Ole", "Dahl") if place in ("originator", "beneficiary") else company("Ole")).clear


# on the way out ------------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_about_somebody_who_is_not_clear(pair: Any) -> None:
    alpha, request = pair.alpha, str(uuid4())
    record(alpha, replace(ANNA, leis=()), Listed(entry="1", passports=("MP1",)))
    held = ask(pair, request)
    assert isinstance(held, Held) and held.found.result.status == "possible" and held.ruling.verdict == "refer"
    exact = ask(pair, str(uuid4()), world.payload(beneficiary=passport("MP1")))
    assert (exact.found.result.status, exact.ruling.verdict, exact.ruling.provision) == ("listed", "refuse", "ZZ-R3-2026/listed")
    assert alpha.calls == [] and alpha.deliver() == [] and not list(alpha.shelf.exchanges())
    assert b"Kupala" not in b"".join(file.read_bytes() for file in alpha.folder.glob("payloads.db*"))

    subject = held.found.subject
    done = whitelist(alpha.registers, screen_of(alpha.registers), subject, "un-sc", "7", "born 1991", "A. One", "B. Two", None)
    assert not done.problems
    assert isinstance(ask(pair, request), Exchange) and alpha.deliver() == [("inquiry", 200)]
    again = str(uuid4())
    assert isinstance(ask(pair, again), Exchange), "the same person told in the same words is the same subject"


def test_without_lists_everything_is_held(pair: Any) -> None:
    alpha = pair.alpha
    alpha.office.means.persons = Persons(lambda: Screen(()), pair.clock, alpha.shelf)
    held = ask(pair, str(uuid4()))
    assert held.found.result.status == "unavailable" and "no screening list is loaded" in held.found.said
    assert (held.ruling.verdict, alpha.deliver()) == ("refer", [])


def test_a_message_that_waits_is_held_when_lists_change(pair: Any) -> None:
    alpha, request = pair.alpha, str(uuid4())
    ask(pair, request)
    record(alpha, BORIS)
    (stopped,) = alpha.office.deliver(alpha.send)
    assert stopped.status == 0 and "un-sc/8" in stopped.said and alpha.calls == []
    assert [one["purpose"] for one in looks(alpha)] == [PURPOSE]
    assert alpha.office.deliver(alpha.send)[0].status == 0 and len(looks(alpha)) == 1, "it is opened once for each change"


# on the way in -------------------------------------------------------------------------------------------------------------


def test_the_other_side_cannot_tell_who_is_on_a_list(pair: Any) -> None:
    alpha, beta = pair.alpha, pair.beta
    clear, listed, possible = (str(uuid4()) for _ in range(3))
    record(beta, Listed(entry="1", passports=("MP1",)), BORIS)
    for request, payload in (
        (clear, world.payload(beneficiary=world.person("Ida", "Holm"))),
        (listed, world.payload(beneficiary=passport("MP1"))),
        (possible, world.payload()),
    ):
        ask(pair, request, payload)
    alpha.deliver()
    assert {alpha.shelf.exchange("originator", one).state for one in (clear, listed, possible)} == {"acknowledged"}
    with pytest.raises(NotAllowed, match=r"refuse by BY-L165Z/9-1-freeze, block; due: .*BY-L165Z/9-1-freeze\.report.*reject it"):
        beta.office.resolve(listed, pay_to=world.PAY_TO)
    with pytest.raises(
        NotAllowed,
        match=rf"possible: beneficiary\[0\] told/[0-9a-f]{{32}} by name on un-sc/8.*skarb travel whitelist OFFICE {possible} un-sc/8",
    ):
        beta.office.resolve(possible, pay_to=world.PAY_TO)
    ruled = beta.office.ruling(f"beneficiary/{listed}")
    assert (ruled.status, ruled.list, ruled.measure) == ("listed", "un-sc", "block")
    beta.office.resolve(clear, comment="")
    beta.office.resolve(listed, comment="he is on the list of the Security Council")
    beta.office.resolve(possible, comment="try again without his second name")
    sent = {beta.shelf.message(beta.shelf.exchange("beneficiary", one).resolution) for one in (clear, listed, possible)}
    assert sent == {b'{"rejected":"rejected"}'}


def test_an_approval_that_is_held_is_not_told_to_whoever_asks_again(pair: Any) -> None:
    alpha, beta, request = pair.alpha, pair.beta, str(uuid4())
    ask(pair, request)
    (waits,) = alpha.shelf.store.waiting()
    alpha.deliver()
    beta.office.resolve(request, pay_to=world.PAY_TO)
    record(beta, BORIS)
    assert [one.status for one in beta.office.deliver(beta.send)] == [0]
    alpha.shelf.store.write(waiting=[(waits.name, waits.value)])  # the same inquiry once more
    assert alpha.deliver() == [("inquiry", 200)]
    assert alpha.shelf.exchange("originator", request).state == "acknowledged"
    record(beta, version="2")
    assert beta.deliver() == [("resolution", 204)]
    assert alpha.shelf.exchange("originator", request).address == world.PAY_TO


def test_an_office_that_answers_by_itself(tmp_path: Path) -> None:
    with world.open_pair(tmp_path, pay_to=world.PAY_TO) as pair:
        beta, listed, possible, clear = pair.beta, *(str(uuid4()) for _ in range(3))
        record(beta, Listed(entry="1", passports=("MP1",)), BORIS)
        ask(pair, listed, world.payload(beneficiary=passport("MP1")))
        ask(pair, possible)
        ask(pair, clear, world.payload(beneficiary=world.person("Ida", "Holm")))
        pair.alpha.deliver()
        states = {one: beta.shelf.exchange("beneficiary", one) for one in (listed, possible, clear)}
        assert [one.state for one in states.values()] == ["rejected", "received", "approved"]
        assert states[listed].comment == "rejected"
        assert beta.office.ruling(f"beneficiary/{possible}").provision == "SAN-DESIGN/decide"


def test_a_provider_who_came_onto_a_list_is_answered_no_more(pair: Any) -> None:
    request = str(uuid4())
    ask(pair, request)
    pair.alpha.deliver()
    record(pair.beta, Listed(entry="1", parties=("alpha",)))
    with pytest.raises(NotAllowed, match="provider alpha"):
        pair.beta.office.resolve(request, pay_to=world.PAY_TO)


# on the road, and when lists change ----------------------------------------------------------------------------------------


def approved(pair: Any, request: str, payload: Any = None) -> dict[str, Any]:
    ask(pair, request, payload)
    pair.alpha.deliver()
    pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    pair.beta.deliver()
    kept = pair.alpha.shelf.of_handle(f"originator/{request}")
    return {"wallet": f"BTC:{world.PAY_TO}", "declared": {"travel_payload": kept.reference}}


def test_lists_that_change_after_the_approval_count_on_the_road(pair: Any) -> None:
    alpha, listed, possible = pair.alpha, str(uuid4()), str(uuid4())
    to_listed = approved(pair, listed, world.payload(beneficiary=passport("MP1")))
    to_possible = approved(pair, possible)
    record(alpha, Listed(entry="1", passports=("MP1",)), BORIS)
    before = len(looks(alpha))
    with alpha.desk(pair.clock) as desk:
        answer = desk.submit([world.transfer("a", **to_listed), world.transfer("b", **to_possible)])
        again = desk.submit([world.transfer("c", **to_possible)])
    outcomes = [(one.outcome, one.decision.provision) for one in (*answer.receipts, *again.receipts)]
    assert outcomes == [
        ("refused", "ZZ-R3-2026/listed"),
        ("referred", "ZZ-R3-2026/possible"),
        ("referred", "ZZ-R3-2026/possible"),
    ]
    fresh = looks(alpha)[before:]
    assert [one["purpose"] for one in fresh] == [PURPOSE] * 2, "each payload is opened once, and why is on record"


def test_a_decision_about_a_client_counts_for_what_his_payload_says(pair: Any) -> None:
    alpha, request = pair.alpha, str(uuid4())
    known = world.Party(
        party="anna",
        kind="natural_person",
        country="ZZ",
        resident=True,
        identified=True,
        valid_from=world.LONG_AGO,
        name="Anna Kupala",
    )
    assert not alpha.registers.record([known], "x").problems
    named = approved(pair, request)
    record(alpha, ANNA)
    with alpha.desk(pair.clock) as desk:
        assert desk.submit([world.transfer("a", **named)]).receipts[0].outcome == "referred"
    done = whitelist(alpha.registers, screen_of(alpha.registers), "anna", "un-sc", "7", "born 1991", "A. One", "B. Two", None)
    assert not done.problems
    found = alpha.office.persons.found(named["declared"]["travel_payload"], "anna", "originator")
    assert found.clear and found.result.whitelisted == ("un-sc/7",)
    assert not alpha.office.persons.found(named["declared"]["travel_payload"], "boris", "originator").clear


def test_held_and_recent_payloads_are_looked_at_again(pair: Any) -> None:
    alpha, request, old = pair.alpha, str(uuid4()), str(uuid4())
    ask(pair, old)
    alpha.deliver()
    pair.beta.office.resolve(old)
    pair.beta.deliver()
    pair.clock.now += world.timedelta(days=40)
    ask(pair, request)
    assert alpha.office.rescreen_if_changed() == [] == alpha.office.rescreen_if_changed()
    record(alpha, BORIS)
    (one,) = alpha.office.rescreen_if_changed()
    assert (one.handle, one.before, one.found.result.status) == (f"originator/{request}", "clear", "possible")
    assert len(alpha.office.rescreen(60)) == 2, "the rejected one is older than a month"
    record(alpha, version="2")
    assert {(one.before, one.found.result.status) for one in alpha.office.rescreen(60)} == {("possible", "clear")}
    assert alpha.office.rescreen(60) == []
    assert alpha.shelf.store.record("screened", one.reference) is not None
    assert any("screened before" for _ in alpha.shelf.store.records("screened before"))


# inside files --------------------------------------------------------------------------------------------------------------


def run(*words: object) -> Any:
    return make_app()([str(word) for word in words], result_action="return_value")


@pytest.mark.parametrize("keep", [False, True])
def test_payloads_inside_a_file_are_screened(tmp_path: Path, keep: bool) -> None:
    base = {
        "at": "2026-10-01T10:00:00Z", "activity": "token_transfer_out", "party": "anna", "asset": "BTC", "amount": "0.00000001",
        "wallet": f"BTC:{world.PAY_TO}",
    }  # fmt: skip
    bad = world.payload_tree(beneficiary=world.person("Zed", "Zedson", kind="ALIA"))  # breaks the standard, and is on a list
    rows = [
        {**base, "id": "clear", "travel_payload": world.payload_tree()},
        {**base, "id": "listed", "travel_payload": world.payload_tree(beneficiary=passport("EX0000001"))},
        {**base, "id": "possible", "travel_payload": world.payload_tree(beneficiary=world.person("Zed", "Zedson"))},
        {**base, "id": "broken", "travel_payload": bad},
        {**base, "id": "unseen", "declared": {"travel_payload": "ab" * 32}},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words: list[object] = ["decide", file, "--law", "zz", "--as", "crypto_bank", "--assume", "natural_person"]
    if keep:
        (tmp_path / "x.pem").write_text("x")
        world.Authority(tmp_path, "authority").certify("alpha")
        run(
            "travel", "init", tmp_path / "office", "--party", "alpha", "--registers", tmp_path, "--url", "https://localhost",
            "--certificate", tmp_path / "alpha.crt", "--key", tmp_path / "alpha.key", "--trust", tmp_path / "authority.pem", "--law", "zz",
        )  # fmt: skip
        words += ["--travel", tmp_path / "office"]
    run(*words, "--output", tmp_path / "out.json")
    told = {
        row["id"]: (row["verdict"], row["provision"], row["missing"]) for row in json.loads((tmp_path / "out.json").read_text())
    }
    assert told["listed"][:2] == ("refuse", "ZZ-R3-2026/listed") and "passport on example/EX-1" in told["listed"][2]
    assert told["possible"][:2] == ("refer", "ZZ-R3-2026/possible") and "example/EX-1" in told["possible"][2]
    assert told["broken"][:2] == ("refer", "ZZ-R3-2026/possible") and "(C6), screening (possible" in told["broken"][2]
    assert told["unseen"][:2] == ("refer", "ZZ-R3-2026/possible") and told["unseen"][2] == "payload (not kept here)"
    assert told["clear"][1] not in ("ZZ-R3-2026/listed", "ZZ-R3-2026/possible")
