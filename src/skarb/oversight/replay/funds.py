"""Funds: money that was not received cannot be spent.

When a row does not come to pass in a world, whoever it would have credited has less there, and may not be able to pay later; then whoever he would
have paid has less, too. Only accounts that may not fall below nought are followed, and of those only the ones that such money can have come
through. What the law refused or the ledger turned down moved nothing that a lake knows of, and so it moves nothing in any world.

A journal begins with nothing in its accounts. Tables that an institution declares begin somewhere in its life: what accounts must have had by then,
for everything to be paid that was, they have in both worlds before the first row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.core.errors import ConfigurationError
from skarb.core.transfer import TransferFlag
from skarb.desk.plan import FLOORED
from skarb.oversight.replay.paying import Legs
from skarb.oversight.replay.read import ahead, batches

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_PLAIN = TransferFlag.linked | TransferFlag.imported  # transfers without any other flag move money at once
_MOVED = f"t.flags & {~_PLAIN.value & 0xFFFF} = 0"
_ROW = "t.book = r.book AND t.sequence = r.sequence AND t.row_no = r.row_no"


_TOO_MUCH = "the transfers between accounts whose money is to be followed come to more than 38 digits; ask about fewer days with --from and --to"
_BEFORE = -1  # the position of what was there before the first row
_NEEDED = f"""
SELECT place, (-min(had))::DECIMAL(38, 0) AS amount FROM (
  SELECT place, sum(units) OVER (PARTITION BY place ORDER BY row, leg ROWS UNBOUNDED PRECEDING) AS had FROM (
    SELECT f.place, r.rowid AS row, t.rowid AS leg, -(t.amount::HUGEINT) AS units
    FROM transfers t JOIN followed f ON f.number = t.debit JOIN rows r ON {_ROW} WHERE {_MOVED} AND t.book IN (FROM declared)
    UNION ALL
    SELECT f.place, r.rowid, t.rowid, t.amount::HUGEINT
    FROM transfers t JOIN followed f ON f.number = t.credit JOIN rows r ON {_ROW} WHERE {_MOVED} AND t.book IN (FROM declared)))
