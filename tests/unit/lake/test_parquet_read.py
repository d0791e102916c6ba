"""Parquet that others write: whatever its writer noted beside the values, a table has one form, and what hides in it is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skarb.journal.feed import files
from skarb.journal.feed.files import REPEATING, SCHEMAS, file_of, read_table, write_table
from skarb.store import Damaged


def table(name: str, rows: int = 5) -> pa.Table:
    return pa.table(
        {
            column: pa.array([f"t{row}".encode() if kind == pa.binary() else f"t{row}" for row in range(rows)], kind)
            if kind in (pa.string(), pa.binary())
            else pa.array([row % 2 for row in range(rows)]).cast(kind)
            for column, kind in SCHEMAS[name].items()
        }
    )


def all_dictionaries(given: pa.Table) -> pa.Table:
    return pa.table(
        {one: given[one].dictionary_encode() if given[one].type == pa.string() else given[one] for one in given.column_names}
    )


def nothing_missing(given: pa.Table) -> pa.Table:
    return given.cast(pa.schema([field.with_nullable(False) for field in given.schema]))


@pytest.mark.parametrize("name", ["rows", "cases", "transfers", "accounts"])
@pytest.mark.parametrize("change", [all_dictionaries, nothing_missing, lambda given: given.select(given.column_names[::-1])])
def test_other_writers_make_the_same_table(tmp_path: Path, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    expected = read_table(tmp_path / "own.parquet", name, write_table(tmp_path / "own.parquet", table(name), name))
    pq.write_table(change(table(name)), tmp_path / "other.parquet", row_group_size=2)
    found = read_table(tmp_path / "other.parquet", name, file_of(tmp_path / "other.parquet", 5))
    assert found.schema.equals(expected.schema, check_metadata=True)
    assert found.to_pylist() == expected.to_pylist()
    assert pa.concat_tables([found, expected]).num_rows == 10
    assert {one.name for one in found.schema if pa.types.is_dictionary(one.type)} == {*REPEATING.get(name, ())}


def refused(path: Path, given: pa.Table, rows: int, **options: object) -> str:
    pq.write_table(given, path, **options)
    with pytest.raises(Damaged) as error:
        read_table(path, "rows", file_of(path, rows))
    return str(error.value)


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    given = table("rows")
    twice = pa.Table.from_arrays([*given.columns, given["day"]], [*given.column_names, "day"])
    assert "one.parquet: given the column day more than once" in refused(tmp_path / "one.parquet", twice, 5)


@pytest.mark.parametrize("column", ["id", "party"])
def test_a_column_that_is_not_there_is_named(tmp_path: Path, column: str) -> None:
    assert "one.parquet: given the columns" in (
        said := refused(tmp_path / "one.parquet", table("rows").drop_columns([column]), 5)
    )
    assert f"missing ['{column}']" in said


@pytest.mark.parametrize("column", ["id", "party"])
def test_a_text_that_is_none_is_refused(tmp_path: Path, column: str) -> None:
    given = table("rows")
    wrong = pa.array([b"a", b"b", b"\xff\xfe", b"c", b"d"]).view(pa.string())
    given = given.set_column(given.column_names.index(column), column, wrong)
    assert f"one.parquet: column {column}: " in refused(tmp_path / "one.parquet", given, 5)


def test_more_than_is_stated_or_bearable_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert "given 9,000 rows, expected 5" in refused(tmp_path / "many.parquet", table("rows", 9000), 5)
    monkeypatch.setattr(files, "MOST_ROWS", 8999)
    assert "expected at most 8,999" in refused(tmp_path / "many.parquet", table("rows", 9000), 9000)
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    assert "bytes unpacked" in refused(tmp_path / "long.parquet", table("rows", 50), 50)
