"""The other publishers' forms: taken whole, or refused because something in them is new, cut or double."""

from __future__ import annotations

import re
from datetime import date

import pytest

from skarb.core.screening_list import Document, ScreeningList
from skarb.screening.lists import Edition, Reading, Source, form_of, read_lists, read_to_compare

TODAY = date(2026, 6, 1)
UN = """<?xml version="1.0"?><CONSOLIDATED_LIST dateGenerated="2026-05-01T00:00:09Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>1</DATAID><FIRST_NAME>ZED</FIRST_NAME><SECOND_NAME>ABEL</SECOND_NAME><THIRD_NAME>ZEDSON</THIRD_NAME><UN_LIST_TYPE>Zed</UN_LIST_TYPE>
<REFERENCE_NUMBER>ZDi.001</REFERENCE_NUMBER><GENDER>Male</GENDER><COMMENTS1>Said to travel.</COMMENTS1>
<NATIONALITY><VALUE>Belarus</VALUE></NATIONALITY><NAME_ORIGINAL_SCRIPT>Зэд</NAME_ORIGINAL_SCRIPT>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Zz</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ADDRESS><CITY>Minsk</CITY><COUNTRY>Belarus</COUNTRY></INDIVIDUAL_ADDRESS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-05-17</DATE></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1966</FROM_YEAR><TO_YEAR>1970</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1968</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_PLACE_OF_BIRTH><CITY>Brest</CITY><COUNTRY/></INDIVIDUAL_PLACE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>MP1</NUMBER><ISSUING_COUNTRY>Belarus</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
</INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY><DATAID>2</DATAID><FIRST_NAME>ZED TRADING</FIRST_NAME><REFERENCE_NUMBER>ZDe.001</REFERENCE_NUMBER>
<ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY><ALIAS_NAME>OLD ZED</ALIAS_NAME></ENTITY_ALIAS></ENTITY></ENTITIES></CONSOLIDATED_LIST>"""
EU_HEADER = (
    "celex,recordId,programKey,annex,measure,schema,name,alias,nationality,birthDate,"
    "passportNumber,registrationNumber,imoNumber,gender,address\n"
)
EU = EU_HEADER + (
    "32006R0000,1,EU-ZED,I.A,Asset freeze,Person,Zed Abelavich ZEDSAU,"
    'Zed (Zedd) Abelevich ZEDSOV; Зэд Абелевіч ЗЭДСАЎ,"Belarusian, Russian",7.2.1956,MP 3413113 and MP 2387911,,,male,\n'
    '32006R0000,1,EU-ZED,I.A,Asset freeze,LegalEntity,ZED BANK (ZB),,,,,190950894 (Belarus); 77047 (Tax ID/INN),,,"1 Main St., Minsk"\n'
    "32006R0000,,EU-ZED,XV,Transport,Vessel,NS ZED,,,,,,9333670,,\n"
)
DPL = (
    '"Name"\t"Street_Address"\t"City"\t"State"\t"Country"\t"Postal_Code"\t"Effective_Date"\t"Expiration_Date"\t"Standard_Order"\t"Last_Update"\t"Action"\t"FR_Citation"\n'
    '" ZED  ABEL"\t"1 MAIN ST"\t"MINSK"\t""\t"BY"\t"1"\t"06/19/2003"\t"06/29/2056"\t"Y"\t"2007-01-31"\t"NEW"\t"1 F.R. 1"\n'
    '"ZED ABEL"\t"2 MAIN ST"\t"MINSK"\t""\t"BY"\t"1"\t"06/19/2003"\t"06/29/2056"\t"Y"\t"2007-01-31"\t"NEW"\t"1 F.R. 1"\n'
    '"ZED ABEL"\t"3 MAIN ST"\t"MINSK"\t""\t""\t"1"\t"06/19/2013"\t""\t"N"\t"2017-01-31"\t"NEW"\t"2 F.R. 1"'
)
OWN = (
    "entry,name,aliases,countries,births,documents,wallets\n"
    "1,Zed Abel,Zz; Zedd,Belarus; RU,1970-05/1971,imo 9333670; passport MP1 (BY),ETH:0x52908400098527886e0f7030069857d2e4169ee7\n2,Other,,,,,\n"
)
FORMS = {"un": ("list.xml", UN), "eu": ("table.csv", EU), "dpl": ("dpl.txt", DPL), "own": ("own.csv", OWN)}


