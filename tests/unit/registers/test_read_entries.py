from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError, NotFound
from skarb.core.screening_list import ScreeningList
from skarb.registers import (
    CountryDefaults,
    Party,
    Registers,
    load_country_defaults,
    read_entries,
    read_numbering,
    read_screening_list,
)

PARTIES = "party,kind,country,resident,identified,born,valid_from,valid_to\n"
GOOD = "p1,natural_person,ZZ,true,true,1990-05-05,2020-01-01,\n"
NUMBERING = read_numbering({"name": "ZZN", "length": 3, "weights": [2, 1], "modulus": 11, "prefixes": ["ZZN"]}, "zz")


def test_csv_rows_become_entries() -> None:
    found = read_entries((PARTIES + GOOD).encode(), "parties.csv", register="parties")
    assert not found.problems
    assert found.entries["parties"] == (
        Party(
            party="p1",
            kind="natural_person",
            country="ZZ",
            resident=True,
            identified=True,
            born=date(1990, 5, 5),
            valid_from=date(2020, 1, 1),
        ),
    )


def test_json_lines_and_yaml_say_the_same() -> None:
    line = (
        b'{"register":"parties","party":"p1","kind":"natural_person","country":"ZZ","resident":true,"valid_from":"2020-01-01"}\n'
    )
    text = b"parties:\n- {party: p1, kind: natural_person, country: ZZ, resident: true, valid_from: 2020-01-01}\n"
    lines, yaml = read_entries(line, "all.jsonl"), read_entries(text, "all.yaml")
    assert not lines.problems + yaml.problems
    assert lines.entries == yaml.entries
    packed = read_entries(gzip.compress((PARTIES + GOOD).encode()), "parties.csv.gz", register="parties")
    assert packed.count == 1


def test_every_problem_of_a_file_is_named_with_row_field_given_and_expected() -> None:
    rows = GOOD + (
        "p2,robot,ZZ,true,true,1990-05-05,2020-01-01,\n"
        "p3,natural_person,zz,perhaps,true,1990-02-30,2020-01-01,\n"
        ",natural_person,ZZ,true,true,,2020-01-01,2019-01-01\n"
        "p1,legal_entity,ZZ,true,true,,2020-01-01,\n"
        "p5,natural_person,ZZ,true,true,,2020-01-01,2019-01-01\n"
    )
    found = read_entries((PARTIES + rows).encode(), "parties.csv", register="parties")
    assert found.count == 0
    named = [(problem.row, problem.field, problem.given) for problem in found.problems]
    assert named == [
        (2, "kind", "robot"),
        (3, "country", "zz"),
        (3, "resident", "perhaps"),
        (3, "born", "1990-02-30"),
        (4, "party", ""),
        (5, "", "p1 2020-01-01"),
        (6, "valid_to", "datetime.date(2019, 1, 1)"),
    ]
    assert all(problem.where == f"parties.csv row {problem.row}" and problem.expected for problem in found.problems)


