"""Read: bytes become instructions, once, at the edge, and every row is accounted for."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from skarb.core.columns import WORTH_COLUMNS
from skarb.core.compiled import choose_kind
from skarb.core.errors import FieldError, InputError
from skarb.core.garbage import undisturbed
from skarb.core.instruction import TRAVEL_PAYLOAD, Assumptions
from skarb.core.time import zone as find_zone
from skarb.intake import native
from skarb.intake.apply import Applier, Row
from skarb.intake.arrays import split_array
from skarb.intake.blocks import BLOCK_COLUMNS, block_rows
from skarb.intake.check import FIELDS, REQUIRED, sift
from skarb.intake.container import Container, open_container
from skarb.intake.delimited import read_header, read_rows
from skarb.intake.detect import choose, find_kind
from skarb.intake.ethereum import ANSWER_COLUMNS, answer_rows
from skarb.intake.iso20022 import read_messages
from skarb.intake.mapping import Layout, Mapping, Rule
from skarb.intake.mapping_file import find_mapping, shipped
from skarb.intake.model import Decimals, Reading, Rows
from skarb.intake.parquet import ParquetTable
from skarb.intake.personal import masked, without_texts
from skarb.intake.text import check_text, chunks, row_batches

BATCH = 8192
NATIVE = "native"
_MakeRows = Callable[[Container, int], tuple[Iterator[Rows], int]]
_TABLES: dict[str, tuple[_MakeRows, Sequence[str]]] = {
    "bitcoin_block": (block_rows, BLOCK_COLUMNS),
    "ethereum_answer": (answer_rows, ANSWER_COLUMNS),
}  # what chains write down, as tables
_SAMPLE = 100  # rows looked at to tell the keys of a JSON file


def read(
    path: str | Path,
    mapping: str | Path | Mapping | None = None,
    *,
    decimals: Decimals | None = None,
    batch: int = BATCH,
    schemas: str | Path | None = None,
    at: datetime | None = None,
    zone: str = "UTC",
) -> Iterator[Reading]:
    """Return the instructions of a file in batches, each row being an instruction or a problem.

    The file is first read once to see that it is whole; only then is the first batch handed out. `mapping` names a shipped
    mapping, a mapping file, or "native"; without it the content tells. `decimals` gives the decimals of an asset by code, so that
    amounts are held to its smallest unit; without it whoever takes the instructions must. `schemas` is a folder or zip of
    ISO 20022 schemas, `at` the instant for files without dates, `zone` the zone of times in messages that name none.

    Raises: NotFound, InputError or ConfigurationError before anything is handed out.
    """
    container = open_container(path)
    kind = find_kind(container)
    chosen = None if mapping is None or mapping == NATIVE else find_mapping(mapping)
    if chosen is not None and chosen.reads != (kind if kind in _TABLES else "table"):
        raise InputError(f"{container.name}: mapping {chosen.name} reads a {chosen.reads}, given {kind}")
    if at is not None and at.tzinfo is None:
        raise InputError(
            f"{container.name}: given the instant {at.isoformat()} without a zone, expected one with a zone such as +03:00"
        )
    forced = mapping == NATIVE
    if kind == "xml":
        if mapping is not None:
            raise InputError(
                f"{container.name}: given a mapping for an XML file, expected none; ISO 20022 messages explain themselves"
            )
        find_zone(zone)
        return read_messages(container, Path(path), schemas, zone, batch)
    source = _Source(container, decimals, batch, at)
    if kind in _TABLES:
        return _undisturbed(source.chain(chosen or find_mapping(kind), *_TABLES[kind]))
    if kind == "parquet":
        return _undisturbed(source.parquet(chosen, forced))
    if kind == "delimited":
        return _undisturbed(source.delimited(chosen, forced))
    return _undisturbed(source.json(chosen, forced, array=kind == "json_array"))


def _undisturbed(readings: Iterator[Reading]) -> Iterator[Reading]:
    """Hand on batches, each made without the search for cyclic garbage: rows make none, and looking for it takes long."""
    while True:
        with undisturbed():
            reading = next(readings, None)
        if reading is None:
            return
        yield reading


class _Source:
    """One file being read. Each way of reading checks the whole file first and returns what yields its batches."""

    def __init__(self, container: Container, decimals: Decimals | None, batch: int, at: datetime | None) -> None:
        self._container = container
        self._name = container.name
        self._decimals = decimals
        self._batch = batch
        self._at = at

    def delimited(self, chosen: Mapping | None, forced: bool) -> Iterator[Reading]:
        count = check_text(self._container)
        columns, delimiter = read_header(self._container)
        mapping, layout = self._layout(chosen, forced, columns)
        rows = read_rows(self._container, len(columns), delimiter, self._batch)
        return self._tabular(rows, columns, mapping, layout, count - 1)

    def parquet(self, chosen: Mapping | None, forced: bool) -> Iterator[Reading]:
        table = ParquetTable(self._container)
        mapping, layout = self._layout(chosen, forced, table.columns)
        table.check()
        columns = tuple(name for name in table.columns if name in layout.columns())
        return self._tabular(table.rows(columns, self._batch), columns, mapping, layout, table.expected)

    def chain(self, mapping: Mapping, make: _MakeRows, columns: Sequence[str]) -> Iterator[Reading]:
        rows, count = make(self._container, self._batch)
        ready, layout = self._layout(mapping, False, columns)
        return self._tabular(rows, columns, ready, layout, count)

    def json(self, chosen: Mapping | None, forced: bool, array: bool) -> Iterator[Reading]:
        count = check_text(self._container, one_row_a_line=not array)
        elements = split_array(self._container.whole().removeprefix(codecs.BOM_UTF8), self._name) if array else None
        count = count if elements is None else len(elements)

        def batches(size: int) -> Iterator[tuple[list[bytes], list[int]]]:
            if elements is None:
                return row_batches(self._container, size)
            return ((elements[start : start + size], []) for start in range(0, len(elements), size))

        keys = _keys(next(batches(_SAMPLE), ([], []))[0])
        if chosen is None and not forced:
            chosen = None if set(keys) <= set(FIELDS) else choose(keys, self._name, shipped().values())
        if chosen is None:
            self._refuse_at(NATIVE)
            if not array and self._decimals is None and choose_kind(count >= WORTH_COLUMNS) == "numba":
                return self._native_lines(count)
            return self._native_json(batches(self._batch), count)
        mapping = self._dated(chosen)
        known = sorted(set().union(*(layout.columns() | layout.ignore for layout in mapping.layouts)))
        layout = mapping.layout(keys, self._name)
        columns = tuple(sorted(layout.columns()))
        return self._tabular(_json_rows(batches(self._batch), columns, known), columns, mapping, layout, count)

    def _native_lines(self, count: int) -> Iterator[Reading]:
        """Read lines as columns where they are as programs write them, else one by one."""
        done = 0
        for chunk in chunks(self._container, self._batch):
            sheet = native.read_sheet(chunk.text, chunk.lines)
            if sheet is None:
                reading = self._native_rows(*chunk.rows(), done, count)
            else:
                rows = range(done + 1, done + 1 + len(sheet))
                reading = Reading(self._name, NATIVE, None, sheet, rows, total=done + len(sheet), expected=count)
            done = reading.total
            yield reading

    def _native_json(self, batches: Iterator[tuple[list[bytes], list[int]]], count: int) -> Iterator[Reading]:
        done = 0
        for rows, numbers in chain(batches, (([], []),)):
            if not rows and done:
                return
            yield self._native_rows(rows, numbers, done, count)
            done += len(rows)

    def _native_rows(self, rows: list[bytes], numbers: list[int], done: int, count: int) -> Reading:
        reading = Reading(self._name, NATIVE, None, total=done + len(rows), expected=count)
        good, places, bad = sift(
            rows,
            lambda some: native.decode_lines(some, self._decimals),
            lambda row: native.explain_json(row, self._decimals),
        )
        reading.instructions, reading.rows = good, [done + place + 1 for place in places]
        for place, error in bad:
            self._refuse(reading, done + place + 1, numbers[place] if numbers else 0, error)
        return reading

    def _tabular(
        self, parts: Iterator[Rows], columns: Sequence[str], mapping: Mapping | None, layout: Layout, count: int
    ) -> Iterator[Reading]:
        applier = Applier(layout, columns, self._decimals)
        if any(TRAVEL_PAYLOAD in name for name in columns):
            parts = map(without_texts, parts)
        name = mapping.name if mapping else NATIVE
        assumptions = mapping.assumptions if mapping else None
        return self._apply(parts, applier, name, assumptions, count)

    def _apply(
        self, parts: Iterator[Rows], applier: Applier, name: str, assumptions: Assumptions | None, count: int
    ) -> Iterator[Reading]:
        done = 0
        for part in chain(parts, (Rows(1, []),)):
            if not part.cells and done:
                return
            reading = Reading(self._name, name, assumptions, total=done + len(part.cells), expected=count)
            rows: list[Row] = []
            for number, cells in enumerate(part.cells, part.first):
                if isinstance(cells, FieldError):
                    self._refuse(reading, number, _line(part, number), cells)
                else:
                    rows.append((number, cells))
            good, places, bad = sift(rows, applier.attempt, applier.explain)
            reading.instructions, reading.rows = good, [rows[place][0] for place in places]
            for place, error in bad:
                self._refuse(reading, rows[place][0], _line(part, rows[place][0]), error)
            reading.problems.sort(key=lambda problem: problem.row or 0)
            done += len(part.cells)
            yield reading

    def _refuse(self, reading: Reading, row: int, line: int, error: FieldError) -> None:
        where = f"{self._name} row {row}" + (f" (line {line})" if line and line != row else "")
        reading.problems.append(error.problem(where, row))

    def _layout(self, chosen: Mapping | None, forced: bool, columns: Sequence[str]) -> tuple[Mapping | None, Layout]:
        if chosen is None and not forced:
            chosen = choose(columns, self._name, shipped().values())
        if chosen is None:
            self._refuse_at(NATIVE)
            return None, _native_layout(columns, self._name)
        mapping = self._dated(chosen)
        return mapping, mapping.layout(columns, self._name)

    def _dated(self, mapping: Mapping) -> Mapping:
        return mapping if self._at is None else mapping.at_constant(self._at.isoformat(), self._name)

    def _refuse_at(self, what: str) -> None:
        if self._at is not None:
            raise InputError(f"{self._name}: an instant was given, but a {what} file carries its own dates; leave it out")


def _line(part: Rows, number: int) -> int:
    return part.lines[number - part.first] if part.lines else 0


def _keys(rows: Sequence[bytes]) -> list[str]:
    """Return the keys that most rows have; those of our own format win where any row has them."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        try:
            keys = tuple(native.read_object(row))
        except FieldError:
            continue
        if native.is_native(keys):
            return list(keys)
        found[keys] += 1
    return list(found.most_common(1)[0][0]) if found else []


