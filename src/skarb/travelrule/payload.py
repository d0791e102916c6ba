"""Payloads of the travel rule: read in any of the forms in use, checked, written in the form of 2023.

Read are the names of 2023, those of 2020 (`nameIdentifierType`, `customerNumber`, `originatorPersons`, accounts beside the
persons) and the spellings of protocol buffers. In memory and on the way out there is only the form of 2023; nothing of what was
read is lost on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec

from skarb.core.errors import FieldError
from skarb.travelrule import constraints as c
from skarb.travelrule.constraints import Role, Rules
from skarb.travelrule.findings import Finding, fault, valid
from skarb.travelrule.model import (
    Address,
    Beneficiary,
    BeneficiaryVASP,
    DateAndPlaceOfBirth,
    IdentityPayload,
    LegalPerson,
    LegalPersonName,
    LocalNaturalPersonNameID,
    NationalIdentification,
    NaturalPerson,
    NaturalPersonName,
    NaturalPersonNameID,
    OriginatingVASP,
    Originator,
    PayloadMetadata,
    Person,
    TransferPath,
)  # fmt: skip
from skarb.travelrule.reading import Grammar, Tree, build, parse

Part = Literal[
    "payload",
    "person",
    "naturalPerson",
    "legalPerson",
    "address",
    "nationalIdentification",
    "dateAndPlaceOfBirth",
    "transferPath",
]
PARTS: tuple[Part, ...] = get_args(Part)
_NAMES = {
    "nameIdentifiers": "nameIdentifier",
    "localNameIdentifiers": "localNameIdentifier",
    "phoneticNameIdentifiers": "phoneticNameIdentifier",
}
_OF_PERSONS = {"customerNumber": "customerIdentification", "geographicAddresses": "geographicAddress"}

OLDER: dict[type, dict[str, str]] = {
    NaturalPersonName: _NAMES,
    LegalPersonName: _NAMES,
    NaturalPersonNameID: {"nameIdentifierType": "naturalPersonNameIdentifierType"},
    LocalNaturalPersonNameID: {"naturalPersonNameIdentifierType": "nameIdentifierType"},
    NaturalPerson: _OF_PERSONS,
    LegalPerson: _OF_PERSONS,
    Person: {"accountNumbers": "accountNumber"},
    Address: {"addressLines": "addressLine"},
    Originator: {"originatorPersons": "originatorPerson"},
    Beneficiary: {"beneficiaryPersons": "beneficiaryPerson"},
}


def _names_alone(tree: Tree) -> Tree:
    """Some give the list of names without the object around it, some that object as the only one of a list."""
    if not isinstance(tree, list):
        return tree
    whole = [one for one in tree if isinstance(one, dict) and any(isinstance(value, list) for value in one.values())]
    return whole[0] if len(whole) == len(tree) == 1 else {"nameIdentifier": tree}


def _accounts_to_persons(tree: Tree) -> Tree:
    """In 2020 accounts stood beside the persons and were those of all of them; since 2023 each person has his."""
    if not isinstance(tree, dict):
        return tree
    rest, accounts = {}, None
    for key, value in tree.items():
        if key.replace("_", "").lower() in ("accountnumber", "accountnumbers") and accounts is None and isinstance(value, list):
            accounts = value
        else:
            rest[key] = value
    persons = [one for value in rest.values() if isinstance(value, list) for one in value if isinstance(one, dict)]
    if accounts is None or not persons or any(_account_key(one) for one in persons):
        return tree
    return {
        key: [one | {"accountNumber": accounts} if isinstance(one, dict) else one for one in value]
        if isinstance(value, list)
        else value
        for key, value in rest.items()
    }


def _account_key(person: dict[str, Any]) -> bool:
    return any(key.replace("_", "").lower() in ("accountnumber", "accountnumbers") for key in person)


def _person_alone(name: str) -> Callable[[Tree], Tree]:
    """Some give the provider without the object around it."""

    def wrapped(tree: Tree) -> Tree:
        alone = isinstance(tree, dict) and any(key.replace("_", "").lower() in ("naturalperson", "legalperson") for key in tree)
        return {name: tree} if alone else tree

    return wrapped


def _version(tree: Tree) -> Tree:
    """In memory every payload is one of 2023."""
    if not isinstance(tree, dict):
        return tree
    known = {"101", "101.2023", "ivms101", "ivms101.2023"}
    named = {key: value for key, value in tree.items() if key.replace("_", "").lower() == "payloadversion"}
    changed = {key: "101.2023" for key, value in named.items() if isinstance(value, str) and value.lower() in known}
    return tree | (changed if named else {"payloadVersion": "101.2023"})


BEFORE: dict[type, Callable[[Tree], Tree]] = {
    NaturalPersonName: _names_alone,
    LegalPersonName: _names_alone,
    Originator: _accounts_to_persons,
    Beneficiary: _accounts_to_persons,
    OriginatingVASP: _person_alone("originatingVASP"),
    BeneficiaryVASP: _person_alone("beneficiaryVASP"),
    TransferPath: lambda tree: {"transferPath": tree} if isinstance(tree, list) else tree,
    PayloadMetadata: _version,
}
GRAMMAR = Grammar(OLDER, BEFORE, {"country": c.read_country, "authority": c.read_authority, "date": c.read_date})
_KINDS: dict[Part, type] = {
    "payload": IdentityPayload,
    "person": Person,
    "naturalPerson": NaturalPerson,
    "legalPerson": LegalPerson,
    "address": Address,
    "nationalIdentification": NationalIdentification,
    "dateAndPlaceOfBirth": DateAndPlaceOfBirth,
    "transferPath": TransferPath,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read: the thing itself if it keeps the standard, and everything there is to say about it."""

    part: Part
    value: Any | None  # the struct; None if it is invalid
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether the standard is kept."""
        return valid(self.findings)


def read_payload(data: bytes, rules: Rules) -> Checked:
    """Read and check a whole payload; it never raises."""
    return read_part(data, rules, "payload")


def read_part(data: bytes, rules: Rules, part: Part | None = None, role: Role = "originator") -> Checked:
    """Read and check a payload or a part of one. Which part it is can be told from its elements where nobody says it.

    A person of whom nobody says what he is in the transfer is held to what an originator must show, which is most.
    """
    try:
        tree = parse(data)
    except FieldError as error:
        return Checked(part or "payload", None, (fault("structure", error.field, error.given, error.expected, error.todo),))
    return check_tree(tree, rules, part or part_of(tree), role)


def check_tree(tree: Tree, rules: Rules, part: Part = "payload", role: Role = "originator", path: str = "") -> Checked:
    """Check what was parsed."""
    read, findings = GRAMMAR.read(_KINDS[part], tree, path)
    if isinstance(read, dict):
        findings = [*findings, *_constraints(read, part, role, rules)]
    return Checked(part, build(_KINDS[part], read) if valid(findings) else None, tuple(findings))


def told_in(data: bytes) -> IdentityPayload | None:
    """Return whom a payload tells of, be the standard kept or not; None if that cannot be read. For screening, never for sending."""
    try:
        read, _ = GRAMMAR.read(IdentityPayload, parse(data))
        found = build(IdentityPayload, read) if isinstance(read, dict) else None
    except (FieldError, msgspec.ValidationError):
        return None
    return found if isinstance(found, IdentityPayload) else None


def check(payload: IdentityPayload, rules: Rules) -> tuple[Finding, ...]:
    """Check a payload that was made here."""
    return check_tree(parse(write_payload(payload)), rules).findings


def _constraints(tree: dict[str, Any], part: Part, role: Role, rules: Rules) -> Iterator[Finding]:
    match part:
        case "payload":
            yield from c.check_payload(tree, rules)
        case "person":
            yield from c.check_person(tree, "", role, rules)
        case "naturalPerson":
            yield from c.check_natural(tree, "", role, rules)
        case "legalPerson":
            yield from c.check_legal(tree, "", role, rules)
        case "address":
            yield from c.check_address(tree, "")
        case "nationalIdentification":
            yield from c.check_identification(tree, "", rules)
        case "transferPath":
            yield from c.check_path(tree.get("transferPath", []), "transferPath", rules)
        case "dateAndPlaceOfBirth":
            day = tree.get("dateOfBirth")
            yield from c.check_natural({"dateAndPlaceOfBirth": {"dateOfBirth": day}} if day else {}, "", "provider", rules)


def part_of(tree: Tree) -> Part:
    """Tell which part of a payload a tree is, from the names of its elements; a whole one if nothing else fits."""
    keys = {key.replace("_", "").lower() for key in tree} if isinstance(tree, dict) else set()
    if keys & {"originator", "beneficiary"}:
        return "payload"
    if keys & {"naturalperson", "legalperson"}:
        return "person"
    if "nationalidentifier" in keys:
        return "nationalIdentification"
    if "addresstype" in keys:
        return "address"
    if "transferpath" in keys:
        return "transferPath"
    if keys & {"dateofbirth", "placeofbirth"}:
        return "dateAndPlaceOfBirth"
    if keys & {"dateandplaceofbirth", "countryofresidence"} or _is_natural(tree):
        return "naturalPerson"
    return "legalPerson" if keys & {"name", "countryofregistration"} else "payload"


def _is_natural(tree: Tree) -> bool:
    name = tree.get("name") if isinstance(tree, dict) else None
    name = _names_alone(name)
    lists = list(name.values()) if isinstance(name, dict) else []
    names = [one for inner in lists if isinstance(inner, list) for one in inner]
    return any(isinstance(one, dict) and any("primary" in key.lower() for key in one) for one in names)


_encoder = msgspec.json.Encoder(order="deterministic")


def write_payload(payload: IdentityPayload) -> bytes:
    """Write a payload in the form of 2023; the same payload gives the same bytes."""
    return _encoder.encode(payload)
