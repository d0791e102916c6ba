"""Mapping files: what they can say, and how their mistakes are told."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError, InputError
from skarb.intake import Reading, find_mapping, parse_mapping, read, shipped
from skarb.intake.detect import choose

BANK = """\
name: my_bank
title: Transfers of my bank
tables:
  currencies: {Rubel: BYN, Dollar: USD}
fields:
  id: {template: "bank-{number}"}
  at: {column: booked, format: "%d.%m.%Y %H:%M", zone: Europe/Minsk}
  activity: {column: sum, sign: {positive: fiat_pay, negative: instant_pay}}
  party: {template: "{branch|unpadded}:{from}"}
  counterparty: {column: to, optional: true}
  asset: {column: currency, table: currencies}
  amount: {column: sum, absolute: true}
  purpose: {by: kind, cases: {a: {constant: salary}, b: {column: text}}}
declared:
  reason: {column: why, table: {present: gift, stock: investment}}
  hired_persons: {column: men, optional: true}
ignore: [clerk]
assumptions:
  party: {kind: legal_entity, country: BY, resident: true, identified: true}
  notes: [One note.]
"""
COLUMNS = ["number", "booked", "branch", "from", "to", "currency", "sum", "kind", "text", "why", "men", "clerk"]
ROW = ["7", "29.02.2024 00:30", "0042", "Anna", "Boris", "Rubel", "12.50", "b", "for bread", "present", "3", "Z"]
DECIMALS = {"BYN": 2, "USD": 2, "BTC": 8}.get


def write(tmp_path: Path, *changes: dict[str, str], mapping: str = BANK) -> tuple[Path, Path]:
    place, table = tmp_path / "bank.yaml", tmp_path / "rows.csv"
    place.write_text(mapping, encoding="utf-8")
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([{**dict(zip(COLUMNS, ROW, strict=True)), **change}[name] for name in COLUMNS] for change in changes)
    return place, table


def reading_of(tmp_path: Path, *changes: dict[str, str], mapping: str = BANK) -> Reading:
    place, table = write(tmp_path, *changes, mapping=mapping)
    (reading,) = read(table, place, decimals=DECIMALS)
    return reading


def test_every_way_to_fill_a_field(tmp_path: Path) -> None:
    reading = reading_of(
        tmp_path, {}, {"number": "8", "sum": "-3", "to": "", "kind": "a", "men": "", "why": "stock", "branch": "00"}
    )
    first, second = reading.instructions
    assert first.id == "bank-7" and first.party == "42:Anna" and first.counterparty == "Boris" and first.purpose == "for bread"
    assert first.at == datetime(2024, 2, 28, 21, 30, tzinfo=UTC)
    assert (first.activity, first.asset, first.amount) == ("fiat_pay", "BYN", "12.50")
    assert first.declared == {"reason": "gift", "hired_persons": 3}
    assert (second.activity, second.amount, second.counterparty, second.purpose) == ("instant_pay", "3", None, "salary")
    assert second.declared == {"reason": "investment"} and second.party == "0:Anna"
    assert reading.mapping == "my_bank" and reading.assumptions is not None
    assert reading.assumptions.party.kind == "legal_entity" and reading.assumptions.notes == ("One note.",)


@pytest.mark.parametrize(
    ("change", "field", "given", "expected"),
    [
        ({"booked": "31.02.2024 10:00"}, "booked", "31.02.2024 10:00", "written %d.%m.%Y %H:%M such as 09.09.2026 09:09"),
        ({"booked": "2024-02-01 10:00"}, "booked", "2024-02-01 10:00", "such as 09.09.2026 09:09"),
        ({"booked": "1.2.2024 10:00"}, "booked", "1.2.2024 10:00", "such as 09.09.2026 09:09"),
        ({"booked": "29.02.0024 00:30"}, "at", "0024-02-28", "between 1901 and 2169"),
        ({"currency": "Taler"}, "currency", "Taler", "one of Rubel, Dollar"),
        ({"kind": "c"}, "kind", "c", "one of a, b"),
        ({"sum": "0.00"}, "sum", "0.00", "a number above or below 0"),
        ({"sum": "1.234"}, "amount", "1.234", "BYN with at most 2 decimals"),
        ({"sum": "--1"}, "amount", "-1", "no sign"),
        ({"sum": ""}, "sum", "", "a value"),
        ({"from": ""}, "from", "", "a value"),
        ({"number": ""}, "number", "", "a value"),
        ({"why": "whim"}, "why", "whim", "one of present, stock"),
        ({"men": "few"}, "declared.hired_persons", "few", "a whole number"),
        ({"from": "x" * 150}, "party", "42:xxx", "a text of 1 to 140 characters"),
    ],
)
def test_cells_that_cannot_be_read(tmp_path: Path, change: dict[str, str], field: str, given: str, expected: str) -> None:
    reading = reading_of(tmp_path, {"number": "1"}, change, {"number": "3"})
    assert reading.rows == [1, 3] and reading.refused == [2]
    problem = next(p for p in reading.problems if p.field == field)
    assert problem.given.startswith(given) and expected in problem.expected and problem.where == "rows.csv row 2 (line 3)"


def test_all_faults_of_a_row_are_told_together(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, {"currency": "Taler", "booked": "never", "why": "whim"})
    assert [p.field for p in reading.problems] == ["booked", "currency", "why"] and reading.refused == [1]


def test_a_time_that_the_clocks_skipped_does_not_exist(tmp_path: Path) -> None:
    mapping = BANK.replace("Europe/Minsk", "Europe/Berlin")
    reading = reading_of(tmp_path, {"booked": "31.03.2024 02:30"}, {"booked": "31.03.2024 03:30"}, mapping=mapping)
    assert reading.refused == [1] and reading.instructions[0].at == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)


def test_ids_are_bounded_and_stay_distinct(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, {"number": "n" * 100 + "1"}, {"number": "n" * 100 + "2"})
    first, second = (i.id for i in reading.instructions)
    assert len(first) <= 64 and first != second and first.startswith("bank-nnn")
    again = reading_of(tmp_path, {"number": "n" * 100 + "1"})
    assert again.instructions[0].id == first


def test_row_and_digest_name_rows_without_ids(tmp_path: Path) -> None:
    mapping = BANK.replace("bank-{number}", "bank-{row}-{digest}").replace("ignore: [clerk]", "ignore: [clerk, number]")
    same = [i.id for i in reading_of(tmp_path, {}, {}, {"clerk": "Y"}, {"sum": "9"}, mapping=mapping).instructions]
    assert len(set(same)) == 4
    tails = [text.rpartition("-")[2] for text in same]
    assert tails[0] == tails[1] == tails[2] != tails[3]  # what is ignored does not count


def test_a_column_of_the_file_must_be_read_or_ignored_by_name(tmp_path: Path) -> None:
    place, table = write(tmp_path, {}, mapping=BANK.replace("ignore: [clerk]", "ignore: []"))
    with pytest.raises(InputError, match=r"rows\.csv: mapping my_bank does not fit: column clerk is unknown"):
        read(table, place)
    place, table = write(tmp_path, {}, mapping=BANK.replace("{column: to,", "{column: too,").replace("[clerk]", "[clerk, to]"))
    assert next(read(table, place)).instructions[0].counterparty is None  # an optional column may be absent
    place, table = write(tmp_path, {}, mapping=BANK.replace("column: currency", "column: money"))
    with pytest.raises(InputError, match="column money is missing and column currency is unknown"):
        read(table, place)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("name: my_bank", "name: My Bank", 1, "name: given 'My Bank', expected a name of small letters"),
        ("fields:", "feilds:", 5, "feilds: given 'feilds', expected one of the keys name, title"),
        ("  purpose:", "  porpuse:", 13, "fields.porpuse: given 'porpuse', expected a field of an instruction: id, at"),
        ("  reason:", "  raison:", 15, "declared.raison: given 'raison', expected a fact that parties declare"),
        ("{column: booked, format", "{colum: booked, format", 7, "fields.at.colum: given 'colum', expected one of the keys column"),
        ('{template: "bank-{number}"}', '{template: "bank-{number"}', 6, "expected a text with columns in braces"),
        ('{template: "bank-{number}"}', '{template: "bank"}', 6, "expected a text with columns in braces"),
        ("{branch|unpadded}", "{branch|upper}", 9, "expected no way of writing besides 'unpadded'"),
        ("zone: Europe/Minsk", "zone: Minsk", 7, "fields.at.zone: given 'Minsk', expected an IANA time zone"),
        (', zone: Europe/Minsk', "", 7, "expected a format together with the zone"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %M", 7, "expected %Y %m %d and, as far as needed"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %b", 7, "expected %Y %m %d and, as far as needed"),
        ("table: currencies}", "table: currency}", 11, "expected a mapping, or one of the tables currencies"),
        ("positive: fiat_pay", "positive: pay", 8, "fields.activity.sign.positive: given 'pay', expected an activity"),
        ("cases: {a: {constant", "case: {a: {constant", 13, "given 'case', expected one of the keys"),
        ("present: gift", "present: whim", 15, "given 'whim', expected one of none, gift"),
        ("kind: legal_entity", "kind: firm", 19, "assumptions.party.kind: given 'firm', expected one of natural_person"),
        ("country: BY", "country: Belarus", 19, "expected a country code of two capital letters"),
        ("resident: true", "resident: yes", 19, "assumptions.party.resident: given 'yes', expected true or false"),
        ("identified: true", "licence: bank", 19, "given 'licence', expected one of the keys kind, country, resident, identified, age"),
        ("title: Transfers of my bank", "name: other", 2, "name: the key is given twice"),
        ("  asset: {column: currency, table: currencies}\n", "", 0, "no rule for the field 'asset'"),
        ("{column: sum, absolute: true}", "{column: sum, sign: {positive: a, negative: b}}", 12, "no 'sign' beside 'column' for amount"),
        ("{constant: salary}", "{constant: salary, optional: true}", 13, "no 'optional' beside 'constant'"),
        ("notes: [One note.]", "notes: &n [x]", 0, ""),
        ("title: Transfers of my bank", "title: [", 4, "this is not YAML"),
        ("ignore: [clerk]", "ignore: *all", 0, "given an alias"),
    ],
)  # fmt: skip
def test_mistakes_in_a_mapping_are_told_with_file_line_and_key(old: str, new: str, line: int, said: str) -> None:
    assert old in BANK
    text = BANK.replace(old, new)
    if not said:
        assert parse_mapping(text, "bank.yaml").assumptions.notes == ("x",)
        return
    with pytest.raises(ConfigurationError) as error:
        parse_mapping(text, "bank.yaml")
    assert str(error.value).startswith(f"bank.yaml line {line}" if line else "bank.yaml")
    assert said in str(error.value)


def test_a_mapping_is_found_by_name_or_file(tmp_path: Path) -> None:
    assert set(shipped()) == {"amlsim", "amlworld", "bitcoin_block", "ethereum_answer", "hot_wallet"}
    assert find_mapping("amlsim") is shipped()["amlsim"]
    with pytest.raises(ConfigurationError, match="mapping 'none' is neither a file nor one of amlsim, amlworld"):
        find_mapping("none")
    (tmp_path / "m.yaml").write_bytes(BANK.replace("One note.", "é").encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"m\.yaml: byte \d+: given 0xe9, expected UTF-8"):
        find_mapping(tmp_path / "m.yaml")


def test_no_guess_between_mappings_that_both_fit() -> None:
    twin = parse_mapping(BANK.replace("my_bank", "twin"), "twin.yaml")
    mine = parse_mapping(BANK, "bank.yaml")
    assert choose(COLUMNS, "rows.csv", [mine]) is mine
    with pytest.raises(InputError, match=r"rows\.csv: several mappings read these columns: my_bank, twin; name the one"):
        choose(COLUMNS, "rows.csv", [mine, twin])


HOT = [
    {"value": "1.00000000", "rate": "0.00001"},
    {"value": "-0.50000000", "rate": "0.00001"},
    {"value": "0.00000000", "rate": "1"},
]


def test_a_file_without_dates_takes_the_instant_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "wallet.json"
    path.write_text(json.dumps(HOT))
    (plain,) = read(path, decimals=DECIMALS)
    assert [i.activity for i in plain.instructions] == ["token_transfer_in", "token_transfer_out"]
    assert [i.amount for i in plain.instructions] == ["1.00000000", "0.50000000"] and plain.refused == [3]
    assert plain.instructions[0].at == datetime(2020, 12, 31, tzinfo=UTC)
    (dated,) = read(path, at=datetime(2026, 1, 2, tzinfo=UTC))
    assert dated.instructions[0].at == datetime(2026, 1, 2, tzinfo=UTC)
    assert "every row is taken at 2026-01-02T00:00:00+00:00, as given" in dated.assumptions.notes
    with pytest.raises(InputError, match="expected one with a zone"):
        read(path, at=datetime(2026, 1, 2))  # noqa: DTZ001


def test_an_instant_is_not_taken_for_files_with_dates(tmp_path: Path) -> None:
    place, table = write(tmp_path, {})
    with pytest.raises(InputError, match="mapping my_bank reads the dates in the file"):
        read(table, place, at=datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ({"value": 1.5, "rate": "1"}, "value", "a decimal text in quotes"),
        ({"value": "1", "rate": "1", "more": 1}, "more", "one of the columns rate, value"),
        ({"value": {"btc": 1}, "rate": "1"}, "value", "a single value"),
        ({"rate": "1"}, "value", "a value"),
    ],
)
def test_json_rows_of_a_mapping_are_read_strictly(tmp_path: Path, row: dict[str, object], field: str, expected: str) -> None:
    path = tmp_path / "wallet.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in (HOT[0], row, HOT[1])))
    (reading,) = read(path)
    assert reading.rows == [1, 3]
    assert any(p.field == field and expected in p.expected for p in reading.problems)
    assert len({str(p) for p in reading.problems}) == len(reading.problems)  # what two fields read from one column is told once


@pytest.mark.parametrize(
    "row", ['{"value": "1", "value": "2", "rate": "1"}', '{"value": NaN, "rate": "1"}', '{"value": "1", "rate": "\\ud800"}']
)
def test_json_rows_that_are_not_quite_json(tmp_path: Path, row: str) -> None:
    path = tmp_path / "wallet.jsonl"
    path.write_text("\n".join([json.dumps(HOT[0]), row, json.dumps(HOT[1])]))
    (reading,) = read(path)
    assert reading.rows == [1, 3] and reading.refused == [2]


def test_the_currencies_of_amlworld_by_name(tmp_path: Path) -> None:
    names = {
        "US Dollar": "USD", "Euro": "EUR", "Swiss Franc": "CHF", "Yuan": "CNY", "Shekel": "ILS", "Rupee": "INR", "UK Pound": "GBP", "Yen": "JPY",
        "Ruble": "RUB", "Canadian Dollar": "CAD", "Australian Dollar": "AUD", "Mexican Peso": "MXN", "Saudi Riyal": "SAR",
        "Brazil Real": "BRL", "Bitcoin": "BTC",
    }  # fmt: skip
    head = "timestamp,from_bank_id,from_account_id,to_bank_id,to_account_id,amount_paid,payment_currency,payment_format"
    path = tmp_path / "world.csv"
    rows = [f"2022/09/01 00:20,010,A,1,B,5,{name},Wire" for name in [*names, "Doubloon"]]
    path.write_text("\n".join([head, *rows]))
    (reading,) = read(path)
    assert [i.asset for i in reading.instructions] == list(names.values())
    assert [i.activity for i in reading.instructions] == ["fiat_pay"] * 14 + ["token_transfer_out"]
    assert {i.party for i in reading.instructions} == {"10:A"}
    assert reading.refused == [16] and {(p.field, p.given) for p in reading.problems} == {("payment_currency", "Doubloon")}
    assert reading.assumptions.observed and reading.assumptions.party.country == "US" and not reading.assumptions.party.resident


def test_a_table_mapping_does_not_read_a_block_nor_a_message(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text("<a/>")
    with pytest.raises(InputError, match="messages explain themselves"):
        read(path, "amlsim")
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="mapping bitcoin_block reads a bitcoin_block, given delimited"):
        read(path, "bitcoin_block")
