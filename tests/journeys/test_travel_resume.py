"""What was held goes on by itself once that which held it is settled: once, after a restart too, and never weaker than by hand."""

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

from skarb.app.looks import Looks
from skarb.app.travel.keys import read_keys
from skarb.app.travel.office import Held, Office
from skarb.app.travel.payees import Payees
from skarb.app.travel.persons import Persons
from skarb.app.travel.putaside import put_aside
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.wire import fingerprint_of
from skarb.cli import make_app
from skarb.cli.output import Usage
from skarb.core.errors import Conflict, InputError, NotAllowed, NotFound, Unavailable
from skarb.core.screening_list import Listed, Name, ScreeningList
from skarb.screening import Screen
from skarb.store.sealed import SealedStore
from skarb.travelrule.address import make_travel_address
from skarb.travelrule.exchange import Exchange

spec = spec_from_file_location("travel_pair", Path(__file__).with_name("travel_pair.py"))
assert spec is not None and spec.loader is not None
world: Any = module_from_spec(spec)
sys.modules["travel_pair"] = world
spec.loader.exec_module(world)

BORIS = Listed(entry="8", kind="person", names=(Name(text="Boris Kolas"),), births=("1980-05-17",))
LISTED = Listed(entry="9", kind="person", names=(Name(text="Boris Kolas"),), passports=("MP1234567",))
EVERYBODY = {"*": world.PAY_TO}


def record(house: Any, *entries: Listed, version: str = "1") -> None:
    found = ScreeningList(list="un-sc", regime="un", publisher="X", version=version, published=date(2026, 9, 1), entries=entries)
    assert not house.registers.record_list(found, version).problems


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Any]:
    """Two providers; beta answers by itself."""
    with world.open_pair(tmp_path, pay_to=world.PAY_TO) as both:
        yield both


def ask(pair: Any, request: str, **given: Any) -> Any:
    address = pair.beta.office.travel_address("boris")
    return pair.alpha.office.ask(request, "beta", address, "BTC", world.HALF, world.payload(**given))


def ask_and_send(pair: Any, **given: Any) -> str:
    request = str(uuid4())
    assert isinstance(ask(pair, request, **given), Exchange)
    assert pair.alpha.deliver() == [("inquiry", 200)]
    return request


def state(house: Any, request: str) -> str:
    side = "originator" if house.name == "alpha" else "beneficiary"
    return str(house.shelf.exchange(side, request).state)


def looks(house: Any, words: str) -> list[str]:
    path = house.folder / "looks.jsonl"
    said = [json.loads(line)["purpose"] for line in path.read_text().splitlines()] if path.exists() else []
    return [one for one in said if words in one]


def aside(house: Any, request: str, hit: str = "un-sc/8", by: str = "A. One", second: str = "B. Two") -> Any:
    return put_aside(house.registers, house.office.obstacles(request), hit, "born 1991", by, second, None)


def restart(house: Any, clock: Any) -> Office:
    """Open the office again from its files, as another process does."""
    old = house.office.means
    shelf = Shelf(
        SealedStore(house.folder / "payloads.db"), read_keys(house.folder / "sealing.keys"), Looks(house.folder / "looks.jsonl", clock)
    )  # fmt: skip
    persons = Persons(old.persons._screen, clock, shelf, house.registers.described)
    office = Office(
        shelf, old.directory, party=old.party, url=old.url, requirements=old.requirements, clock=clock, zone=old.zone,
        pay_to=EVERYBODY, persons=persons, law=old.law,
    )  # fmt: skip
    house.shelf, house.office = shelf, office
    return office


# their inquiries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [False, True])
def test_the_answer_follows_when_two_have_decided(pair: Any, again: bool) -> None:
    beta = pair.beta
    record(beta, BORIS)
    request = ask_and_send(pair)
    assert beta.deliver() == beta.deliver() == [] and state(beta, request) == "received"
    assert not looks(beta, "answered by itself"), "what is held is not opened to find that out"
    assert not aside(beta, request).problems
    if again:
        restart(beta, pair.clock)
    assert beta.deliver() == [("resolution", 204)]
    assert (state(beta, request), state(pair.alpha, request)) == ("approved", "approved")
    assert pair.alpha.shelf.exchange("originator", request).address == world.PAY_TO
    assert beta.deliver() == [] and len(looks(beta, "answered by itself")) == 1
    assert len([one for one in beta.calls if one.endswith(request)]) == 1, "one answer, once"
    ruling = beta.office.ruling(f"beneficiary/{request}")
    assert ruling is not None and ruling.status == "clear"


