"""The consolidated list of the United Nations Security Council, as XML.

Every element that the list has today is read into a field, kept in the remarks, or passed over by name; another one is a sign that the form
has changed, and nothing of the file is taken. Aliases of low quality are weak. A date of 1 January is taken as it stands. Whoever lives under an
alias shows the papers of the alias: a date of birth that belongs to one counts like the others.

Source: United Nations, sc-sanctions.xsd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar

from lxml import etree

from skarb.core.country import country_of
from skarb.core.screening_list import Document, Gender, Listed, Name, NameKind, ScreeningList
from skarb.screening.lists import dates
from skarb.screening.lists.model import Edition, Findings, Source

T = TypeVar("T")
ROOT = "CONSOLIDATED_LIST"
_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_TOLD = {
    "TITLE": "Title",
    "DESIGNATION": "Designation",
    "NATIONALITY": "Nationality",
    "NATIONALITY2": "Nationality",
    "COMMENTS1": "",
}  # kept in the remarks
_READ = (*_NAMES, *_TOLD, "REFERENCE_NUMBER", "UN_LIST_TYPE", "GENDER", "NAME_ORIGINAL_SCRIPT")
_PARTS = {
    "INDIVIDUAL": ("ALIAS", "ADDRESS", "DOCUMENT", "DATE_OF_BIRTH", "PLACE_OF_BIRTH"),
    "ENTITY": ("ALIAS", "ADDRESS", "DOCUMENT"),
}
_PASSED = (  # nothing in them tells who somebody is
    "DATAID",
    "VERSIONNUM",
    "LISTED_ON",
    "LIST_TYPE",
    "LAST_DAY_UPDATED",
    "SORT_KEY",
    "SORT_KEY_LAST_MOD",
    "SUBMITTED_BY",
    "SUBMITTED_ON",
    "DELISTED_ON",
)
_KNOWN = {*_READ, *_PASSED, *(f"{kind}_{part}" for kind, parts in _PARTS.items() for part in parts)}
_QUALITIES: dict[str, NameKind] = {"good": "alias", "low": "weak", "": "alias", "a.k.a": "alias", "f.k.a": "former"}
_GENDERS: dict[str, Gender] = {"": "unknown", "unknown": "unknown", "male": "male", "female": "female"}
_DOCUMENTS = {
    "passport": "passport",
    "numéro de passeport": "passport",
    "número de pasaporte": "passport",
    "national identification number": "national_id",
}
_BARE_ALIAS = 2  # its quality and its name
_EXACT, _ABOUT, _BETWEEN = ("EXACT", ""), "APPROXIMATELY", "BETWEEN"


def read_un(sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the list, or None after saying what is wrong."""
    (source,) = sources
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(source.raw, parser)
    except etree.XMLSyntaxError as error:
        found.wrong(source.name, "", str(error), "XML that is whole", "the file is cut or damaged; fetch it again")
        return None
    generated = (root.get("dateGenerated") or "")[:10]
    try:
        published = edition.published or date.fromisoformat(generated)
    except ValueError:
        found.wrong(source.name, "dateGenerated", generated, "the day on which this version was made", "fetch the file again")
        return None
    entries = []
    seen: set[str] = set()
    for group in root:
        if group.tag not in ("INDIVIDUALS", "ENTITIES"):
            found.wrong(
                source.name,
                str(group.tag),
                "an element that is not known",
                "INDIVIDUALS or ENTITIES",
                "the form of the list has changed",
            )
            continue
        for element in group:
            listed = _entry(element, source.name, found)
            if listed.entry in seen:
                found.wrong(f"{source.name} entry {listed.entry}", "REFERENCE_NUMBER", listed.entry, "every number once")
            seen.add(listed.entry)
            entries.append(listed)
    if not entries:
        found.wrong(source.name, "", "no entries", "at least one person or entity", "the file is not whole; fetch it again")
    if found.problems:
        return None
    return ScreeningList(
        list=edition.list or "un-sc",
        regime="un",
        publisher=edition.publisher or "United Nations Security Council",
        version=root.get("dateGenerated") or published.isoformat(),
        published=published,
        entries=tuple(entries),
    )


def _entry(element: etree._Element, name: str, found: Findings) -> Listed:
    person = element.tag == "INDIVIDUAL"
    number = _text(element, "REFERENCE_NUMBER")
    where = f"{name} entry {number or _text(element, 'DATAID')}"
    if element.tag not in ("INDIVIDUAL", "ENTITY"):
        found.wrong(where, "", element.tag, "INDIVIDUAL or ENTITY", "this kind of entry is new")
    if not number:
        found.wrong(where, "REFERENCE_NUMBER", "", "the number of the entry")
    for unknown in {str(child.tag) for child in element} - _KNOWN:
        found.wrong(
            where,
            unknown,
            "an element that is not known",
            f"one of {', '.join(sorted(_KNOWN))}",
            "the form of the list has changed",
        )
    parts = [text for tag in _NAMES if (text := _text(element, tag))]
    whole = " ".join(parts)
    if not whole:
        found.wrong(where, "FIRST_NAME", "", "a name")
    names = [
        Name(text=whole, given=parts[0], middle=" ".join(parts[1:-1]), family=parts[-1])
        if person and len(parts) > 1
        else Name(text=whole)
    ]
    if original := _text(element, "NAME_ORIGINAL_SCRIPT"):
        names.append(Name(text=original, kind="alias"))
    names += _aliases(element, where, found)
    nationalities = [country_of(text) for tag in ("NATIONALITY", "NATIONALITY2") for text in _values(element, tag)]
    places = [child for child in element if str(child.tag).endswith("_ADDRESS")]
    homes = [country_of(_text(place, "COUNTRY")) for place in places]
    return Listed(
        entry=number,
        name=whole,
        kind="person" if person else "entity",
        programme=_text(element, "UN_LIST_TYPE"),
        names=_once(names),
        births=_once(_births(element, where, found)),
        gender=_gender(element, where, found),
        countries=_once(country for country in (*nationalities, *homes) if country),
        documents=_once(_documents(element, where, found)),
        addresses=_once(text for place in places if (text := ", ".join(_all(place)))),
        remarks=_remarks(element),
    )


