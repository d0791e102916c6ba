"""Types of columns by engine, and the text that Spark is given."""

from __future__ import annotations

from importlib.resources import files

import duckdb
import pytest
import sqlglot

from skarb.rulebook import load
from skarb.rulebook.coding import codes_of
from skarb.rulebook.schema import schema
from skarb.rulebook.sql import Dialect, facts_used, statement
from skarb.rulebook.tables import create_table

FIELDS = schema("ZZD")


@pytest.mark.parametrize(
    ("dialect", "enumerated", "written"),
    [
        ("duckdb", True, "\"screening\" ENUM('clear', 'possible', 'listed', 'unavailable') NOT NULL"),
        ("duckdb", False, '"screening" TEXT NOT NULL'),
        ("sqlite", True, '"screening" TEXT NOT NULL'),
        ("spark", True, "`screening` STRING NOT NULL"),
    ],
)
def test_a_column_has_the_type_of_its_engine(dialect: Dialect, enumerated: bool, written: str) -> None:
    names = ["screening", "hold", "day", "value"]
    text = create_table(FIELDS, names, dialect, "facts", enumerated=enumerated, keys=["row"]).sql(dialect)
    quote = "`" if dialect == "spark" else '"'
    flag, whole, wide = ("INTEGER", "INTEGER", "INTEGER") if dialect == "sqlite" else ("BOOLEAN", "INT", "BIGINT")
    assert text.startswith(f"CREATE TABLE {quote}facts{quote} ({quote}row{quote} {wide} NOT NULL, {written}, ")
    assert text.endswith(f"{quote}hold{quote} {flag} NOT NULL, {quote}day{quote} {whole} NOT NULL, {quote}value{quote} {wide})")


def test_an_enumerated_code_keeps_its_place_in_the_list() -> None:
    connection = duckdb.connect()
    connection.execute(create_table(FIELDS, ["actor_country", "activity"], "duckdb", "facts").sql("duckdb"))
    for name in ("actor_country", "activity"):
        (kept,) = connection.execute(f"SELECT enum_range(NULL::{_type(connection, name)})").fetchone() or ((),)
        assert tuple(kept) == codes_of(FIELDS[name])


def _type(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    query = "SELECT data_type FROM information_schema.columns WHERE column_name = ?"
    return str((connection.execute(query, [name]).fetchone() or ("",))[0])


def test_spark_is_given_whole_number_division_and_its_own_quotes() -> None:
    rulebook = load(files("skarb.jurisdictions") / "zz")
    edition = next(found for found in map(rulebook.edition, reversed(rulebook.boundaries)) if "share(" in found.normal.decode())
    text = statement(edition, "spark", "facts", {"row": "row"}).sql("spark")
    assert " DIV " in text and " / " not in text
    assert '"' not in text
    assert all(f"`{name}`" in text for name in facts_used(edition))
    assert sqlglot.parse_one(text, dialect="spark").sql("spark") == text
