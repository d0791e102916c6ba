"""What a draft of law would have kept from going abroad, and what of that came back anyway.

The replay says which rows a draft decides otherwise; here those that went abroad are picked out, and the lots they made are followed. A return
whose lot would not have left would not have come either: it is part of what the draft would have changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from skarb.oversight.flows.figures import codes_of
from skarb.oversight.flows.follow import RETURN, Followed


@dataclass(frozen=True)
class Kept:
    """Lots that a draft would have kept at home. Units: minor units of the legal currency, at the value when it left."""

    label: str
    lots: int
    invested: int
    returned: int
    still: int


def kept_by_draft(connection: duckdb.DuckDBPyConnection, found: Followed) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which lots a draft would have refused or referred, after a replay told `oversight.changes` of all changed rows."""
    rows = connection.execute(
        "SELECT x.position FROM changed x JOIN changed_pairs USING (before, after) WHERE turn = 'kept'"
    ).fetchnumpy()
    return np.isin(found.rows.positions[found.starts], np.asarray(rows["position"]))


def kept_lines(found: Followed, kept: np.ndarray[tuple[int], np.dtype[np.bool_]], dimension: str) -> tuple[Kept, ...]:
    """Return what would have stayed at home by the values of a dimension, most money first."""
    codes, labels = codes_of(found, dimension)
    home = found.rows.kinds[found.pieces.rows] == RETURN
    made = []
    for number, label in enumerate(labels):
        mine = kept & (codes == number)
        if mine.any():
            back = int(found.worths[home & mine[found.pieces.lots]].sum())
            made.append(Kept(label, int(mine.sum()), int(found.worth[mine].sum()), back, int(found.worth_left[mine].sum())))
    return tuple(sorted(made, key=lambda one: (-one.invested, one.label)))
