"""Rows on their way into a table of a lake, whole row groups at a time.

DuckDB compresses row groups side by side and writes each of them once; one that is not full it would have to open again for the rows that come next.
So rows wait until they fill some row groups, and what is left over waits for more.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

ROW_GROUP = 122_880  # rows of a row group in DuckDB
TOGETHER = 8 * ROW_GROUP  # rows that are worth a statement


def insert(connection: duckdb.DuckDBPyConnection, table: str, given: pa.Table) -> None:
    """Insert rows whose columns have the names that they have in a table."""
    names = ", ".join(given.column_names)
    pieces = [
        batch
        for start in range(0, len(given), ROW_GROUP)
        for batch in given.slice(start, ROW_GROUP).combine_chunks().to_batches()
    ]
    whole = pa.Table.from_batches(pieces, given.schema)
    # DuckDB finds the rows by the name that they have here; as a registered view it would keep them until the transaction ends.
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM whole")
    del whole


class Filling:
    """One table, and the rows that wait for it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        self._connection, self._table = connection, table
        self._waiting: list[pa.Table] = []
        self._count = 0

    def add(self, rows: pa.Table) -> None:
        """Take rows; some of them may wait."""
        self._waiting.append(rows)
        self._count += len(rows)
        if self._count >= TOGETHER:
            self._insert(self._count - self._count % ROW_GROUP)

    def finish(self) -> None:
        """Insert what still waits."""
        if self._count:
            self._insert(self._count)

    def _insert(self, count: int) -> None:
        rows = pa.concat_tables(self._waiting)
        insert(self._connection, self._table, rows.slice(0, count))
        self._waiting, self._count = [rows.slice(count)], self._count - count
