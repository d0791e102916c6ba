"""Ties between books: what one institution sent and what another one got, told by the id that both give the payment.

A transfer out of one book and one into another are a pair if they carry the same end-to-end id, nobody else does, the asset is the same, no more
arrived than was sent (what is less is a fee), and it arrived within some days after it was sent, not before. Nothing is guessed: an id that
several transfers carry on one side ties nothing, nor does one of which a row names an institution of the lake that shows nothing of it; what is
not tied is counted with the reason.

Source: ISO 20022, EndToEndId and UETR; the transaction of a chain serves as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.core.instruction import NOT_PROVIDED
from skarb.oversight.flows.model import Numbers, Places

TIE_DAYS = 10
FOUND = ("tied", "another_asset", "more_than_sent", "out_of_time", "more_than_once", "no_arrival", "no_sending", "elsewhere")
TIED, ASSET, AMOUNT, TIME, TWICE, NO_ARRIVAL, NO_SENDING, ELSEWHERE = range(len(FOUND))
_DAY = 86_400 * 10**9

# Ids that rows of more than one book carry, or of a row whose other side is an institution that feeds the lake, too; and whether one of them names an
# institution of the lake in whose book nothing carries the id.
_SAID = f"""
WITH known AS (SELECT n.number, b.number AS book FROM names n JOIN books b USING (name)),
said AS (SELECT r.rowid AS position, r.book, r.end_to_end_id AS id, nullif(p.book, r.book) AS one, nullif(o.book, r.book) AS other
  FROM rows r LEFT JOIN known p ON p.number = r.party LEFT JOIN known o ON o.number = r.counterparty
  WHERE r.end_to_end_id IS NOT NULL AND r.answer = 'posted' AND upper(r.end_to_end_id) <> '{NOT_PROVIDED}'),
named AS (SELECT id, one AS book FROM said WHERE one IS NOT NULL UNION SELECT id, other FROM said WHERE other IS NOT NULL),
silent AS (SELECT DISTINCT id FROM named ANTI JOIN said USING (id, book)),
asked AS (SELECT id, row_number() OVER () - 1 AS reference
  FROM said GROUP BY id HAVING min(book) <> max(book) OR count(one) > 0 OR count(other) > 0)
SELECT position, reference, silent.id IS NOT NULL AS elsewhere
FROM said JOIN asked USING (id) LEFT JOIN silent USING (id) ORDER BY position
"""


@dataclass(frozen=True)
class Ties:
    """What became of the ids of payments between books. Shape: one place for each id in `found`, `outs` and `ins`, one for each transfer in `before`.

    `outs` and `ins` are transfers, -1 where there is none, of several the first.
    """

    before: Places  # the transfer of another book that is the same payment, -1 where there is none
    found: npt.NDArray[np.int8]  # place in `FOUND`
    outs: Numbers
    ins: Numbers

    def counts(self) -> dict[str, int]:
        """Return how many ids ended how, as far as there are any."""
        return {
            name: count
            for name, count in zip(FOUND, np.bincount(self.found, minlength=len(FOUND)).tolist(), strict=True)
            if count
        }


def has_ids(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a lake has the column of ids; one from before gets it with its next addition."""
    return "end_to_end_id" in {row[0] for row in connection.execute("DESCRIBE rows").fetchall()}


def references_of(connection: duckdb.DuckDBPyConnection, positions: Numbers) -> tuple[Numbers, Numbers]:
    """Return the number of the id that each transfer's row carries, -1 where it matters to no other book, and those numbers that are elsewhere.

    `positions` are rows of the lake. An id is elsewhere if a row that carries it names an institution of the lake that shows nothing of it.
    """
    references = np.full(len(positions), -1, np.int64)
    if not has_ids(connection):
        return references, np.empty(0, np.int64)
    found = connection.sql(_SAID).to_arrow_table()
    rows, numbers = found["position"].to_numpy(), found["reference"].to_numpy()
    if len(rows):
        places = np.minimum(np.searchsorted(rows, positions), len(rows) - 1)
        there = rows[places] == positions
        references[there] = numbers[places[there]]
    return references, np.unique(numbers[found["elsewhere"].to_numpy()])


def tie(
    references: Numbers,
    books: Places,
    assets: Places,
    amounts: npt.NDArray[Any],
    instants: Numbers,
    leaving: npt.NDArray[np.bool_],
    arriving: npt.NDArray[np.bool_],
    days: int = TIE_DAYS,
    elsewhere: Numbers | None = None,
) -> Ties:
    """Find what belongs together among the transfers that leave the books of clients, and those that arrive there.

    Shape: one place for each transfer; `references` numbers ids from 0, -1 is none; `elsewhere` are ids that tie nothing, as others are
    named. Units: `instants` in nanoseconds.
    """
    before = np.full(len(references), -1, np.int32)
    count = int(references.max(initial=-1)) + 1
    outs, several = _sides(references, leaving, count)
    ins, others = _sides(references, arriving, count)
    found = np.full(count, -1, np.int8)
    both = (outs >= 0) & (ins >= 0)
    one, other = outs[both], ins[both]
    verdict = np.full(len(one), TIED, np.int8)
    if elsewhere is not None:
        verdict[np.isin(np.flatnonzero(both), elsewhere)] = ELSEWHERE
    late = instants[other] - instants[one]
    verdict[(late < 0) | (late > days * _DAY)] = TIME
    verdict[np.greater(amounts[other], amounts[one]).astype(bool)] = AMOUNT
    verdict[assets[other] != assets[one]] = ASSET
    verdict[books[other] == books[one]] = -1  # sent and got within one book: no payment between two
    found[both] = verdict
    found[(outs >= 0) & (ins < 0)] = NO_ARRIVAL
    found[(outs < 0) & (ins >= 0)] = NO_SENDING
    found[several | others] = TWICE
    tied = found == TIED
    before[ins[tied]] = outs[tied]
    told = found >= 0
    return Ties(before, found[told], outs[told], ins[told])


def _sides(references: Numbers, there: npt.NDArray[np.bool_], count: int) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Return the first transfer of each id among some, and whether there are more."""
    places = np.flatnonzero(there & (references >= 0))
    first = np.full(count, -1, np.int64)
    first[references[places[::-1]]] = places[::-1]
    return first, np.bincount(references[places], minlength=count) > 1


def edges(
    debits: Places, credits_: Places, names: Sequence[str], followed: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which transfers go from clients to the world outside their book, and which come from there."""
    outside = np.array([name.startswith(("outside/", "chain/")) for name in names], bool)
    return followed[debits] & outside[credits_], outside[debits] & followed[credits_]