@pytest.mark.parametrize(
    ("raw", "name", "told"),
    [
        (b"party,kind\np1\n", "parties.csv", "as many cells"),
        (b"party,kind\np1,natural_person,more\n", "parties.csv", "as many cells"),
        ("party\nÜ".encode("latin-1"), "parties.csv", "UTF-8"),
        (gzip.compress(b"party\n" * 50, mtime=0)[:-9], "parties.csv.gz", "gzip"),
        (b"", "parties.csv", "at least one entry"),
        (b"{", "parties.jsonl", "JSON"),
        (b"parties: [", "parties.yaml", "YAML"),
        (b"parties: []\nparties: []\n", "parties.yaml", "twice"),
        (b"parties: [&a {party: p}, *a]\n", "parties.yaml", "references"),
        (b"people: []\n", "parties.yaml", "registers"),
        (b"[" * 100_000, "parties.jsonl", "JSON"),
        (b"party\n", "parties.txt", ".csv"),
        (b'{"party": "p1", "colour": "red"}', "parties.jsonl", "a field of"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_problem(raw: bytes, name: str, told: str) -> None:
    found = read_entries(raw, name, register=None if name.endswith(".yaml") else "parties")
    assert found.count == 0
    assert any(told in problem.expected for problem in found.problems), found.problems
    assert all(name in problem.where for problem in found.problems)


def test_a_register_that_does_not_exist_is_named() -> None:
    assert "parties" in read_entries(b"x", "x.csv", register="people").problems[0].expected


def test_identifiers_are_checked_and_put_in_normal_form() -> None:
    header = "party,kind,country,resident,valid_from,taxpayer_number,lei\n"
    good = read_entries(
        (header + "c1,legal_entity,ZZ,true,2020-01-01,zzn 124,529900 todvlnutnsyf94\n").encode(),
        "parties.csv",
        register="parties",
        numbering=NUMBERING,
        home="ZZ",
    )
    (entry,) = good.entries["parties"]
    assert isinstance(entry, Party)
    assert (entry.taxpayer_number, entry.lei) == ("124", "529900TODVLNUTNSYF94")
    bad = read_entries(
        (header + "c1,legal_entity,ZZ,true,2020-01-01,125,529900TODVLNUTNSYF95\n").encode(),
        "parties.csv",
        register="parties",
        numbering=NUMBERING,
        home="ZZ",
    )
    assert [problem.field for problem in bad.problems] == ["lei", "taxpayer_number"]


def test_an_import_with_one_bad_row_records_nothing() -> None:
    book = Registers(CountryDefaults(home="ZZ", legal_currency="BYN"), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    before = book.version
    summary = book.record_import(
        read_entries((PARTIES + GOOD + "p2,robot,ZZ,true,true,,2020-01-01,\n").encode(), "p.csv", register="parties")
    )
    assert (summary.added, book.version) == (0, before)
    assert [problem.row for problem in summary.problems] == [2]
    summary = book.record_import(read_entries((PARTIES + GOOD).encode(), "p.csv", register="parties"))
    assert (summary.added, summary.source) == (1, "p.csv")


LIST = """{"list": "x", "regime": "un", "publisher": "X", "version": "1", "published": "2026-01-01",
 "entries": [{"entry": "1", "taxpayer_numbers": ["ZZN 124"], "wallets": ["BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"]}]}"""


def test_a_screening_list_is_read_with_numbers_in_normal_form() -> None:
    found = read_screening_list(LIST.encode(), "x.json", numbering=NUMBERING)
    assert isinstance(found, ScreeningList)
    assert found.entries[0].taxpayer_numbers == ("124",)
    same = read_screening_list(LIST.replace("ZZN ", "").encode(), "x.json")
    assert isinstance(same, ScreeningList)
    assert same.sha256 == found.sha256


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [('"un"', '"mars"', "regime"), ("BTC:1", "1", "chain:address"), ('"entry": "1",', "", "entry"), ("}", "", "list")],
)
def test_a_screening_list_with_a_fault_is_not_taken(old: str, new: str, told: str) -> None:
    found = read_screening_list(LIST.replace(old, new).encode(), "x.json")
    assert isinstance(found, tuple)
    assert told in str(found[0])


def country(folder: Path, text: str) -> Path:
    (folder / "country.yaml").write_text("code: ZZ\nname: Zed\ncurrency: BYN\nzone: UTC\n", encoding="utf-8")
    (folder / "registers.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_countrys_defaults_start_a_market(tmp_path: Path) -> None:
    text = """
numbering: {name: ZZN, length: 3, weights: [2, 1], modulus: 11, examples: ["124"]}
gates: {bank: [regime, central_bank]}
rates: {max_age_days: 3}
parties:
- {party: b, kind: legal_entity, country: ZZ, resident: true, valid_from: 2020-01-01, taxpayer_number: "124", example: true}
licences:
- {party: b, gate: central_bank, licence: bank, valid_from: 2020-01-01, activities: [fiat_pay]}
"""
    defaults = load_country_defaults(country(tmp_path, text))
    assert defaults == load_country_defaults(tmp_path / "registers.yaml")
    book = Registers(defaults, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert book.record_defaults().added == 2
    profile = book.profile("b", 20_000)
    assert profile is not None
    assert (profile.licence, profile.registered, profile.covers) == ("bank", True, frozenset())  # one gate is missing
    assert book.country.gates["crypto_bank"] == ("regime", "central_bank")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gatez: {}", "gatez"),
        ("gates: {crypto_shop: [regime]}", "gates|crypto_shop|Invalid"),
        ("parties: {}", "registers.yaml"),
        ("parties: [{party: b}]", "kind"),
        ("- 1", "keys and values"),
        ("numbering: {name: Z}", "numbering"),
    ],
)
def test_a_country_that_cannot_be_read_is_a_configuration_error(tmp_path: Path, text: str, told: str) -> None:
    if text == "parties: {}":
        text = "parties: 7"
    with pytest.raises(ConfigurationError, match=told):
        load_country_defaults(country(tmp_path, text))
    with pytest.raises(NotFound, match=r"country\.yaml"):
        load_country_defaults(tmp_path / "nowhere")
