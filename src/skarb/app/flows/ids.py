"""How rows of a lake are called by those who sent them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np

from skarb.core.instruction import NOT_PROVIDED
from skarb.oversight.flows.ties import has_ids


def reference_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return how an entry is called by both sides: by its end-to-end id, where there is one, else by its own."""
    if not has_ids(connection):
        return "r.id"
    return f"CASE WHEN upper(r.end_to_end_id) <> '{NOT_PROVIDED}' THEN r.end_to_end_id ELSE r.id END"


def ids_of(connection: duckdb.DuckDBPyConnection, positions: Sequence[int], what: str = "r.id") -> dict[int, str]:
    """Return the id of each of some rows, or whatever else they are to be called by."""
    if not positions:
        return {}
    chosen = np.array(sorted(set(positions)), np.int64)
    import pyarrow as pa

    connection.register("chosen", pa.table({"position": chosen}))
    try:
        return dict(connection.execute(f"SELECT r.rowid, {what} FROM rows r JOIN chosen c ON c.position = r.rowid").fetchall())
    finally:
        connection.unregister("chosen")
