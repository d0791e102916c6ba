"""Read: what was carried out in a lake, as deeds, in the order of time; their references are rows of journals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from skarb.core.amount import format_amount
from skarb.oversight.typologies.legs import Deed

_ROWS = """
SELECT r.instant // 1000000000, CAST(c.activity AS VARCHAR), p.name, coalesce(o.name, v.name, w.name, b.name),
  a.code, CAST(coalesce(r.amount, -1) AS VARCHAR), a.decimals, coalesce(q.code, ''), CAST(coalesce(r.paid_amount, -1) AS VARCHAR),
  coalesce(q.decimals, 0), coalesce(r.value, -1), b.name, b.name || '/' || r.sequence || '/' || r.row_no
FROM rows r JOIN cases c USING (case_no) JOIN books b ON b.number = r.book JOIN names p ON p.number = r.party
JOIN assets a ON a.number = r.asset LEFT JOIN assets q ON q.number = r.paid_asset LEFT JOIN names o ON o.number = r.counterparty
LEFT JOIN names v ON v.number = r.venue LEFT JOIN names w ON w.number = r.wallet
WHERE r.answer = 'posted' ORDER BY r.instant, r.book, r.sequence, r.row_no
"""
_LICENSED = """
SELECT name FROM books UNION SELECT DISTINCT n.name FROM rows r JOIN names n ON n.number = coalesce(r.venue, r.counterparty)
JOIN cases c USING (case_no) WHERE CAST(c.counterparty_licence AS VARCHAR) <> 'none' OR CAST(c.venue_licence AS VARCHAR) <> 'none'
UNION SELECT DISTINCT n.name FROM rows r JOIN names n ON n.number = r.party JOIN cases c USING (case_no)
WHERE CAST(c.actor_licence AS VARCHAR) <> 'none'
"""
_CHUNK = 50_000


def deeds(connection: duckdb.DuckDBPyConnection) -> Iterator[Deed]:
    """Yield what was posted, oldest first."""
    found = connection.execute(_ROWS)
    while rows := found.fetchmany(_CHUNK):
        yield from map(_deed, rows)


def licensed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return who may deal for others, as the facts of decisions say: institutions, venues, whoever has a licence."""
    return sorted(str(row[0]) for row in connection.execute(_LICENSED).fetchall())


def currency(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the legal currency of the lake's books; one law has one."""
    found = connection.execute("SELECT currency FROM books ORDER BY number LIMIT 1").fetchall()
    return str(found[0][0]) if found else ""


def _deed(row: tuple[Any, ...]) -> Deed:
    moment, activity, party, other, asset, units, decimals, paid, paid_units, paid_decimals, value, book, reference = row
    return Deed(
        moment=int(moment),
        activity=activity,
        party=party,
        other=other,
        asset=asset,
        units=int(units),
        text=format_amount(int(units), decimals),
        paid_asset=paid,
        paid_units=int(paid_units),
        paid_text=format_amount(int(paid_units), paid_decimals) if paid else "",
        value=int(value),
        of_party=book,
        of_other=book,
        reference=reference,
    )
