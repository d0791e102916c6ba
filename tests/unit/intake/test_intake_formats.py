"""The same instructions through every format give the same instructions."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skarb.core.errors import InputError
from skarb.intake import read

ROWS = [
    {
        "id": f"i{n}", "at": f"2026-0{n % 9 + 1}-01T10:00:00+03:00", "activity": "token_buy_fiat", "party": f"p{n % 3}", "asset": "BTC",
        "amount": f"0.{n + 1:08d}", "consideration_asset": "BYN", "consideration": f"{n + 1}.50",
        "declared": {"reason": "gift", "systematic": n % 2 == 0},
    }
    for n in range(50)
]  # fmt: skip
DECIMALS = {"BTC": 8, "BYN": 2}.get


def flat(row: dict[str, object]) -> dict[str, str]:
    cells = {name: value for name, value in row.items() if name != "declared"}
    declared = {
        f"declared.{name}": "true" if value is True else "false" if value is False else value
        for name, value in row["declared"].items()
    }
    return {**cells, **declared}


def as_csv(delimiter: str) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(
        file, list(flat(ROWS[0])), delimiter=delimiter, quoting=csv.QUOTE_ALL if delimiter == ";" else csv.QUOTE_MINIMAL
    )
    writer.writeheader()
    writer.writerows(flat(row) for row in ROWS)
    return file.getvalue().encode()


def as_parquet(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([flat(row) for row in ROWS]) if not columns else pa.table(columns), file)
    return file.getvalue()


CONTENTS = {
    "rows.csv": as_csv(","),
    "rows2.csv": as_csv(";"),
    "rows.tsv": as_csv("\t"),
    "rows.jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
    "rows.json": json.dumps(ROWS, indent=1).encode(),
    "rows.parquet": as_parquet(),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_gives_the_same(tmp_path: Path, name: str, packed: bool) -> None:
    expected_path = tmp_path / "expected.jsonl"
    expected_path.write_bytes(CONTENTS["rows.jsonl"])
    path = tmp_path / "file-without-ending"
    path.write_bytes(gzip.compress(CONTENTS[name]) if packed else CONTENTS[name])
    (expected,), readings = read(expected_path), list(read(path, decimals=DECIMALS, batch=16))
    found = [i for reading in readings for i in reading.instructions]
    assert found == expected.instructions and not any(reading.problems for reading in readings)
    assert [row for reading in readings for row in reading.rows] == list(range(1, 51))
    assert readings[-1].total == 50 and {reading.expected for reading in readings} == {50}


def test_parquet_types_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "typed.parquet"
    minsk = timezone(timedelta(hours=3))
    path.write_bytes(
        as_parquet(
            id=pa.array(["a", "b"]).dictionary_encode(),
            at=pa.array([datetime(2026, 1, 1, 10, tzinfo=minsk), None], pa.timestamp("ns", "Europe/Minsk")),
            activity=["mine", "mine"],
            party=["p", "p"],
            asset=["ETH", "ETH"],
            amount=pa.array([Decimal("0.000000000000000001"), Decimal("1")], pa.decimal128(38, 18)),
            **{"declared.systematic": [True, None], "declared.hired_persons": [3, 4]},
        )
    )
    (reading,) = read(path, decimals={"ETH": 18}.get)
    (first,) = reading.instructions
    assert first.amount == "0.000000000000000001" and first.at == datetime(2026, 1, 1, 7, tzinfo=UTC)
    assert first.declared == {"systematic": True, "hired_persons": 3}
    assert reading.refused == [2] and reading.problems[0].field == "at"


def test_a_parquet_column_of_floats_holds_no_amounts(tmp_path: Path) -> None:
    path = tmp_path / "float.parquet"
    path.write_bytes(
        as_parquet(**{name: [flat(ROWS[0])[name]] for name in ("id", "at", "activity", "party", "asset")}, amount=[0.1])
    )
    (reading,) = read(path)
    assert reading.refused == [1] and "a decimal text" in reading.problems[0].expected and reading.problems[0].given == "0.1"


def test_damaged_parquet_is_refused_before_its_first_row(tmp_path: Path) -> None:
    whole = as_parquet()
    path = tmp_path / "rows.parquet"
    for content in (whole[:100], whole[:-20], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"rows\.parquet: this is not a whole Parquet file"):
            read(path)


def test_a_damaged_page_of_parquet_is_found(tmp_path: Path) -> None:
    path, file = tmp_path / "rows.parquet", io.BytesIO()
    pq.write_table(pa.Table.from_pylist([flat(row) for row in ROWS]), file, compression="none", write_page_checksum=True)
    content = bytearray(file.getvalue())
    content[content.index(b"i17")] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="not a whole Parquet file"):
        read(path)


def test_parquet_with_unknown_columns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(as_parquet(colour=["red"], size=["big"]))
    with pytest.raises(InputError, match="given the columns colour, size, expected our own"):
        read(path)
