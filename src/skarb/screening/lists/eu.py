"""Restrictive measures of the European Union by regulation, as a table with one row for each line of an annex.

The Union numbers within an annex, so an entry is named by annex and number (by its name, where there is no number). Several values in one
cell are separated by semicolons, and quoted where they hold one themselves; another spelling of a name stands in brackets behind it, another spelling
of one word behind that word. Family names are written in capitals. Only some annexes freeze assets; which measure an annex means stays in the
programme. An act that lists nobody is a table without rows; which act it is, the name of the file tells then.

Source: annexes of the consolidated regulations in the Official Journal; the columns are those of the curated tables in circulation.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from skarb.core.country import country_of
from skarb.core.identifiers import Flaw, check_lei
from skarb.core.screening_list import Document, Gender, Listed, Name, NameKind, ScreeningList, SubjectKind
from skarb.screening.lists import dates
from skarb.screening.lists.files import header_of, published_of, rows_of, text_of
from skarb.screening.lists.model import Edition, Findings, Source

T = TypeVar("T")
NEEDED = ("celex", "recordId", "programKey", "annex", "schema", "name")  # by which such a table is known
_KINDS: dict[str, SubjectKind] = {
    "Person": "person",
    "LegalEntity": "entity",
    "Company": "entity",
    "Organization": "entity",
    "PublicBody": "entity",
    "Vessel": "vessel",
    "Airplane": "aircraft",
    "Asset": "unknown",
}
_GENDERS: dict[str, Gender] = {"": "unknown", "male": "male", "female": "female"}
_NAMES: tuple[tuple[str, NameKind], ...] = (("alias", "alias"), ("weakAlias", "weak"), ("previousName", "former"))
_COUNTRIES = ("nationality", "country", "jurisdiction", "flag")
_NUMBERS = {  # column → kind of document, and the country where the column says it
    "passportNumber": ("passport", ""),
    "idNumber": ("national_id", ""),
    "registrationNumber": ("registration", ""),
    "taxNumber": ("tax", ""),
    "innCode": ("tax", "RU"),
    "ogrnCode": ("registration", "RU"),
    "kppCode": ("kpp", "RU"),
    "okpoCode": ("okpo", ""),
    "swiftBic": ("bic", ""),
    "imoNumber": ("imo", ""),
    "mmsi": ("mmsi", ""),
}
_READ = {
    *NEEDED,
    *_COUNTRIES,
    *_NUMBERS,
    *(column for column, _ in _NAMES),
    "leiCode",
    "address",
    "gender",
    "birthDate",
    "incorporationDate",
}
_TOLD = (
    "measure",
    "startDate",
    "position",
    "birthPlace",
    "nationality",
    "birthDate",
    "incorporationDate",
    "legalForm",
    "sector",
    "ticker",
    "ethnicity",
    "appearance",
    "fatherName",
    "motherName",
    "phone",
    "email",
    "website",
    "notes",
    "reason",
)  # kept in the remarks
_ONE_WORD = re.compile(r"([^\s()]+) \(([^\s()]+)\)")
_TOLD_OF = (
    re.compile(  # what is said of a name behind it: `Ali X (Date of birth: 22.8.1973)`, `(as previously listed)`, `(combat name)`
        r"(?:\(\s*|,\s+)(?i:dates? of birth|place of birth|born)\b.*|\([a-z]+(?: [a-z]+)+\)\s*\Z", re.DOTALL
    )
)
_LAST = re.compile(r"(.+?)\s*\(([^()]+)\)")
_SAID_BEFORE = re.compile(r"^[A-Za-z ]+: ")  # "Russian spelling: "
_LEGAL_FORMS = (
    "Joint Stock Company",
    "Public Joint Stock Company",
    "Limited Liability Company",
    "JSC",
    "OJSC",
    "PJSC",
    "LLC",
    "Ltd",
    "Ltd.",
)
_SHORT = 5  # letters
_LONGEST = 1000  # letters of a name or a number that are looked into
_BETWEEN = re.compile(r"[()]|[;,]| and | or ")  # what parts values, and brackets, inside of which nothing is parted
_COUNTED = re.compile(r"(?:^|(?<=[\s,;]))\(?[a-z]\)\s+")  # `a) 1964 b) 28.8.1962`, `(a) Algerian (b) German`
_BETWEEN_BIRTHS = re.compile(r"[/,;]|\bor\b")  # `1964 or 1967`
_ACT = re.compile(r"\d{5}[A-Z]\d{4}")
_LABEL = re.compile(  # `Passport No: `, `Iraqi passport No. `, `Cr. No. `
    r"^([A-Za-z]*)[A-Za-z ./]*?(?:\b(?:[Nn]umber|[Nn]o\b\.?)\s*[:№#]?|[:№#])\s*"
)
_UNTIL = re.compile(r"(?:issued|expire|expired|expires|valid|date)\b", re.IGNORECASE)  # what is said of a paper, not its number
_AS_AT = re.compile(r"\(as (?:at|of) [^()]*\)")
_BORN = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")


def read_eu(sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the list, or None after saying what is wrong."""
    (source,) = sources
    text = text_of(source)
    header = header_of(text)
    for unknown in sorted(set(header) - _READ - set(_TOLD)):
        found.wrong(
            source.name,
            unknown,
            "a column that is not known",
            f"one of {', '.join(sorted(_READ | set(_TOLD)))}",
            "the form has changed",
        )
    if not text.endswith("\n"):
        found.wrong(source.name, "", repr(text[-30:]), "a last row with its end", "the file is cut; fetch it again")
    published = published_of(sources, edition, found)
    rows = [dict(zip(header, cells, strict=True)) for _, cells in rows_of(text, len(header), source.name, found)][1:]
    acts = sorted({row["celex"] for row in rows})
    if not rows and (named := _ACT.search(source.name)):
        acts = [named[0]]
        found.note(source.name, "", "no rows", f"those whom {named[0]} lists", "make sure that the act lists nobody any more")
    if len(acts) != 1:
        found.wrong(source.name, "celex", ", ".join(acts) or "no rows", "rows of one act")
    seen: dict[str, int] = {}
    entries = [_entry(row, f"{source.name} row {number}", seen, found) for number, row in enumerate(rows, start=2)]
    if found.problems or published is None:
        return None
    return ScreeningList(
        list=edition.list or f"eu-{acts[0]}",
        regime="eu",
        publisher=edition.publisher or "European Union",
        version=published.isoformat(),
        published=published,
        entries=tuple(entries),
    )


