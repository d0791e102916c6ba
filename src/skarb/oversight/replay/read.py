"""Read: the rows of a lake in the order of their journals, chunk after chunk, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.core.errors import ConfigurationError
from skarb.lake import PER_ROW, Strips, strips_of
from skarb.rulebook.coding import MISSING

CHUNK = 1 << 16  # rows read at once: they stay near the processor
_BITS = 63  # of a group
_ALL = "true"  # the condition for all rows

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """Some rows of the lake.

    Shape: arrays of one length; `origin` is the position of the first row.
    """

    origin: int
    cases: npt.NDArray[np.int32]
    columns: dict[str, npt.NDArray[Any]]
    parts: tuple[Part, ...]

    def groups(self) -> Numbers:
        """Return the parts of each row's group in one word, see `Rows.split`."""
        return self.packed(self.parts)

    def packed(self, parts: Sequence[Part]) -> Numbers:
        """Return a whole number for each row that tells the values of some columns apart."""
        made: Numbers | None = None
        kind, least = np.int32 if sum(one.bits for one in parts) < 32 else np.int64, 0  # half as wide is twice as quick
        for one in parts:
            part: Numbers = self.columns[one.column].astype(kind)
            if one.shift:
                part <<= one.shift
            least += 1 << one.shift
            made = part if made is None else np.add(made, part, out=made)
        return np.zeros(len(self.cases), np.int64) if made is None else np.add(made, least, dtype=np.int64)

    def taken(self, rows: Numbers | slice) -> Chunk:
        """Return some of the rows, by their places."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return Chunk(self.origin, self.cases[rows], columns, self.parts)

    @staticmethod
    def joined(chunks: Sequence[Chunk]) -> Chunk:
        """Return the rows of some chunks as one."""
        first = chunks[0]
        columns = {name: np.concatenate([one.columns[name] for one in chunks]) for name in first.columns}
        return Chunk(first.origin, np.concatenate([one.cases for one in chunks]), columns, first.parts)


class Room:
    """Arrays that one thread reads into again and again, so that they stay near its processor."""

    def __init__(self) -> None:
        """Start with none."""
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def array(self, name: str, kind: np.dtype[Any], rows: int) -> npt.NDArray[Any]:
        """Return an array of so many rows, at most `CHUNK`; what it holds is written over the next time."""
        known = self._arrays.get(name)
        if known is None or len(known) < rows:
            known = self._arrays[name] = np.empty(rows, kind)
        return known[:rows]


@dataclass(frozen=True)
class Piece:
    """Some rows of the lake that any thread may read, or that were read already; `origin` is the position of the first of them."""

    origin: int
    rows: int
    read: Callable[[Room], Chunk]


@dataclass(frozen=True)
class Part:
    """A column of `rows` that tells groups apart, and where it stands in the word of a group."""

    column: str
    shift: int
    bits: int


class Rows:
    """The rows of a lake between two legal days."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        first_day: int,
        last_day: int,
        groups: Sequence[str] = (),
    ) -> None:
        """Look at what there is; `groups` are columns of `rows` whose values are told apart, besides what decided."""
        self._connection = connection
        self.first_day, self.last_day = first_day, last_day
        count, low, high = connection.execute("SELECT count(*), min(day), max(day) FROM rows").fetchall()[0]
        # The last of so many rows lies there or behind, and to look for it does not take a look at every row.
        last = f"SELECT coalesce(max(rowid) + 1, 0) FROM rows WHERE rowid >= {count - 1}"
        self.stop: int = connection.execute(last).fetchall()[0][0]
        self._without_gaps = count == self.stop
        self.days = (max(first_day, low), min(last_day, high)) if count else (first_day, first_day - 1)
        self.parts = self.told_apart(("edition", "outcome", *groups))

    def told_apart(self, columns: Sequence[str]) -> tuple[Part, ...]:
        """Return how the values of some columns stand side by side in one word.

        Raises: ConfigurationError if it does not hold them.
        """
        if not columns:
            return ()
        highest = self._connection.execute(
            f"SELECT {', '.join(f'coalesce(max({one}), 0)' for one in columns)} FROM rows"
        ).fetchall()[0]
        parts, shift = [], 0
        for column, value in zip(columns, highest, strict=True):
            bits = (int(value) + 1).bit_length()  # nought stands for missing
            parts.append(Part(column, shift, bits))
            shift += bits
        if shift > _BITS:
            raise ConfigurationError(
                f"rows cannot be told apart by {', '.join(columns)} at once: they need {shift} bits of {_BITS}; ask for fewer"
            )
        return tuple(parts)

    def split(self, groups: Numbers) -> dict[str, Numbers]:
        """Return the columns that groups were made of; -1 where a value is missing."""
        return {one.column: (groups >> one.shift & (1 << one.bits) - 1) - 1 for one in self.parts}

    def count(self) -> int:
        """Return how many rows lie between the two days."""
        asked = "SELECT count(*) FROM rows WHERE day BETWEEN ? AND ?"
        return int(self._connection.execute(asked, [self.first_day, self.last_day]).fetchall()[0][0])

    def chunks(self, columns: Sequence[str] = (), position: int = 0) -> Iterator[Chunk]:
        """Yield the rows in the order of their journals, with further columns; those before a position may be left out.

        The facts that vary come as whole numbers, `coding.MISSING` where there is none. Reading goes on while a chunk is worked on.
        """
        for piece in self.pieces(columns, position=position):
            yield piece.read(Room())

    def pieces(self, columns: Sequence[str] = (), begin: int = 0, position: int = 0) -> Iterator[Piece]:
        """Yield the rows as `chunks` does, but to be read by others; the first ones may be left out by their number, too.

        A large lake that is read whole gets strips of what is read, and the next time any of these pieces is read from them.
        """
        wanted = list(dict.fromkeys(("case_no", *PER_ROW, *(one.column for one in self.parts), *columns)))
        with self._connection.cursor() as own:  # so that others may ask between two chunks
            between = self._between(own)
            position = self._position(own, begin, between) if begin else position
            whole = self._without_gaps and between == _ALL  # a row's position is its number then
            stored = [name for name in wanted if not (whole and name == "rowid")]
            strips = strips_of(own, self.stop) if whole else None
            positions = whole and "rowid" in wanted
            if strips is None:
                yield from self._from_table(own, between, stored, positions, begin, position)
            else:
                yield from self._with_strips(own, strips, stored, positions, position)

    def _with_strips(
        self, connection: duckdb.DuckDBPyConnection, strips: Strips, stored: Sequence[str], positions: bool, position: int
    ) -> Iterator[Piece]:
        """Yield all rows from a position on: those that there are strips of, then the others, of which there will be."""
        laid_out = strips.rows(stored)
        first = min(position, laid_out)
        for begin in range(position, laid_out, CHUNK):
            first = min(begin + CHUNK, laid_out)
            yield Piece(begin, first - begin, partial(self._from_strips, strips, stored, positions, begin, first))
        if laid_out == self.stop:
            return
        pieces = self._from_table(connection, _ALL, stored, positions, max(position, first), max(position, first))
        lengthening = strips.lengthen(stored) if position <= laid_out else None
        if lengthening is None:
            yield from pieces
            return
        with lengthening:
            for piece in pieces:
                lengthening.add(piece.origin, piece.read(Room()).columns)
                yield piece
            lengthening.finish()

    def _from_strips(self, strips: Strips, stored: Sequence[str], positions: bool, first: int, end: int, room: Room) -> Chunk:
        read = {name: room.array(name, strips.kind(name), end - first) for name in stored}
        for name, column in read.items():
            strips.read(name, first, column)
        if positions:
            read["rowid"] = np.arange(first, end)
        return Chunk(first, read["case_no"], read, self.parts)

    def _from_table(
        self,
        connection: duckdb.DuckDBPyConnection,
        between: str,
        stored: Sequence[str],
        positions: bool,
        origin: int,
        position: int,
    ) -> Iterator[Piece]:
        """Yield rows of the table from a position on, of which the first one is numbered `origin`; `positions` are counted instead of read."""
        asked = f"SELECT {', '.join(stored)} FROM rows WHERE {between}" + (f" AND rowid >= {position}" if position else "")
        for found in ahead(batches(connection.sql(asked))):
            read = {name: _numbers(found.column(place)) for place, name in enumerate(stored)}
            if positions:
                read["rowid"] = np.arange(position, position + found.num_rows)
                position += found.num_rows
            chunk = Chunk(origin, read["case_no"], read, self.parts)
            yield Piece(origin, found.num_rows, lambda room, chunk=chunk: chunk)  # type: ignore[misc]
            origin += found.num_rows

    def _position(self, connection: duckdb.DuckDBPyConnection, number: int, between: str) -> int:
        """Return the position of a row by its number among those that are read."""
        found = connection.execute(f"SELECT rowid FROM rows WHERE {between} LIMIT 1 OFFSET {number}").fetchall()
        return int(found[0][0]) if found else self.stop

    def _between(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Return the condition for the rows that are read."""
        low, high = self.days
        return _ALL if self._covers(connection) else f"day BETWEEN {low} AND {high}"

    def _covers(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Say whether every row lies between the two days."""
        asked = f"SELECT count(*) FROM rows WHERE day NOT BETWEEN {self.days[0]} AND {self.days[1]}"
        return self.stop > 0 and connection.execute(asked).fetchall() == [(0,)]


def batches(relation: duckdb.DuckDBPyRelation) -> Iterator[pa.RecordBatch]:
    """Return rows in parts; the method has another name from DuckDB 2 on."""
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return read(CHUNK)  # type: ignore[no-any-return]


def ahead(batches: Iterator[pa.RecordBatch], most: int = 4) -> Iterator[pa.RecordBatch]:
    """Yield batches that another thread reads, a few of them ahead."""
    waiting: Queue[pa.RecordBatch | BaseException | None] = Queue(most)
    stopped = Event()

    def read() -> None:
        try:
            for batch in batches:
                waiting.put(batch)
                if stopped.is_set():
                    return
            waiting.put(None)
        except BaseException as error:
            waiting.put(error)

    thread = Thread(target=read, name="replay-reader", daemon=True)
    thread.start()
    try:
        while (batch := waiting.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):
                waiting.get(timeout=0.01)


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """Return a column as numbers: a code is its place, a missing 64-bit number is `MISSING`, any other missing number -1."""
    if pa.types.is_dictionary(column.type):
        return column.indices.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
    if column.null_count:
        wide = pa.types.is_int64(column.type)
        column = column.fill_null(MISSING) if wide else column.cast(pa.int64()).fill_null(-1)
    return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
