"""Messages of the protocol, their headers, and travel addresses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import FieldError
from skarb.core.identifiers import bech32
from skarb.core.time import parse_day
from skarb.travelrule.address import make_travel_address, read_travel_address
from skarb.travelrule.constraints import Rules
from skarb.travelrule.messages import (
    Asset,
    Inquiry,
    Resolution,
    kind_of,
    lower_version,
    read_headers,
    read_message,
    speaks,
    write_message,
)

RULES = Rules(parse_day("2026-10-01"))
UUID = "3d4f9e2a-6c1b-4f0e-9a53-0f6d2b7c8e11"
PERSON = {
    "naturalPerson": {
        "name": {"nameIdentifier": [{"primaryIdentifier": "A", "naturalPersonNameIdentifierType": "LEGL"}]},
        "customerIdentification": "1",
    }
}
TOLD = {"originator": {"originatorPerson": [PERSON]}, "beneficiary": {"beneficiaryPerson": [PERSON]}}


def inquiry(**changes: Any) -> dict[str, Any]:
    return {"asset": {"dti": "4H95J0R2X"}, "amount": 1, "callback": "https://a.example/x", "IVMS101": TOLD, **changes}


def read(tree: object) -> Any:
    return read_message(tree if isinstance(tree, bytes) else json.dumps(tree).encode(), RULES)


GOOD = {
    "acknowledged": {"version": "3.2.1"},
    "resolution": {"approved": {"address": "x", "callback": "https://a.example:8443/x?q=1"}},
    "confirmation": {"txid": "ab", "extensions": {"x": [1, {"y": None}]}},
    "identity": {"name": "A", "lei": "506700T7Z685VUOZL877"},
    "extensions": {"required": [], "supported": ["a"]},
    "version": {"version": "1.0.0", "vendor": "V"},
    "inquiry": inquiry(asset={"caip19": "eip155:1/erc20:0x6b175474e89094c44da98b954eedeac495271d0f"}),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_message_is_known_by_its_elements_and_comes_back_the_same(kind: str) -> None:
    found = read(GOOD[kind])
    assert (found.kind, [str(one) for one in found.findings]) == (kind, [])
    again = read(write_message(found.message))
    assert again.message == found.message
    if kind not in ("inquiry", "extensions"):
        assert json.loads(write_message(found.message)) == GOOD[kind]


@pytest.mark.parametrize(
    "text", ["0.000021", "1", "1.50", "1e-18", "123456789012345678.000000000000000001", "79228162514264337593543950336"]
)
def test_an_amount_keeps_its_value_to_the_last_digit(text: str) -> None:
    found = read(json.dumps(inquiry()).replace('"amount": 1', f'"amount": {text}').encode())
    assert isinstance(found.message, Inquiry) and found.message.amount == Decimal(text)
    again = json.loads(write_message(found.message), parse_float=Decimal, parse_int=Decimal)
    assert again["amount"] == Decimal(text)


BAD = {
    "both answers": ({"approved": {"address": "x", "callback": "https://a.example"}, "rejected": "no"}, ""),
    "both ends": ({"txid": "1", "canceled": "no"}, ""),
    "no address": ({"approved": {"address": "", "callback": "https://a.example"}}, "approved.address"),
    "a callback in the clear": ({"approved": {"address": "x", "callback": "http://a.example"}}, "approved.callback"),
    "a callback with a password": (inquiry(callback="https://u:p@a.example"), "callback"),
    "no token": (inquiry(asset={}), "asset"),
    "a token that does not exist": (inquiry(asset={"dti": "4H95J0R2Y"}), "asset.dti"),
    "a coin type below zero": (inquiry(asset={"slip0044": -1}), "asset.slip0044"),
    "an asset of no chain": (inquiry(asset={"caip19": "bitcoin"}), "asset.caip19"),
    "less than nothing": (inquiry(amount=-1), "amount"),
    "an amount as text": (inquiry(amount="1"), "amount"),
    "an amount that is true": (inquiry(amount=True), "amount"),
    "no persons": (inquiry(IVMS101={}), "IVMS101.originator"),
    "a version of letters": ({"version": "three"}, "version"),
    "no certificate": ({"name": "A", "x509": "MIIB"}, "x509"),
    "an unknown element": ({"txid": "1", "fee": 2}, "fee"),
    "nothing": ({}, ""),
    "a list": ([], ""),
}


@pytest.mark.parametrize("what", BAD)
def test_a_message_that_is_wrong_says_where(what: str) -> None:
    tree, path = BAD[what]
    found = read(tree)
    assert found.message is None and path in [one.path for one in found.findings if one.weight == "fault"]


def test_a_rejection_without_a_word_is_a_rejection() -> None:
    found = read({"rejected": None})
    assert found.message.rejected == "" and json.loads(write_message(found.message)) == {"rejected": ""}


def test_kinds_are_told_apart() -> None:
    assert [kind_of(tree) for tree in ({"version": "1"}, {"version": "1", "vendor": "v"}, {"TXID": 1}, {"x": 1}, None)] == [
        "acknowledged", "version", "confirmation", None, None
    ]  # fmt: skip


HEADERS = {"api-version": "3.2.1", "request-identifier": UUID, "content-type": "application/json; charset=utf-8"}


def test_headers_are_read_in_any_spelling() -> None:
    head = read_headers({"API-Version": "3.1.0", "Request-Identifier": UUID.upper(), "api-extensions": "a, b"})
    assert (head.request, head.version, head.extensions) == (UUID, "3.1.0", ("a", "b"))
    assert read_headers(head.written()) == head


@pytest.mark.parametrize(
    "change", [{"api-version": "4.0.0"}, {"api-version": ""}, {"request-identifier": "1"}, {"content-type": "text/html"}]
)
def test_headers_that_are_wrong_are_named(change: dict[str, str]) -> None:
    with pytest.raises(FieldError, match=next(iter(change))):
        read_headers({**HEADERS, **change})


def test_the_travel_address_of_the_standard() -> None:
    address = "ta2W2HPKfHxgSgrzY178knqXHg1H3jfeQrwQ9JrKBs9wv"
    assert make_travel_address("beneficiary.com/x/12345?t=i") == make_travel_address("https://beneficiary.com/x/12345") == address
    assert read_travel_address(address) == "https://beneficiary.com/x/12345?t=i"


@settings(max_examples=60, deadline=None)
@given(
    st.from_regex(r"[a-z]{1,9}\.[a-z]{2,5}(:[1-9][0-9]{1,3})?(/[a-zA-Z0-9._-]{1,12}){0,3}", fullmatch=True),
    st.integers(0, 200),
    st.sampled_from("123xyzABC"),
)
def test_travel_addresses_come_back_and_slips_are_noticed(url: str, place: int, letter: str) -> None:
    address = make_travel_address(url)
    assert read_travel_address(address) == f"https://{url}?t=i"
    at = 2 + place % (len(address) - 2)
    slip = address[:at] + letter + address[at + 1 :]
    if slip != address:
        with pytest.raises(FieldError):
            read_travel_address(slip)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/x",
        "https://u@a.example/x",
        "https:///x",
        "a.example/x#y",
        "a.example/ы",
        "a.example/x?t=j",
        "a.example:99999/x",
    ],
)
def test_what_is_no_place_for_inquiries_has_no_travel_address(url: str) -> None:
    with pytest.raises(FieldError):
        make_travel_address(url)


@pytest.mark.parametrize("text", ["", "ta", "lnurl1dp68gurn8ghj7", "ta0OIl", "xx2W2HPKfHxgSgrzY178knqXHg1H3jfeQrwQ9JrKBs9wv"])
def test_other_words_are_no_travel_addresses(text: str) -> None:
    with pytest.raises(FieldError):
        read_travel_address(text)


def test_what_a_lower_version_cannot_say() -> None:
    assert [lower_version(one, "3.2.1") for one in ("3.1.0", "3.2.0", "3.2.1", "3.10.0", "2.9.9", "x")] == [
        "3.1.0",
        "3.2.0",
        "",
        "",
        "",
        "",
    ]
    told = {"amount": Decimal(1), "callback": "https://a.example", "ivms101": None}
    named, numbered = (Inquiry(asset=asset, **told) for asset in (Asset(slip0044="BTC"), Asset(dti="4H95J0R2X")))  # type: ignore[arg-type]
    assert [speaks(named, "3.1.0"), speaks(numbered, "3.1.0"), speaks(numbered, "3.2.0")] == [True, False, True]


def lnurl(url: str) -> str:
    """Write an LNURL by the rules of bech32, bit by bit."""
    bits = "".join(f"{byte:08b}" for byte in url.encode())
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]
    check = bech32.checksum_constant("lnurl", [*values, 0, 0, 0, 0, 0, 0]) ^ 1
    return "lnurl1" + "".join(bech32.ALPHABET[one] for one in [*values, *(check >> 5 * (5 - n) & 31 for n in range(6))])


def test_the_lnurl_of_its_specification_is_read() -> None:
    """The example of LUD-01, which leads elsewhere than to a travel rule; that it is a URL over https is all that can be told."""
    known = (
        "LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5"
        "EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS"
    )
    url = "https://service.com/api?q=3fc3645b439ce8e7f2553a69e5267081d96dcd340693afabe04be7b0ccd178df"
    assert read_travel_address(known) == read_travel_address(known.lower()) == url
    assert lnurl(url).upper() == known


@pytest.mark.parametrize(
    "text",
    [
        lnurl("http://a.example/x"),
        lnurl("a.example/x?t=i"),
        lnurl("https://u@a.example/x"),
        lnurl("https://a.example/x#y"),
        lnurl("https://a.example/x")[:-1] + "q",
        "LNURL1" + lnurl("https://a.example/x")[6:],
        lnurl("https://a.example/ы"),
        "lnurl1",
    ],
)
def test_an_lnurl_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        read_travel_address(text)


def test_an_answer_may_name_the_version_beside_what_it_says() -> None:
    body = b'{"version": "3.1.0", "approved": {"address": "1", "callback": "https://a.example/x"}}'
    read = read_message(body, Rules(20_000))
    assert isinstance(read.message, Resolution) and read.message.approved is not None and read.valid