def test_what_becomes_sure_is_rejected_in_the_usual_words(pair: Any) -> None:
    identity = {"nationalIdentifier": "MP1234567", "nationalIdentifierType": "CCPT", "countryOfIssue": "BY"}
    record(pair.beta, BORIS)
    request = ask_and_send(pair, beneficiary=world.person("Boris", "Kolas", nationalIdentification=identity))
    assert state(pair.beta, request) == "received"
    record(pair.beta, LISTED, version="2")
    assert pair.beta.deliver() == [("resolution", 204)] and state(pair.alpha, request) == "rejected"
    assert pair.alpha.office.comment(request, "why?") == "rejected", "nobody learns of lists"


def test_the_answer_follows_when_a_list_can_be_read_again(pair: Any) -> None:
    beta = pair.beta
    usual = beta.office.means.persons
    beta.office.means.persons = Persons(lambda: Screen(()), pair.clock, beta.shelf)
    request = ask_and_send(pair)
    assert beta.deliver() == [] and state(beta, request) == "received"
    beta.office.means.persons = usual
    assert beta.deliver() == [("resolution", 204)] and state(pair.alpha, request) == "approved"


def test_the_answer_follows_when_it_is_known_where_to_pay(pair: Any) -> None:
    beta = pair.beta
    beta.office.means.payees = Payees({"K-7": world.OTHER})
    request = ask_and_send(pair)
    for _ in range(3):
        assert beta.deliver() == []
    assert len(looks(beta, "answered by itself")) == 1, "nothing has changed, so nothing is opened again"
    restart(beta, pair.clock)
    assert beta.deliver() == [("resolution", 204)] and state(pair.alpha, request) == "approved"


def test_what_lacked_something_is_rejected_when_answers_become_automatic(pair: Any) -> None:
    beta = pair.beta
    beta.office.means.payees = None
    request = ask_and_send(pair, lei=world.LEIS["beta"])
    assert beta.deliver() == [] and state(beta, request) == "received", "a person answers"
    restart(beta, pair.clock)
    assert beta.deliver() == [("resolution", 204)] and state(pair.alpha, request) == "rejected"


def test_an_answer_that_did_not_arrive_is_sent_after_a_restart_and_not_given_twice(pair: Any) -> None:
    beta = pair.beta
    record(beta, BORIS)
    request = ask_and_send(pair)
    assert not aside(beta, request).problems
    sent: list[bytes] = []

    def broken(url: str, headers: dict[str, str], body: bytes, expected: Any) -> Any:
        sent.append(body)
        raise Unavailable("the line is cut")

    assert [one.status for one in beta.office.deliver(broken)] == [0] and state(beta, request) == "approved"
    restart(beta, pair.clock)
    beta.office.resume()

    def kept(url: str, headers: dict[str, str], body: bytes, expected: Any) -> Any:
        sent.append(body)
        return beta.send(url, headers, body, expected)

    assert [one.status for one in beta.office.deliver(kept)] == [204]
    assert len(sent) == 2 and sent[0] == sent[1] and state(pair.alpha, request) == "approved"


def test_two_processes_give_one_answer(pair: Any) -> None:
    first = pair.beta.office
    record(pair.beta, BORIS)
    request = ask_and_send(pair)
    assert not aside(pair.beta, request).problems
    second = restart(pair.beta, pair.clock)
    (exchange,) = first.shelf.exchanges()
    second.means.payees = Payees({"*": world.OTHER})
    assert len(second.resume()) == 1
    assert first.resume() == [], "it is answered"
    first.shelf.exchanges = lambda: iter([exchange])  # as it was a moment ago
    assert first.resume() == [] and len(second.shelf.store.waiting()) == 1
    assert pair.beta.deliver() == [("resolution", 204)]
    assert pair.alpha.shelf.exchange("originator", request).address == world.OTHER


def test_who_lost_his_licence_meanwhile_is_not_answered(pair: Any) -> None:
    record(pair.beta, BORIS)
    request = ask_and_send(pair)
    assert not aside(pair.beta, request).problems
    pair.beta.office.means.directory.provider = _nobody
    assert pair.beta.office.resume() == [] and state(pair.beta, request) == "received"


def _nobody(name: str, day: int) -> Any:
    raise NotAllowed(name)