def read(form: str, text: str | None = None, **said: object) -> Reading:
    name, usual = FORMS[form]
    edition = Edition(
        **{"published": None if form == "un" else date(2026, 5, 1), "list": "watch" if form == "own" else "", **said}
    )  # type: ignore[arg-type]
    return read_lists([Source(name, (usual if text is None else text).encode())], edition, TODAY)


def whole(form: str, text: str | None = None) -> ScreeningList:
    reading = read(form, text)
    assert not reading.problems, reading.problems
    (found,) = reading.lists
    return found


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_told_by_the_content(form: str) -> None:
    name, text = FORMS[form]
    assert form_of(Source("anything", text.encode())) == form
    assert isinstance(read_to_compare(Source(name, text.encode())), ScreeningList)


def test_the_un_list() -> None:
    found = whole("un")
    assert (found.list, found.regime, found.published) == ("un-sc", "un", date(2026, 5, 1))
    person, firm = found.entries
    assert (person.entry, person.kind, person.gender, person.countries) == ("ZDi.001", "person", "male", ("BY",))
    assert [(name.text, name.kind) for name in person.names] == [("ZED ABEL ZEDSON", "primary"), ("Зэд", "alias"), ("Zz", "weak")]
    assert person.births == ("1970-05-17", "1966/1970", "1966/1970")[:2]
    assert person.documents == (Document(kind="passport", number="MP1", country="BY"),)
    assert person.addresses == ("Minsk, Belarus",)
    assert "Born in: Brest" in person.remarks and "Said to travel." in person.remarks
    assert [(name.text, name.kind) for name in firm.names] == [("ZED TRADING", "primary"), ("OLD ZED", "former")]


def test_a_table_of_the_eu() -> None:
    found = whole("eu")
    assert (found.list, found.regime) == ("eu-32006R0000", "eu")
    person, bank, ship = found.entries
    assert [listed.entry for listed in found.entries] == ["I.A/person/1", "I.A/entity/1", "XV/vessel/NS ZED"]
    assert [(name.text, name.given, name.middle, name.family) for name in person.names] == [
        ("Zed Abelavich ZEDSAU", "Zed", "Abelavich", "ZEDSAU"),
        ("Zed Abelevich ZEDSOV", "Zed", "Abelevich", "ZEDSOV"),
        ("Zedd Abelevich ZEDSOV", "Zedd", "Abelevich", "ZEDSOV"),
        ("Зэд Абелевіч ЗЭДСАЎ", "Зэд", "Абелевіч", "ЗЭДСАЎ"),
    ]
    assert (person.births, person.countries, person.gender) == (("1956-02-07",), ("BY", "RU"), "male")
    assert [document.number for document in person.documents] == ["MP 3413113", "MP 2387911"]
    assert [(name.text, name.kind) for name in bank.names] == [("ZED BANK", "primary"), ("ZB", "weak")]
    assert bank.documents == (
        Document(kind="registration", number="190950894", country="BY"),
        Document(kind="tax", number="77047"),
    )
    assert ship.documents == (Document(kind="imo", number="9333670"),)


def test_values_of_a_cell_are_separated_with_or_without_a_blank_and_may_be_quoted() -> None:
    cells = {
        "Zed;Zedd": ["Zed", "Zedd"],
        '"""Zed; Abel""; Zedd"': ["Zed; Abel", "Zedd"],
        '"Zed ""the"" Abel;"': ['Zed "the" Abel'],
        '"""Zed; Abel"': ['"Zed', "Abel"],  # the quote has no end
    }
    for cell, names in cells.items():
        text = EU.replace("Zed (Zedd) Abelevich ZEDSOV; Зэд Абелевіч ЗЭДСАЎ", cell)
        assert [name.text for name in whole("eu", text).entries[0].names[1:]] == names


