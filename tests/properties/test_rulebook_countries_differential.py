"""Every country that ships: its own cases, decided by Python, DuckDB and SQLite, give the same outcome, duties and levy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

import duckdb
import pyarrow as pa
import pytest

from skarb.core.facts import Facts
from skarb.rulebook import Edition, Rulebook, load
from skarb.rulebook.cases import make_facts
from skarb.rulebook.sql import facts_used, statement

COUNTRIES = sorted(one.name for one in files("skarb.jurisdictions").iterdir() if (one / "country.yaml").is_file())
_ARROW = {"flag": pa.bool_(), "code": pa.string(), "day": pa.int32(), "count": pa.int32(), "money": pa.int64()}


def days_with_cases(rulebook: Rulebook) -> Iterator[tuple[Edition, list[Facts]]]:
    """The newest edition and some older ones (all when thorough), each with the facts of all the country's cases on its first day."""
    cases = [*rulebook.pack.cases, *rulebook.pack.edition_cases]
    step = 1 if os.environ.get("SKARB_THOROUGH") == "1" else 1 + len(rulebook.boundaries) // 3
    for day in sorted({rulebook.boundaries[-1], *rulebook.boundaries[1::step]}):
        yield rulebook.edition(day), [make_facts(rulebook, {**case.facts, "day": day}) for case in cases]


def ask(edition: Edition, rows: list[Facts], engine: str) -> list[tuple[int, int, int]]:
    names = facts_used(edition)
    if engine == "duckdb":
        connection = duckdb.connect()
        columns = {
            name: pa.array([getattr(edition.seen(row), name) for row in rows], type=_ARROW[edition.fields[name].type.base])
            for name in names
        }
        connection.register("facts", pa.table(columns))
        return connection.execute(statement(edition, "duckdb", "facts").sql("duckdb")).fetchall()
    lite = sqlite3.connect(":memory:")
    lite.execute(f"CREATE TABLE facts ({', '.join(names)})")
    lite.executemany(
        f"INSERT INTO facts VALUES ({', '.join('?' * len(names))})",
        [[getattr(edition.seen(row), name) for name in names] for row in rows],
    )
    return lite.execute(statement(edition, "sqlite", "facts").sql("sqlite")).fetchall()


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_means_the_same_to_every_engine(country: str) -> None:
    rulebook = load(files("skarb.jurisdictions") / country)
    for edition, rows in days_with_cases(rulebook):
        fast = [(edition.decide(row), edition.duties(row), edition.levy(row)) for row in rows]
        assert ask(edition, rows, "duckdb") == fast
        assert ask(edition, rows, "sqlite") == fast
        again = Edition.from_normal(edition.normal)
        assert (again.hash, [again.decision(row) for row in rows[::7]]) == (
            edition.hash,
            [edition.decision(row) for row in rows[::7]],
        )


def test_enumerated_columns_and_kept_columns_are_fine() -> None:
    """The lake keeps codes as ENUM columns and asks for its own key beside the answers."""
    rulebook = load(files("skarb.jurisdictions") / "zz")
    edition = rulebook.edition(rulebook.boundaries[-1])
    connection = duckdb.connect()
    types = {"flag": "BOOLEAN", "day": "INTEGER", "count": "INTEGER", "money": "BIGINT"}
    columns = []
    for name in facts_used(edition):
        kind = edition.fields[name].type
        codes = ", ".join(f"'{code}'" for code in kind.codes)
        columns.append(f'"{name}" {f"ENUM ({codes})" if kind.codes else types.get(kind.base, "VARCHAR")}')
    connection.execute(f"CREATE TABLE facts (number INTEGER, {', '.join(columns)})")
    rows = [make_facts(rulebook, {**case.facts, "day": rulebook.boundaries[-1]}) for case in rulebook.pack.cases]
    marks = ", ".join("?" * (len(columns) + 1))
    for number, row in enumerate(rows):
        values = [getattr(edition.seen(row), name) for name in facts_used(edition)]
        connection.execute(f"INSERT INTO facts VALUES ({marks})", [number, *values])
    found = connection.execute(statement(edition, "duckdb", "facts", {"key": "number"}).sql("duckdb")).fetchall()
    assert found == [(number, edition.decide(row), edition.duties(row), edition.levy(row)) for number, row in enumerate(rows)]
