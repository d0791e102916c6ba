"""A policy that could not be kept, or that would be none, is refused with everything that is wrong with it."""

from __future__ import annotations

import json

import msgspec
import pytest

from skarb.chain.address import address_of, hash160, script_of
from skarb.core.errors import InputError
from skarb.custody import Policy, Request, hash_of, problems_of, read_document

EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303021  # y of a point of order eight


def test_the_policy_of_the_tests_is_sound(reserve) -> None:
    assert problems_of(reserve.policy, "policy") == []


def test_a_document_has_one_name_however_it_is_written(reserve) -> None:
    data = json.dumps(dict(reversed(json.loads(msgspec.json.encode(reserve.policy)).items())), indent=3).encode()
    assert hash_of(read_document(data, "p", Policy)) == hash_of(reserve.policy)


@pytest.mark.parametrize(
    ("place", "change", "said"),
    [
        ((), {"zone": "Mars/North"}, "zone"),
        (("holders", 1), {"name": "anna"}, "holders"),
        (("holders", 1), {"role": "guest"}, ""),
        (("holders", 0), {"key": "ed25519:12"}, "holder anna: key"),
        (("holders", 4), {"key": "BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"}, "holder egor: key"),
        (("governance",), {"approvals": 6}, "governance"),
        (("governance",), {"approvals": 5}, "governance"),  # nobody would be left to ask
        (("governance",), {"roles": ["owls"]}, "governance"),
        (("governance",), {"each": {"board": 3}}, "governance"),
        (("places", 0), {"to": ["cold"]}, "place cold: to"),
        (("places", 0), {"to": ["moon"]}, "place cold: to"),
        (("places", 0), {"addresses": []}, "place cold: addresses"),
        (("places", 0), {"addresses": ["BTC:xyz"]}, "place cold: addresses"),
        (("places", 1), {"receives": ["BTC"]}, "places: receives"),
        (("places", 0), {"receives": ["BYN"]}, "places: receives"),
        (("places", 0), {"rules": []}, "place cold: receives"),
        (("places", 0, "rules", 0), {"units_max": 3000}, "place cold: rule 1"),
        (("places", 1, "rules", 0), {"units_max": 1500, "day_units_max": 1600}, "place warm: rules for BTC"),
        (("places", 1, "rules", 0), {"approvals": 3, "roles": ["treasury", "board"]}, "place warm: rules for BTC"),
        (("destinations", 0), {"proof": None}, "destination buyer: proof"),
        (("destinations", 0), {"owner": "Somebody else"}, "destination buyer: proof"),
        (("destinations", 0), {"account": "BY13"}, "destination buyer"),
        (("destinations", 0), {"assets": []}, "destination buyer: assets"),
        (("destinations", 1), {"name": "cold"}, "places and destinations"),
    ],
)
def test_what_cannot_be_kept_is_said(reserve, place, change, said) -> None:
    data = json.loads(json.dumps(reserve.data))
    target = data
    for step in place:
        target = target[step]
    target.update(change)
    found = problems_of(msgspec.convert(data, Policy), "policy")
    if said:
        assert any(one.field == said for one in found), found
    else:
        assert found == [], "one holder may change his role"


def test_half_a_character_is_one_clear_error(reserve) -> None:
    text = msgspec.json.encode(reserve.request()).decode().replace('"weekly"', '"\\ud800"')
    with pytest.raises(InputError, match="expected a request"):
        read_document(text.encode(), "r.json", Request)


def test_one_key_under_two_names_is_refused(reserve) -> None:
    holders = [dict(one) for one in reserve.data["holders"]]
    holders[1]["key"] = holders[0]["key"]
    assert any(one.field == "holders: key" for one in problems_of(reserve.changed(holders=holders), "policy"))


def test_another_address_of_the_same_key_is_the_same_key(reserve) -> None:
    hashed = script_of(reserve.key("egor").removeprefix("BTC:"))[3:23]
    witness = b"\0\x14" + hashed
    for script in (witness, b"\xa9\x14" + hash160(witness) + b"\x87"):
        again = {"name": "fedor", "role": "board", "key": f"BTC:{address_of(script, 'mainnet')}"}
        found = problems_of(reserve.changed(holders=[*reserve.data["holders"], again]), "policy")
        assert [one.field for one in found] == ["holders: key", "holders: key"]


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18, 2**255 + 1, 2, EIGHTH, 2**255 - 19 - EIGHTH])
def test_a_key_that_everybody_can_sign_for_is_refused(reserve, y: int) -> None:
    key = f"ed25519:{y.to_bytes(32, 'little').hex()}"  # points of order 1, 2, 4 and 8, written in every way, and what is no point
    holders = [{**one, "key": key} if one["name"] == "dora" else one for one in reserve.data["holders"]]
    assert [one.field for one in problems_of(reserve.changed(holders=holders), "policy")] == ["holder dora: key"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        '{"format": "skarb custody request 1"}',
        '{"a": 1, "a": 2}',
        '{"book": "x", "evil": 1}',
        "[" * 100_000,
        "\ud800",
        "1e999",
    ],
)
def test_what_is_no_document_is_one_clear_error(text: str) -> None:
    for kind in (Policy, Request):
        with pytest.raises(InputError, match=r"f\.json: given .*, expected a"):
            read_document(text.encode("utf-8", "surrogatepass"), "f.json", kind)


def test_a_name_with_a_line_end_is_another_name_and_none(reserve) -> None:
    text = msgspec.json.encode(reserve.request()).decode()
    with pytest.raises(InputError, match="asked_by"):
        read_document(text.replace('"anna"', '"anna\\n"').encode(), "r.json", Request)


def test_a_field_named_twice_is_refused(reserve) -> None:
    text = msgspec.json.encode(reserve.request()).decode()
    with pytest.raises(InputError, match="'units' twice"):
        read_document(text.replace('"units":500', '"units":1,"units":500').encode(), "r.json", Request)