@pytest.mark.parametrize(
    ("written", "births"),
    [
        ("1965 or 1966", ("1965", "1966")),
        ("a) 1964 b) 28.8.1962", ("1964", "1962-08-28")),
        ('"(a) 18.12.1969, (b) 25 May 1968"', ("1969-12-18", "1968-05-25")),
        ("Circa 1957 or 14 March 1942", ("1955/1959", "1942-03-14")),
        ("1970 circa; 1970", ("1968/1972", "1970")),
        ("4 Apr. 1944", ("1944-04-04",)),
        ("1954 or 1955.", ("1954", "1955")),
        ("Between 1963 and 1968", ("1963/1968",)),
        ("2011-02", ("2011-02",)),
        ("7.2.1956 (passport)", ("1956-02-07",)),
        ("in the sixties", ()),
    ],
)
def test_births_as_annexes_print_them(written: str, births: tuple[str, ...]) -> None:
    reading = read("eu", EU.replace("7.2.1956", written))
    assert reading.lists[0].entries[0].births == births
    assert bool(reading.notes) == (not births)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("L723315 (Tunisian passport issued on 5.5.1998, expired on 4.5.2003)", [("L723315", "TN")]),
        (
            "(a) 665334 (issued in Kuwait), (b) 917739 (Pakistani passport, issued on 8.9.1991)",
            [("665334", ""), ("917739", "PK")],
        ),
        ("(a) Kuwait number 106261543 (b) Kuwait number 1420529, issued on 1.2.1990", [("106261543", "KW"), ("1420529", "KW")]),
        ("Indonesian travel document number XD253038", [("XD253038", "ID")]),
        ("Cr. No. 3203355; CR No: 3092848; Passport: AB 12", [("3203355", ""), ("3092848", ""), ("AB 12", "")]),
        ("11996849 (United Arab Emirates, tax)", [("11996849", "AE")]),
        ("PS 472330208 (expires 4.7.2017)", [("PS 472330208", "")]),
    ],
)
def test_numbers_of_papers_without_what_is_said_of_the_papers(written: str, numbers: list[tuple[str, str]]) -> None:
    text = EU.replace("MP 3413113 and MP 2387911", f'"{written}"')
    assert [(one.number, one.country) for one in whole("eu", text).entries[0].documents] == numbers


def test_what_is_said_of_an_alias_is_no_name() -> None:
    cell = (
        '"""Zed B. (Date of birth: 22.8.1973; place of birth: Brest)""; Zed C., date of birth 31.12.1979 in Brest; '
        'Zed D. (as previously listed); Zed E. (Zet E.)"'
    )
    person = whole("eu", EU.replace("Zed (Zedd) Abelevich ZEDSOV; Зэд Абелевіч ЗЭДСАЎ", cell)).entries[0]
    assert [name.text for name in person.names[1:]] == ["Zed B.", "Zed C.", "Zed D.", "Zed E.", "Zet E."]
    assert person.births == ("1956-02-07", "1973-08-22", "1979-12-31")


def test_no_list_is_refused_for_the_wording_of_a_gender() -> None:
    assert whole("eu", EU.replace(",male,", ",Male.,")).entries[0].gender == "male"
    reading = read("eu", EU.replace(",male,", ",see the notes,"))
    assert reading.lists[0].entries[0].gender == "unknown" and "gender" in str(reading.notes)


def test_an_act_that_lists_nobody_is_named_by_its_file() -> None:
    reading = read_lists([Source("32011D0173.csv", EU_HEADER.encode())], Edition(published=date(2026, 5, 1)), TODAY)
    assert [(one.list, one.entries) for one in reading.lists] == [("eu-32011D0173", ())]
    assert "no rows" in str(reading.notes)
    assert "rows of one act" in str(read("eu", EU_HEADER).problems)


def test_an_alias_has_a_date_of_birth_of_its_own() -> None:
    text = UN.replace(
        "<ALIAS_NAME>Zz</ALIAS_NAME>", "<ALIAS_NAME>Zz</ALIAS_NAME><DATE_OF_BIRTH>1981-02-03</DATE_OF_BIRTH><NOTE>in Brest</NOTE>"
    )
    (person, _) = whole("un", text).entries
    assert person.births == ("1970-05-17", "1966/1970", "1981-02-03")
    assert "Alias: Low, Zz, 1981-02-03, in Brest" in person.remarks


