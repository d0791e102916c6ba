"""Interval data from files: CSV or Parquet, a piece at a time, exact, strictly.

Columns: `meter`, `at` (the beginning of the interval, with its offset, or the clock time of the zone in all rows), one of `energy_wh`, `kwh` (of the
interval, exact to the watt-hour) and `counter_kwh` (what the counter shows at that moment); and, if there are any, `minutes` and `estimated` (yes or
no). An empty figure is a gap and no nought. A file that cannot be read whole is refused with the row at which it fails.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from skarb.core.errors import InputError, NotFound, shorten
from skarb.metering.window import Longs

FIGURES = ("energy_wh", "kwh", "counter_kwh")
_OPTIONAL = ("minutes", "estimated")
_BLOCK = 16 << 20  # bytes of a file that are in memory at once
_KWH = pa.decimal128(18, 3)
_ANY_KWH = pa.decimal128(38, 3)  # that holds whole numbers of every width
_NEAR = 1e-6  # kWh by which a binary figure may miss the decimal one that is meant
MOST_WH = 10**15  # and no meter counts more


@dataclass(frozen=True)
class Piece:
    """Some rows of a file.

    Shape: `meter` are numbers into `names`; `at_s` seconds since 1970, of universal time or, if `local`, of the clock; figures in watt-hours, -1 in
    `known` where there is none; `row` is the number of the first row in its file, the header being row 1.
    """

    file: str
    row: int
    names: Sequence[str]
    meter: Longs
    at_s: Longs
    local: bool
    counter: bool
    figure_wh: Longs
    known: np.ndarray
    minutes: Longs | None
    declared: np.ndarray | None


def read_pieces(path: Path) -> Iterator[Piece]:
    """Yield the rows of a file, a piece at a time.

    Raises: InputError naming the row, NotFound
    """
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    row = 2
    for batch, local in _batches(path):
        if batch.num_rows:
            yield _piece(batch, path.name, row, local)
            row += batch.num_rows


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(path: Path) -> Iterator[tuple[pa.RecordBatch, bool]]:
    if path.suffix.lower() == ".parquet":
        yield from _parquet(path)
        return
    header, local = _beginning(path)
    types = {
        "meter": pa.dictionary(pa.int32(), pa.string()),
        "at": pa.timestamp("s") if local else pa.timestamp("s", "UTC"),
        "energy_wh": pa.int64(),
        "kwh": _KWH,
        "counter_kwh": _KWH,
        "minutes": pa.int64(),
        "estimated": pa.string(),
    }
    try:
        with pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(block_size=_BLOCK),
            convert_options=pacsv.ConvertOptions(column_types={name: types[name] for name in header}, null_values=[""]),
        ) as reader:
            for batch in reader:
                yield batch, local
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            _first_fault(path, header, local) or f"{path.name}: {shorten(str(error), 200)}; expected a CSV file"
        ) from None


def _beginning(path: Path) -> tuple[list[str], bool]:
    """Return the columns of a CSV file, and whether its times are those of the clock."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        file.seek(-1 if path.stat().st_size else 0, 2)
        if file.read(1) != b"\n":
            raise InputError(f"{path.name}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    try:
        lines = head.decode("utf-8-sig", "strict" if len(head) < 1 << 16 else "ignore").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: given bytes that are no text (byte {error.start}), expected UTF-8") from None
    header = next(csv.reader(lines[:1]), [])
    given = [name for name in header if name in FIGURES]
    if (
        {"meter", "at"} - set(header)
        or len(given) != 1
        or set(header) - {"meter", "at", *FIGURES, *_OPTIONAL}
        or len(set(header)) < len(header)
    ):
        raise InputError(
            f"{path.name} row 1: given columns {shorten(', '.join(header))!r}, expected meter, at, one of {', '.join(FIGURES)}, "
            f"and perhaps {', '.join(_OPTIONAL)}"
        )
    first = next(csv.reader(lines[1:2]), [])
    if not first:
        raise InputError(f"{path.name}: given no rows, expected at least one interval")
    text = first[header.index("at")] if len(first) == len(header) else ""
    return header, not (text.endswith(("Z", "z")) or text[10:].count("+") or text[10:].count("-"))


def _parquet(path: Path) -> Iterator[tuple[pa.RecordBatch, bool]]:
    try:
        file = pq.ParquetFile(path.absolute())
        names = file.schema_arrow.names
        given = [name for name in names if name in FIGURES]
        if {"meter", "at"} - set(names) or len(given) != 1:
            raise InputError(
                f"{path.name}: given columns {shorten(', '.join(names))!r}, expected meter, at and one of {', '.join(FIGURES)}"
            )
        kept = [name for name in names if name in ("meter", "at", *FIGURES, *_OPTIONAL)]
        kind = file.schema_arrow.field("at").type
        if not pa.types.is_timestamp(kind):
            raise InputError(f"{path.name}, at: given {kind}, expected instants")
        for batch in file.iter_batches(batch_size=1 << 20, columns=kept):
            columns = {name: batch.column(name) for name in kept}
            columns["at"] = pc.cast(columns["at"], pa.timestamp("s", "UTC" if kind.tz else None))
            if not pa.types.is_dictionary(columns["meter"].type):
                columns["meter"] = pc.dictionary_encode(pc.cast(columns["meter"], pa.string()))
            for name, whole in (("energy_wh", True), ("minutes", True), ("kwh", False), ("counter_kwh", False)):
                if name in columns:
                    columns[name] = pc.cast(columns[name], pa.int64()) if whole else _decimals(columns[name])
            if "estimated" in columns:
                columns["estimated"] = pc.cast(columns["estimated"], pa.string())
            yield pa.RecordBatch.from_pydict(columns), kind.tz is None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise InputError(
            f"{path.name}: {shorten(str(error), 200)}; expected a Parquet file of intervals, exact to the watt-hour"
        ) from None


def _decimals(values: pa.Array) -> pa.Array:
    """Return figures in kWh with three places; one that has more is refused and not rounded.

    Raises: pyarrow.ArrowInvalid
    """
    if pa.types.is_floating(values.type):
        places = pc.cast(values, _KWH)
        apart = np.asarray(pc.fill_null(pc.subtract(pc.cast(places, pa.float64()), pc.cast(values, pa.float64())), 0.0))
        far = np.flatnonzero(np.abs(apart) > _NEAR)
        if far.size:
            raise pa.ArrowInvalid(f"given {values[int(far[0])].as_py()} kWh")
        return places
    return pc.cast(pc.cast(values, _ANY_KWH), _KWH)


def _piece(batch: pa.RecordBatch, name: str, row: int, local: bool) -> Piece:
    columns = {field: batch.column(field) for field in batch.schema.names}
    for field in ("meter", "at"):
        if columns[field].null_count:
            lacking = int(np.flatnonzero(np.asarray(columns[field].is_null()))[0])
            raise InputError(f"{name} row {row + lacking}, {field}: given nothing, expected a value")
    names, meters = columns["meter"].dictionary.to_pylist(), np.asarray(columns["meter"].indices).astype(np.int64)
    if "" in names and (nameless := np.flatnonzero(meters == names.index(""))).size:
        raise InputError(f"{name} row {row + int(nameless[0])}, meter: given nothing, expected a value")
    figure = next(field for field in FIGURES if field in columns)
    values = columns[figure]
    known = np.asarray(values.is_valid())
    if figure != "energy_wh":
        values = _milli(values)
    wh = np.asarray(pc.fill_null(values, 0)).astype(np.int64)
    if wh.size and (int(wh.max()) >= MOST_WH or int(wh.min()) <= -MOST_WH):
        far = int(np.flatnonzero((wh >= MOST_WH) | (wh <= -MOST_WH))[0])  # the least number has no abs
        raise InputError(f"{name} row {row + far}, {figure}: given {int(wh[far])} Wh, expected less than {MOST_WH}")
    return Piece(
        name,
        row,
        names,
        meters,
        np.asarray(columns["at"].cast(pa.int64())).astype(np.int64),
        local,
        figure == "counter_kwh",
        wh,
        known,
        _minutes(columns, name, row),
        _declared(columns, name, row),
    )


def _milli(values: pa.Array) -> pa.Array:
    """Return decimals with three places as whole thousandths: the low half of each 128-bit number, which 18 digits never leave."""
    low = np.frombuffer(values.buffers()[1], np.int64)[2 * values.offset : 2 * (values.offset + len(values)) : 2]
    return pa.array(low, mask=np.asarray(values.is_null()))


def _minutes(columns: dict[str, pa.Array], name: str, row: int) -> Longs | None:
    if "minutes" not in columns:
        return None
    if columns["minutes"].null_count:
        raise InputError(
            f"{name} row {row + int(np.flatnonzero(np.asarray(columns['minutes'].is_null()))[0])}, minutes: given nothing, expected 15 or 60"
        )
    return np.asarray(columns["minutes"]).astype(np.int64)


def _declared(columns: dict[str, pa.Array], name: str, row: int) -> np.ndarray | None:
    if "estimated" not in columns:
        return None
    said = columns["estimated"]
    wrong = np.asarray(pc.invert(pc.fill_null(pc.is_in(said, pa.array(["yes", "no"])), False)))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name} row {row + first}, estimated: given {shorten(str(said[first].as_py() or ''))!r}, expected yes or no"
        )
    return np.asarray(pc.equal(said, "yes"))