GROUP BY place HAVING min(had) < 0 ORDER BY place
"""


@dataclass(frozen=True)
class Funds:
    """Accounts that are followed, from a position on, and the transfers that touch them."""

    accounts: Numbers  # numbers in the lake, rising
    start: int  # position of the first row that may be lost
    legs: Legs

    @property
    def rows(self) -> Numbers:
        """Positions of the rows on which it depends who has how much."""
        return np.unique(self.legs.rows[self.legs.rows >= self.start])


NOTHING = Funds(
    np.zeros(0, np.int64),
    0,
    Legs(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2), np.uint64)),
)


def has_transfers(connection: duckdb.DuckDBPyConnection) -> bool:
    """Say whether a lake knows of transfers that instructions became."""
    asked = "SELECT count(*) FROM (SELECT 1 FROM transfers WHERE row_no IS NOT NULL LIMIT 1)"
    return bool(connection.execute(asked).fetchall()[0][0])


def approved_later(connection: duckdb.DuckDBPyConnection) -> Numbers:
    """Return the positions of rows that waited for a second person and came to pass with the row of his approval."""
    asked = (
        "SELECT r.rowid AS row FROM rows r JOIN rows a ON a.book = r.book AND a.approves = r.id "
        "WHERE a.approves IS NOT NULL AND a.answer = 'posted' AND r.answer = 'referred' ORDER BY row"
    )
    return connection.sql(asked).to_arrow_table()["row"].to_numpy()  # type: ignore[no-any-return]


def reached_from(connection: duckdb.DuckDBPyConnection, lost: Numbers, spread: object) -> Numbers:
    """Return the numbers of all accounts that may have less once the rows at some positions are lost."""
    with connection.cursor() as own:
        own.register("lost", pa.table({"row": lost}))
        seeds = own.sql(
            f"SELECT t.rowid AS leg FROM transfers t JOIN rows r ON {_ROW} WHERE {_MOVED} AND r.rowid IN (SELECT row FROM lost) ORDER BY leg"
        )
        legs = seeds.to_arrow_table()["leg"].to_numpy()
        if not len(legs):
            return NOTHING.accounts
        floored = _floored(own)
        reached = np.zeros(len(floored), np.bool_)
        asked = (
            "SELECT t.rowid AS leg, sequence::BIGINT << 32 | row_no AS word, debit, credit FROM transfers t "
            f"WHERE {_MOVED} AND row_no IS NOT NULL AND t.rowid >= {legs[0]}"
        )
        for part in _whole(ahead(batches(own.sql(asked)))):
            leg, word, debit, credit = (column.to_numpy() for column in part.columns)
            spread(word, debit, credit, np.isin(leg, legs), floored, reached)  # type: ignore[operator]
    return np.flatnonzero(reached)


def follow(connection: duckdb.DuckDBPyConnection, accounts: Numbers, start: int) -> Funds:
    """Return what is to be known to follow some accounts.

    Raises: ConfigurationError if an amount has more digits than columns hold.
    """
    if not len(accounts):
        return NOTHING
    with connection.cursor() as own:
        own.register("followed", pa.table({"number": accounts, "place": np.arange(len(accounts), dtype=np.int32)}))
        found = own.sql(
            "SELECT r.rowid AS row, coalesce(d.place, -1)::INTEGER AS debit, coalesce(c.place, -1)::INTEGER AS credit, t.amount FROM transfers t "
            "LEFT JOIN followed d ON d.number = t.debit LEFT JOIN followed c ON c.number = t.credit "
            f"JOIN rows r ON {_ROW} WHERE {_MOVED} AND (d.place IS NOT NULL OR c.place IS NOT NULL) ORDER BY row, t.rowid"
        ).to_arrow_table()
        _check_sum(words := _words(found["amount"]))
        places, before = _before(own)
    _check_sum(words := np.concatenate((before, words)))
    none = np.full(len(places), -1, np.int32)
    row = np.concatenate((np.full(len(places), _BEFORE, np.int64), found["row"]))
    debit, credit = (np.concatenate((first, found[name])) for first, name in ((none, "debit"), (places, "credit")))
    return Funds(accounts, start, Legs(row, debit, credit, words))


def _before(connection: duckdb.DuckDBPyConnection) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """Return the followed accounts of declared books that had something before the first row, and the least that it was."""
    connection.execute("CREATE OR REPLACE TEMP TABLE declared AS SELECT DISTINCT book FROM feeds WHERE NOT proven")
    if connection.execute("SELECT count(*) FROM declared").fetchall() == [(0,)]:
        return np.zeros(0, np.int32), np.zeros((0, 2), np.uint64)
    try:
        found = connection.sql(_NEEDED).to_arrow_table()
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        raise ConfigurationError(_TOO_MUCH) from None
    return found["place"].to_numpy().astype(np.int32), _words(found["amount"])


def _check_sum(words: npt.NDArray[np.uint64]) -> None:
    """Check that no balance comes near the bit that says it is negative.

    Raises: ConfigurationError
    """
    if sum(words[:, 1].tolist()) + len(words) >= 1 << 63:
        raise ConfigurationError(_TOO_MUCH)


def _words(column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Return amounts as two words each.

    Raises: ConfigurationError if one has more digits than columns hold.
    """
    amounts = column.combine_chunks()
    if amounts.null_count:
        raise ConfigurationError(
            "a transfer of more than 38 digits touches an account whose money is to be followed; leave its rows out with --from and --to"
        )
    buffer = amounts.buffers()[1] if len(amounts) else b""
    return np.frombuffer(buffer, np.uint64)[2 * amounts.offset : 2 * (amounts.offset + len(amounts))].reshape(-1, 2)


def _floored(connection: duckdb.DuckDBPyConnection) -> Flags:
    """Say of each account whether it may not fall below nought."""
    holds = " OR ".join(f"starts_with(address, '{one}')" for one in FLOORED)
    found = connection.execute(f"SELECT number FROM accounts WHERE {holds}").fetchnumpy()["number"]
    highest = connection.execute("SELECT coalesce(max(number), -1) FROM accounts").fetchall()[0][0]
    made = np.zeros(highest + 1, np.bool_)
    made[np.asarray(found)] = True
    return made


def _whole(parts: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the same transfers so that those of one row are not torn apart."""
    left: pa.RecordBatch | None = None
    for part in parts:
        joined = part if left is None else pa.concat_batches([left, part])
        words = joined.column(1).to_numpy()
        torn = np.flatnonzero(words != words[-1])
        end = int(torn[-1]) + 1 if len(torn) else 0
        left = joined.slice(end)
        if end:
            yield joined.slice(0, end)
    if left is not None and len(left):
        yield left
