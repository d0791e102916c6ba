"""Sheets: a table of texts, some rows at a time, which knows where each of them stands.

CSV and Parquet come to the same: columns of texts, missing where there is nothing. What a text means is read once for each different one; if
it means nothing, the first row that has it is named with its column.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skarb.core.errors import FieldError, InputError, NotFound, shorten
from skarb.intake.container import Container, open_container
from skarb.intake.delimited import read_header
from skarb.intake.parquet import MAGIC
from skarb.intake.text import check_text
from skarb.journal.feed.csv import read_texts
from skarb.rulebook.schema import suggest
from skarb.store import Damaged

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_PART = 1 << 24  # bytes of text that are read at once
_ROWS = 1 << 16  # rows of Parquet
_FLOATS = "a text, a whole number or a decimal, as a float is not exact"
Read = TypeVar("Read")


class Places(Generic[Read]):
    """A column, read: its different values, and the place of each row among them, -1 where there is none."""

    def __init__(self, values: list[Read], places: NDArray[np.int64]) -> None:
        self.values, self.places = values, places

    def missing(self) -> NDArray[np.bool_]:
        """Say of each row whether it has nothing there."""
        return self.places < 0


@dataclass(frozen=True)
class Sheet:
    """Some rows of a table, side by side in its file."""

    file: str
    first: int  # of the first row: its line, or in Parquet its number
    table: pa.Table  # of texts
    unit: str = "line"

    def __len__(self) -> int:
        return len(self.table)

    def where(self, row: int, column: str = "") -> str:
        """Say where a row stands."""
        return f"{self.file}: {self.unit} {self.first + row}" + (f", column {column}" if column else "")

    def error(self, row: int, column: str, given: object, expected: str) -> InputError:
        """Return what is wrong with a cell."""
        return InputError(f"{self.where(row, column)}: given {shorten(given)!r}, expected {expected}; nothing was written")

    def has(self, column: str) -> bool:
        """Say whether there is such a column."""
        return column in self.table.column_names

    def read(self, column: str, reader: Callable[[str], Read], rows: NDArray[np.int64] | None = None) -> Places[Read]:
        """Read a column, or only some of its rows.

        Raises: InputError with file, row and column, where `reader` raises one.
        """
        if not self.has(column):
            return Places([], np.full(len(self) if rows is None else len(rows), -1, np.int64))
        texts = self.table[column].combine_chunks()
        coded = (texts if rows is None else texts.take(pa.array(rows))).dictionary_encode()
        places = np.asarray(coded.indices.fill_null(-1)).astype(np.int64)
        values = []
        for place, text in enumerate(coded.dictionary.to_pylist()):
            try:
                values.append(reader(text))
            except FieldError as error:
                raise self.error(self._row(places, place, rows), column, text, error.expected) from None
            except InputError as error:
                raise InputError(f"{self.where(self._row(places, place, rows), column)}: {error}; nothing was written") from None
        return Places(values, places)

    def needed(self, column: str, reader: Callable[[str], Read]) -> Places[Read]:
        """Read a column that says something in every row.

        Raises: InputError
        """
        found = self.read(column, reader)
        if found.missing().any():
            raise self.error(int(found.missing().argmax()), column, "", "a value in every row")
        return found

    def slice(self, start: int, length: int | None = None) -> Sheet:
        """Return some of the rows."""
        return Sheet(self.file, self.first + start, self.table.slice(start, length), self.unit)

    @staticmethod
    def _row(places: NDArray[np.int64], place: int, rows: NDArray[np.int64] | None) -> int:
        found = int((places == place).argmax())
        return found if rows is None else int(rows[found])


def table_in(folder: Path, name: str) -> Path | None:
    """Return the file of a table in a folder, None if there is none.

    Raises: InputError if there are several.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        raise InputError(f"{folder}: given {' and '.join(path.name for path in found)}, expected one file of {name}")
    return found[0] if found else None


def check_folder(folder: Path, names: Collection[str]) -> None:
    """Check that a folder holds tables with these names and nothing else.

    Raises: NotFound, InputError
    """
    if not folder.is_dir():
        raise NotFound(f"tables {folder}: there is no such folder; it holds {', '.join(f'{one}.csv' for one in names)}")
    known = {f"{name}{suffix}" for name in names for suffix in SUFFIXES}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in known and not path.name.startswith("."))
    if strange:
        raise InputError(
            f"{folder}: given {shorten(strange[0])}, expected only tables called {', '.join(names)}, as .csv, .csv.gz or .parquet"
        )


def sheets(path: Path, needed: Collection[str], known: Collection[str]) -> Iterator[Sheet]:
    """Yield the rows of a table, some at a time.

    Raises: InputError for what cannot be read, a column that is missing and one that nobody knows.
    """
    container = open_container(path)
    parts = _parquet(container, path, needed, known) if container.head().startswith(MAGIC) else _text(container, needed, known)
    for part in parts:
        if len(part):
            yield part


