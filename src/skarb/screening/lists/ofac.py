"""The lists of the US Office of Foreign Assets Control: SDN and the consolidated list of the others, as comma-separated files.

One list is four files without headers: the entries, their addresses, their aliases, and what did not fit into the 1,000 characters of
the remarks. The overflow begins in the middle of a word, so it is joined to the remarks before anything is read out of them. `-0-` means empty; the
text is Latin-1 and ends with 0x1A. Names of persons stand as `FAMILY, Given`; an alias in quotation marks inside the remarks is a weak one.

Source: OFAC, "SDN data formats", data specification of SDN.CSV, ADD.CSV, ALT.CSV, SDN_COMMENTS.CSV and their CONS counterparts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from skarb.core.country import country_of
from skarb.core.errors import InputError
from skarb.core.screening_list import Document, Listed, Name, NameKind, ScreeningList, SubjectKind
from skarb.screening.lists.files import END_MARK, old_text_of, published_of, rows_of, without_end_mark
from skarb.screening.lists.model import Edition, Findings, Source
from skarb.screening.lists.remarks import Remark, parse_remarks

MAIN, ADDRESSES, ALIASES, COMMENTS = 12, 6, 5, 2  # the files by their number of columns
_REMARKS_MAX = 1000
_FIRST_ROW_MAX = 1 << 17  # an overflow may be long
_FILES = {MAIN: "sdn.csv", ADDRESSES: "add.csv", ALIASES: "alt.csv", COMMENTS: "sdn_comments.csv"}
_CONS_FILES = {MAIN: "cons_prim.csv", ADDRESSES: "cons_add.csv", ALIASES: "cons_alt.csv", COMMENTS: "cons_comments.csv"}
_WHAT = {MAIN: "entries", ADDRESSES: "addresses", ALIASES: "aliases", COMMENTS: "comments"}
_EMPTY = {ADDRESSES: "add", ALIASES: "alt", COMMENTS: "comments"}
_LINE_END = re.compile(r"[\r\n]")
_KINDS: dict[str, SubjectKind] = {
    "": "entity",
    "entity": "entity",
    "individual": "person",
    "vessel": "vessel",
    "aircraft": "aircraft",
}
_ALIAS_KINDS: dict[str, NameKind] = {"aka": "alias", "fka": "former", "nka": "alias"}
_SAID = ("Title", "", "Vessel type", "Tonnage", "Gross registered tonnage", "", "Owner")  # columns 4 to 10 that go to the remarks
_CONS = re.compile(r"(?<![a-z])cons(?![a-z])|consolidated")
T = TypeVar("T")
_Rows = dict[str, list[list[str]]]  # by the number of the entry


def read_ofac(sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the list that the files make together, or None after saying what is wrong."""
    tables = {columns: _table(columns, sources, found) for columns in _WHAT}
    main = tables[MAIN]
    if found.problems or main is None or not _complete(tables, sources, found):
        return None
    return _list(main, {columns: rows or {} for columns, rows in tables.items()}, sources, edition, found)


