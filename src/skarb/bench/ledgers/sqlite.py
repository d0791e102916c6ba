"""SQLite as one would use it first: a row for every transfer, two balances updated, an index for each side's account."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from skarb.bench.ledgers.load import Load, Measured, Transfer, measure
from skarb.core.errors import ensure

_TABLES = """
pragma journal_mode = wal;
pragma synchronous = full;
create table account (id integer primary key, debits integer not null default 0, credits integer not null default 0) strict;
create table transfer (
    id integer primary key,
    debit integer not null references account,
    credit integer not null references account,
    amount integer not null check (amount > 0)
) strict;
create index transfer_debit on transfer (debit);
create index transfer_credit on transfer (credit);
"""


def rows(folder: Path, load: Load) -> Measured:
    """Measure plain SQLite: one transaction for each batch, flushed before the answer."""
    with closing(sqlite3.connect(folder / "rows.sqlite", isolation_level=None)) as db:
        db.executescript(_TABLES)
        db.executemany("insert into account (id) values (?)", ((number,) for number in range(load.accounts)))

        def post(batch: list[Transfer]) -> None:
            db.execute("begin immediate")
            db.executemany("insert into transfer values (?, ?, ?, ?)", batch)
            db.executemany("update account set debits = debits + ? where id = ?", ((one.amount, one.debit) for one in batch))
            db.executemany("update account set credits = credits + ? where id = ?", ((one.amount, one.credit) for one in batch))
            db.execute("commit")

        runs = measure(load, list, post)
        held = db.execute("select (select count(*) from transfer), sum(debits), sum(credits) from account").fetchone()
        ensure(held == (runs.posted, runs.amount, runs.amount), "the tables hold every transfer")
    return Measured(runs.runs, sqlite3.sqlite_version)