def _aliases(element: etree._Element, where: str, found: Findings) -> Iterator[Name]:
    for alias in element:
        if not _is_alias(alias):
            continue
        quality = _text(alias, "QUALITY").casefold().strip(".")
        if quality not in _QUALITIES:
            found.wrong(where, "QUALITY", quality, f"one of {', '.join(filter(None, _QUALITIES))}", "this kind of alias is new")
        elif text := _text(alias, "ALIAS_NAME"):
            yield Name(text=text, kind=_QUALITIES[quality])


def _births(element: etree._Element, where: str, found: Findings) -> Iterator[str]:
    for birth in element.iterfind("INDIVIDUAL_DATE_OF_BIRTH"):
        kind, day, year = _text(birth, "TYPE_OF_DATE"), _text(birth, "DATE")[:10], _text(birth, "YEAR")
        first, last = _text(birth, "FROM_YEAR"), _text(birth, "TO_YEAR")
        if kind not in (*_EXACT, _ABOUT, _BETWEEN):
            found.wrong(where, "TYPE_OF_DATE", kind, "EXACT, APPROXIMATELY or BETWEEN", "this kind of date is new")
        elif odd := [text for text in (day, year, first, last) if text and not dates.is_date(text)]:
            found.note(where, "INDIVIDUAL_DATE_OF_BIRTH", ", ".join(odd), "1970, 1970-05 or 1970-05-17; it is not compared")
        elif first and last and first <= last:
            yield first if first == last else f"{first}/{last}"
        elif only := day or year or first or last:
            yield dates.about(int(only[:4])) if kind == _ABOUT or not (day or year) else only
    for alias in element.iterfind("INDIVIDUAL_ALIAS"):
        text = _text(alias, "DATE_OF_BIRTH")
        if written := dates.written(text[:10] if dates.is_date(text[:10]) else text):
            yield written
        elif text:
            found.note(where, "DATE_OF_BIRTH", text, "1970, 1970-05 or 1970-05-17; it is not compared")


def _gender(element: etree._Element, where: str, found: Findings) -> Gender:
    gender = _text(element, "GENDER").casefold()
    if gender not in _GENDERS:
        found.wrong(where, "GENDER", gender, "Male, Female or nothing")
    return _GENDERS.get(gender, "unknown")


def _documents(element: etree._Element, where: str, found: Findings) -> Iterator[Document]:
    for document in element.iterfind(f"{element.tag}_DOCUMENT"):
        number = _text(document, "NUMBER")
        kind = _text(document, "TYPE_OF_DOCUMENT") or _text(document, "TYPE_OF_DOCUMENT2")
        if not number:
            continue
        country = country_of(_text(document, "ISSUING_COUNTRY")) or country_of(_text(document, "COUNTRY_OF_ISSUE")) or ""
        known = _DOCUMENTS.get(kind.casefold())
        if known is None:
            found.note(
                where,
                "TYPE_OF_DOCUMENT",
                kind or "nothing",
                "a kind of document that is known; its number is compared all the same",
            )
        yield Document(kind=known or "other", number=number, country=country)


def _remarks(element: etree._Element) -> str:
    """Return what is kept as it is written: offices, nationalities, places of birth, what is said of aliases, comments."""
    said = [f"{label}: {text}" if label else text for tag, label in _TOLD.items() for text in _values(element, tag)]
    for tag, label in (("INDIVIDUAL_PLACE_OF_BIRTH", "Born in"), ("INDIVIDUAL_DATE_OF_BIRTH", "Date of birth")):
        for child in element.iterfind(tag):
            texts = _all(child) if label == "Born in" else [note] if (note := _text(child, "NOTE")) else []
            said += [f"{label}: {', '.join(texts)}"] if texts else []
    said += [f"Alias: {', '.join(texts)}" for child in element if _is_alias(child) and len(texts := _all(child)) > _BARE_ALIAS]
    said += [f"Document: {', '.join(texts)}" for child in element.iterfind(f"{element.tag}_DOCUMENT") if (texts := _all(child))]
    return "; ".join(said)


def _is_alias(element: etree._Element) -> bool:
    return str(element.tag).endswith("_ALIAS")


def _values(element: etree._Element, tag: str) -> list[str]:
    """Return the texts of an element that stands once or often, with or without VALUE inside."""
    return [text for child in element.iterfind(tag) for text in (_all(child) or [_clean(child.text)]) if text]


def _all(element: etree._Element) -> list[str]:
    return [text for child in element if (text := _clean(child.text))]


def _text(element: etree._Element, tag: str) -> str:
    return _clean(element.findtext(tag))


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