def read_ofac_main(source: Source, edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the entries of the main file alone. Enough to compare two versions, never to screen with: most of what it says may be missing."""
    main = _table(MAIN, [source], found)
    return None if main is None or found.problems else _list(main, {}, [source], edition, found)


def width_of(source: Source) -> int:
    """Return how many columns the first row of a file without a header has, 0 if it is no file of this publisher.

    A file that ends where it begins is told by its name.
    """
    found = Findings()
    try:
        text = old_text_of(source)[:_FIRST_ROW_MAX]
    except InputError:
        return 0
    if text.strip() == END_MARK:  # whole, and without a row: nobody has an address, an alias or an overflow
        return next((columns for columns, name in _EMPTY.items() if name in source.name.lower()), 0)
    first = _LINE_END.split(text.lstrip("\r\n"), 1)[0]
    for columns in _WHAT:
        row = next(rows_of(first, columns, source.name, found), None)
        if row is not None and row[1][0].isdigit():
            return columns
    return 0


def _table(columns: int, sources: list[Source], found: Findings) -> _Rows | None:
    """Return the rows of the file with this many columns by the number of their entry, None where there is no such file."""
    chosen = [source for source in sources if width_of(source) == columns]
    if len(chosen) > 1:
        found.wrong(
            chosen[1].name, "", "a second file of this kind", f"one file with {_WHAT[columns]}", f"{chosen[0].name} is the other"
        )
    if not chosen or len(chosen) > 1:
        return None
    source = chosen[0]
    text = old_text_of(source)
    whole = without_end_mark(text)
    if not whole.endswith(("\n", "\r")) and (whole or whole == text):
        found.wrong(source.name, "", repr(whole[-30:]), "a last row with its end", "the file is cut; fetch it again")
    elif whole == text:
        found.note(
            source.name,
            "",
            "no end mark (0x1A)",
            "the mark that ends a file of this publisher",
            "compare its size with the publisher's",
        )
    rows: _Rows = {}
    for number, cells in rows_of(whole, columns, source.name, found):
        values = ["" if cell == "-0-" else cell for cell in cells]
        if not values[0].isdigit():
            found.wrong(f"{source.name} row {number}", "ent_num", values[0], "the number of an entry", row=number)
        elif columns in (MAIN, COMMENTS) and values[0] in rows:
            found.wrong(
                f"{source.name} row {number}",
                "ent_num",
                values[0],
                "every number once",
                "the file is damaged; fetch it again",
                number,
            )
        rows.setdefault(values[0], []).append(values)
    return rows


def _complete(tables: dict[int, _Rows | None], sources: list[Source], found: Findings) -> bool:
    """Tell whether all files are there and belong together."""
    names = _CONS_FILES if is_consolidated(sources) else _FILES
    main, comments = tables[MAIN] or {}, tables[COMMENTS]
    cut = [number for number, rows in main.items() if _is_cut(rows[0][-1])]
    missing = [columns for columns in (ADDRESSES, ALIASES) if tables[columns] is None]
    if comments is None and cut:
        missing.append(COMMENTS)
    where = next(source.name for source in sources if width_of(source) == MAIN)
    for columns in missing:
        why = f" (remarks of {len(cut)} entries are cut, the first is {cut[0]})" if columns == COMMENTS else ""
        found.wrong(
            where,
            "",
            f"no file with its {_WHAT[columns]}{why}",
            f"{names[columns]} of the same day",
            "give all files of the list together",
        )
    for columns in (ADDRESSES, ALIASES):
        for number in (tables[columns] or {}).keys() - main.keys():
            expected = f"an entry of {where}: files of different days do not fit together"
            found.wrong(f"{names[columns]} entry {number}", "ent_num", number, expected, "fetch all files again, on one day")
    for number in sorted((comments or {}).keys()):
        if number not in main:
            found.note(
                f"{names[COMMENTS]} entry {number}",
                "ent_num",
                number,
                "an entry of the list",
                "the publisher left it behind; it is not used",
            )
        elif len(main[number][0][-1]) < _REMARKS_MAX - 1:
            expected = "remarks that fill their field, since they go on here"
            found.wrong(f"{names[COMMENTS]} entry {number}", "ent_num", number, expected, "fetch all files again, on one day")
    return not found.problems


def is_consolidated(sources: Iterable[Source]) -> bool:
    """Tell by the names of the files whether this is the list of those who are not on the SDN list."""
    return any(_CONS.search(source.name.lower()) for source in sources)


def _is_cut(remarks: str) -> bool:
    """Tell whether remarks fill their field (blanks around them are gone by now) and end in the middle of something."""
    return len(remarks) >= _REMARKS_MAX - 1 and not remarks.endswith(".")


def _list(main: _Rows, more: dict[int, _Rows], sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    published = published_of(sources, edition, found)
    entries = tuple(listed for rows in main.values() if (listed := _entry(rows[0], more, sources[0].name, found)) is not None)
    if found.problems or published is None:
        return None
    cons = is_consolidated(sources)
    if not (cons or edition.list or any("sdn" in source.name.lower() for source in sources)):
        todo = "say it with --name ofac-sdn or --name ofac-cons, so that neither takes the place of the other"
        found.wrong(sources[0].name, "list", "no name", "sdn or cons in the name of a file: the two lists look alike", todo)
        return None
    return ScreeningList(
        list=edition.list or ("ofac-cons" if cons else "ofac-sdn"),
        regime="us",
        publisher=edition.publisher or "US Treasury, Office of Foreign Assets Control",
        version=published.isoformat(),
        published=published,
        entries=entries,
    )


def _entry(row: list[str], more: dict[int, _Rows], name: str, found: Findings) -> Listed | None:
    number = row[0]
    where = f"{name} entry {number}"
    kind = _KINDS.get(row[2].lower())
    if kind is None:
        found.wrong(
            where,
            "SDN_Type",
            row[2],
            "individual, vessel, aircraft or nothing",
            "this kind of entry is new; ask for a newer version",
        )
        return None
    overflow = more.get(COMMENTS, {}).get(number)
    text = (row[-1].ljust(_REMARKS_MAX) if _is_cut(row[-1]) else row[-1]) + overflow[0][1] if overflow else row[-1]
    cut = overflow is None and _is_cut(row[-1])
    said = parse_remarks(text, cut)
    if cut:
        what = f"an address of which only {said.cut} is there" if said.cut else "the end of the remarks"
        found.note(
            where, "Remarks", what, "the whole; the publisher's own files end there", "look at the entry in his other formats"
        )
    for unread in said.unread:
        found.note(where, "Remarks", unread, "a date, country or number that can be read; it stays in the remarks")
    names = [_name(row[1], kind, "primary")]
    for alias in more.get(ALIASES, {}).get(number, ()):
        alias_kind = _ALIAS_KINDS.get(alias[2].lower().replace(".", ""))
        if alias_kind is None:
            found.wrong(where, "alt_type", alias[2], f"one of {', '.join(_ALIAS_KINDS)}", "this kind of alias is new")
        else:
            names.append(_name(alias[3], kind, alias_kind))
    places = more.get(ADDRESSES, {}).get(number, ())
    return _listed(row, kind, names, places, said, text)


def _listed(row: list[str], kind: SubjectKind, names: list[Name], places: Iterable[list[str]], said: Remark, text: str) -> Listed:
    homes = [country_of(place[4]) for place in places]
    countries = [country for country in (*said.countries, country_of(row[9]), *homes) if country]
    call_sign = (Document(kind="call_sign", number=row[5]),) if row[5] else ()
    titles = [f"{label}: {value}" for label, value in zip(_SAID, row[4:11], strict=True) if label and value]
    return Listed(
        entry=row[0],
        name=row[1],
        kind=kind,
        programme=row[3].replace("] [", "; "),
        names=_once([*names, *said.names]),
        births=tuple(said.births),
        gender=said.gender,
        countries=_once(countries),
        documents=_once([*call_sign, *said.documents]),
        addresses=_once(", ".join(part for part in place[2:] if part) for place in places if any(place[2:])),
        leis=tuple(said.leis),
        wallets=tuple(said.wallets),
        remarks="; ".join([*titles, text] if text else titles),
    )


def _name(text: str, kind: SubjectKind, name_kind: NameKind) -> Name:
    family, comma, given = text.partition(", ")
    if kind == "person" and comma:
        return Name(text=text, kind=name_kind, family=family, given=given)
    return Name(text=text, kind=name_kind)


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
