# ruff: noqa: E501
"""Payloads: generated valid ones stay valid and the same; one planted fault each is found where it is; older forms are the same payload."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.identifiers.iso7064 import mod_97_10
from skarb.core.time import parse_day
from skarb.travelrule.constraints import COUNTRIES, Rules
from skarb.travelrule.model import IdentityPayload
from skarb.travelrule.payload import check, check_tree, part_of, read_part, read_payload, write_payload
from skarb.travelrule.reading import parse

RULES = Rules(parse_day("2026-10-01"))
Tree = dict[str, Any]


def latin(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=most)


def lei(body: str) -> str:
    return next(body + f"{check:02}" for check in range(100) if mod_97_10(body + f"{check:02}") == 1)


countries = st.sampled_from(sorted(COUNTRIES))
natural_name = st.fixed_dictionaries(
    {"primaryIdentifier": latin(100), "naturalPersonNameIdentifierType": st.sampled_from(["ALIA", "BIRT", "MAID", "MISC"])},
    optional={"secondaryIdentifier": latin(100)},
)
local_name = st.fixed_dictionaries(
    {
        "primaryIdentifier": st.text("АБВабвгдў李明", min_size=1, max_size=100),
        "nameIdentifierType": st.sampled_from(["LEGL", "ALIA"]),
    }
)
street = {"streetName": latin(70), "buildingNumber": latin(16), "townName": latin(35)}
more_of_address = {name: latin(16) for name in ("department", "floor", "postCode", "room", "districtName", "countrySubDivision")}
kinds = st.sampled_from(["HOME", "BIZZ", "GEOG"])
address = st.one_of(
    st.fixed_dictionaries({"addressType": kinds, "country": countries, **street}, optional=more_of_address),
    st.fixed_dictionaries(
        {
            "addressType": kinds,
            "country": countries,
            "townName": latin(35),
            "addressLine": st.lists(latin(70), min_size=1, max_size=7),
        }
    ),
)
birth = st.fixed_dictionaries(
    {
        "dateOfBirth": st.dates(max_value=date(2026, 9, 30)).map(str),
        "placeOfBirth": latin(70),
    }
)
natural_identity = st.fixed_dictionaries(
    {
        "nationalIdentifier": latin(35),
        "nationalIdentifierType": st.sampled_from(["CCPT", "IDCD", "SOCS", "MISC"]),
        "countryOfIssue": countries,
    }
)
legal_identity = st.one_of(
    st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=18, max_size=18).map(
        lambda body: {"nationalIdentifier": lei(body), "nationalIdentifierType": "LEIX"}
    ),
    st.fixed_dictionaries(
        {
            "nationalIdentifier": latin(35),
            "nationalIdentifierType": st.sampled_from(["RAID", "TXID", "MISC"]),
            "registrationAuthority": st.integers(0, 999_999).map(lambda n: f"RA{n:06}"),
        }
    ),
)


@st.composite
def naturals(draw: st.DrawFn) -> Tree:
    legal = {**draw(natural_name), "naturalPersonNameIdentifierType": "LEGL"}
    names = draw(st.permutations([legal, *draw(st.lists(natural_name, max_size=2))]))
    name: Tree = {
        "nameIdentifier": names,
        **draw(st.fixed_dictionaries({}, optional={"localNameIdentifier": st.lists(local_name, min_size=1, max_size=2)})),
    }
    known = draw(
        st.fixed_dictionaries(
            {"customerIdentification": latin(50)},
            optional={
                "geographicAddress": st.lists(address, min_size=1, max_size=2),
                "nationalIdentification": natural_identity,
                "dateAndPlaceOfBirth": birth,
                "countryOfResidence": countries,
            },
        )
    )
    return {"naturalPerson": {"name": name, **known}}


@st.composite
def legals(draw: st.DrawFn) -> Tree:
    names = [
        {"legalPersonName": draw(latin(100)), "legalPersonNameIdentifierType": kind}
        for kind in draw(st.permutations(["LEGL", "TRAD"]))
    ]
    known = draw(
        st.fixed_dictionaries(
            {"nationalIdentification": legal_identity}, optional={"geographicAddress": st.lists(address, min_size=1, max_size=2)}
        )
    )
    return {"legalPerson": {"name": {"nameIdentifier": names}, **known}}


persons = st.one_of(naturals(), legals()).flatmap(
    lambda one: st.lists(latin(60), max_size=2).map(lambda accounts: {**one, **({"accountNumber": accounts} if accounts else {})})
)


@st.composite
def payloads(draw: st.DrawFn) -> Tree:
    path = [{"intermediaryVASP": one, "sequence": n} for n, one in enumerate(draw(st.lists(legals(), max_size=2)))]
    return {
        "originator": {"originatorPerson": draw(st.lists(persons, min_size=1, max_size=2))},
        "beneficiary": {"beneficiaryPerson": draw(st.lists(persons, min_size=1, max_size=2))},
        "originatingVASP": {"originatingVASP": draw(legals())},
        **({"transferPath": {"transferPath": path}} if path else {}),
        "payloadMetadata": {"payloadVersion": "101.2023"},
    }


def older(tree: Any) -> Any:
    """The same payload with the names of 2020, accounts of single persons beside them."""
    if isinstance(tree, list):
        return [older(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    names = {
        "naturalPersonNameIdentifierType": "nameIdentifierType",
        "originatorPerson": "originatorPersons",
        "beneficiaryPerson": "beneficiaryPersons",
    }
    made = {names.get(key, key): older(value) for key, value in tree.items() if key != "payloadVersion"}
    if "legalPerson" in made and "customerIdentification" in made["legalPerson"]:
        made["legalPerson"]["customerNumber"] = made["legalPerson"].pop("customerIdentification")
    for key in ("originatorPersons", "beneficiaryPersons"):
        if len(made.get(key, [])) == 1 and "accountNumber" in made[key][0]:
            made["accountNumber"] = made[key][0].pop("accountNumber")
    return made


def snake(tree: Any) -> Any:
    if isinstance(tree, list):
        return [snake(one) for one in tree]
    if isinstance(tree, dict):
        return {
            re.sub(r"(?<=[a-z])([A-Z]+)", lambda found: "_" + found[1].lower(), key): snake(value) for key, value in tree.items()
        }
    return tree


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payloads())
def test_a_valid_payload_stays_valid_and_the_same_in_every_form(tree: Tree) -> None:
    found = read_payload(json.dumps(tree).encode(), RULES)
    assert found.valid, [str(one) for one in found.findings]
    written = write_payload(found.value)
    assert json.loads(written) == tree, "the form of 2023 is written as it was read"
    assert check(found.value, RULES) == found.findings
    for form in (older, snake):
        again = read_payload(json.dumps(form(tree)).encode(), RULES)
        assert again.value == found.value, [str(one) for one in again.findings]


# one fault each ------------------------------------------------------------------------------------------------------------

BASE: Tree = {
    "originator": {
        "originatorPerson": [
            {
                "naturalPerson": {
                    "name": {"nameIdentifier": [{"primaryIdentifier": "Kupala", "naturalPersonNameIdentifierType": "LEGL"}]},
                    "geographicAddress": [
                        {"addressType": "HOME", "streetName": "Main", "buildingNumber": "1", "townName": "Minsk", "country": "BY"}
                    ],
                    "nationalIdentification": {
                        "nationalIdentifier": "1",
                        "nationalIdentifierType": "CCPT",
                        "countryOfIssue": "BY",
                    },
                    "dateAndPlaceOfBirth": {"dateOfBirth": "1990-02-28", "placeOfBirth": "Minsk"},
                    "customerIdentification": "7",
                },
                "accountNumber": ["a"],
            }
        ]
    },
    "beneficiary": {
        "beneficiaryPerson": [
            {
                "legalPerson": {
                    "name": {"nameIdentifier": [{"legalPersonName": "Firm", "legalPersonNameIdentifierType": "LEGL"}]},
                    "nationalIdentification": {"nationalIdentifier": "506700T7Z685VUOZL877", "nationalIdentifierType": "LEIX"},
                }
            }
        ]
    },
    "transferPath": {"transferPath": []},
    "payloadMetadata": {"payloadVersion": "101.2023"},
}
NP = "originator.originatorPerson[0].naturalPerson"
LP = "beneficiary.beneficiaryPerson[0].legalPerson"
STEP = {"intermediaryVASP": {"legalPerson": BASE["beneficiary"]["beneficiaryPerson"][0]["legalPerson"]}}


def natural(tree: Tree) -> Tree:
    return tree["originator"]["originatorPerson"][0]["naturalPerson"]


def legal(tree: Tree) -> Tree:
    return tree["beneficiary"]["beneficiaryPerson"][0]["legalPerson"]


def put(where: Callable[[Tree], Tree], *path: str | int, value: Any) -> Callable[[Tree], None]:
    def plant(tree: Tree) -> None:
        inner: Any = where(tree)
        for name in path[:-1]:
            inner = inner[name]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value

    return plant


def bare(tree: Tree) -> None:
    person = natural(tree)
    for name in ("geographicAddress", "nationalIdentification", "dateAndPlaceOfBirth", "customerIdentification"):
        del person[name]


def company_sends(tree: Tree) -> None:
    firm = copy.deepcopy(legal(tree)) | {"geographicAddress": [{**natural(tree)["geographicAddress"][0], "addressType": "BIZZ"}]}
    del firm["nationalIdentification"]
    tree["originator"]["originatorPerson"][0] = {"legalPerson": firm}


FAULTS: dict[str, tuple[Callable[[Tree], None], str, str]] = {
    "C1 nothing identifies the originator": (bare, "C1", NP),
    "C2 born today": (put(natural, "dateAndPlaceOfBirth", "dateOfBirth", value="2026-10-01"), "C2", f"{NP}.dateAndPlaceOfBirth.dateOfBirth"),
    "date of the thirtieth of February": (
        put(natural, "dateAndPlaceOfBirth", "dateOfBirth", value="1990-02-30"), "date", f"{NP}.dateAndPlaceOfBirth.dateOfBirth"
    ),
    "a date without a place": (put(natural, "dateAndPlaceOfBirth", "placeOfBirth", value=None), "structure", f"{NP}.dateAndPlaceOfBirth.placeOfBirth"),
    "a place without a date": (put(natural, "dateAndPlaceOfBirth", "dateOfBirth", value=None), "structure", f"{NP}.dateAndPlaceOfBirth.dateOfBirth"),
    "C3 no country": (put(natural, "countryOfResidence", value="QQ"), "C3", f"{NP}.countryOfResidence"),
    "C3 of an address": (put(natural, "geographicAddress", 0, "country", value="Belarus"), "C3", f"{NP}.geographicAddress[0].country"),
    "C4 a company with a business address alone": (company_sends, "C4", "originator.originatorPerson[0].legalPerson"),
    "C5 no legal name": (put(legal, "name", "nameIdentifier", 0, "legalPersonNameIdentifierType", value="TRAD"), "C5", f"{LP}.name.nameIdentifier"),
    "C6 no legal name": (put(natural, "name", "nameIdentifier", 0, "naturalPersonNameIdentifierType", value="BIRT"), "C6", f"{NP}.name.nameIdentifier"),
    "C7 a passport of a company": (
        put(legal, "nationalIdentification", value={"nationalIdentifier": "1", "nationalIdentifierType": "CCPT", "registrationAuthority": "RA000001"}),
        "C7", f"{LP}.nationalIdentification.nationalIdentifierType",
    ),
    "C7 an LEI of a human being": (
        put(natural, "nationalIdentification", "nationalIdentifierType", value="LEIX"), "C7", f"{NP}.nationalIdentification.nationalIdentifierType"
    ),
    "C8 a street without a building": (put(natural, "geographicAddress", 0, "buildingNumber", value=None), "C8", f"{NP}.geographicAddress[0]"),
    "C8 a building without a street": (put(natural, "geographicAddress", 0, "streetName", value=None), "C8", f"{NP}.geographicAddress[0]"),
    "no town": (put(natural, "geographicAddress", 0, "townName", value=None), "structure", f"{NP}.geographicAddress[0].townName"),
    "eight lines": (put(natural, "geographicAddress", 0, "addressLine", value=list("12345678")), "length", f"{NP}.geographicAddress[0].addressLine"),
    "C9 a country of issue for a company": (put(legal, "nationalIdentification", "countryOfIssue", value="BY"), "C9", f"{LP}.nationalIdentification.countryOfIssue"),
    "C9 an authority beside an LEI": (
        put(legal, "nationalIdentification", "registrationAuthority", value="RA000001"), "C9", f"{LP}.nationalIdentification.registrationAuthority"
    ),
    "C9 no authority": (put(legal, "nationalIdentification", "nationalIdentifierType", value="TXID"), "C9", f"{LP}.nationalIdentification.registrationAuthority"),
    "C9 no country of issue": (put(natural, "nationalIdentification", "countryOfIssue", value=None), "C9", f"{NP}.nationalIdentification.countryOfIssue"),
    "C9 an authority for a human being": (
        put(natural, "nationalIdentification", "registrationAuthority", value="RA000001"), "C9", f"{NP}.nationalIdentification.registrationAuthority"
    ),
    "C10 no code": (
        put(legal, "nationalIdentification", value={"nationalIdentifier": "1", "nationalIdentifierType": "RAID", "registrationAuthority": "RA12"}),
        "C10", f"{LP}.nationalIdentification.registrationAuthority",
    ),
    "C11 a digit changed": (
        put(legal, "nationalIdentification", "nationalIdentifier", value="506700T7Z685VUOZL878"), "C11", f"{LP}.nationalIdentification.nationalIdentifier"
    ),
    "C12 begins with one": (put(lambda t: t["transferPath"], "transferPath", value=[{**STEP, "sequence": 1}]), "C12", "transferPath.transferPath"),
    "C12 twice the same": (put(lambda t: t["transferPath"], "transferPath", value=[{**STEP, "sequence": 0}] * 2), "C12", "transferPath.transferPath"),
    "no number": (put(lambda t: t["transferPath"], "transferPath", value=[STEP]), "structure", "transferPath.transferPath[0].sequence"),
    "two kinds of person": (put(lambda t: t["beneficiary"]["beneficiaryPerson"][0], "naturalPerson", value=BASE["originator"]["originatorPerson"][0]["naturalPerson"]), "structure", "beneficiary.beneficiaryPerson[0]"),
    "nobody receives": (put(lambda t: t, "beneficiary", value=None), "structure", "beneficiary"),
    "an empty list": (put(lambda t: t["beneficiary"], "beneficiaryPerson", value=[]), "structure", "beneficiary.beneficiaryPerson"),
    "too long": (put(natural, "customerIdentification", value="1" * 51), "length", f"{NP}.customerIdentification"),
    "blank": (put(natural, "name", "nameIdentifier", 0, "primaryIdentifier", value=" "), "length", f"{NP}.name.nameIdentifier[0].primaryIdentifier"),
    "another script": (put(natural, "name", "nameIdentifier", 0, "primaryIdentifier", value="Купала"), "format", f"{NP}.name.nameIdentifier[0].primaryIdentifier"),
    "a control character": (put(natural, "customerIdentification", value="1\n2"), "format", f"{NP}.customerIdentification"),
    "a number for a text": (put(natural, "customerIdentification", value=7), "structure", f"{NP}.customerIdentification"),
    "an unknown code": (put(natural, "geographicAddress", 0, "addressType", value="MOON"), "code", f"{NP}.geographicAddress[0].addressType"),
    "an unknown element": (put(natural, "shoeSize", value="43"), "structure", f"{NP}.shoeSize"),
    "the same in two spellings": (put(natural, "customer_identification", value="8"), "once", f"{NP}.customer_identification"),
}  # fmt: skip


def test_the_base_is_valid() -> None:
    assert check_tree(BASE, RULES).findings == ()


@pytest.mark.parametrize("what", FAULTS)
def test_one_planted_fault_is_found_where_it_is(what: str) -> None:
    plant, rule, path = FAULTS[what]
    tree = copy.deepcopy(BASE)
    plant(tree)
    found = read_payload(json.dumps(tree).encode(), RULES)
    assert not found.valid and found.value is None
    assert [(one.rule, one.path) for one in found.findings if one.weight == "fault"] == [(rule, path)]


def test_all_faults_are_told_at_once() -> None:
    tree, planted = copy.deepcopy(BASE), [FAULTS[what] for what in ("C2 born today", "C5 no legal name", "no town", "too long")]
    for plant, _, _ in planted:
        plant(tree)
    found = check_tree(tree, RULES)
    assert {(one.rule, one.path) for one in found.findings} == {(rule, path) for _, rule, path in planted}


def test_two_legal_names_are_for_a_person_to_look_at() -> None:
    tree = copy.deepcopy(BASE)
    natural(tree)["name"]["nameIdentifier"] *= 2
    found = check_tree(tree, RULES)
    assert found.valid and [(one.weight, one.rule) for one in found.findings] == [("doubt", "C6")]


@pytest.mark.parametrize("of", [natural, legal])
def test_a_name_may_be_the_only_one_of_a_list(of: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    tree = copy.deepcopy(BASE)
    of(tree)["name"] = [of(tree)["name"]]
    found = check_tree(tree, RULES)
    assert found.valid and found.value == check_tree(BASE, RULES).value
    assert check_tree(of(tree), RULES, part_of(of(tree))).valid


def test_a_mark_of_the_byte_order_is_no_part_of_the_json() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}


def test_a_list_of_authorities_is_used_where_there_is_one() -> None:
    tree = copy.deepcopy(BASE)
    legal(tree)["nationalIdentification"] = {
        "nationalIdentifier": "1",
        "nationalIdentifierType": "RAID",
        "registrationAuthority": "RA000585",
    }
    assert check_tree(tree, RULES).valid
    assert check_tree(tree, Rules(RULES.day, frozenset({"RA000585"}))).valid
    assert [one.rule for one in check_tree(tree, Rules(RULES.day, frozenset({"RA000001"}))).findings] == ["C10"]


def test_a_sole_trader_is_known_by_his_number_in_a_register() -> None:
    tree = copy.deepcopy(BASE)
    natural(tree)["nationalIdentification"] = {
        "nationalIdentifier": "446005",
        "nationalIdentifierType": "RAID",
        "registrationAuthority": "RA000553",
    }
    assert check_tree(tree, RULES).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"originator": NaN}',
        b"1" * 5000,
        b"[" * 5000,
        b'{"originator":"x"}',
        b'{"transferPath":{"transferPath":[{"sequence":1e9999999},{"sequence":1e-9999999}]}}',
    ],
)
def test_what_is_no_payload_is_a_finding_and_no_accident(text: bytes) -> None:
    found = read_payload(text, RULES)
    assert not found.valid and found.findings and found.value is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["originator", "name", "naturalPerson", "x"]), inner),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_answered(tree: Any) -> None:
    found = read_part(json.dumps(tree).encode(), RULES)
    assert found.valid == (found.value is not None)


def test_a_payload_made_here_is_checked_like_one_from_outside() -> None:
    made = check_tree(BASE, RULES).value
    assert isinstance(made, IdentityPayload)
    assert check(made, Rules(parse_day("1990-02-28")))[0].rule == "C2"
