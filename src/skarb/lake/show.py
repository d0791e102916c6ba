"""What a lake holds, at a glance, and what it holds about one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skarb.core.errors import NotFound
from skarb.lake.open import database_path, open_lake

BOOKS = ("book", "proven", "batches", "gaps", "days", "rows", "transfers", "accounts", "head", "feeds", "last_added", "added_by")
KEYS = ("book", "key", "trusted_at", "trusted_by")
DECISIONS = ("instant", "book", "id", "activity", "party", "counterparty", "asset", "amount", "value", "answer", "provision")

_BOOKS = """
SELECT b.name, CASE WHEN f.proven THEN 'proven' WHEN f.declared THEN 'declared' ELSE 'both' END, f.low || '–' || f.high, f.missing,
  CASE WHEN r.rows IS NULL THEN '' ELSE (DATE '1970-01-01' + r.first_day)::VARCHAR || ' – ' || (DATE '1970-01-01' + r.last_day)::VARCHAR END,
  coalesce(r.rows, 0), coalesce(t.transfers, 0), coalesce(a.accounts, 0), f.head, f.feeds,
  strftime(f.added_at, '%Y-%m-%d %H:%M:%S') || ' UTC', f.added_by
FROM books b
JOIN (SELECT book, bool_and(proven) AS proven, NOT bool_or(proven) AS declared, min(from_sequence) AS low, max(to_sequence) AS high,
    max(to_sequence) - sum(to_sequence - from_sequence + 1)::BIGINT AS missing, lower(hex(arg_max(head, to_sequence))) AS head,
    count(*) AS feeds, max(added_at) AS added_at, arg_max(added_by, number) AS added_by FROM feeds GROUP BY book) f ON f.book = b.number
LEFT JOIN (SELECT book, count(*) AS rows, min(day) AS first_day, max(day) AS last_day FROM rows GROUP BY book) r ON r.book = b.number
LEFT JOIN (SELECT book, count(*) AS transfers FROM transfers GROUP BY book) t ON t.book = b.number
LEFT JOIN (SELECT book, count(*) AS accounts FROM accounts GROUP BY book) a ON a.book = b.number
ORDER BY b.name
"""


def books(lake: Path) -> list[tuple[Any, ...]]:
    """Return a line for each book, in the columns of `BOOKS`.

    Raises: NotFound, Unavailable
    """
    with open_lake(lake) as connection:
        return list(connection.execute(_BOOKS).fetchall())


def size(lake: Path) -> int:
    """Return how many bytes the tables of a lake take on disk."""
    return database_path(lake).stat().st_size


def keys(lake: Path) -> list[tuple[Any, ...]]:
    """Return the trusted keys, in the columns of `KEYS`.

    Raises: NotFound, Unavailable
    """
    with open_lake(lake) as connection:
        query = "SELECT book, key, strftime(trusted_at, '%Y-%m-%d %H:%M:%S') || ' UTC', trusted_by FROM keys ORDER BY ALL"
        return list(connection.execute(query).fetchall())


def decisions_of(lake: Path, party: str, most: int) -> list[tuple[Any, ...]]:
    """Return the latest decisions about a party on either side, in the columns of `DECISIONS`; a look at a person.

    Raises: NotFound, Unavailable
    """
    with open_lake(lake) as connection:
        known = connection.execute("SELECT number FROM names WHERE name = ?", [party]).fetchall()
        if not known:
            raise NotFound(f"lake {lake}: nobody is called {party!r}; names are written as the instructions have them")
        columns = ", ".join(f"CAST({name} AS VARCHAR)" for name in DECISIONS)
        query = f"SELECT {columns} FROM decisions WHERE party = ? OR counterparty = ? ORDER BY instant DESC, book, sequence, row_no LIMIT ?"
        return list(connection.execute(query, [party, party, most]).fetchall())
