"""Everybody whom a payload tells of, as screening knows people: by all forms of their names, and all else that is told of them.

Originators, beneficiaries, both providers and those between: nobody who stands in a payload is left out. A date of birth or a
country is taken where it says something; an address is for the eye of whoever looks. Accounts may be wallets, so they are compared as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from skarb.core.screening_list import Document, Identifiers, Name
from skarb.travelrule.model import (
    Address,
    IdentifierType,
    IdentityPayload,
    LegalPerson,
    LegalPersonNameID,
    LocalLegalPersonNameID,
    LocalNaturalPersonNameID,
    NationalIdentification,
    NaturalPerson,
    NaturalPersonName,
    NaturalPersonNameID,
    Person,
)

End = Literal["originator", "beneficiary", "provider"]
_DOCUMENTS: dict[IdentifierType, str] = {
    "ARNU": "alien_registration",
    "CCPT": "passport",
    "RAID": "registration",
    "DRLC": "driving_licence",
    "FIIN": "registration",
    "TXID": "tax",
    "SOCS": "social_security",
    "IDCD": "national_id",
    "MISC": "document",
}
_BETWEEN = re.compile(r"\b(?:aka|a\.k\.a\.|alias|c/o|dba|d/b/a|fka|f/k/a|t/a)(?!\w)|[/;|,()\[\]\n]", re.IGNORECASE)
_LONGEST = (
    300  # characters of a name that is read otherwise, too; one that is longer keeps no standard, and its transfer goes nowhere
)
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]+[^\W\d_](?![^\W_])){2,}")  # letters that stand apart, three or more


class Told(NamedTuple):
    """One person of a payload."""

    end: End
    role: str  # where he stands: originator[0], transferPath[1]
    known: Identifiers  # `party` is empty: a payload knows no party of the registers
    readings: tuple[Name, ...] = ()  # how else his names may be meant


def persons_of(payload: IdentityPayload, token: str) -> tuple[Told, ...]:
    """Return everybody in a payload; `token` is the code of what is sent, under which accounts are looked at as wallets."""
    told = ((end, role, _known(person, token)) for end, role, person in _all(payload))
    return tuple(Told(end, role, known, tuple(Name(text=one) for one in _readings(known.names))) for end, role, known in told)


def _all(payload: IdentityPayload) -> Iterator[tuple[End, str, Person]]:
    for number, person in enumerate(payload.originator.originator_person):
        yield "originator", f"originator[{number}]", person
    for number, person in enumerate(payload.beneficiary.beneficiary_person):
        yield "beneficiary", f"beneficiary[{number}]", person
    if payload.originating_vasp is not None and payload.originating_vasp.originating_vasp is not None:
        yield "provider", "originatingVASP", payload.originating_vasp.originating_vasp
    if payload.beneficiary_vasp is not None and payload.beneficiary_vasp.beneficiary_vasp is not None:
        yield "provider", "beneficiaryVASP", payload.beneficiary_vasp.beneficiary_vasp
    for one in payload.transfer_path.transfer_path if payload.transfer_path is not None else ():
        yield "provider", f"transferPath[{one.sequence}]", one.intermediary_vasp


def _known(person: Person, token: str) -> Identifiers:
    who = person.natural_person or person.legal_person
    wallets = tuple(dict.fromkeys(wallet for one in person.account_number for wallet in _wallets(one, token)))
    if who is None:
        return Identifiers(party="", wallets=wallets)
    number = who.national_identification
    kind = None if number is None else number.national_identifier_type
    value = () if number is None else (number.national_identifier,)
    return Identifiers(
        party="",
        kind="person" if isinstance(who, NaturalPerson) else "entity",
        names=tuple({name.text: name for name in _names(who)}.values()),
        births=_births(who),
        countries=tuple(dict.fromkeys(_countries(who))),
        documents=_documents(number),
        addresses=tuple(filter(None, map(_address, who.geographic_address))),
        leis=value if kind == "LEIX" else (),
        passports=value if kind == "CCPT" else (),
        taxpayer_numbers=value if kind == "TXID" else (),
        wallets=wallets,
    )


def _wallets(account: str, token: str) -> Iterator[str]:
    """Yield the addresses that an account may be: as it stands, and each long word in it, as in the address of a page or an asset."""
    yield account if ":" in account else f"{token}:{account}"
    yield from (f"{token}:{word}" for word in re.findall(r"[A-Za-z0-9]{20,}", account) if word != account)


def _names(who: NaturalPerson | LegalPerson) -> Iterator[Name]:
    """Yield every name: in Latin letters, in those of the country, and as it is spoken."""
    if isinstance(who, NaturalPerson):
        yield from _of_natural(who.name)
        return
    legal: list[LegalPersonNameID | LocalLegalPersonNameID] = [*who.name.name_identifier, *who.name.local_name_identifier]
    for name in (*legal, *who.name.phonetic_name_identifier):
        yield Name(text=name.legal_person_name)


def _of_natural(names: NaturalPersonName) -> Iterator[Name]:
    told: list[NaturalPersonNameID | LocalNaturalPersonNameID] = [*names.name_identifier, *names.local_name_identifier]
    for name in (*told, *names.phonetic_name_identifier):
        given = name.secondary_identifier or ""
        yield Name(text=f"{given} {name.primary_identifier}".strip(), given=given, family=name.primary_identifier)


def _readings(names: tuple[Name, ...]) -> Iterator[str]:
    """Yield what a listed name could be hidden in: several names in one field, one name over several fields, letters that stand apart."""
    short = [name for name in names if len(name.text) <= _LONGEST]
    for name in short:
        parts = [part.strip() for part in _BETWEEN.split(name.text)]
        yield from (part for part in parts if " " in part and len(parts) > 1)
        joined = _SPACED.sub(lambda found: "".join(filter(str.isalpha, found[0])), name.text)
        if joined != name.text:
            yield joined
    alone = [name.text for name in short if not name.given]
    if len(alone) > 1:
        yield " ".join(alone)


def _births(who: NaturalPerson | LegalPerson) -> tuple[str, ...]:
    born = who.date_and_place_of_birth if isinstance(who, NaturalPerson) else None
    return () if born is None else (born.date_of_birth,)


def _countries(who: NaturalPerson | LegalPerson) -> Iterator[str]:
    home = who.country_of_residence if isinstance(who, NaturalPerson) else who.country_of_registration
    number = who.national_identification
    found = [home, None if number is None else number.country_of_issue, *(one.country for one in who.geographic_address)]
    return (one for one in found if one is not None and one != "XX")


def _documents(number: NationalIdentification | None) -> tuple[Document, ...]:
    if number is None or number.national_identifier_type == "LEIX":
        return ()
    country = number.country_of_issue or ""
    return (Document(kind=_DOCUMENTS[number.national_identifier_type], number=number.national_identifier, country=country),)


def _address(one: Address) -> str:
    parts: Iterable[str | None] = (
        *one.address_line, one.building_number, one.street_name, one.post_code, one.town_name, one.country_sub_division, one.country
    )  # fmt: skip
    return ", ".join(part for part in parts if part)
