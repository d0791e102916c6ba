"""OFAC's files: joined before they are read, refused when one is missing, cut or of another day."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from skarb.core.screening_list import Document, Name, ScreeningList
from skarb.screening.lists import Edition, Reading, Source, read_lists
from skarb.screening.lists.dates import dotted, english
from skarb.screening.lists.remarks import parse_remarks

TODAY = date(2026, 6, 1)
EMPTY = "-0- "
END = "\x1a"


def row(*cells: str) -> str:
    return ",".join(cell if cell == EMPTY or cell.isdigit() else f'"{cell}"' for cell in cells) + "\r\n"


def entry(number: str, name: str, kind: str = EMPTY, remarks: str = EMPTY, programme: str = "MADE-UP", flag: str = EMPTY) -> str:
    return row(number, name, kind, programme, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, flag, EMPTY, remarks)


SDN = entry("36", "ZED AIRLINES") + entry(
    "40", "ZEDSON, Zed Abel", "individual", "DOB 17 May 1970; nationality Belarus; a.k.a. 'ZZ'."
)
ADD = row("36", "25", EMPTY, "Minsk", "Belarus", EMPTY) + row("40", "26", "1 Main Street", "Minsk 220000", "Atlantis", EMPTY)
ALT = row("36", "12", "aka", "AERO ZED", EMPTY) + row("40", "13", "fka", "ZEDMAN, Zed", EMPTY)


def files(**texts: str) -> list[Source]:
    """The files of one list; `sdn=…` is the content of sdn.csv."""
    return [Source(f"{name}.csv", (text + END).encode("latin-1")) for name, text in texts.items()]


def read(sources: list[Source], **said: object) -> Reading:
    return read_lists(sources, Edition(**{"published": date(2026, 5, 1), **said}), TODAY)  # type: ignore[arg-type]


def whole(reading: Reading) -> ScreeningList:
    assert not reading.problems, reading.problems
    (found,) = reading.lists
    return found


def said(reading: Reading) -> str:
    assert not reading.lists
    return "\n".join(map(str, reading.problems))


def test_the_files_make_one_list() -> None:
    found = whole(read(files(alt=ALT, add=ADD, sdn=SDN)))
    assert (found.list, found.regime, found.version) == ("ofac-sdn", "us", "2026-05-01")
    firm, person = found.entries
    assert (firm.kind, firm.countries, firm.addresses) == ("entity", ("BY",), ("Minsk, Belarus",))
    assert [name.text for name in firm.names] == ["ZED AIRLINES", "AERO ZED"]
    assert person.names == (
        Name(text="ZEDSON, Zed Abel", family="ZEDSON", given="Zed Abel"),
        Name(text="ZEDMAN, Zed", kind="former", family="ZEDMAN", given="Zed"),
        Name(text="ZZ", kind="weak"),
    )
    assert (person.births, person.countries) == (("1970-05-17",), ("BY",))
    assert person.addresses == ("1 Main Street, Minsk 220000, Atlantis",)  # a country that is not known is kept, not guessed


def test_gzip_and_the_day_in_the_name() -> None:
    packed = [
        Source(f"{name}_2026-04-30.csv.gz", gzip.compress(source.raw))
        for name, source in zip(("sdn", "add", "alt"), files(sdn=SDN, add=ADD, alt=ALT), strict=True)
    ]
    assert whole(read(packed, published=None)).published == date(2026, 4, 30)


def test_letters_beyond_ascii_are_read_in_either_encoding() -> None:
    texts = [text.replace("Zed", "Zéd") + END for text in (SDN, ADD, ALT)]
    for encoding, after in (("latin-1", b""), ("utf-8", b"\r\n"), ("utf-8-sig", b"")):
        sources = [Source(f"sdn_{number}.csv", text.encode(encoding) + after) for number, text in enumerate(texts)]
        assert whole(read(sources)).entries[1].names[0].given == "Zéd Abel"


def test_kinds_are_known_in_any_case_and_with_dots() -> None:
    sdn, alt = SDN.replace('"individual"', '"Individual"'), ALT.replace('"fka"', '"F.K.A."')
    person = whole(read(files(sdn=sdn, add=ADD, alt=alt))).entries[1]
    assert (person.kind, person.names[1].kind) == ("person", "former")


def test_a_file_that_ends_where_it_begins_says_that_there_is_nothing() -> None:
    sources = [*files(sdn=SDN, add=ADD), Source("alt.csv", END.encode()), Source("sdn_comments.csv", END.encode() + b"\r\n")]
    assert [name.text for name in whole(read(sources)).entries[0].names] == ["ZED AIRLINES"]
    assert "no file with its aliases" in said(read(files(sdn=SDN, add=ADD)))
    assert not read([*files(sdn=SDN, add=ADD), Source("alt.csv", b"")]).lists  # without the mark it may have been cut


def test_an_overflow_may_be_long() -> None:
    sdn = entry("36", "ZED", remarks=cut_remarks("; x"))
    comments = row("36", "y; " * 4000 + "Gender Male.")
    sources = files(
        sdn=sdn, add=row("36", "1", EMPTY, "A", "Chile", EMPTY), alt=row("36", "1", "aka", "Z", EMPTY), sdn_comments=comments
    )
    assert whole(read(sources)).entries[0].gender == "male"


def test_two_lists_given_together_stay_two() -> None:
    cons = [
        Source(f"cons_{name}.csv", source.raw)
        for name, source in zip(("prim", "add", "alt"), files(sdn=SDN, add=ADD, alt=ALT), strict=True)
    ]
    assert {found.list for found in read([*files(sdn=SDN, add=ADD, alt=ALT), *cons]).lists} == {"ofac-sdn", "ofac-cons"}


LONG = "Digital Currency Address - XBT 1BoatSLRHtKNngkdXEeobR76b53LETtpyT; "


@pytest.mark.parametrize(
    ("prefix", "named"),
    [("2026-05_cons_", "ofac-cons"), ("OFAC-CONSOLIDATED-", "ofac-cons"), ("ofac_sdn-", "ofac-sdn"), ("x", None)],
)
def test_neither_list_takes_the_place_of_the_other(prefix: str, named: str | None) -> None:
    reading = read(
        [Source(f"{prefix}{number}.csv", source.raw) for number, source in enumerate(files(sdn=SDN, add=ADD, alt=ALT))]
    )
    assert [one.list for one in reading.lists] == ([named] if named else [])
    assert bool(reading.problems) == (named is None)


def cut_remarks(tail: str) -> str:
    """Remarks of exactly a thousand characters that end with `tail`."""
    return (LONG + "x" * 1000)[: 1000 - len(tail)] + tail


def test_remarks_that_go_on_elsewhere_are_joined_before_they_are_read() -> None:
    sdn = entry("36", "ZED", remarks=cut_remarks("; alt. Digital Currency Address - ETH 0x52908400098527886e0f"))
    comments = row("36", "7030069857d2e4169ee7; Gender Male.")
    found = whole(
        read(
            files(
                sdn=sdn,
                add=row("36", "1", EMPTY, EMPTY, "Cuba", EMPTY),
                alt=row("36", "1", "aka", "Z", EMPTY),
                sdn_comments=comments,
            )
        )
    )
    assert found.entries[0].wallets[1] == "ETH:0x52908400098527886e0f7030069857d2e4169ee7"
    assert found.entries[0].gender == "male"


def test_a_blank_at_the_cut_is_a_blank() -> None:
    sdn = entry("36", "ZED", remarks=cut_remarks("; nationality "))
    sources = files(
        sdn=sdn,
        add=row("36", "1", EMPTY, "A", "Chile", EMPTY),
        alt=row("36", "1", "aka", "Z", EMPTY),
        sdn_comments=row("36", "Cuba; x."),
    )
    assert whole(read(sources)).entries[0].countries == ("CU", "CL")


def test_an_address_that_the_publisher_cut_is_told_and_not_taken() -> None:
    sdn = entry("36", "ZED", remarks=cut_remarks("; alt. Digital Currency Address - XBT 1B64QR"))
    more = {"add": row("36", "1", EMPTY, "A", "Chile", EMPTY), "alt": row("36", "1", "aka", "Z", EMPTY)}
    assert "comments" in said(read(files(sdn=sdn, **more)))
    reading = read(files(sdn=sdn, **more, sdn_comments=row("99", "left behind.")))
    (listed,) = whole(reading).entries
    assert listed.wallets == ("XBT:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",)
    assert any("XBT:1B64QR" in note.given for note in reading.notes)
    assert listed.remarks.endswith("1B64QR")


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"sdn": SDN, "add": ADD}, "aliases"),
        ({"sdn": SDN, "alt": ALT}, "addresses"),
        ({"add": ADD, "alt": ALT}, "sdn.csv"),
        ({"sdn": SDN + entry("36", "AGAIN"), "add": ADD, "alt": ALT}, "every number once"),
        ({"sdn": SDN + entry("41", "X", "submarine"), "add": ADD, "alt": ALT}, "individual, vessel, aircraft"),
        ({"sdn": SDN, "add": ADD + row("77", "1", "A", "B", "Cuba", EMPTY), "alt": ALT}, "files of different days"),
        ({"sdn": SDN, "add": ADD, "alt": ALT + row("77", "1", "aka", "B", EMPTY)}, "files of different days"),
        ({"sdn": SDN, "add": ADD, "alt": ALT.replace("fka", "qka")}, "one of aka"),
        ({"sdn": SDN[:-20], "add": ADD, "alt": ALT}, "is cut"),
        ({"sdn": SDN + '42,"CUT\r\n', "add": ADD, "alt": ALT}, "a row that is whole"),
        ({"sdn": SDN, "add": ADD + '40,1,"A"\r\n', "alt": ALT}, "6 columns"),
        ({"sdn": SDN, "add": ADD, "alt": ALT, "sdn_comments": row("36", "more.")}, "remarks that fill their field"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_why(texts: dict[str, str], what: str) -> None:
    assert what in said(read(files(**texts)))


def test_a_day_to_come_or_no_day_is_refused() -> None:
    sources = files(sdn=SDN, add=ADD, alt=ALT)
    assert "not after today" in said(read(sources, published=date(2026, 6, 2)))
    assert "--published" in said(read(sources, published=None))


def test_remarks_field_by_field() -> None:
    text = (
        "DOB circa 1951; alt. DOB 1958 to 1960; alt. DOB Dec 1948; POB Minsk, Belarus; nationality Belarus; alt. citizen Russia; Gender Female; "
        "Passport MP1234567 (Belarus) issued 01 Nov 2002 expires 31 Oct 2007; Tax ID No. 100036386 (Serbia); Registration Number 26740; "
        "National ID No. X (Nowhere); Vessel Registration Identification IMO 7406784; MMSI 572469210; SWIFT/BIC ZEDBBY2X; nationality Atlantis; "
        "Legal Entity Number 253400V1H6ART1UQ0N98 (Russia); f.k.a. 'OLD ZED'; Linked To: ZED, A.B.; "
        "Digital Currency Address - TRX TMStbg5fgb4uTV7fK1gEYF9hKAzP3siPsG."
    )
    found = parse_remarks(text)
    assert found.births == ["1949/1953", "1958/1960", "1948-12"]
    assert (found.countries, found.gender, found.linked) == (["BY", "RU"], "female", ["ZED, A.B."])
    assert found.documents == [
        Document(kind="passport", number="MP1234567", country="BY"),
        Document(kind="tax", number="100036386", country="RS"),
        Document(kind="registration", number="26740"),
        Document(kind="imo", number="7406784"),
        Document(kind="mmsi", number="572469210"),
        Document(kind="bic", number="ZEDBBY2X"),
    ]
    assert found.leis == ["253400V1H6ART1UQ0N98"]
    assert found.names == [Name(text="OLD ZED", kind="former")]
    assert found.wallets == ["TRX:TMStbg5fgb4uTV7fK1gEYF9hKAzP3siPsG"]
    assert found.unread == ["National ID No. X (Nowhere)", "nationality Atlantis"]


def test_dates_as_they_are_written() -> None:
    texts = ("10 Dec 1948", "Dec 1948", "1948", "circa 10 Dec 1948", "1957-1960", "30 Feb 1950", "1960 to 1950", "unknown")
    assert [english(text) for text in texts] == [
        "1948-12-10", "1948-12", "1948", "1946/1950", "1957/1960", None, None, None,
    ]  # fmt: skip
    assert [dotted(text) for text in ("7.2.1956", "1956", "28.01 1966", "31.2.1956", "x")] == [
        "1956-02-07",
        "1956",
        "1966-01-28",
        None,
        None,
    ]
