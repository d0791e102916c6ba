"""The files of a feed, written in one way and read strictly: Parquet, and CSV where rows are declared.

What an export writes follows from the journal alone: fixed settings, no time of writing, texts that repeat as dictionaries. A file is on disk
under its name only when it is whole.
"""

from __future__ import annotations

import os
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skarb.core.errors import shorten
from skarb.journal.feed.cases import FACTS
from skarb.journal.feed.csv import csv_bytes, read_csv
from skarb.journal.feed.manifest import File, places_of
from skarb.store import Damaged

TEXT = pa.string()
AMOUNT = pa.decimal128(38, 0)
SCHEMAS = {
    "rows": {
        "sequence": pa.int32(),
        "row_no": pa.int32(),
        "instant": pa.int64(),
        "day": pa.int32(),
        "case_id": TEXT,
        "value": pa.int64(),
        "value_usd": pa.int64(),
        "asset": TEXT,
        "amount": AMOUNT,
        "paid_asset": TEXT,
        "paid_amount": AMOUNT,
        "party": TEXT,
        "counterparty": TEXT,
        "venue": TEXT,
        "wallet": TEXT,
        "edition": TEXT,
        "outcome": pa.int32(),
        "duties": pa.int64(),
        "levy": pa.int32(),
        "answer": TEXT,
        "approves": TEXT,
        "id": TEXT,
        "end_to_end_id": TEXT,
    },
    "cases": {"case_id": TEXT, **FACTS},
    "transfers": {
        "sequence": pa.int32(),
        "row_no": pa.int32(),
        "debit": TEXT,
        "credit": TEXT,
        "ledger": pa.int64(),
        "amount": AMOUNT,
        "code": pa.int32(),
        "flags": pa.int32(),
        "instant": pa.int64(),
        "day": pa.int32(),
    },
    "accounts": {"sequence": pa.int32(), "id": TEXT, "address": TEXT, "asset": TEXT, "ledger": pa.int64()},
    "batches": {
        "sequence": pa.int32(),
        "recorded_at": pa.int64(),
        "registers": pa.binary(),
        "previous": pa.binary(),
        "head": pa.binary(),
        "rows": pa.int32(),
        "body": pa.binary(),
    },
}
"""The columns of each table and their types; texts that repeat lie in a dictionary, which readers need not know."""

OPTIONAL = {"rows": ("end_to_end_id",)}
"""Columns, the last of their table, that a file has only if one of its rows says something in them; read, they are always there."""

MOST_ROWS = 1 << 24
"""In one file: a whole segment is in memory at once, and a file of a few kilobytes may stand for billions of equal rows."""

MOST_BYTES = 1 << 32  # of a file once it is unpacked

REPEATING = {
    "rows": [name for name, kind in SCHEMAS["rows"].items() if kind == TEXT and name not in ("id", "approves", "end_to_end_id")],
    "transfers": ["debit", "credit"],
}


def write_table(path: Path, table: pa.Table, name: str) -> File:
    """Write a table of a feed; the file has its name only once it is on disk.

    Returns: its size and hash for the manifest.
    """
    draft = path.with_name(path.name + ".new")
    table = table.drop_columns([one for one in OPTIONAL.get(name, ()) if one in table.column_names and _says_nothing(table[one])])
    with draft.open("wb") as file:
        if path.suffix == ".csv":
            file.write(csv_bytes(table))
        else:
            _write_parquet(file, table, name)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return file_of(path, len(table))


def _says_nothing(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


def _write_parquet(file: BinaryIO, table: pa.Table, name: str) -> None:
    columns = [_lean(column) if pa.types.is_dictionary(column.type) else column for column in table.columns]
    numbers = [one.name for one in table.schema if pa.types.is_integer(one.type)]
    pq.write_table(
        pa.table(columns, table.column_names),
        file,
        compression="zstd",
        compression_level=1,
        use_dictionary=REPEATING.get(name, False),
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),  # smaller, and read three times as quickly
        write_statistics=name in REPEATING and ["sequence", "day", "instant"],
        store_schema=False,
        row_group_size=1 << 20,
        dictionary_pagesize_limit=1 << 26,
    )


