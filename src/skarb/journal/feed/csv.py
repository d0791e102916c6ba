"""The tables of a feed as CSV, for institutions that have no other way to write columns: the same columns, the same strictness.

A file is UTF-8 with a header that names every column in its order, commas, and lines that end with LF or CR LF (the last may lack it). A
missing value is nothing between two commas; a text may stand in double quotes, and an empty text must. Whole numbers are digits as one
writes them, flags are `true` and `false`. A text has no line break in it, so line numbers mean something, and what is wrong is named with
line and column.

Source: RFC 4180.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from skarb.core.errors import shorten
from skarb.store import Damaged

_WHOLE = "^(0|-?[1-9][0-9]{0,37})$"
_FLAG = "^(true|false)$"
_END, _RETURN, _MARK = b'\n\r"'
_HEADER = 1  # lines before the first row
_BLOCK = 1 << 24  # bytes that are parsed at once; no line is longer


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table as CSV."""
    plain = pa.table(
        {name: table[name] if pa.types.is_integer(table[name].type) else _written(table[name]) for name in table.column_names}
    )
    with pa.BufferOutputStream() as out:
        csv.write_csv(plain, out)
        return bytes(out.getvalue())


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_boolean(column.type) else column.cast(pa.string())


def read_csv(data: bytes, kinds: Mapping[str, pa.DataType], optional: Sequence[str] = ()) -> pa.Table:
    """Read a table that has just these columns; those that are optional, the last ones, may be left out together.

    Raises: Damaged, with line and column, what was given and what was expected.
    """
    required = [name for name in kinds if name not in optional]
    try:
        header = data[: data.find(b"\n") + 1].decode().rstrip("\r\n").replace('"', "").split(",")
    except UnicodeDecodeError:
        raise Damaged("line 1: given bytes that are not UTF-8") from None
    if header not in (required, required + list(optional)):
        more = f", and no other or {','.join(optional)} after them" if optional else ""
        raise Damaged(f"line 1: given the columns {shorten(','.join(header), 300)}, expected {','.join(required)}{more}")
    texts = read_texts(data, header)
    return pa.table({name: _column(name, texts[name], kinds[name]) for name in header})


def read_texts(data: bytes, names: list[str], delimiter: str = ",", skipped: int = 0) -> pa.Table:
    """Return all columns as the texts that they are, missing where there is nothing; the first line is a header, which nobody looks at.

    `skipped` is the number of lines of a file that were left out behind its header.
    Raises: Damaged, with the line, what was given and what was expected.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1 + skipped
        raise Damaged(f"line {line}: given bytes that are not UTF-8") from None
    _check_marks(data, delimiter, skipped)
    try:
        return _parsed(data, names, delimiter, lambda row: "error")
    except pa.ArrowException as error:
        reason = shorten(str(error), 200)
    wrong: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        wrong.append(row)
        return "error"

    with suppress(pa.ArrowException):  # again in one thread, which counts the lines
        _parsed(data, names, delimiter, note, use_threads=False)
    if not wrong:
        raise Damaged(f"not CSV: {reason}")
    raise Damaged(f"line {wrong[0].number + skipped}: given {wrong[0].actual_columns} values, expected {len(names)}")


def _check_marks(data: bytes, delimiter: str, skipped: int) -> None:
    """Check what the parser would let pass: no line is empty, every text that is opened on a line is closed on it, no mark stands within a text."""
    letters = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(letters == _END)
    marks = np.flatnonzero(letters == _MARK)
    before = ends - (letters[ends - 1] == _RETURN)
    empty = np.flatnonzero(letters[before - 1] == _END)
    if len(empty):
        raise Damaged(f"line {int(empty[0]) + 1 + skipped}: given nothing, expected a row")
    odd = np.flatnonzero(np.diff(np.searchsorted(marks, ends), prepend=0) % 2)
    if len(odd) or (len(marks) - np.searchsorted(marks, ends[-1])) % 2:
        line = int(odd[0]) + 1 if len(odd) else len(ends) + 1
        raise Damaged(f"line {line + skipped}: a text is opened with a quotation mark and not closed")
    outside = np.frombuffer(f'\n{delimiter}"\r'.encode(), np.uint8)
    padded = np.concatenate((outside[:1], letters, outside[:1]))  # the ends of a file are ends of a line
    inner = marks[~np.isin(padded[marks], outside[:3]) & ~np.isin(padded[marks + 2], outside)]
    if len(inner):
        line = int(np.searchsorted(ends, inner[0])) + 1 + skipped
        raise Damaged(f"line {line}: a quotation mark stands within a text, expected two of them in a text that is quoted")
    returns = np.flatnonzero(letters == _RETURN)
    alone = returns[letters[np.minimum(returns + 1, len(letters) - 1)] != _END]
    if len(alone):
        raise Damaged(
            f"line {int(np.searchsorted(ends, alone[0])) + 1 + skipped}: given a carriage return alone, expected none or one before a line feed"
        )


def _parsed(
    data: bytes, names: list[str], delimiter: str, refuse: Callable[[csv.InvalidRow], str], *, use_threads: bool = True
) -> pa.Table:
    return csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(use_threads=use_threads, block_size=_BLOCK, column_names=names, skip_rows=_HEADER),
        csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=refuse),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _column(name: str, texts: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_string(kind):
        return texts
    if pa.types.is_boolean(kind):
        _all_fit(name, texts, pc.match_substring_regex(texts, _FLAG), "true or false")
        return pc.equal(texts, "true")
    _all_fit(name, texts, pc.match_substring_regex(texts, _WHOLE), "a whole number")
    try:
        return texts.cast(kind)
    except pa.ArrowException:
        fits = pa.chunked_array([[_fits(text, kind) for text in texts.to_pylist()]], pa.bool_())
        _all_fit(name, texts, fits, f"a whole number of {kind.bit_width} bits")
        raise


def _all_fit(name: str, texts: pa.ChunkedArray, fits: pa.ChunkedArray, expected: str) -> None:
    row = pc.index(fits, pa.scalar(False)).as_py()
    if row >= 0:
        raise Damaged(f"line {row + _HEADER + 1}, column {name}: given {shorten(texts[row].as_py())!r}, expected {expected}")


def _fits(text: str | None, kind: pa.DataType) -> bool:
    return text is None or -(1 << kind.bit_width - 1) <= int(text) < 1 << kind.bit_width - 1