def _entry(row: dict[str, str], where: str, seen: dict[str, int], found: Findings) -> Listed:
    kind = _KINDS.get(row["schema"])
    if kind is None:
        found.wrong(where, "schema", row["schema"], f"one of {', '.join(_KINDS)}", "this kind of entry is new")
        kind = "unknown"
    if not row["name"]:
        found.wrong(where, "name", "", "a name")
    number = _numbered(row, kind, seen)
    names = [*_names(row["name"], kind, "primary")]
    for column, name_kind in _NAMES:
        names += [name for text in _values(row, column) for name in _names(text, kind, name_kind)]
    births = [*_births(row, where, found)]
    gender = row.get("gender", "").strip(" .").lower()
    if gender not in _GENDERS:
        found.note(where, "gender", gender, "male, female or nothing; it is not compared")
    leis = [lei for text in _values(row, "leiCode") if not isinstance(lei := check_lei(text), Flaw)]
    return Listed(
        entry=number,
        name=row["name"],
        kind=kind,
        programme=" ".join(part for part in (row["programKey"], row["annex"], row.get("measure", "")) if part),
        names=_once(names),
        births=_once(births),
        gender=_GENDERS.get(gender, "unknown"),
        countries=_once(country for column in _COUNTRIES for text in _places(row, column) if (country := country_of(text))),
        documents=_once(_documents(row)),
        addresses=_once(_values(row, "address")),
        leis=_once(leis),
        remarks="; ".join(f"{column}: {row[column]}" for column in _TOLD if row.get(column)),
    )


def _numbered(row: dict[str, str], kind: SubjectKind, seen: dict[str, int]) -> str:
    """Return how an entry is named in its act. Numbers begin anew in parts of an annex, so one that comes again is counted on."""
    number = f"{row['annex']}/{kind}/{row['recordId'] or row['name']}"
    seen[number] = seen.get(number, 0) + 1
    return number if seen[number] == 1 else f"{number}/{seen[number]}"