@pytest.mark.parametrize(
    ("inside", "births"),
    [
        ("<TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1966</FROM_YEAR>", ("1964/1968",)),
        ("<TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><YEAR>1966</YEAR>", ("1966",)),
        ("<TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><FROM_YEAR>1966</FROM_YEAR><TO_YEAR>1970</TO_YEAR>", ("1966/1970",)),
        ("<FROM_YEAR>1966</FROM_YEAR><TO_YEAR>1966</TO_YEAR>", ("1966",)),
    ],
)
def test_no_year_of_birth_is_passed_over(inside: str, births: tuple[str, ...]) -> None:
    element = f"<INDIVIDUAL_DATE_OF_BIRTH>{inside}</INDIVIDUAL_DATE_OF_BIRTH>"
    text = re.sub("<INDIVIDUAL_DATE_OF_BIRTH>.*</INDIVIDUAL_DATE_OF_BIRTH>", element, UN, flags=re.DOTALL)
    assert whole("un", text).entries[0].births == births


def test_a_firm_has_documents_too_and_nothing_else_is_passed_over() -> None:
    document = "<ENTITY_DOCUMENT><TYPE_OF_DOCUMENT>Licence</TYPE_OF_DOCUMENT><NUMBER>77</NUMBER></ENTITY_DOCUMENT></ENTITY>"
    (_, firm) = whole("un", UN.replace("</ENTITY>", document)).entries
    assert firm.documents == (Document(kind="other", number="77"),)
    assert "ENTITY_DATE_OF_BIRTH" in str(read("un", UN.replace("</ENTITY>", "<ENTITY_DATE_OF_BIRTH/></ENTITY>")).problems)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("Iranian and US", ("IR", "US")),
        ("Myanmar/Burma", ("MM",)),
        ("DPRK.", ("KP",)),
        ("Democratic People’s Republic of Korea", ("KP",)),
    ],
)
def test_nationalities_as_acts_print_them(written: str, codes: tuple[str, ...]) -> None:
    assert whole("eu", EU.replace('"Belarusian, Russian"', written)).entries[0].countries == codes


def test_denied_persons_in_another_order_and_another_encoding() -> None:
    rows = [line.split("\t")[::-1] for line in DPL.splitlines()]
    text = "\r\n".join("\t".join(row) for row in rows).replace("ZED ABEL", "ZED ÁBEL") + "\r\n"
    for raw in (text.encode("latin-1"), text.encode(), text.encode("utf-8-sig")):
        reading = read_lists([Source("dpl.txt", raw)], Edition(published=date(2026, 5, 1)), TODAY)
        assert not reading.problems, reading.problems
        assert {one.name for one in reading.lists[0].entries} == {"ZED ABEL", "ZED ÁBEL"}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Zed Works (Zedland Heavy Works)", ["Zed Works", "Zedland Heavy Works"]),
        ("Zed Works (Belarus)", ["Zed Works (Belarus)"]),  # where it is, not what it is called
        ("Zed Works (Joint Stock Company)", ["Zed Works (Joint Stock Company)"]),
        ("Zed (HK) Works", ["Zed (HK) Works"]),
    ],
)
def test_brackets_behind_a_name(written: str, names: list[str]) -> None:
    assert [name.text for name in whole("eu", EU.replace("ZED BANK (ZB)", written)).entries[1].names] == names


def test_denied_persons() -> None:
    found = whole("dpl")
    assert [(listed.entry, listed.name, len(listed.addresses)) for listed in found.entries] == [
        ("ZED ABEL 2003-06-19", "ZED ABEL", 2),
        ("ZED ABEL 2013-06-19", "ZED ABEL", 1),
    ]
    assert found.entries[0].countries == ("BY",)
    assert "Expiration_Date: 06/29/2056" in found.entries[0].remarks


def test_an_own_list() -> None:
    found = whole("own")
    assert (found.list, found.regime) == ("watch", "own")
    first = found.entries[0]
    assert [name.text for name in first.names] == ["Zed Abel", "Zz", "Zedd"]
    assert (first.countries, first.births) == (("BY", "RU"), ("1970-05/1971",))
    assert first.documents == (Document(kind="imo", number="9333670"), Document(kind="passport", number="MP1", country="BY"))


