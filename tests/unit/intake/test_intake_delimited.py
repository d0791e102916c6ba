"""Delimited files: one bad row never spoils the next, and every row is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from skarb.core.errors import InputError
from skarb.intake import Reading, read

COLUMNS = "id,at,activity,party,asset,amount,purpose"


def row(number: int, purpose: str = "x") -> str:
    return f"i{number},2026-01-01T00:00:00Z,fiat_pay,p,BYN,{number}.00,{purpose}"


def reading_of(tmp_path: Path, *rows: str, header: str = COLUMNS, end: str = "\n") -> Reading:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join((header, *rows)) + end, encoding="utf-8")
    (reading,) = read(path)
    accounted = sorted([*reading.rows, *reading.refused])
    assert accounted == list(range(1, reading.total + 1))
    return reading


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [row(n).replace(",", delimiter) for n in (1, 2)]
    reading = reading_of(tmp_path, *rows, header=COLUMNS.replace(",", delimiter))
    assert [i.amount for i in reading.instructions] == ["1.00", "2.00"]


def test_quotes_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, row(1, '"a, ""b""\nc"'), row(2), end="")
    assert [i.purpose for i in reading.instructions] == ['a, "b"\nc', "x"]
    assert reading.rows == [1, 2]


def test_a_shifted_column_is_a_problem_of_its_row(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, row(1), row(2, "contract 5, of May"), row(3), row(4).rpartition(",")[0], row(5))
    assert reading.rows == [1, 3, 5]
    many, few = reading.problems
    assert str(many).startswith("rows.csv row 2 (line 3): given '8 columns: i2,")
    assert "expected 7 columns as in the header; look for a ',' inside a cell that is not quoted" in str(many)
    assert few.row == 4 and few.given.startswith("6 columns") and "missing cell" in few.todo


def test_values_shifted_by_one_column_fail_by_their_types(tmp_path: Path) -> None:
    shifted = "i2,fiat_pay,2026-01-01T00:00:00Z,p,BYN,2.00,x"
    reading = reading_of(tmp_path, row(1), shifted, row(3))
    assert reading.rows == [1, 3]
    assert {problem.field for problem in reading.problems} >= {"at"}


def test_a_quote_that_never_closes_spoils_its_row_only(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, row(1), row(2, '"open'), *(row(n) for n in range(3, 600)))
    assert reading.refused == [2] and len(reading.instructions) == 598
    assert "every quote that opens to be closed" in str(reading.problems[0])


def test_an_open_quote_does_not_swallow_a_good_quoted_row(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, row(1, '"open'), row(2, '"a,b"'), row(3, '"open again'), row(4))
    assert reading.refused == [1, 3]
    assert reading.rows == [2, 4]


def test_blank_lines_are_no_rows_and_lines_are_told_where_they_differ(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, "", row(1), "", "  ", row(2).replace("2.00", "2,00", 1))
    assert reading.total == 2 and reading.problems[0].where == "rows.csv row 2 (line 6)"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,at,activity,party,asset,amount,amount", "names 'amount' twice"),
        ("id,at,activity,party,asset,,amount", "column 6 of the header has no name"),
        ("just a text", "expected a header"),
        ("id,at,activity,party,asset", "column amount is missing"),
        (COLUMNS + ",colour", "column colour is unknown"),
        ("i1,2026-01-01T00:00:00Z,fiat_pay,p,BYN,1.00,x", "expected our own"),
        ("debtor,creditor,sum", "none of the mappings amlsim, .* fits; .* --mapping FILE.yaml"),
        (
            "tran_id,orig_acct,bene_acct,tx_type,base_amt,when",
            "; mapping amlsim does not fit: column tran_timestamp is missing .*; say",
        ),
    ],
)
def test_headers_that_cannot_be_used(tmp_path: Path, header: str, said: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{header}\n{row(1)}\n")
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_header_alone_is_a_file_without_rows(tmp_path: Path) -> None:
    reading = reading_of(tmp_path)
    assert (reading.total, reading.instructions, reading.problems, reading.mapping) == (0, [], [], "native")


def test_batches_count_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join([COLUMNS, *(row(n) if n % 10 else "bad" for n in range(1, 1001))]))
    readings = list(read(path, batch=64))
    assert [r.total for r in readings] == [*range(64, 1000, 64), 1000]
    assert sorted(k for r in readings for k in r.refused) == list(range(10, 1001, 10))
    assert all(i.id == f"i{k}" for r in readings for i, k in zip(r.instructions, r.rows, strict=True))
    assert {r.expected for r in readings} == {1000}
