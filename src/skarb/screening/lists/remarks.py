"""Remarks of the Office of Foreign Assets Control: `DOB 1970; nationality Russia; Passport 51 1234567 (Russia); …`.

Each part between semicolons is one statement. What is understood goes into its field; the remarks stay beside it whole, so what is not
understood is not lost, and no country is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from skarb.core.country import country_of
from skarb.core.identifiers import Flaw, check_lei
from skarb.core.screening_list import Document, Gender, Name
from skarb.screening.lists import dates

_KINDS = {
    "passport": ("Passport", "Diplomatic Passport", "Stateless Person Passport"),
    "national_id": (
        "National ID No.",
        "Cedula No.",
        "D.N.I.",
        "Identification Number",
        "Identification No.",
        "Personal ID Card",
        "Residency Number",
        "C.U.R.P.",
        "SSN",
        "C.U.I.",
        "C.I.",
        "National Foreign ID Number",
        "Birth Certificate Number",
        "Driver's License No.",
        "Electoral Registry No.",
        "Numero de Identidad",
        "Carnet No.",
        "Citizen's Card Number",
        "Italian Fiscal Code",
        "Kenyan ID No.",
        "Turkish Identification Number",
        "Bosnian Personal ID No.",
        "British National Overseas Passport",
        "Travel Document Number",
        "Refugee ID Card",
        "Serial No.",
        "Interpol: Red Notice. File No.",
    ),
    "tax": (
        "Tax ID No.",
        "Tax ID",
        "NIT #",
        "RUC #",
        "RIF #",
        "R.F.C.",
        "RFC",
        "V.A.T. Number",
        "C.U.I.T.",
        "RTN",
        "Paraguayan tax identification number",
    ),
    "registration": (
        "Registration Number",
        "Business Registration Number",
        "Business Registration Document #",
        "Business Number",
        "Commercial Registry Number",
        "Commercial Registration Number",
        "Company Number",
        "UK Company Number",
        "Registration ID",
        "Registration No.",
        "C.R. No.",
        "Public Registration Number",
        "Unified Social Credit Code (USCC)",
        "Trade License No.",
        "Economic Register Number (CBLS)",
        "Government Gazette Number",
        "Folio Mercantil No.",
        "Matricula Mercantil No",
        "Chamber of Commerce Number",
        "Central Registration System Number",
        "Istanbul Chamber of Comm. No.",
        "Tourism License No.",
        "License",
        "Enterprise Number",
        "Certificate of Incorporation Number",
        "Romanian C.R.",
        "Dubai Chamber of Commerce Membership No.",
        "United Social Credit Code Certificate (USCCC)",
        "Organization Code",
        "Permit Number",
    ),
    "duns": ("D-U-N-S Number",),
    "bik": ("BIK (RU)",),
    "bic": ("SWIFT/BIC",),
    "mmsi": ("MMSI",),
    "imo": ("Vessel Registration Identification IMO", "Identification Number IMO"),
    "imo_company": ("Company Number IMO", "Company Identification Number IMO"),
    "tail_number": ("Aircraft Tail Number",),
    "aircraft_serial": (
        "Aircraft Manufacturer's Serial Number (MSN)",
        "Aircraft Construction Number (also called L/N or S/N or F/N)",
    ),
    "lei": ("Legal Entity Number",),
}
_LABELS = sorted(((label, kind) for kind, labels in _KINDS.items() for label in labels), key=lambda pair: -len(pair[0]))
_NUMBERED = re.compile(rf"({'|'.join(re.escape(label) for label, _ in _LABELS)})\s*(\S.*)")
_KIND_OF = dict(_LABELS)
_PLACE = re.compile(r"\s*\(([^()]*)\)")
_TAIL = re.compile(r"\s+(?:issued|expires|expire)\b.*", re.IGNORECASE)
_WALLET = re.compile(r"Digital Currency Address - ([A-Z0-9]{2,10})(?:\s+(\S+))?")
_ALIAS = re.compile(r"([afn])\.k\.a\.,? '(.*)'")
_GENDERS: dict[str, Gender] = {"Male": "male", "Female": "female"}


@dataclass
class Remark:
    """What remarks say, field by field."""

    names: list[Name] = field(default_factory=list)
    births: list[str] = field(default_factory=list)
    gender: Gender = "unknown"
    countries: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    leis: list[str] = field(default_factory=list)
    wallets: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)  # names of entries that this one is linked to
    cut: str = ""  # a wallet that ends where the remarks were cut
    unread: list[str] = field(default_factory=list)  # dates, countries and numbers that are not understood


def parse_remarks(text: str, cut: bool = False) -> Remark:
    """Return what remarks say; `cut` tells that they end in the middle of something."""
    said = Remark()
    parts = text.split(";")
    for number, part in enumerate(parts, start=1):
        statement = part.strip()
        if number == len(parts):
            if cut:
                found = _WALLET.match(statement.removeprefix("alt. "))
                said.cut = f"{found[1]}:{found[2]}" if found and found[2] else ""
                break
            statement = statement.removesuffix(".")
        _take(statement.removeprefix("alt. "), said)
    return said


def _take(statement: str, said: Remark) -> None:
    word, _, rest = statement.partition(" ")
    if word == "DOB" or statement.startswith("Organization Established Date "):
        _add(said.births, dates.english(rest.removeprefix("Established Date ")), statement, said)
    elif word in ("nationality", "citizen"):
        _add(said.countries, country_of(rest), statement, said)
    elif word == "Gender":
        said.gender = _GENDERS.get(rest, "other")
    elif statement.startswith("Linked To: "):
        said.linked.append(statement.removeprefix("Linked To: "))
    elif found := _WALLET.match(statement):
        _add(said.wallets, f"{found[1]}:{found[2]}" if found[2] else None, statement, said)
    elif found := _ALIAS.fullmatch(statement):
        said.names.append(Name(text=found[2], kind="former" if found[1] == "f" else "weak"))
    elif found := _NUMBERED.match(statement):
        _take_number(_KIND_OF[found[1]], found[2], statement, said)


def _take_number(kind: str, text: str, statement: str, said: Remark) -> None:
    """Take a number with the country that gave it: `51 1234567 (Russia) issued 1 Jan 2000`; other brackets are remarks of the publisher."""
    places = [found[1] for found in _PLACE.finditer(text)]
    number = _TAIL.sub("", text[: text.index("(")] if "(" in text else text).strip(" .,:")
    if not number or (kind != "bic" and not any(char.isdigit() for char in number)):
        said.unread.append(statement)
    elif kind == "lei":
        lei = check_lei(number)
        _add(said.leis, None if isinstance(lei, Flaw) else lei, statement, said)
    else:
        country = next((code for place in places if (code := country_of(place))), "")
        said.documents.append(Document(kind=kind, number=number, country=country))


def _add(values: list[str], value: str | None, statement: str, said: Remark) -> None:
    if value is None:
        said.unread.append(statement)
    elif value not in values:
        values.append(value)
