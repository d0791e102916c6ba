"""The rows that a draft decides otherwise, and those that it permits and nobody could pay, kept beside the lake while one looks at them.

However many they are, only positions and two small numbers a row are kept, in temporary tables that DuckDB may move to disk; names, amounts
and books are joined when somebody asks. People are told by their number in the lake (`#17`) unless the caller has a purpose to see names, and
has recorded it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.oversight.replay import Answer
from skarb.oversight.replay.keep import Part, settle

Numbers = npt.NDArray[np.int64]
Turn = Literal["kept", "freed", "otherwise"]
TURNS: tuple[Turn, ...] = ("kept", "freed", "otherwise")
"""What becomes of a changed row: it no longer happens, it newly happens, or something else about its answer changes."""

COLUMNS = (
    "book", "sequence", "row_no", "id", "instant", "day", "activity", "party", "counterparty", "venue", "asset", "amount_units", "decimals",
    "value_minor", "currency", "answer", "turn", "verdict_before", "provision_before", "verdict_after", "provision_after",
)  # fmt: skip

SHORT_COLUMNS = (*COLUMNS[:16], "provision", "changed")
"""Of a row that the draft permits and for which its world has not got the money: what had permitted it, and whether it is a changed row as well."""

_WHO = "CASE WHEN {number} IS NULL THEN NULL WHEN {named} THEN {name}.name ELSE '#' || {number} END"
_ROW = """
SELECT b.name AS book, r.sequence, r.row_no, r.id, make_timestamp(r.instant // 1000) AS instant, DATE '1970-01-01' + r.day AS day,
  c.activity::VARCHAR AS activity, {party} AS party, {counterparty} AS counterparty, v.name AS venue, a.code AS asset,
  r.amount AS amount_units, a.decimals, r.value AS value_minor, b.currency, r.answer::VARCHAR AS answer, {more}
FROM {told} x
JOIN rows r ON r.rowid = x.position
JOIN cases c USING (case_no)
JOIN books b ON b.number = r.book
JOIN assets a ON a.number = r.asset
JOIN names p ON p.number = r.party
LEFT JOIN names o ON o.number = r.counterparty
LEFT JOIN names v ON v.number = r.venue
{joined}"""
_TURN = "f.turn, f.verdict AS verdict_before, f.provision AS provision_before, t.verdict AS verdict_after, t.provision AS provision_after"
_ANSWERS = """
JOIN (SELECT before, after, verdict, provision, turn FROM changed_pairs JOIN changed_answers ON number = before) f
  ON f.before = x.before AND f.after = x.after
JOIN changed_answers t ON t.number = x.after
"""
_PERMITTED = "o.provision, EXISTS (FROM changed WHERE changed.position = x.position) AS changed"
_OUTCOME = "LEFT JOIN outcomes o ON o.edition = r.edition AND o.outcome = r.outcome"
_WORTH_MOST = "ORDER BY abs(r.value) DESC NULLS LAST, x.position"


@dataclass(frozen=True)
class Party:
    """What a draft does to one person: how many of his rows, and what they are worth in minor units."""

    name: str
    rows: int
    money: int


@dataclass(frozen=True)
class Parties:
    """Everybody whom a draft does one thing to, counted, and those with the most rows."""

    turn: Turn
    parties: int
    most: tuple[Party, ...]


class _Told:
    """A temporary table of rows that were told of in their order, which is put away part by part."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> None:
        self._connection, self._table = connection, table
        self.parts: list[Part] = []  # files that hold what was told
        self._last = -1  # the highest position in them
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")

    def tell(self, rows: pa.Table) -> None:
        self._connection.register("told", rows)
        self._connection.execute(f"INSERT INTO {self._table} SELECT * FROM told")
        self._connection.unregister("told")

    def put_away(self, folder: Path) -> None:
        told = f"FROM {self._table} WHERE position > {self._last}"
        count, last = self._connection.execute(f"SELECT count(*), max(position) {told}").fetchall()[0]
        if not count:
            return
        path = folder / f"{self._table}-{len(self.parts) + 1}.parquet"
        draft = path.with_name(path.name + ".new")
        try:
            self._connection.execute(f"COPY (SELECT * {told}) TO {_quoted(str(draft))} (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        settle(draft, path)
        with path.open("rb") as file:
            self.parts.append(Part(path.name, file_digest(file, "sha256").hexdigest()))
        self._last = last

    def take_up(self, folder: Path, parts: Sequence[Part]) -> None:
        self.parts = [one for one in parts if one.name.startswith(f"{self._table}-")]
        for part in self.parts:
            self._connection.execute(f"INSERT INTO {self._table} SELECT * FROM {_quoted(str(folder / part.name))}")
        self._last = self.count()[1]

    def count(self) -> tuple[int, int]:
        """Return how many rows were told of, and the highest position."""
        found = self._connection.execute(f"SELECT count(*), coalesce(max(position), -1) FROM {self._table}").fetchall()
        return found[0][0], found[0][1]


class Changes:
    """Rows of a lake that a draft changes something about; `tell` and `tell_unfunded` are what `replay` calls."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make room on a connection to the lake; it may be one for reading only."""
        self._connection = connection
        self._answers: dict[Answer, int] = {}
        self._numbers: dict[int, int] = {}  # by the identity of an answer, which is quicker than comparing
        self._kept: list[Answer] = []  # so that no identity is given away again
        self.rows = 0
        self._changed = _Told(connection, "changed", "position BIGINT, before USMALLINT, after USMALLINT")
        self._short = _Told(connection, "unfunded", "position BIGINT")
        for table, columns in (
            ("changed_answers", "number USMALLINT, verdict VARCHAR, provision VARCHAR"),
            ("changed_pairs", "before USMALLINT, after USMALLINT, turn VARCHAR"),
        ):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")

    def tell(self, positions: Numbers, before: Sequence[Answer], after: Sequence[Answer]) -> None:
        """Keep some changed rows."""
        self._changed.tell(pa.table({"position": positions, "before": self._numbered(before), "after": self._numbered(after)}))
        self.rows += len(positions)

    def tell_unfunded(self, positions: Numbers) -> None:
        """Keep some rows that the draft permits and for which its world has not got the money."""
        self._short.tell(pa.table({"position": positions}))

    def _numbered(self, answers: Sequence[Answer]) -> Numbers:
        distinct, first, inverse = np.unique(
            np.fromiter(map(id, answers), np.int64, len(answers)), return_index=True, return_inverse=True
        )
        for identity, place in zip(distinct.tolist(), first.tolist(), strict=True):
            if identity not in self._numbers:
                answer = answers[place]
                self._kept.append(answer)
                self._numbers[identity] = self._answers.setdefault(answer, len(self._answers))
        return np.array([self._numbers[one] for one in distinct.tolist()], np.int64)[inverse.reshape(-1)]

    def finish(self) -> None:
        """Write down what the numbers mean, once all rows were told."""
        for answer, number in self._answers.items():
            self._connection.execute("INSERT INTO changed_answers VALUES (?, ?, ?)", [number, answer.verdict, answer.provision])
        known = {number: answer for answer, number in self._answers.items()}
        for before, after in self._connection.execute("SELECT DISTINCT before, after FROM changed").fetchall():
            turn = turn_of(known[before], known[after])
            self._connection.execute("INSERT INTO changed_pairs VALUES (?, ?, ?)", [before, after, turn])

    def put_away(self, folder: Path) -> tuple[Sequence[Part], Sequence[Answer]]:
        """Write what was told since the last time; see `replay.keep`.

        Raises: OSError if the disk does not take it; it is written the next time then.
        """
        self._changed.put_away(folder)
        self._short.put_away(folder)
        return [*self._changed.parts, *self._short.parts], list(self._answers)

    def take_up(self, folder: Path, parts: Sequence[Part], answers: Sequence[Answer]) -> None:
        """Know again what was put away; see `replay.keep`."""
        self._answers = {answer: number for number, answer in enumerate(answers)}
        for one in (self._changed, self._short):
            one.take_up(folder, parts)
        self.rows = self._changed.count()[0]

    def unvalued(self) -> int:
        """Return how many changed rows have no value in the legal currency."""
        query = "SELECT count(*) FROM changed x JOIN rows r ON r.rowid = x.position WHERE r.value IS NULL"
        return int(self._connection.execute(query).fetchall()[0][0])

    def write(self, path: Path, *, named: bool, notes: dict[str, str]) -> None:
        """Write all changed rows as Parquet, in the order of the journals; `notes` go into the file's own metadata."""
        self._write(path, _changed("changed", named), notes)

    def write_unfunded(self, path: Path, *, named: bool, notes: dict[str, str]) -> None:
        """Write all rows that are left unfunded as Parquet, in the order of the journals."""
        self._write(path, _unfunded("unfunded", named), notes)

    def _write(self, path: Path, rows: str, notes: dict[str, str]) -> None:
        kept = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in notes.items())
        target = f"{_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{kept}}})"
        self._connection.execute(f"COPY ({rows} ORDER BY x.position) TO {target}")

    def largest(self, most: int, *, named: bool) -> list[tuple[Any, ...]]:
        """Return the changed rows that are worth most, in the columns of `COLUMNS`; without a value last."""
        return self._top(_changed(_top("changed", most), named))

    def largest_unfunded(self, most: int, *, named: bool) -> list[tuple[Any, ...]]:
        """Return the unfunded rows that are worth most, in the columns of `SHORT_COLUMNS`; without a value last."""
        return self._top(_unfunded(_top("unfunded", most), named))

    def _top(self, rows: str) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(f"{rows} {_WORTH_MOST}").fetchall())

    def parties(self, turn: Turn, most: int, *, named: bool) -> Parties:
        """Return how many people a draft does something to, and those with the most rows."""
        found = (
            "SELECT r.party, count(*) AS rows, coalesce(sum(r.value), 0) AS money FROM changed x JOIN rows r ON r.rowid = x.position "
            "JOIN changed_pairs USING (before, after) WHERE turn = ? GROUP BY r.party"
        )
        count = self._connection.execute(f"SELECT count(*) FROM ({found})", [turn]).fetchall()[0][0]
        who = _WHO.format(number="g.party", name="p", named=named)
        query = (
            f"SELECT {who}, g.rows, g.money FROM ({found}) g JOIN names p ON p.number = g.party "
            f"ORDER BY g.rows DESC, g.money DESC, g.party LIMIT {int(most)}"
        )
        return Parties(turn, count, tuple(Party(*row) for row in self._connection.execute(query, [turn]).fetchall()))


def turn_of(before: Answer, after: Answer) -> Turn:
    """Return what becomes of a row whose answer changes."""
    if before.verdict == "permit" != after.verdict:
        return "kept"
    return "freed" if after.verdict == "permit" != before.verdict else "otherwise"


def _top(table: str, most: int) -> str:
    return f"(SELECT x.* FROM {table} x JOIN rows r ON r.rowid = x.position {_WORTH_MOST} LIMIT {int(most)})"


def _changed(told: str, named: bool) -> str:
    return _joined(told, named, _TURN, _ANSWERS)


def _unfunded(told: str, named: bool) -> str:
    return _joined(told, named, _PERMITTED, _OUTCOME)


def _joined(told: str, named: bool, more: str, joined: str) -> str:
    party, counterparty = (
        _WHO.format(number=f"r.{column}", name=name, named=named) for column, name in (("party", "p"), ("counterparty", "o"))
    )
    return _ROW.format(told=told, party=party, counterparty=counterparty, more=more, joined=joined)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
