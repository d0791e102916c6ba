"""Who may talk: certificates that are missing, foreign, expired or somebody else's; messages that are malformed, too large,
repeated or contradict."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from skarb.app.travel.server import Listening
from skarb.app.travel.wire import Credentials, Reply, fingerprint_of, post
from skarb.core.errors import NotAllowed, Unavailable
from skarb.registers import Admission, Party
from skarb.travelrule.messages import CONTENT_TYPE, Headers
from skarb.travelrule.reading import LARGEST

spec = spec_from_file_location("travel_pair", Path(__file__).with_name("travel_pair.py"))
assert spec is not None and spec.loader is not None
world: Any = module_from_spec(spec)
sys.modules["travel_pair"] = world
spec.loader.exec_module(world)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Any]:
    with world.open_pair(tmp_path) as both:
        yield both


def inquiry(**changes: Any) -> dict[str, Any]:
    told = {
        "asset": {"slip0044": "BTC"}, "amount": 1, "callback": "https://localhost/resolutions/1", "IVMS101": world.payload_tree()
    }  # fmt: skip
    return {**told, **changes}


def say(
    pair: Any, body: Any, credentials: Credentials | None = None, *, place: str = "inquiries/boris?t=i", **headers: str
) -> tuple[int, dict[str, Any]]:
    """Say something to beta as alpha, or with other papers."""
    request = headers.pop("request", str(uuid4()))
    written = {**Headers(request).written(), **{name.replace("_", "-"): value for name, value in headers.items()}}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    expected = [fingerprint_of(pair.beta.credentials.certificate)]
    url = f"https://localhost:{pair.beta.port}/{place}"
    reply = post(
        url, {k: v for k, v in written.items() if v}, data, credentials or pair.alpha.credentials, expected, seconds=5, attempts=1
    )
    return reply.status, json.loads(reply.body or b"{}")


def untouched(pair: Any) -> bool:
    return not list(pair.beta.shelf.exchanges())


def test_a_known_provider_is_heard(pair: Any) -> None:
    assert say(pair, inquiry()) == (200, {"version": "3.2.1"})


@pytest.mark.parametrize("kind", ["expired", "foreign", "none"])
def test_papers_that_are_not_believed_end_in_the_handshake(pair: Any, tmp_path: Path, kind: str) -> None:
    if kind == "none":
        context = ssl.create_default_context(cafile=pair.authority.trust)
        answer = b""
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", pair.beta.port), 5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as line,
        ):
            line.sendall(b"GET /identity HTTP/1.1\r\nhost: localhost\r\n\r\n")
            answer = line.recv(100)
        assert answer == b""
    else:
        other = pair.authority if kind == "expired" else world.Authority(tmp_path, "somebody")
        papers = other.certify(
            kind, trust=pair.authority.trust, lasts=timedelta(days=-1) if kind == "expired" else timedelta(days=1)
        )
        with pytest.raises((NotAllowed, Unavailable)):
            say(pair, inquiry(), papers)
    assert untouched(pair)


def test_a_certificate_that_the_register_does_not_name_is_nobodys(pair: Any) -> None:
    status, said = say(pair, inquiry(), pair.authority.certify("alpha-again"))
    assert status == 403 and "nobody" in said["error"] and untouched(pair)


def test_a_provider_without_a_licence_is_not_heard(pair: Any) -> None:
    papers = pair.authority.certify("gamma")
    certificates = (fingerprint_of(papers.certificate),)
    gamma = Party(
        party="gamma",
        kind="legal_entity",
        country="ZZ",
        resident=True,
        identified=True,
        valid_from=world.LONG_AGO,
        certificates=certificates,
    )
    assert not pair.beta.registers.record([gamma], "test").problems
    assert say(pair, inquiry(), papers)[0] == 403 and untouched(pair)
    assert not pair.beta.registers.record(
        [Admission(party="gamma", gate="regime", licence="platform", valid_from=world.LONG_AGO)], "test"
    ).problems
    assert say(pair, inquiry(), papers)[0] == 200


def test_a_certificate_is_good_while_the_register_says_so(pair: Any) -> None:
    known = next(one for one in pair.beta.registers.states("parties", 20_000) if isinstance(one, Party) and one.party == "alpha")
    later = world.msgspec.structs.replace(known, certificates=("0" * 64,), valid_from=world.NOW.date())
    assert not pair.beta.registers.record([later], "a new certificate").problems
    assert say(pair, inquiry())[0] == 403 and untouched(pair)


def test_nobody_ends_an_exchange_of_others(pair: Any) -> None:
    request = str(uuid4())
    assert say(pair, inquiry(), request=request)[0] == 200
    pair.beta.office.resolve(request, pay_to=world.PAY_TO)
    papers = pair.authority.certify("delta")
    delta = Party(
        party="delta", kind="legal_entity", country="ZZ", resident=True, identified=True, valid_from=world.LONG_AGO,
        certificates=(fingerprint_of(papers.certificate),),
    )  # fmt: skip
    licence = Admission(party="delta", gate="regime", licence="platform", valid_from=world.LONG_AGO)
    assert not pair.beta.registers.record([delta, licence], "test").problems
    status, said = say(pair, {"canceled": "no"}, papers, place=f"confirmations/{request}", request=request)
    assert status == 404 and "no such exchange" in said["error"]
    assert pair.beta.shelf.exchange("beneficiary", request).state == "approved"


def test_we_tell_nothing_to_somebody_else(pair: Any) -> None:
    """The certificate at the other end is good, but not the one of the provider we mean: not a byte of the payload leaves."""
    papers = pair.authority.certify("mallory")
    expected = [fingerprint_of(papers.certificate)]
    with pytest.raises(NotAllowed, match="none that the register names"):
        post(
            f"https://localhost:{pair.beta.port}/inquiries/x",
            Headers(str(uuid4())).written(),
            b"{}",
            pair.alpha.credentials,
            expected,
        )
    assert untouched(pair)


def test_what_answers_nothing_is_asked_a_few_times(pair: Any) -> None:
    asked: list[int] = []
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{dead.getsockname()[1]}/inquiries/x"
        with pytest.raises(Unavailable, match="after 3 attempts"):
            post(url, {}, b"", pair.alpha.credentials, ["0" * 64], seconds=2, attempts=3, pause=asked.append)
    assert asked == [1, 2]


MALFORMED = {
    "no JSON": (b"{", "", 400),
    "another kind of message": ({"txid": "1"}, "asset", 400),
    "no legal name": (
        inquiry(IVMS101=world.payload_tree(beneficiary=world.person("Boris", "Kolas", kind="MAID"))),
        "IVMS101.beneficiary",
        400,
    ),
    "nobody sends": (inquiry(IVMS101={"beneficiary": {}}), "IVMS101.originator", 400),
    "nothing is sent": (inquiry(amount=0), "amount", 400),
    "an answer in the clear": (inquiry(callback="http://localhost/x"), "callback", 400),
    "twice the same": (b'{"amount": 1, "amount": 2}', "amount", 400),
    "too much": (b" " * (LARGEST + 1), "", 413),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_message_is_answered_with_what_is_wrong(pair: Any, what: str) -> None:
    body, path, expected = MALFORMED[what]
    status, said = say(pair, body)
    assert status == expected and untouched(pair)
    assert status == 413 or any(one["path"].startswith(path) for one in said["findings"])
    assert "Kolas" not in json.dumps(said) and "Kupala" not in json.dumps(said)


def test_very_many_faults_are_answered_with_the_first_of_them(pair: Any) -> None:
    status, said = say(pair, json.dumps({"amount": 1, "IVMS101": {str(n): n for n in range(50_000)}}).encode())
    assert status == 400 and len(said["findings"]) == 100 and untouched(pair)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("api_version", "", 400), ("api_version", "2.1.0", 400), ("api_version", "3.0.0", 200), ("request_identifier", "", 400),
        ("request_identifier", "12", 400), ("api_extensions", "message-signing", 501), ("content_type", "text/plain", 415),
        ("content_type", CONTENT_TYPE, 200),
    ],
)  # fmt: skip
def test_headers(pair: Any, header: str, value: str, status: int) -> None:
    assert say(pair, inquiry(), **{header: value})[0] == status
    assert untouched(pair) == (status != 200)


def test_the_same_identifier_with_another_content_is_a_conflict(pair: Any) -> None:
    request = str(uuid4())
    assert [say(pair, inquiry(), request=request)[0] for _ in range(3)] == [200] * 3
    assert say(pair, inquiry(amount=2), request=request)[0] == 409
    assert say(pair, {"txid": "1"}, place=f"confirmations/{request}", request=request)[0] == 409  # nobody has approved it yet
    assert [one.state for one in pair.beta.shelf.exchanges()] == ["received"]


def test_who_names_another_sender_is_held(pair: Any) -> None:
    request = str(uuid4())
    assert say(pair, inquiry(IVMS101=world.payload_tree(lei=world.LEIS["beta"])), request=request)[0] == 200
    with pytest.raises(NotAllowed, match="not who sends"):
        pair.beta.office.resolve(request, pay_to=world.PAY_TO)


def test_other_places_do_not_exist(pair: Any) -> None:
    assert say(pair, inquiry(), place="elsewhere/1")[0] == 404
    assert say(pair, {"rejected": ""}, place=f"resolutions/{uuid4()}")[0] == 400  # the identifiers differ


def test_extensions_that_we_cannot_do_are_refused_wherever_they_stand(pair: Any) -> None:
    """What an extension tells of persons would be looked at by nobody."""
    status, said = say(pair, inquiry(extensions={"extended-ivms101": {"name": "Boris"}}))
    assert status == 501 and "extended-ivms101" in said["error"] and "Boris" not in json.dumps(said) and untouched(pair)
    assert say(pair, inquiry(extensions={}))[0] == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_as_such(pair: Any, method: str) -> None:
    context = pair.alpha.credentials.context(server=False)
    connection = http.client.HTTPSConnection("localhost", pair.beta.port, timeout=60, context=context)
    connection.request(method, f"/inquiries/{uuid4()}")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("allow")) == (405, "GET, POST") and untouched(pair)


def test_who_a_host_is_can_be_asked_at_its_root_wherever_it_takes_inquiries(pair: Any) -> None:
    context = pair.alpha.credentials.context(server=False)
    with Listening(pair.beta.office, pair.beta.credentials, "127.0.0.1", 0, "/travel/rule") as listening:
        for place, status in (("identity", 200), ("travel/rule/identity", 200), ("version", 200), ("elsewhere", 404)):
            connection = http.client.HTTPSConnection("localhost", listening.port, timeout=60, context=context)
            connection.request("GET", f"/{place}")
            assert connection.getresponse().status == status, place


def test_what_a_provider_says_of_itself(pair: Any) -> None:
    context = pair.alpha.credentials.context(server=False)

    def asked(place: str) -> tuple[int, str, bytes]:
        connection = http.client.HTTPSConnection("localhost", pair.beta.port, timeout=5, context=context)
        connection.request("GET", f"/{place}")
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()

    status, media, body = asked("uptime")
    assert status == 200 and media.startswith("text/plain") and int(body) >= 0
    assert json.loads(asked("extensions")[2]) == {} and json.loads(asked("version")[2])["vendor"] == "Skarb"
    assert json.loads(asked("identity")[2]) == {"name": "Beta", "lei": world.LEIS["beta"]}
    assert asked("elsewhere")[0] == 404


def test_a_lower_version_is_spoken_to_whoever_asks_for_it(pair: Any) -> None:
    alpha, sent = pair.alpha, []

    def older(url: str, headers: dict[str, str], body: bytes, expected: Any) -> Reply:
        sent.append(headers["api-version"])
        if headers["api-version"] != "3.1.0":
            return Reply(400, b'{"error": "version"}', "3.1.0")
        return alpha.send(url, headers, body, expected)

    for request in (str(uuid4()), str(uuid4())):
        alpha.office.ask(request, "beta", pair.beta.office.travel_address("boris"), "BTC", world.HALF, world.payload())
        assert [one.status for one in alpha.office.deliver(older)] == [200]
        assert alpha.shelf.exchange("originator", request).state == "acknowledged"
    assert sent == ["3.2.1", "3.1.0", "3.1.0"], "it is remembered"


@pytest.mark.parametrize("version", ["4.0.0", "2.1.0", "3.2.1", "3.9.0", "", "three"])
def test_a_version_that_we_do_not_speak_ends_the_inquiry(pair: Any, version: str) -> None:
    alpha, request, sent = pair.alpha, str(uuid4()), []

    def other(url: str, headers: dict[str, str], body: bytes, expected: Any) -> Reply:
        sent.append(headers["api-version"])
        return Reply(400, b"{}", version)

    alpha.office.ask(request, "beta", pair.beta.office.travel_address("boris"), "BTC", world.HALF, world.payload())
    alpha.office.deliver(other)
    assert sent == ["3.2.1"] and alpha.shelf.exchange("originator", request).state == "rejected"
