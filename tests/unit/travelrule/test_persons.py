"""A listed name does not get through a payload by the way in which it is written into its fields."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from skarb.core.identifiers import wallet_key
from skarb.core.screening_list import Identifiers, Listed, Name, ScreeningList
from skarb.screening.keys import keys_of_party
from skarb.screening.names import NameScreen
from skarb.travelrule.payload import told_in
from skarb.travelrule.persons import Told, persons_of

LISTED = ScreeningList(
    list="un-sc",
    regime="un",
    publisher="X",
    version="1",
    published=date(2026, 9, 1),
    entries=(
        Listed(entry="1", kind="person", names=(Name(text="Aleksandr Grigoryevich Karatkevich"),)),
        Listed(entry="2", kind="entity", names=(Name(text="Northern Amber Shipping"),)),
    ),
)
SCREEN = NameScreen([LISTED])


def told(person: dict[str, Any]) -> Told:
    other = {"naturalPerson": {"name": {"nameIdentifier": [{"primaryIdentifier": "Berg", "nameIdentifierType": "LEGL"}]}}}
    tree = {"originator": {"originatorPerson": [person]}, "beneficiary": {"beneficiaryPerson": [other]}}
    found = told_in(json.dumps(tree).encode())
    assert found is not None
    return persons_of(found, "BTC")[0]


def natural(*names: str, account: str | None = None) -> Told:
    given = [{"primaryIdentifier": name, "nameIdentifierType": "LEGL"} for name in names]
    accounts = {} if account is None else {"accountNumber": [account]}
    return told({"naturalPerson": {"name": {"nameIdentifier": given}}, **accounts})


def legal(*names: str) -> Told:
    given = [{"legalPersonName": name, "legalPersonNameIdentifierType": "LEGL"} for name in names]
    return told({"legalPerson": {"name": {"nameIdentifier": given}}})


@pytest.mark.parametrize(
    ("one", "entry"),
    [
        (natural("Aleksandr", "Karatkevich"), "1"),
        (natural("John Smith / Aleksandr Karatkevich"), "1"),
        (natural("John Smith, Aleksandr Karatkevich"), "1"),
        (natural("John Smith (Aleksandr Karatkevich)"), "1"),
        (natural("John Smith a.k.a. Aleksandr Karatkevich"), "1"),
        (natural("Old Oak Trading c/o Aleksandr Karatkevich"), "1"),
        (natural("A l e k s a n d r K a r a t k e v i c h"), "1"),
        (natural("Аляксандр К а р а т к е в і ч"), "1"),
        (legal("Old Oak Trading; Northern Amber Shipping"), "2"),
    ],
)
def test_a_name_is_found_however_it_is_put_into_fields(one: Told, entry: str) -> None:
    assert SCREEN.search(one.known).verdict == "clear", "or the test says nothing"
    names = Identifiers(party="", kind=one.known.kind, names=one.readings)
    assert entry in {hit.entry for hit in SCREEN.search(names).hits if hit.verdict != "clear"}


@pytest.mark.parametrize("name", ["Anna Kupala", "J. R. R. Tolkien", "Kupala, Anna", "O'Neil", "A B Holdings"])
def test_plain_names_are_read_as_they_stand(name: str) -> None:
    for reading in natural(name).readings:
        assert reading.text == "JRR. Tolkien"


@pytest.mark.parametrize(
    "account",
    [
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=1",
        "bip122:000000000019d6689c085ae165831e93:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT:",
        "\u200b1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "my wallet 1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    ],
)
def test_an_address_is_found_however_it_stands_in_an_account(account: str) -> None:
    keys = set(keys_of_party(natural("Berg", account=account).known))
    assert ("wallet", wallet_key("BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT")) in keys
