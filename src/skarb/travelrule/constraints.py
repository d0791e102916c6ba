"""The constraints of IVMS 101.2023 that no type can say, C1 to C12, over a tree in the standard's own names.

A tree may be incomplete: what is missing altogether was said while it was read, and a constraint speaks only about what is there.

* C10 asks for a code of the GLEIF list of registration authorities. The list changes every month and is not ours; its pattern
  is checked always, the list where somebody hands one in. The list's own codes for "none" (RA777777, RA888888, RA999999) name
  no authority.
* The standard's second example is a sole trader who is known by his number in a register of companies. So a natural person may
  have a registration authority if the identifier is such a number (RAID), and then needs no country of issue.

Source: interVASP data model standard IVMS 101.2023, section 5 (constraints C1 to C12).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from skarb.core.identifiers import Flaw, check_lei
from skarb.core.time import from_day
from skarb.travelrule.findings import Finding, doubt, fault, note

Role = Literal["originator", "beneficiary", "provider"]
NO_AUTHORITY = frozenset({"RA777777", "RA888888", "RA999999"})
COUNTRIES = frozenset(  # ISO 3166-1 alpha-2, and XX for a state unknown
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
    CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
    MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
    SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
    UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XX
    """.split()  # noqa: SIM905
)
_AUTHORITY = re.compile(r"RA[0-9]{6}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_OF_COMPANIES = ("RAID", "MISC", "LEIX", "TXID")

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a check needs to know from outside."""

    day: int  # the legal day on which it is checked
    authorities: Collection[str] = field(
        default=()
    )  # codes of registration authorities; empty = the pattern is all that is known


def check_payload(tree: Tree, rules: Rules) -> Iterator[Finding]:
    """Check a whole payload."""
    roles: tuple[tuple[str, str, Role], ...] = (
        ("originator", "originatorPerson", "originator"),
        ("beneficiary", "beneficiaryPerson", "beneficiary"),
    )
    for side, persons, role in roles:
        for number, person in enumerate(tree.get(side, {}).get(persons, [])):
            yield from check_person(person, f"{side}.{persons}[{number}]", role, rules)
    for side in ("originatingVASP", "beneficiaryVASP"):
        provider = tree.get(side, {}).get(side)
        if provider is not None:
            yield from check_person(provider, f"{side}.{side}", "provider", rules)
    yield from check_path(tree.get("transferPath", {}).get("transferPath", []), "transferPath.transferPath", rules)


def check_path(steps: list[Tree], path: str, rules: Rules) -> Iterator[Finding]:
    """C12: the providers between the two are numbered 0, 1, 2 … without a gap."""
    for number, step in enumerate(steps):
        if "intermediaryVASP" in step:
            yield from check_person(step["intermediaryVASP"], f"{path}[{number}].intermediaryVASP", "provider", rules)
    given = [step["sequence"] for step in steps if "sequence" in step]
    if sorted(given) != list(range(len(given))):
        expected = ", ".join(map(str, range(len(given))))
        yield fault("C12", path, ", ".join(map(str, given)), f"every number of {expected} once", "number the providers from 0")


def check_person(tree: Tree, path: str, role: Role, rules: Rules) -> Iterator[Finding]:
    """A person is a natural or a legal one."""
    kinds = [kind for kind in ("naturalPerson", "legalPerson") if kind in tree]
    if len(kinds) != 1:
        yield fault("structure", path, " and ".join(kinds) or None, "either naturalPerson or legalPerson, one of them")
    if "naturalPerson" in tree:
        yield from check_natural(tree["naturalPerson"], _under(path, "naturalPerson"), role, rules)
    if "legalPerson" in tree:
        yield from check_legal(tree["legalPerson"], _under(path, "legalPerson"), role, rules)


def check_natural(tree: Tree, path: str, role: Role, rules: Rules) -> Iterator[Finding]:
    """C1, C2, C6, and what the identification of a natural person needs."""
    known = ("geographicAddress", "customerIdentification", "nationalIdentification", "dateAndPlaceOfBirth")
    if role == "originator" and not any(tree.get(one) for one in known):
        yield fault(
            "C1", path, None, f"of an originator at least one of {', '.join(known)}", "say how your client was identified"
        )
    yield from _legal_names(tree, "naturalPersonNameIdentifierType", "C6", path)
    yield from _addresses(tree, path)
    birth = tree.get("dateAndPlaceOfBirth", {}).get("dateOfBirth")
    born = None if birth is None else parse_date(birth)
    if born is not None and born >= from_day(rules.day):
        at = _under(path, "dateAndPlaceOfBirth.dateOfBirth")
        yield fault("C2", at, birth, f"a day before {from_day(rules.day)}")
    identity = tree.get("nationalIdentification")
    if identity is not None:
        yield from _natural_identity(identity, _under(path, "nationalIdentification"), rules)


def _natural_identity(tree: Tree, path: str, rules: Rules) -> Iterator[Finding]:
    authority, kind = tree.get("registrationAuthority"), tree.get("nationalIdentifierType")
    register = kind == "RAID" and authority is not None
    if "countryOfIssue" not in tree and not register:
        yield fault("C9", _under(path, "countryOfIssue"), None, "the country whose authority gave the identifier")
    if kind == "LEIX":
        yield fault("C7", _under(path, "nationalIdentifierType"), kind, "an identifier that natural persons have")
    if authority is None or register:
        yield from check_authority(authority, path, rules)
    elif authority.upper() in NO_AUTHORITY:
        yield note("C9", _under(path, "registrationAuthority"), authority, "nothing; the code names no authority")
    else:
        todo = "leave it out; only a number in a register of companies (RAID) has one"
        yield fault("C9", _under(path, "registrationAuthority"), authority, "nothing for a natural person", todo)


def check_legal(tree: Tree, path: str, role: Role, rules: Rules) -> Iterator[Finding]:
    """C4, C5, C7, C9, C10 and C11."""
    if role == "originator" and not (tree.get("customerIdentification") or tree.get("nationalIdentification")):
        kinds = [one.get("addressType") for one in tree.get("geographicAddress", [])]
        if "GEOG" not in kinds:
            expected = "of an originator an address of the type GEOG, customerIdentification or nationalIdentification"
            yield fault("C4", path, ", ".join(map(str, kinds)) or None, expected, "say how your client was identified")
    yield from _legal_names(tree, "legalPersonNameIdentifierType", "C5", path)
    yield from _addresses(tree, path)
    identity = tree.get("nationalIdentification")
    if identity is not None:
        yield from _legal_identity(identity, _under(path, "nationalIdentification"), rules)


def _legal_identity(tree: Tree, path: str, rules: Rules) -> Iterator[Finding]:
    number, kind, authority = (
        tree.get("nationalIdentifier"),
        tree.get("nationalIdentifierType"),
        tree.get("registrationAuthority"),
    )
    if kind is not None and kind not in _OF_COMPANIES:
        yield fault("C7", _under(path, "nationalIdentifierType"), kind, f"of a legal person one of {', '.join(_OF_COMPANIES)}")
    if "countryOfIssue" in tree:
        yield fault("C9", _under(path, "countryOfIssue"), tree["countryOfIssue"], "nothing for a legal person", "leave it out")
    at = _under(path, "registrationAuthority")
    if kind == "LEIX":
        if authority is not None:
            yield fault("C9", at, authority, "nothing beside an LEI", "leave it out")
        flaw = check_lei(number) if number is not None and number.strip() else None
        if isinstance(flaw, Flaw):
            yield fault("C11", _under(path, "nationalIdentifier"), number, flaw.expected)
        elif number is not None and number.strip() and flaw != number.upper():
            yield fault("C11", _under(path, "nationalIdentifier"), number, "20 letters and digits without blanks")
    elif authority is None and kind is not None:
        yield fault("C9", at, None, "the registration authority that gave an identifier other than an LEI", "such as RA000585")
    yield from check_authority(authority, path, rules)


def check_authority(code: str | None, path: str, rules: Rules) -> Iterator[Finding]:
    """C10: a code of the list of registration authorities, as far as the list is known."""
    if code is None or not _AUTHORITY.fullmatch(code.upper()):
        return  # its pattern was checked while it was read
    if rules.authorities and code.upper() not in rules.authorities:
        at = _under(path, "registrationAuthority")
        yield fault("C10", at, code, "a code of the GLEIF list of registration authorities", "check the code, or renew the list")


def check_identification(tree: Tree, path: str, rules: Rules) -> Iterator[Finding]:
    """Check a national identification of which nobody said whose it is: only what holds for everybody."""
    if tree.get("nationalIdentifierType") == "LEIX":
        yield from _legal_identity(tree, path, rules)
    else:
        yield from check_authority(tree.get("registrationAuthority"), path, rules)


def check_address(tree: Tree, path: str) -> Iterator[Finding]:
    """C8: address lines, or a street with a building; and the town, which free lines may hold as well."""
    lines = tree.get("addressLine")
    if not lines and not ("streetName" in tree and ("buildingNumber" in tree or "buildingName" in tree)):
        given = ", ".join(one for one in ("streetName", "buildingNumber", "buildingName") if one in tree)
        yield fault("C8", path, given or None, "addressLine, or streetName with buildingNumber or buildingName")
    if "townName" not in tree:
        say = doubt if lines else fault
        yield say("structure", _under(path, "townName"), None, "the town")


def _addresses(tree: Tree, path: str) -> Iterator[Finding]:
    for number, address in enumerate(tree.get("geographicAddress", [])):
        yield from check_address(address, _under(path, f"geographicAddress[{number}]"))


def _legal_names(tree: Tree, kind: str, rule: str, path: str) -> Iterator[Finding]:
    """C5, C6: at least one legal name. The standard allows several; which of them is meant is then a question for a person."""
    names = tree.get("name", {}).get("nameIdentifier")
    if not names:
        return
    legal = sum(one.get(kind) == "LEGL" for one in names)
    at = _under(path, "name.nameIdentifier")
    if not legal:
        given = ", ".join(str(one.get(kind)) for one in names)
        yield fault(rule, at, given, "at least one name of the type LEGL", "give the name that the papers say")
    elif legal > 1:
        yield doubt(rule, at, f"{legal} names of the type LEGL", "one legal name", "ask which of them is in the papers")


def read_country(text: str, path: str) -> tuple[str, Finding | None]:
    """C3: a country of ISO 3166-1, or XX; capitals do not count."""
    code = text.upper() if text.isascii() else text
    return code, None if code in COUNTRIES else fault("C3", path, text, "a country of ISO 3166-1 alpha-2, or XX if unknown")


def read_authority(text: str, path: str) -> tuple[str, Finding | None]:
    """C10: RA and six digits; capitals do not count."""
    code = text.upper() if text.isascii() else text
    return code, None if _AUTHORITY.fullmatch(code) else fault("C10", path, text, "RA and six digits, such as RA000585")


def read_date(text: str, path: str) -> tuple[str, Finding | None]:
    """A day of the calendar."""
    return text, None if parse_date(text) is not None else fault("date", path, text, "a day of the calendar written YYYY-MM-DD")


def parse_date(text: str) -> date | None:
    """Return the day that a text names, None if there is none."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