def _lean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose dictionaries hold nothing but texts that some row has; whoever reads it looks at each of them."""
    lean = []
    for chunk in column.chunks:
        places, texts = places_of(chunk)
        used = np.bincount(places, minlength=len(texts) + 1)[: len(texts)] > 0
        numbers = np.append(np.cumsum(used) - 1, 0).astype(np.int32)
        indices = pa.array(numbers[places], mask=places == len(texts) if chunk.null_count else None)
        lean.append(pa.DictionaryArray.from_arrays(indices, texts.filter(pa.array(used))))
    return pa.chunked_array(lean, column.type)


def file_of(path: Path, rows: int) -> File:
    """Return the size and the hash of a file."""
    with path.open("rb") as file:
        digest = file_digest(file, sha256).hexdigest()
    return File(rows=rows, size=path.stat().st_size, sha256=digest)


def read_table(path: Path, name: str, stated: File) -> pa.Table:
    """Read a table of a feed once, checking it against what the manifest states; texts that repeat come as dictionaries.

    Raises: Damaged, with what was found and expected.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Damaged(f"{path}: the manifest names this file, it cannot be read: {error.strerror}") from None
    if (given := sha256(data).hexdigest()) != stated.sha256:
        raise Damaged(
            f"{path}: given {len(data):,} bytes with the SHA-256 {given}, expected {stated.size:,} with {stated.sha256}"
        )
    table = _csv_table(path, data, name) if path.suffix == ".csv" else _parquet_table(path, data, name, stated)
    if len(table) != stated.rows:
        raise Damaged(f"{path}: given {len(table):,} rows, expected {stated.rows:,}")
    return table


def _csv_table(path: Path, data: bytes, name: str) -> pa.Table:
    try:
        table = read_csv(data, SCHEMAS[name], OPTIONAL.get(name, ()))
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None
    for place, column in enumerate(table.column_names):
        if column in REPEATING.get(name, ()):
            table = table.set_column(place, column, table[column].dictionary_encode())
    return _complete(table, name)


def _parquet_table(path: Path, data: bytes, name: str, stated: File) -> pa.Table:
    try:
        with pq.ParquetFile(pa.BufferReader(data)) as file:  # whoever asks for a dictionary must know that the column is there
            _check_columns(path, name, file.schema_arrow)
        with pq.ParquetFile(pa.BufferReader(data), read_dictionary=REPEATING.get(name, [])) as file:
            _check_sizes(path, file.metadata, stated)
            table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Damaged(f"{path}: not a whole Parquet file: {shorten(str(error), 200)}") from None
    for column in table.column_names:
        try:
            table[column].validate(full=SCHEMAS[name][column] == TEXT)
        except pa.ArrowException as error:
            raise Damaged(f"{path}: column {column}: {shorten(str(error), 200)}") from None
    found = _complete(table, name)
    return pa.table({column: _as_read(found[column], column in REPEATING.get(name, ())) for column in SCHEMAS[name]})


def _complete(table: pa.Table, name: str) -> pa.Table:
    """Return a table with the columns that its file may leave out."""
    for column in OPTIONAL.get(name, ()):
        if column not in table.column_names:
            table = table.append_column(column, pa.nulls(len(table), SCHEMAS[name][column]))
    return table


def _check_columns(path: Path, name: str, schema: pa.Schema) -> None:
    found = {field.name: field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in schema}
    expected = {column: kind for column, kind in SCHEMAS[name].items() if column in found or column not in OPTIONAL.get(name, ())}
    if found != expected:
        wrong = {column: str(kind) for column, kind in found.items() if SCHEMAS[name].get(column) != kind}
        missing = [column for column in expected if column not in found]
        raise Damaged(f"{path}: given the columns {wrong or list(found)}, missing {missing or 'none'}, expected those of {name}")
    if len(schema) != len(found):
        twice = next(column for column in found if len(schema.get_all_field_indices(column)) > 1)
        raise Damaged(f"{path}: given the column {twice} more than once, expected the columns of {name}")


def _check_sizes(path: Path, metadata: pq.FileMetaData, stated: File) -> None:
    """Check how much a file says it holds, before any of it is unpacked."""
    if metadata.num_rows != stated.rows:
        raise Damaged(f"{path}: given {metadata.num_rows:,} rows, expected {stated.rows:,}")
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_rows > MOST_ROWS or size > MOST_BYTES:
        raise Damaged(
            f"{path}: given {metadata.num_rows:,} rows and {size:,} bytes unpacked, expected at most {MOST_ROWS:,} and {MOST_BYTES:,}; "
            "file more segments"
        )


def _as_read(column: pa.ChunkedArray, repeats: bool) -> pa.ChunkedArray:
    """Return a column in the one form that the rest of the house knows, whatever its writer noted beside it."""
    return column.cast(TEXT) if pa.types.is_dictionary(column.type) and not repeats else column
