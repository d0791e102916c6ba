"""The rows that a draft decides otherwise, kept beside the lake while one looks at them, however many they are.

Only positions and two small numbers a row are kept, in a temporary table that DuckDB may move to disk; names, amounts and books are joined when
somebody asks. People are told by their number in the lake (`#17`) unless the caller has a purpose to see names, and has recorded it.
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

_WHO = "CASE WHEN {number} IS NULL THEN NULL WHEN {named} THEN {name}.name ELSE '#' || {number} END"
_JOINED = """
SELECT b.name AS book, r.sequence, r.row_no, r.id, make_timestamp(r.instant // 1000) AS instant, DATE '1970-01-01' + r.day AS day,
  c.activity::VARCHAR AS activity, {party} AS party, {counterparty} AS counterparty, v.name AS venue, a.code AS asset,
  r.amount AS amount_units, a.decimals, r.value AS value_minor, b.currency, r.answer::VARCHAR AS answer, f.turn AS turn,
  f.verdict AS verdict_before, f.provision AS provision_before, t.verdict AS verdict_after, t.provision AS provision_after
FROM {changed} x
JOIN rows r ON r.rowid = x.position
JOIN cases c USING (case_no)
JOIN books b ON b.number = r.book
JOIN assets a ON a.number = r.asset
JOIN names p ON p.number = r.party
LEFT JOIN names o ON o.number = r.counterparty
LEFT JOIN names v ON v.number = r.venue
JOIN (SELECT before, after, verdict, provision, turn FROM changed_pairs JOIN changed_answers ON number = before) f
  ON f.before = x.before AND f.after = x.after
JOIN changed_answers t ON t.number = x.after
"""


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


class Changes:
    """Changed rows of a lake; `tell` is what `replay` calls."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make room on a connection to the lake; it may be one for reading only."""
        self._connection = connection
        self._answers: dict[Answer, int] = {}
        self._numbers: dict[int, int] = {}  # by the identity of an answer, which is quicker than comparing
        self._kept: list[Answer] = []  # so that no identity is given away again
        self.rows = 0
        self._parts: list[Part] = []  # files that hold what was told
        self._last = -1  # the highest position in them
        for table, columns in (
            ("changed", "position BIGINT, before USMALLINT, after USMALLINT"),
            ("changed_answers", "number USMALLINT, verdict VARCHAR, provision VARCHAR"),
            ("changed_pairs", "before USMALLINT, after USMALLINT, turn VARCHAR"),
        ):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")

    def tell(self, positions: Numbers, before: Sequence[Answer], after: Sequence[Answer]) -> None:
        """Keep some changed rows."""
        told = pa.table({"position": positions, "before": self._numbered(before), "after": self._numbered(after)})
        self._connection.register("told", told)
        self._connection.execute("INSERT INTO changed SELECT * FROM told")
        self._connection.unregister("told")
        self.rows += len(positions)

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
        query = f"SELECT count(*), max(position) FROM changed WHERE position > {self._last}"
        count, last = self._connection.execute(query).fetchall()[0]
        if count:
            path = folder / f"changed-{len(self._parts) + 1}.parquet"
            draft = path.with_name(path.name + ".new")
            told = f"SELECT * FROM changed WHERE position > {self._last}"
            try:
                self._connection.execute(f"COPY ({told}) TO {_quoted(str(draft))} (FORMAT parquet, COMPRESSION zstd)")
            except duckdb.IOException as error:
                raise OSError(str(error)) from error
            settle(draft, path)
            with path.open("rb") as file:
                self._parts.append(Part(path.name, file_digest(file, "sha256").hexdigest()))
            self._last = last
        return self._parts, list(self._answers)

    def take_up(self, folder: Path, parts: Sequence[Part], answers: Sequence[Answer]) -> None:
        """Know again what was put away; see `replay.keep`."""
        self._answers = {answer: number for number, answer in enumerate(answers)}
        self._parts = list(parts)
        for part in parts:
            self._connection.execute(f"INSERT INTO changed SELECT * FROM {_quoted(str(folder / part.name))}")
        found = self._connection.execute("SELECT count(*), coalesce(max(position), -1) FROM changed").fetchall()
        self.rows, self._last = found[0]

    def unvalued(self) -> int:
        """Return how many changed rows have no value in the legal currency."""
        query = "SELECT count(*) FROM changed x JOIN rows r ON r.rowid = x.position WHERE r.value IS NULL"
        return int(self._connection.execute(query).fetchall()[0][0])

    def write(self, path: Path, *, named: bool, notes: dict[str, str]) -> None:
        """Write all changed rows as Parquet, in the order of the journals; `notes` go into the file's own metadata."""
        kept = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in notes.items())
        query = f"{_joined('changed', named)} ORDER BY x.position"
        self._connection.execute(
            f"COPY ({query}) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{kept}}})"
        )

    def largest(self, most: int, *, named: bool) -> list[tuple[Any, ...]]:
        """Return the changed rows that are worth most, in the columns of `COLUMNS`; without a value last."""
        top = (
            "(SELECT x.* FROM changed x JOIN rows r ON r.rowid = x.position "
            f"ORDER BY abs(r.value) DESC NULLS LAST, x.position LIMIT {int(most)})"
        )
        query = f"{_joined(top, named)} ORDER BY abs(r.value) DESC NULLS LAST, x.position"
        return list(self._connection.execute(query).fetchall())

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


def _joined(changed: str, named: bool) -> str:
    party, counterparty = (
        _WHO.format(number=f"r.{column}", name=name, named=named) for column, name in (("party", "p"), ("counterparty", "o"))
    )
    return _JOINED.format(changed=changed, party=party, counterparty=counterparty)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