def test_what_waited_too_long_is_not_answered(pair: Any) -> None:
    record(pair.beta, BORIS)
    request = ask_and_send(pair)
    assert not aside(pair.beta, request).problems
    pair.clock.now += world.timedelta(hours=73)
    assert pair.beta.deliver() == [] and state(pair.beta, request) == "expired"


def test_where_a_person_answers_nothing_follows_by_itself(pair: Any) -> None:
    pair.beta.office.means.payees = None
    record(pair.beta, BORIS)
    request = ask_and_send(pair)
    with pytest.raises(NotAllowed, match=f"skarb travel whitelist OFFICE {request} un-sc/8"):
        pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    assert not aside(pair.beta, request).problems
    assert pair.beta.deliver() == [] and state(pair.beta, request) == "received"
    assert pair.beta.office.resolve(request, pay_to=world.PAY_TO).state == "approved"


# our own inquiries ---------------------------------------------------------------------------------------------------------


def held(pair: Any) -> str:
    request = str(uuid4())
    record(pair.alpha, BORIS)
    assert isinstance(ask(pair, request), Held) and pair.alpha.deliver() == []
    assert not aside(pair.alpha, request).problems
    return request


def test_what_was_not_sent_goes_out_by_itself_where_answers_are_automatic(pair: Any) -> None:
    request = held(pair)
    assert pair.alpha.deliver() == [], "an office with a person sends nothing by itself"
    pair.alpha.office.means.payees = Payees({})
    assert pair.alpha.deliver() == [("inquiry", 200)] and state(pair.alpha, request) == "approved"
    assert pair.alpha.deliver() == [] and len(looks(pair.alpha, "held inquiry")) == 1


def test_a_person_sends_what_was_held_by_its_request_alone(pair: Any) -> None:
    request = held(pair)
    pair.clock.now += world.timedelta(days=5)
    pair.alpha.office.means.payees = Payees({})
    assert pair.alpha.deliver() == [], "after so long nobody waits for it; a person may still send it"
    assert isinstance(pair.alpha.office.ask_again(request), Exchange)
    assert isinstance(pair.alpha.office.ask_again(request), Exchange), "once"
    assert pair.alpha.deliver() == [("inquiry", 200)] and state(pair.alpha, request) == "approved"
    with pytest.raises(NotFound, match="nothing of it is held"):
        pair.alpha.office.ask_again(str(uuid4()))


def test_what_is_still_not_clear_stays(pair: Any) -> None:
    request = str(uuid4())
    record(pair.alpha, BORIS)
    pair.alpha.office.means.payees = Payees({})
    ask(pair, request)
    again = pair.alpha.office.ask_again(request)
    assert isinstance(again, Held) and again.found is not None and again.found.result.status == "possible"
    assert pair.alpha.deliver() == [] and not list(pair.alpha.shelf.exchanges())


def test_what_is_held_is_one_transfer(pair: Any) -> None:
    """Asked again with another amount, token or receiver under the same identifier, it is not the transfer that will go out."""
    request = str(uuid4())
    record(pair.alpha, BORIS)
    assert isinstance(ask(pair, request), Held) and isinstance(ask(pair, request), Held)
    address = pair.beta.office.travel_address("boris")
    for to, asset, amount in (("beta", "BTC", 2 * world.HALF), ("beta", "ETH", world.HALF), ("alpha", "BTC", world.HALF)):
        with pytest.raises(Conflict, match="a new inquiry needs a new identifier"):
            pair.alpha.office.ask(request, to, address, asset, amount, world.payload())
    assert not aside(pair.alpha, request).problems
    pair.alpha.office.means.payees = Payees({})
    assert pair.alpha.deliver() == [("inquiry", 200)]
    assert pair.alpha.shelf.exchange("originator", request).amount == str(world.HALF)


def test_who_comes_onto_a_list_after_a_try_is_rejected_at_once(pair: Any) -> None:
    pair.beta.office.means.payees = Payees({})
    identity = {"nationalIdentifier": "MP1234567", "nationalIdentifierType": "CCPT", "countryOfIssue": "BY"}
    request = ask_and_send(pair, beneficiary=world.person("Boris", "Kolas", nationalIdentification=identity))
    assert pair.beta.deliver() == pair.beta.deliver() == [] and state(pair.beta, request) == "received"
    record(pair.beta, LISTED)
    found = pair.beta.office.found(pair.beta.shelf.exchange("beneficiary", request))
    assert found.result.status == "listed"
    assert pair.beta.deliver() == [("resolution", 204)] and state(pair.beta, request) == "rejected"