def in_parts(parts: Iterator[Sheet], rows: int) -> Iterator[Sheet]:
    """Yield the same rows, so many at a time."""
    waiting: list[Sheet] = []
    for part in parts:
        waiting.append(part)
        while sum(map(len, waiting)) >= rows:
            whole = joined(waiting)
            yield whole.slice(0, rows)
            waiting = [whole.slice(rows)] if len(whole) > rows else []
    if waiting:
        yield joined(waiting)


def joined(parts: Sequence[Sheet]) -> Sheet:
    """Return parts that follow each other as one."""
    first = parts[0]
    return Sheet(first.file, first.first, pa.concat_tables([one.table for one in parts]), first.unit)


def _text(container: Container, needed: Collection[str], known: Collection[str]) -> Iterator[Sheet]:
    check_text(container)
    columns, delimiter = read_header(container)
    _check_columns(container.name, columns, needed, known)
    header = delimiter.join(columns).encode() + b"\n"
    for first, data in _blocks(container):
        try:
            table = read_texts(header + data, list(columns), delimiter, first - 2)
        except Damaged as error:
            raise InputError(f"{container.name}: {error}; nothing was written") from None
        yield Sheet(container.name, first, pa.table({name: _said(table[name]) for name in columns}))


def _blocks(container: Container) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines behind the header, some megabytes at a time, with the number of the first."""
    waiting, size, line = [], 0, 1
    for block in container.blocks():
        waiting.append(block)
        size += len(block)
        if size < _PART or b"\n" not in block:
            continue
        data = b"".join(waiting)
        end = data.rfind(b"\n") + 1
        yield from _headless(container.name, line, data[:end])
        line += data.count(b"\n", 0, end)
        waiting, size = [data[end:]], len(data) - end
    yield from _headless(container.name, line, b"".join(waiting))


def _headless(name: str, line: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    if line == 1:
        header, _, data = data.removeprefix(codecs.BOM_UTF8).partition(b"\n")
        if not header.strip():
            raise InputError(f"{name}: line 1: given nothing, expected the names of the columns; nothing was written")
        line = 2
    if data:
        yield line, data


def _parquet(container: Container, path: Path, needed: Collection[str], known: Collection[str]) -> Iterator[Sheet]:
    try:
        source = pa.BufferReader(container.whole()) if container.gzipped else path.absolute()
        file = pq.ParquetFile(source, page_checksum_verification=True)
        _check_columns(container.name, file.schema_arrow.names, needed, known)
        for field in file.schema_arrow:
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if pa.types.is_floating(kind):
                raise InputError(f"{container.name}: column {field.name}: given {kind}, expected {_FLOATS}; nothing was written")
            if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
                raise InputError(f"{container.name}: column {field.name}: given {kind}, expected texts; nothing was written")
        first = 1
        for part in file.iter_batches(batch_size=_ROWS):
            columns = {name: _said(pa.chunked_array([_as_text(part.column(name))])) for name in part.schema.names}
            yield Sheet(container.name, first, pa.table(columns), "row")
            first += part.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{container.name}: not a whole Parquet file ({shorten(str(error), 160)}); nothing was written"
        ) from None


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind) and kind.tz:
        return _as_text(pc.strftime(column.cast(pa.timestamp("us", "UTC")), "%Y-%m-%dT%H:%M:%SZ"))
    if pa.types.is_timestamp(kind):
        return _as_text(pc.strftime(column.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%S"))
    if pa.types.is_decimal(kind):
        return pa.array([None if one is None else format(one, "f") for one in column.to_pylist()], pa.string())
    texts = column.cast(pa.string())
    texts.validate(full=True)  # some programs write bytes there that are not UTF-8
    return texts


def _said(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with nothing where one is empty."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _check_columns(file: str, columns: Sequence[str], needed: Collection[str], known: Collection[str]) -> None:
    twice = [name for name in columns if list(columns).count(name) > 1]
    if twice:
        raise InputError(f"{file}: given the column {shorten(twice[0])} more than once, expected it once")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise InputError(f"{file}: line 1: given no column {missing[0]!r}, expected at least {', '.join(needed)}")
    for name in columns:
        if name not in known:
            advice = suggest(name, known, f"known are {', '.join(sorted(known))}")
            raise InputError(f"{file}: line 1: given the column {shorten(name)!r}, which says nothing to a feed; {advice}")


def texts_of(read: Places[Any]) -> pa.Array:
    """Return a column of texts, each kept once."""
    return pa.DictionaryArray.from_arrays(
        pa.array(read.places.astype(np.int32), mask=read.missing()), pa.array(read.values, pa.string())
    )
