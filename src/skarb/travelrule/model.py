"""IVMS 101.2023: who sends and who receives a transfer of tokens, through which providers.

The structs are the standard's components, their types its datatypes; they are the one description from which payloads are read,
checked for their structure and written. What no type can say stands in `constraints`. Older forms are turned into this one
while they are read.
Source: interVASP data model standard IVMS 101.2023, sections 5 and 6.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

NaturalNameType = Literal["ALIA", "BIRT", "MAID", "LEGL", "MISC"]
LegalNameType = Literal["LEGL", "SHRT", "TRAD"]
AddressType = Literal["HOME", "BIZZ", "GEOG"]
IdentifierType = Literal["ARNU", "CCPT", "RAID", "DRLC", "FIIN", "TXID", "SOCS", "IDCD", "LEIX", "MISC"]
Script = Literal["arab", "aran", "armn", "cyrl", "deva", "geor", "grek", "hani", "hebr", "kana", "kore", "thai", "othr"]
Version = Literal["101", "101.2023"]

_LATIN = {"script": "latin"}  # texts in which the standard wants Latin letters and digits
Latin16: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=16, extra=_LATIN)]
Latin35: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=35, extra=_LATIN)]
Latin50: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=50, extra=_LATIN)]
Latin70: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=70, extra=_LATIN)]
Latin100: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra=_LATIN)]
Latin512: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=512, extra=_LATIN)]
Local100: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Country: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra={"check": "country"})]
Authority: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra={"check": "authority"})]
Birthday: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra={"check": "date"})]


class Component(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A component of the standard; absent elements are None or empty and are not written."""


class NaturalPersonNameID(Component, frozen=True, kw_only=True):
    """One name of a natural person, in Latin letters."""

    primary_identifier: Latin100
    secondary_identifier: Latin100 | None = None
    natural_person_name_identifier_type: NaturalNameType


class LocalNaturalPersonNameID(Component, frozen=True, kw_only=True):
    """One name of a natural person in letters of his country, or as it is pronounced."""

    primary_identifier: Local100
    secondary_identifier: Local100 | None = None
    name_identifier_type: NaturalNameType


class NaturalPersonName(Component, frozen=True, kw_only=True):
    """The names of a natural person."""

    name_identifier: Annotated[tuple[NaturalPersonNameID, ...], msgspec.Meta(min_length=1)]
    local_name_identifier: tuple[LocalNaturalPersonNameID, ...] = ()
    phonetic_name_identifier: tuple[LocalNaturalPersonNameID, ...] = ()


class LegalPersonNameID(Component, frozen=True, kw_only=True):
    """One name of a legal person, in Latin letters."""

    legal_person_name: Latin100
    legal_person_name_identifier_type: LegalNameType


class LocalLegalPersonNameID(Component, frozen=True, kw_only=True):
    """One name of a legal person in letters of its country, or as it is pronounced."""

    legal_person_name: Local100
    legal_person_name_identifier_type: LegalNameType


class LegalPersonName(Component, frozen=True, kw_only=True):
    """The names of a legal person."""

    name_identifier: Annotated[tuple[LegalPersonNameID, ...], msgspec.Meta(min_length=1)]
    local_name_identifier: tuple[LocalLegalPersonNameID, ...] = ()
    phonetic_name_identifier: tuple[LocalLegalPersonNameID, ...] = ()


class Address(Component, frozen=True, kw_only=True):
    """Where somebody can be found."""

    address_type: AddressType
    department: Latin50 | None = None
    sub_department: Latin70 | None = None
    street_name: Latin70 | None = None
    building_number: Latin16 | None = None
    building_name: Latin35 | None = None
    floor: Latin70 | None = None
    post_box: Latin16 | None = None
    room: Latin70 | None = None
    post_code: Latin16 | None = None
    town_name: Latin35 | None = None  # see `constraints.check_address`
    town_location_name: Latin35 | None = None
    district_name: Latin35 | None = None
    country_sub_division: Latin35 | None = None
    address_line: Annotated[tuple[Latin70, ...], msgspec.Meta(max_length=7)] = ()
    country: Country


class DateAndPlaceOfBirth(Component, frozen=True, kw_only=True):
    """When and where somebody was born; one does not come without the other."""

    date_of_birth: Birthday
    place_of_birth: Latin70


class NationalIdentification(Component, frozen=True, kw_only=True):
    """A number by which an authority knows somebody."""

    national_identifier: Latin35
    national_identifier_type: IdentifierType
    country_of_issue: Country | None = None
    registration_authority: Authority | None = None


class NaturalPerson(Component, frozen=True, kw_only=True):
    """One human being."""

    name: NaturalPersonName
    geographic_address: tuple[Address, ...] = ()
    national_identification: NationalIdentification | None = None
    customer_identification: Latin50 | None = None
    date_and_place_of_birth: DateAndPlaceOfBirth | None = None
    country_of_residence: Country | None = None


class LegalPerson(Component, frozen=True, kw_only=True):
    """A company, a foundation, a partnership: anybody else who can be a client."""

    name: LegalPersonName
    geographic_address: tuple[Address, ...] = ()
    customer_identification: Latin50 | None = None
    national_identification: NationalIdentification | None = None
    country_of_registration: Country | None = None


class Person(Component, frozen=True, kw_only=True):
    """Either a natural or a legal person, with the accounts used for the transfer."""

    natural_person: NaturalPerson | None = None
    legal_person: LegalPerson | None = None
    account_number: tuple[Latin512, ...] = ()  # account numbers and addresses on a chain; capitals count


class Originator(Component, frozen=True, kw_only=True):
    """Who sends."""

    originator_person: Annotated[tuple[Person, ...], msgspec.Meta(min_length=1)]


class Beneficiary(Component, frozen=True, kw_only=True):
    """Who receives."""

    beneficiary_person: Annotated[tuple[Person, ...], msgspec.Meta(min_length=1)]


class OriginatingVASP(Component, frozen=True, kw_only=True):
    """The provider of the sender."""

    originating_vasp: Person | None = msgspec.field(default=None, name="originatingVASP")


class BeneficiaryVASP(Component, frozen=True, kw_only=True):
    """The provider of the receiver."""

    beneficiary_vasp: Person | None = msgspec.field(default=None, name="beneficiaryVASP")


class IntermediaryVASP(Component, frozen=True, kw_only=True):
    """A provider between the two."""

    intermediary_vasp: Person = msgspec.field(name="intermediaryVASP")
    sequence: Annotated[int, msgspec.Meta(ge=0, lt=10**18)]


class TransferPath(Component, frozen=True, kw_only=True):
    """The providers between the two, in their order."""

    transfer_path: tuple[IntermediaryVASP, ...] = ()


class PayloadMetadata(Component, frozen=True, kw_only=True):
    """How the payload was written."""

    transliteration_method: tuple[Script, ...] = ()
    payload_version: Version


class IdentityPayload(Component, frozen=True, kw_only=True):
    """Everything that travels with one transfer."""

    originator: Originator
    beneficiary: Beneficiary
    originating_vasp: OriginatingVASP | None = msgspec.field(default=None, name="originatingVASP")
    beneficiary_vasp: BeneficiaryVASP | None = msgspec.field(default=None, name="beneficiaryVASP")
    transfer_path: TransferPath | None = None
    payload_metadata: PayloadMetadata = msgspec.field(default_factory=lambda: PayloadMetadata(payload_version="101.2023"))