# the officers' way ---------------------------------------------------------------------------------------------------------


def test_two_people_put_a_hit_aside_and_it_is_never_weaker_than_elsewhere(pair: Any) -> None:
    beta, sure = pair.beta, "un-sc/9"
    identity = {"nationalIdentifier": "MP1234567", "nationalIdentifierType": "CCPT", "countryOfIssue": "BY"}
    record(beta, BORIS)
    request = ask_and_send(pair, beneficiary=world.person("Boris", "Kolas", nationalIdentification=identity))
    (one,) = beta.office.obstacles(request)
    assert (one.hit, one.status, one.role) == ("un-sc/8", "possible", "beneficiary[0]") and one.subject.startswith("told/")
    with pytest.raises(NotFound, match="does not hold the request; what does is un-sc/8"):
        aside(beta, request, "un-sc/7")
    assert aside(beta, request, second="A. One").problems, "one person twice is one person"
    record(beta, LISTED, version="2")
    with pytest.raises(NotAllowed, match="means nobody else"):
        aside(beta, request, sure)
    with pytest.raises(NotFound):
        beta.office.obstacles(str(uuid4()))


def test_the_commands_of_an_officer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[Any, str]:
        capsys.readouterr()
        code = make_app()([str(word) for word in words], result_action="return_value", exit_on_error=False)
        said = capsys.readouterr()
        return code, said.out + " ".join(said.err.split())

    authority = world.Authority(tmp_path, "ca")
    for name in ("alpha", "beta"):
        authority.certify(name)
    known = {"kind": "legal_entity", "country": "ZZ", "resident": True, "identified": True, "valid_from": "2020-01-01"}
    parties = [{"party": "alpha", **known}, {"party": "beta", "certificates": [fingerprint_of(Path("beta.crt"))], **known}]
    gates = [
        {"party": "beta", "gate": gate, "licence": "crypto_bank", "valid_from": "2020-01-01"}
        for gate in ("regime", "central_bank")
    ]
    for register, entries in (("parties", parties), ("licences", gates)):
        Path(f"{register}.yaml").write_text(json.dumps(entries))
        assert run("register", "import", f"{register}.yaml", "--register", register, "--to", "m", "--law", "zz")[0] == 0
    listed = {"list": "un-sc", "regime": "un", "publisher": "x", "version": "1", "published": "2026-01-01"}
    listed["entries"] = [{"entry": "8", "kind": "person", "names": [{"text": "Boris Kolas"}]}]  # type: ignore[assignment]
    Path("list.json").write_text(json.dumps(listed))
    assert run("screen", "import", "list.json", "--to", "m", "--law", "zz")[0] == 0
    made = ("--certificate", "alpha.crt", "--key", "alpha.key", "--trust", "ca.pem", "--url", "https://localhost:1")
    run("travel", "init", "office", "--party", "alpha", "--registers", "m", "--law", "zz", *made)
    Path("payload.json").write_text(json.dumps(world.payload_tree()))
    request, address = str(uuid4()), make_travel_address("localhost:1/x")
    where = ("--to", "beta", "--address", address, "--asset", "BTC", "--amount", "0.5", "--request", request)
    code, said = run("travel", "send", "office", "payload.json", *where)
    assert code == 9 and f"skarb travel whitelist OFFICE {request} shows what holds it" in said
    assert json.loads(run("travel", "show", "office", "--format", "json")[1])[0]["state"] == "held"
    code, said = run("travel", "whitelist", "office", request, "--format", "json")
    assert code == 9 and [one["hit"] for one in json.loads(said)] == ["un-sc/8"] and "Kolas" not in said
    with pytest.raises(Usage, match="two people decide"):
        run("travel", "whitelist", "office", request, "un-sc/8", "--reason", "born 1991", "--by", "A. One")
    two = ("--reason", "born 1991", "--by", "A. One", "--approved-by")
    with pytest.raises(InputError):
        run("travel", "whitelist", "office", request, "un-sc/8", *two, "A. One")
    code, said = run("travel", "whitelist", "office", request, "un-sc/8", *two, "B. Two")
    assert code == 0 and "recorded" in said and run("travel", "whitelist", "office", request)[0] == 0
    assert json.loads(run("travel", "show", "office", "--format", "json")[1])[0]["state"] == "held", "a person sends it"
    code, said = run("travel", "send", "office", "--request", request)
    assert code == 6 and "does not answer" in said
    assert json.loads(run("travel", "show", "office", "--format", "json")[1])[0]["state"] == "inquired"