@pytest.mark.parametrize(
    ("form", "old", "new", "what"),
    [
        ("un", "</CONSOLIDATED_LIST>", "", "XML that is whole"),
        ("un", "<GENDER>Male", "<SHOE_SIZE>44</SHOE_SIZE><GENDER>Male", "SHOE_SIZE"),
        ("un", "<QUALITY>Low", "<QUALITY>Superb", "this kind of alias is new"),
        ("un", "EXACT", "PERHAPS", "EXACT, APPROXIMATELY or BETWEEN"),
        ("un", "ZDe.001", "ZDi.001", "every number once"),
        ("un", "2026-05-01T", "2026-06-02T", "not after today"),
        ("un", 'dateGenerated="2026-05-01T00:00:09Z"', "", "dateGenerated"),
        ("un", "<INDIVIDUALS>", "<PLANETS/><INDIVIDUALS>", "PLANETS"),
        ("un", "<REFERENCE_NUMBER>ZDe.001</REFERENCE_NUMBER>", "", "REFERENCE_NUMBER"),
        ("eu", ",Vessel,", ",Comet,", "one of Person"),
        ("eu", "9333670,,\n", "9333670,,", "is cut"),
        ("eu", ",9333670,,\n", "\n", "15 columns"),
        ("eu", ",alias,", ",shoe,", "a column that is not known"),
        ("eu", "32006R0000,,", "32014R0000,,", "rows of one act"),
        ("dpl", "06/19/2013", "2013-06-19", "a day such as"),
        ("dpl", '\t"2 F.R. 1"', "", "12 columns"),
        ("dpl", '\t"2 F.R. 1"', "\t2 F.R", "a last row with its end"),
        ("own", "2,Other,,,,,\n", "2,Other,,,,,ETH:0x5290", "a last row with its end"),
        ("own", "2,Other", "1,Other", "every entry once"),
        ("own", "Belarus; RU", "Atlantis", "a country's name"),
        ("own", "1970-05/1971", "in May", "1970-05-17"),
        ("own", "1970-05/1971", "1970-13/1971", "1970-05-17"),
        ("own", ",wallets\n", ',wallets,"' + "a" * 200_000, "the header is no row"),
        ("own", ",aliases,", ",shoe,", "a column that is not known"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_why(form: str, old: str, new: str, what: str) -> None:
    text = FORMS[form][1]
    assert old in text
    reading = read(form, text.replace(old, new, 1))
    assert not reading.lists
    assert what in "\n".join(map(str, reading.problems))


def test_the_name_of_one_country_may_hold_an_and() -> None:
    text = EU.replace('"Belarusian, Russian"', "Bosnia and Herzegovina; Belarusian and Russian")
    assert whole("eu", text).entries[0].countries == ("BA", "BY", "RU")


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        ("<YEAR>1968", "<YEAR>c. 1968", 2),
        ("<DATE>1970-05-17", "<DATE>1970-13-17", 1),
        ("<TO_YEAR>1970", "<TO_YEAR>later", 2),
        ("<YEAR>1968", "<YEAR>²²²²", 2),
    ],
)
def test_a_birth_that_is_no_date_is_told_and_not_taken(old: str, new: str, left: int) -> None:
    assert old in UN
    reading = read("un", UN.replace(old, new))
    assert not reading.problems
    assert "it is not compared" in str(reading.notes)
    assert len(reading.lists[0].entries[0].births) == left


def test_what_is_no_list_is_refused() -> None:
    for name, raw in (("a.csv", b"a,b\n1,2\n"), ("b.xml", b"<other/>"), ("c.gz", b"\x1f\x8bnonsense"), ("d", b"\x00\x01")):
        reading = read_lists([Source(name, raw)], Edition(), TODAY)
        assert not reading.lists and reading.problems, name
    assert "--name" in str(read("own", list="").problems)
    amendment = EU.replace("celex,", "amendedCelex,amendmentCelex,", 1)
    assert "the act itself" in str(read("eu", amendment).problems)  # it names only what it changed


def test_one_wrong_list_keeps_the_others_out() -> None:
    reading = read_lists(
        [Source("list.xml", UN.encode()), Source("own.csv", OWN.replace("2,Other", "1,Other").encode())], Edition(), TODAY
    )
    assert not reading.lists
