"""Screening lists of any day, found below the data folder by their content, read whole and compared with what stands beside them.

OFAC lists are the files of 12, 6, 5 and 2 columns of one day; `…_digital_currency.csv` beside them names every address that must be read out, with
`truncated_in_source` where the publisher's own file is cut; `delta_A_B.json` names what changed between two days;
`ticker,address` is a list of addresses alone.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from skarb.core.country import codes
from skarb.core.identifiers import Address, classify, key_of_address, wallet_key
from skarb.core.list_change import compare
from skarb.core.screening_list import ScreeningList
from skarb.screening import Screen
from skarb.screening.lists import Edition, Reading, Source, form_of, read_lists, read_to_compare

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data"))
TODAY = date(2100, 1, 1)
DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
OFAC = re.compile(r"(?:^|_)(?:sdn|add|alt|cons|comments)(?:_|\.)", re.IGNORECASE)
BIRTH = re.compile(r"\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?")
WIDTHS = {12: "main", 6: "add", 5: "alt", 2: "comments"}
DATES = ("DATE", "YEAR", "FROM_YEAR", "TO_YEAR", "DATE_OF_BIRTH")
CYRILLIC = re.compile(r"[Ѐ-ӿ’']{4,}")


def text_of(path: Path) -> str:
    raw = plain(Source(path.name, path.read_bytes())).raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def head_of(path: Path) -> str:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        head = gzip.GzipFile(fileobj=file).read(4096) if packed else file.read(4096)
    return head.decode("utf-8-sig", "replace")


def rows_of(path: Path) -> list[list[str]]:
    """Read a file without a header in the plainest way."""
    reader = csv.reader(io.StringIO(text_of(path).rstrip().rstrip("\x1a")))
    return [["" if cell.strip() == "-0-" else cell.strip() for cell in row] for row in reader if row]


@cache
def candidates() -> dict[Path, str]:
    """All files with the head of a list or of something that belongs to one."""
    ends = (".csv", ".txt", ".xml")
    found = sorted(DATA.rglob("*")) if DATA.is_dir() else []
    return {path: head_of(path) for path in found if path.is_file() and path.name.lower().removesuffix(".gz").endswith(ends)}


@cache
def ofac_sets() -> dict[tuple[Path, str, str], dict[str, Path]]:
    """The files of each OFAC list by folder, kind and day."""
    found: dict[tuple[Path, str, str], dict[str, Path]] = defaultdict(dict)
    for path, head in candidates().items():
        first = next(csv.reader(re.split(r"[\r\n]", head)[:1]), [])
        if OFAC.search(path.name) and len(first) in WIDTHS and first[0].isdigit():
            day = DAY.search(path.name)
            key = path.parent, "cons" if path.name.lower().startswith("cons") else "sdn", day[0] if day else ""
            found[key][WIDTHS[len(first)]] = path
    return {key: files for key, files in found.items() if "main" in files}


def of_form(form: str) -> list[Path]:
    return [path for path, head in candidates().items() if form_of(Source(path.name, head.encode("utf-8", "replace"))) == form]


def parameters(found: list[object], what: str) -> list[object]:
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=f"no {what} below {DATA}; name the folder in SKARB_DATA"))]


def sets(whole: bool) -> list[object]:
    chosen = [(key, files) for key, files in ofac_sets().items() if ({"add", "alt"} <= files.keys()) == whole]
    return parameters([pytest.param(key, id=" ".join(key[1:])) for key, _ in chosen], "OFAC list")


def single(form: str) -> list[object]:
    return parameters([pytest.param(path, id=path.name) for path in of_form(form)], f"list of the form {form}")


@cache
def reading(paths: tuple[Path, ...]) -> Reading:
    sources = [Source(path.name, path.read_bytes()) for path in paths]
    dated = any(DAY.search(path.name) for path in paths) or any(form_of(source) == "un" for source in map(plain, sources))
    return read_lists(sources, Edition() if dated else Edition(published=date(2026, 1, 1)), TODAY)


def plain(source: Source) -> Source:
    return Source(source.name, gzip.decompress(source.raw) if source.raw[:2] == b"\x1f\x8b" else source.raw)


def whole(paths: tuple[Path, ...]) -> ScreeningList:
    read = reading(paths)
    assert not read.problems, "\n".join(map(str, read.problems[:10]))
    (found,) = read.lists
    return found


def ofac(key: tuple[Path, str, str]) -> ScreeningList:
    return whole(tuple(ofac_sets()[key].values()))


def assert_sound(found: ScreeningList) -> None:
    """What every list must be, whoever published it."""
    numbers = [listed.entry for listed in found.entries]
    assert len(numbers) == len(set(numbers))
    for listed in found.entries:
        assert listed.names and all(name.text for name in listed.names), listed
        assert set(listed.countries) <= codes(), listed
        assert all(document.country in codes() for document in listed.documents if document.country), listed
        assert all(BIRTH.fullmatch(birth) for birth in listed.births), listed
        assert all(wallet.partition(":")[2] for wallet in listed.wallets), listed
    again = msgspec.json.decode(msgspec.json.encode(found), type=ScreeningList)
    assert again == found
    assert again.sha256 == found.sha256


@pytest.mark.parametrize("key", sets(whole=True))
def test_an_ofac_list_loses_nothing(key: tuple[Path, str, str]) -> None:
    found, files = ofac(key), {kind: rows_of(path) for kind, path in ofac_sets()[key].items()}
    assert_sound(found)
    entries = {listed.entry: listed for listed in found.entries}
    assert list(entries) == [row[0] for row in files["main"]]
    assert {row[0] for row in files["add"] + files["alt"]} <= entries.keys()
    kinds = {"": "entity", "individual": "person"}
    for row in files["main"]:
        listed = entries[row[0]]
        assert (listed.name, listed.kind) == (row[1], kinds.get(row[2].lower(), row[2].lower()))
        assert listed.programme.split("; ") == row[3].split("] [")
        assert row[11] in listed.remarks
    for row in files["alt"]:
        assert row[3] in {name.text for name in entries[row[0]].names}
    for row in files["add"]:
        assert not row[2] or any(row[2] in address for address in entries[row[0]].addresses)
    for row in files.get("comments", ()):
        if row[0] in entries:
            assert entries[row[0]].remarks.endswith(row[1])


@pytest.mark.parametrize("key", sets(whole=True))
def test_every_digital_currency_address_is_read_out_and_found(key: tuple[Path, str, str]) -> None:
    path = ofac_sets()[key]["main"]
    beside = [other for other in path.parent.glob(f"*{key[2]}*digital_currency*.csv") if other.name.startswith(key[1])]
    found = ofac(key)
    read = {(listed.entry, *wallet.split(":", 1)) for listed in found.entries for wallet in listed.wallets}
    for table in beside:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        stated = {(row["ent_num"], row["ticker"], row["address"]) for row in rows if row["truncated_in_source"] != "true"}
        cut = {(row["ent_num"], f"{row['ticker']}:{row['address']}") for row in rows if row["truncated_in_source"] == "true"}
        assert read == stated
        notes = {(note.where.rpartition(" ")[2], note.given) for note in reading(tuple(ofac_sets()[key].values())).notes}
        for number, address in cut:
            assert any(where == number and address in given for where, given in notes), (number, address)
    screen = Screen([found])
    for entry, ticker, address in sorted(read):
        result = screen.wallet_result(f"{ticker}:{address}")
        assert result.status == "listed"
        assert any(one == entry for one, _, other in read if wallet_key(f"{ticker}:{other}") == wallet_key(f"{ticker}:{address}"))
        assert screen.wallet_result(f"OTHER:{address}").status == "listed"  # whatever it is filed under
    if not beside and not read:
        pytest.skip("this list names no addresses")


@pytest.mark.parametrize("key", sets(whole=False))
def test_a_list_without_its_other_files_is_refused_and_says_which(key: tuple[Path, str, str]) -> None:
    files = ofac_sets()[key]
    read = reading(tuple(files.values()))
    assert not read.lists
    said = "\n".join(map(str, read.problems))
    for kind, word in (("add", "addresses"), ("alt", "aliases")):
        assert (f"no file with its {word}" in said) == (kind not in files)
    cut = [row for row in rows_of(files["main"]) if len(row[11]) >= 999 and not row[11].endswith(".")]
    assert ("no file with its comments" in said) == bool(cut and "comments" not in files)


def deltas() -> list[object]:
    found = sorted(DATA.rglob("delta_*_*.json")) if DATA.is_dir() else []
    return parameters([pytest.param(path, id=path.name) for path in found], "delta")


@pytest.mark.parametrize("path", deltas())
def test_what_changed_between_two_days(path: Path) -> None:
    days = DAY.findall(path.name)
    stated = json.loads(path.read_text(encoding="utf-8"))
    files = {key[2]: files["main"] for key, files in ofac_sets().items() if key[0] == path.parent and key[1] == "sdn"}
    if not set(days) <= files.keys():
        pytest.skip("the lists of these days are not beside it")
    before, after = (read_to_compare(Source(files[day].name, files[day].read_bytes())) for day in days)
    assert isinstance(before, ScreeningList) and isinstance(after, ScreeningList)
    assert {kind: sorted(numbers) for kind, numbers in msgspec.to_builtins(compare(before, after)).items()} == {
        kind: sorted(numbers) for kind, numbers in stated.items()
    }


def address_lists() -> list[object]:
    found = [path for path, head in candidates().items() if head.splitlines()[:1] == ["ticker,address"]]
    return parameters([pytest.param(path, id=path.name) for path in found], "list of addresses")


@pytest.mark.parametrize("path", address_lists())
def test_a_list_of_addresses_comes_to_one_form_without_loss(path: Path) -> None:
    rows = list(csv.reader(io.StringIO(text_of(path))))[1:]
    keys: dict[str, set[str]] = defaultdict(set)
    for ticker, address in rows:
        key = wallet_key(f"{ticker}:{address}")
        assert key == key_of_address(address), (ticker, address)
        assert wallet_key(f"{ticker}:{key}") == key
        keys[key].add(address)
        if address.startswith("0x"):
            assert key == wallet_key(f"BSC:{address.lower()}") == wallet_key(f"ETH:0x{address[2:].upper()}") == address.lower()
        checked = classify(ticker, address)
        assert not isinstance(checked, Address) or wallet_key(checked.key) == key
    for key, spellings in keys.items():
        assert len({spelling.lower() for spelling in spellings}) == 1, (key, spellings)


@pytest.mark.parametrize("path", single("un"))
def test_the_un_list_loses_nothing(path: Path) -> None:
    found = whole((path,))
    assert_sound(found)
    root = etree.fromstring(plain(Source(path.name, path.read_bytes())).raw)
    elements = [*root.iter("INDIVIDUAL"), *root.iter("ENTITY")]
    entries = {listed.entry: listed for listed in found.entries}
    assert len(entries) == len(elements)
    for element in elements:
        listed = entries[(element.findtext("REFERENCE_NUMBER") or "").strip()]
        assert listed.kind == ("person" if element.tag == "INDIVIDUAL" else "entity")
        names = {name.text for name in listed.names}
        for tag in ("ALIAS_NAME", "NAME_ORIGINAL_SCRIPT"):
            assert all(" ".join(one.text.split()) in names for one in element.iter(tag) if (one.text or "").strip())
        numbers = {document.number for document in listed.documents}
        assert all(" ".join(one.text.split()) in numbers for one in element.iter("NUMBER") if (one.text or "").strip())
        dated = [*element.iterfind("INDIVIDUAL_DATE_OF_BIRTH"), *element.iterfind("INDIVIDUAL_ALIAS")]
        said = {text for one in dated for tag in DATES if (text := " ".join((one.findtext(tag) or "").split()))}
        told = {word for note in reading((path,)).notes if note.where.endswith(listed.entry) for word in note.given.split(", ")}
        assert bool(listed.births) == bool(said - told)
    assert found.published.isoformat() == (root.get("dateGenerated") or "")[:10]


@pytest.mark.parametrize("path", single("eu"))
def test_a_table_of_the_eu_loses_nothing(path: Path) -> None:
    found = whole((path,))
    assert_sound(found)
    rows = list(csv.DictReader(io.StringIO(text_of(path))))
    assert len(found.entries) == len(rows)
    told = {note.where for note in reading((path,)).notes}
    for number, (row, listed) in enumerate(zip(rows, found.entries, strict=True), start=2):
        assert listed.name == row["name"].strip()
        names = " ".join(name.text for name in listed.names)
        assert all(word in names for column in ("name", "alias") for word in CYRILLIC.findall(row.get(column, "")))
        if re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}|\d{4}", row.get("birthDate", "")):
            assert listed.births[0].startswith(row["birthDate"].rpartition(".")[2])
        numbers = {document.number for document in listed.documents}
        assert all(imo.strip() in numbers for imo in row.get("imoNumber", "").split(";") if imo.strip())
        assert bool(listed.births) or not re.search(r"\d{4}", row.get("birthDate", "")) or f"{path.name} row {number}" in told


@pytest.mark.parametrize("path", single("dpl"))
def test_the_denied_persons_lose_nobody(path: Path) -> None:
    found = whole((path,))
    assert_sound(found)
    rows = list(csv.DictReader(io.StringIO(text_of(path)), delimiter="\t"))
    orders = {(" ".join(row["Name"].split()), row["Effective_Date"]) for row in rows}
    assert len(found.entries) == len(orders)
    assert {listed.name for listed in found.entries} == {name for name, _ in orders}
    places = {address for listed in found.entries for address in listed.addresses}
    assert all(any(row["Street_Address"].strip() in place for place in places) for row in rows if row["Street_Address"].strip())