def _names(text: str, kind: SubjectKind, name_kind: NameKind) -> Iterator[Name]:
    """Yield a name and the spellings in brackets: `Iury (Yuri) SIVAKOV`, `Viktor SHEIMAN (Viktor SHEYMAN)`, `Rostec (Russian Technologies)`."""
    if len(text) > _LONGEST:
        yield _name(text, kind, name_kind)
    elif kind == "person" and _ONE_WORD.search(text):
        yield _name(_ONE_WORD.sub(r"\1", text), kind, name_kind)
        yield _name(_ONE_WORD.sub(r"\2", text), kind, "alias" if name_kind == "primary" else name_kind)
    elif kind == "person" and (told := _TOLD_OF.search(text)):
        yield _name(text[: told.start()].rstrip(), kind, name_kind)
    elif (found := _LAST.fullmatch(text)) and country_of(found[2]) is None and found[2] not in _LEGAL_FORMS:
        yield _name(found[1], kind, name_kind)
        inner = _SAID_BEFORE.sub("", found[2])
        weak = kind != "person" and len(inner) <= _SHORT  # initials, which many bear
        yield _name(inner, kind, "weak" if weak else "alias" if name_kind == "primary" else name_kind)
    else:
        yield _name(text, kind, name_kind)


def _name(text: str, kind: SubjectKind, name_kind: NameKind) -> Name:
    words = text.split()
    family = [word for word in words if len(word) > 1 and word == word.upper() and word != word.lower()]
    if kind != "person" or not family or len(family) == len(words) or words[-len(family) :] != family:
        return Name(text=text, kind=name_kind)
    first = words[: -len(family)]
    return Name(text=text, kind=name_kind, given=first[0], middle=" ".join(first[1:]), family=" ".join(family))


def _births(row: dict[str, str], where: str, found: Findings) -> Iterator[str]:
    for column in ("birthDate", "incorporationDate"):
        for text in _values(row, column):
            for part in filter(None, map(str.strip, _BETWEEN_BIRTHS.split(_COUNTED.sub(";", text)))):
                day = dates.written(part)
                if day is not None:
                    yield day
                else:
                    found.note(where, column, part, "a day such as 7.2.1956, or a year; it stays in the remarks")
    for text in (text for column, _ in _NAMES for text in _values(row, column) if "birth" in text.lower()):
        yield from filter(None, map(dates.dotted, _BORN.findall(text)))  # of the alias


def _places(row: dict[str, str], column: str) -> list[str]:
    """Return the countries of a cell; the name of one may hold the words that stand between several."""
    parts: list[str] = []
    for part in _values(row, column):
        parts += [part] if country_of(part) else _parted(_COUNTED.sub(";", part))
    return [_AS_AT.sub("", part) for part in parts]


def _documents(row: dict[str, str]) -> Iterator[Document]:
    for column, (kind, country) in _NUMBERS.items():
        for text in (part for value in _values(row, column) for part in _parted(_COUNTED.sub(";", value))):
            label = _LABEL.match(text[:_LONGEST])
            bare = text[label.end() :] if label else text
            number, _, remark = (part.strip(" ).") for part in bare.partition("("))
            if _UNTIL.match(number) or not (any(char.isdigit() for char in number) or (column == "swiftBic" and number)):
                continue
            told = (remark, remark.partition(",")[0], remark.partition(" ")[0], label[1] if label else "")
            said = next((code for one in told if one and (code := country_of(one))), country)
            yield Document(kind="tax" if "INN" in remark else kind, number=number, country=said)


def _parted(text: str) -> Iterator[str]:
    """Yield the values that commas, semicolons, `and` and `or` part, unless they stand in brackets."""
    start = depth = 0
    for found in _BETWEEN.finditer(text):
        if found[0] in "()":
            depth = max(0, depth + (1 if found[0] == "(" else -1))
        elif not depth:
            yield text[start : found.start()].strip()
            start = found.end()
    yield text[start:].strip()


def _values(row: dict[str, str], column: str) -> list[str]:
    """Return the values of a cell. One that holds a semicolon or a quote is quoted as a cell is; where the quotes do not fit, they are text."""
    text = row.get(column, "")
    try:
        parts = next(csv.reader([text], delimiter=";", skipinitialspace=True, strict=True), [])
    except csv.Error:
        parts = text.split(";")
    return [value for part in parts if (value := part.strip())]


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
