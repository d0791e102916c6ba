"""A list of the institution's own, as comma-separated values with a header.

`entry` names the row and is needed; `name` and every other column is optional. Several values in one cell are separated by
semicolons. Which list it is, and of which day, is said beside the file.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from skarb.core.country import codes, country_of
from skarb.core.identifiers import Flaw, check_lei
from skarb.core.screening_list import Document, Listed, Name, ScreeningList
from skarb.screening.lists import dates
from skarb.screening.lists.files import check_end, header_of, published_of, rows_of, text_of
from skarb.screening.lists.model import Edition, Findings, Source

_MANY = ("births", "addresses", "parties", "taxpayer_numbers", "leis", "passports", "wallets")
_ONE = ("entry", "name", "kind", "gender", "programme", "remarks")
COLUMNS = (*_ONE, "aliases", "weak_aliases", "countries", *_MANY, "documents")
_DOCUMENT = re.compile(r"([a-z_]+) ([^()]+?)(?: \(([A-Z]{2})\))?")


def read_own(sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the list, or None after saying what is wrong."""
    (source,) = sources
    text = text_of(source)
    header = header_of(text)
    for unknown in [column for column in header if column not in COLUMNS]:
        found.wrong(source.name, unknown, "a column that is not known", f"one of {', '.join(COLUMNS)}")
    check_end(text, source.name, found)
    published = published_of(sources, edition, found)
    if not edition.list:
        found.wrong(source.name, "list", "no name", "the short name of the list", "say it with --name")
    entries: dict[str, Listed] = {}
    for number, cells in rows_of(text, len(header), source.name, found):
        if number == 1 or found.problems:
            continue
        where = f"{source.name} row {number}"
        listed = _entry(dict(zip(header, cells, strict=True)), where, number, found)
        if listed is not None and entries.setdefault(listed.entry, listed) is not listed:
            found.wrong(where, "entry", listed.entry, "every entry once", row=number)
    if not entries and not found.problems:
        found.wrong(source.name, "", "no rows", "at least one entry")
    if found.problems or published is None:
        return None
    return ScreeningList(
        list=edition.list,
        regime="own",
        publisher=edition.publisher or "own",
        version=published.isoformat(),
        published=published,
        entries=tuple(entries.values()),
    )


def _entry(row: dict[str, str], where: str, number: int, found: Findings) -> Listed | None:
    before = len(found.problems)
    many = {column: _values(row, column) for column in (*_MANY, "aliases", "weak_aliases", "countries", "documents")}
    for column, wrong, expected in (
        (
            "births",
            [text for text in many["births"] if not all(map(dates.is_date, text.split("/"))) or text.count("/") > 1],
            "1970, 1970-05, 1970-05-17, or two of them with / between",
        ),
        (
            "leis",
            [text for text in many["leis"] if isinstance(check_lei(text), Flaw)],
            "a legal entity identifier whose check digits fit",
        ),
        ("wallets", [text for text in many["wallets"] if ":" not in text], "chain:address"),
        ("countries", [text for text in many["countries"] if _country(text) is None], "a country's name or its two letters"),
        (
            "documents",
            [text for text in many["documents"] if not _DOCUMENT.fullmatch(text)],
            "kind number (CC), such as imo 9333670",
        ),
    ):
        for text in wrong:
            found.wrong(where, column, text, expected, row=number)
    if not row.get("entry"):
        found.wrong(where, "entry", "", "the number or name of the entry", row=number)
    if len(found.problems) > before:
        return None
    names = [Name(text=row["name"])] if row.get("name") else []
    names += [Name(text=text, kind="alias") for text in many["aliases"]] + [
        Name(text=text, kind="weak") for text in many["weak_aliases"]
    ]
    documents = [match for text in many["documents"] if (match := _DOCUMENT.fullmatch(text))]
    fields: dict[str, Any] = {column: row[column] for column in _ONE if row.get(column)} | {
        column: many[column] for column in _MANY
    }
    fields["countries"] = [_country(text) for text in many["countries"]]
    fields["names"] = names
    fields["documents"] = [Document(kind=match[1], number=match[2], country=match[3] or "") for match in documents]
    try:
        return msgspec.convert(msgspec.to_builtins(fields), Listed)
    except msgspec.ValidationError as error:
        found.wrong(where, "", str(error), "values of the kinds that the columns hold", row=number)
        return None


def _values(row: dict[str, str], column: str) -> list[str]:
    return [text for part in row.get(column, "").split(";") if (text := part.strip())]


def _country(text: str) -> str | None:
    return text if text in codes() else country_of(text)
