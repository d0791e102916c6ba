"""Lakes filled by hand: rows as a test says them, with no bank and no feed behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from msgspec.structs import replace

from skarb.core.facts import Facts
from skarb.lake import create_lake, open_lake, tables
from skarb.rulebook import Edition

WALLET = "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
NAMES = ("p1", "p2", "p3", "p4", "v1", "v2", WALLET)


@dataclass(frozen=True)
class Told:
    """One row of a lake, in the words of a test."""

    facts: Facts
    party: int = 0
    counterparty: int | None = None
    venue: int | None = None
    wallet: int | None = None
    book: int = 1
    answer: str = "posted"
    edition: Edition | None = None  # the law that decided; None: a feed that does not say
    outcome: int = 0
    end_to_end_id: str | None = None


def fill(folder: Path, rows: Sequence[Told]) -> Path:
    """Make a lake of rows, which stand in the order of their journals."""
    lake = folder / "lake"
    create_lake(lake)
    columns = list(tables()["cases"])
    cases: dict[Facts, int] = {}
    editions: dict[str, tuple[int, Edition]] = {}
    numbered = []
    for place, row in enumerate(rows):
        case = cases.setdefault(replace(row.facts, day=0, value=None, value_usd=None, totals=()), len(cases))
        if row.edition is not None:
            editions.setdefault(row.edition.hash, (len(editions), row.edition))
        law = None if row.edition is None else editions[row.edition.hash][0]
        facts = row.facts
        decided = (law, None if law is None else row.outcome, 0, 0, row.answer, None, f"i{place}", row.end_to_end_id)
        when = (facts.day * 86_400 * 10**9, facts.day, case, facts.value, facts.value_usd)
        numbered.append(
            (row.book, place + 1, 0, *when, 0, 100, None, None, row.party, row.counterparty, row.venue, row.wallet, *decided)
        )
    with open_lake(lake, write=True) as connection:
        folded = [
            [number, *(getattr(facts, name) for name in columns[1:-1]), number.to_bytes(16, "big")]
            for facts, number in cases.items()
        ]
        insert(connection, "cases", folded)
        for book in {row.book for row in rows}:
            connection.execute("INSERT INTO books VALUES (?, ?, 'ZZD', 2, 'Europe/Minsk')", [book, f"bank{book}"])
        for number, name in enumerate(NAMES):
            connection.execute("INSERT INTO names VALUES (?, ?)", [number, name])
        connection.execute("INSERT INTO assets VALUES (0, 'ZZD', 2)")
        for number, edition in editions.values():
            connection.execute("INSERT INTO editions VALUES (?, ?, 'ZZ', 'ZZD', 2, ?)", [number, edition.hash, edition.normal])
            for outcome, one in enumerate(edition.outcomes):
                told = [number, outcome, one.verdict, one.provision, one.measure, one.assumed]
                connection.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", told)
        insert(connection, "rows", numbered)
    return lake


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert many rows at once."""
    if rows:
        given = pa.table({f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))})
        connection.register("given", given)
        connection.execute(f"INSERT INTO {table} SELECT * FROM given")
        connection.unregister("given")