def _json_rows(batches: Iterator[tuple[list[bytes], list[int]]], columns: Sequence[str], known: Sequence[str]) -> Iterator[Rows]:
    first, allowed = 1, set(known)
    for rows, numbers in batches:
        yield Rows(first, [_json_cells(text, columns, allowed) for text in rows], numbers or None)
        first += len(rows)


def _json_cells(text: bytes, columns: Sequence[str], allowed: set[str]) -> list[str] | FieldError:
    try:
        row = native.read_object(text)
    except FieldError as error:
        return masked(error, text)
    for name, value in row.items():
        if name not in allowed:
            return masked(FieldError(name, value, f"one of the columns {', '.join(sorted(allowed))}"), text)
    return native.cells_of(row, columns)


def _native_layout(columns: Sequence[str], file: str) -> Layout:
    """Return the layout of our own format for the columns that a file has.

    Raises: InputError if columns are missing or unknown.
    """
    missing = [name for name in REQUIRED if name not in columns]
    unknown = native.unknown_columns(columns)
    if missing or unknown:
        said = [f"column {', '.join(missing)} is missing"] if missing else []
        said += [f"column {', '.join(unknown)} is unknown"] if unknown else []
        raise InputError(
            f"{file}: {' and '.join(said)}; the columns are {', '.join(FIELDS)} and declared.<fact> for each declared fact"
        )
    rules: dict[str, Rule] = {name: Rule(column=name, optional=name not in REQUIRED) for name in columns}
    fields = {name: rule for name, rule in rules.items() if not name.startswith("declared.")}
    declared = {
        name.removeprefix("declared."): replace(rule, optional=True)
        for name, rule in rules.items()
        if name.startswith("declared.")
    }
    return Layout("", fields, declared, frozenset())