def _first_fault(path: Path, header: list[str], local: bool) -> str:
    """Return what is wrong with the first row that cannot be read, looked for one row after the other."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        try:
            for number, row in enumerate(rows, 2):
                where = f"{path.name} row {number}"
                if len(row) != len(header):
                    return f"{where}: given {len(row)} fields, expected {len(header)}; the file may be cut"
                for name, text in zip(header, row, strict=True):
                    if expected := _wrong(name, text, local):
                        return f"{where}, {name}: given {shorten(text)!r}, expected {expected}"
        except csv.Error as error:
            return f"{path.name}: given {error}, expected comma-separated values"
    return ""


def _wrong(name: str, text: str, local: bool) -> str:
    try:
        if name == "at":
            at = datetime.fromisoformat(text)
            if (at.tzinfo is None) != local or at.microsecond:
                raise ValueError
        elif name in ("energy_wh", "minutes"):
            int(text or 0)
        elif name in ("kwh", "counter_kwh"):
            thousandths = Decimal(text or 0) * 1000
            if thousandths != thousandths.to_integral_value() or abs(thousandths) >= 10**18:
                raise ValueError
    except (ValueError, InvalidOperation):
        return {
            "at": "a clock time as in the first row" if local else "an instant such as 2026-04-20T02:00+03:00",
            "energy_wh": "whole watt-hours",
            "minutes": "a whole number",
        }.get(name, "kWh, exact to the watt-hour")
    return ""
