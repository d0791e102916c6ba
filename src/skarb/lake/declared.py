"""What is checked of columns that an institution declares: nothing proves them, so they must at least fit together.

Every column is looked at before a row is taken: what must be there is there, batches and rows go up, each case is named by what it holds, each
code is one that the feed names, and no number is out of the range that it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skarb.core.errors import SkarbError, shorten
from skarb.core.facts import Facts
from skarb.core.instruction import END_TO_END_ID, END_TO_END_ID_MAX
from skarb.journal.feed.cases import case_id
from skarb.journal.feed.columns import ANSWERS, Columns
from skarb.journal.feed.manifest import Manifest, Segment, places_of
from skarb.lake.errors import Refused
from skarb.rulebook import Edition

REQUIRED = {
    "rows": ("sequence", "row_no", "instant", "day", "case_id", "asset", "party", "answer", "id"),
    "cases": ("case_id",),
    "transfers": ("sequence", "debit", "credit", "ledger", "amount", "code", "flags", "instant", "day"),
    "accounts": ("sequence", "id", "address", "asset", "ledger"),
}
"""The columns that say something in every row; a transfer need not be of an instruction."""

_WORDS = {
    "outcome": 1 << 16,
    "levy": 1 << 16,
    "duties": 1 << 63,
    "code": 1 << 16,
    "flags": 1 << 16,
}  # below which numbers must be
_DAYS = tuple(day - date(1970, 1, 1).toordinal() for day in (date.min.toordinal(), date.max.toordinal()))
_MISSING = -(1 << 63)  # stands for a value that is not there once it is in the lake
_PER_ROW = {"day": 0, "totals": ()}  # facts that a case leaves to its rows, as far as they cannot be missing


class Declared:
    """Checks the segments of one export, one after the other, remembering the cases that it has seen."""

    def __init__(self, manifest: Manifest, editions: Mapping[str, Edition]) -> None:
        self._assets, self._editions = set(manifest.assets), set(editions)
        self._known: pa.Table | None = None

    def check(self, folder: Path, segment: Segment, columns: Columns) -> None:
        """Check the tables of a segment.

        Raises: Refused naming the file, the column, and the row where there is one to name.
        """
        for table, rows in columns._asdict().items():
            where = folder / segment.path(table)
            self._present(where, table, rows)
            _in_range(where, rows)
            if table in ("rows", "transfers"):
                check_days(where, rows)
                _in_order(where, segment, rows, strictly=table == "rows")
        known = self._cases(folder / segment.path("cases"), columns.cases)
        where = folder / segment.path("rows")
        _ids(where, columns.rows["end_to_end_id"])
        allowed = {
            "case_id": known,
            "asset": self._assets,
            "paid_asset": self._assets,
            "edition": self._editions,
            "answer": set(ANSWERS),
        }
        for name, codes in allowed.items():
            strange = _texts(columns.rows[name]) - codes
            if strange:
                raise Refused(f"{where}: column {name}: given {shorten(min(strange))!r}, expected one that the feed names")

    def _present(self, where: Path, table: str, rows: pa.Table) -> None:
        for name in REQUIRED[table]:
            if rows[name].null_count:
                raise Refused(f"{where}: column {name} is empty in {rows[name].null_count:,} rows, expected a value in every one")

    def _cases(self, where: Path, cases: pa.Table) -> set[str]:
        """Check that each case is named by what it holds; those that were seen before must only be the same."""
        ids = cases["case_id"]
        if self._known is not None:
            places = pc.index_in(ids, self._known["case_id"])
            seen = pc.is_valid(places)
            if not cases.filter(seen).equals(self._known.take(places.drop_null())):
                seen = pc.is_null(ids)  # somewhere one is told otherwise: the slow way says which
            new, numbers = cases.filter(pc.invert(seen)), pc.indices_nonzero(pc.invert(seen)).to_pylist()
        else:
            new, numbers = cases, range(len(cases))
        for number, case in zip(numbers, new.to_pylist(), strict=True):
            stated = case.pop("case_id")
            try:
                facts = msgspec.convert([case.get(name, _PER_ROW.get(name)) for name in Facts.__struct_fields__], Facts)
            except (msgspec.ValidationError, ValueError, SkarbError) as error:
                raise Refused(f"{where}: row {number}: not facts: {shorten(str(error), 200)}") from None
            if (expected := case_id(facts)) != stated:
                raise Refused(f"{where}: row {number}: given the case_id {shorten(stated)}, expected {expected} of these facts")
        if len(new):
            self._known = new if self._known is None else pa.concat_tables([self._known, new])
        return set(ids.to_pylist())


def _in_order(where: Path, segment: Segment, rows: pa.Table, *, strictly: bool) -> None:
    """Check that batches are those of the segment, and that rows go up; transfers of one instruction follow each other."""
    if not len(rows):
        return
    sequence = rows["sequence"].to_numpy()
    row_no = rows["row_no"].fill_null(0).to_numpy()
    place = (sequence.astype(np.int64) << 32) + (row_no if strictly else 0)
    least = 1 if strictly else 0
    if sequence[0] < segment.first or sequence[-1] > segment.last or row_no.min() < 0 or (place[1:] - place[:-1] < least).any():
        raise Refused(
            f"{where}: given batches and rows out of order, expected them to go up from {segment.first} to {segment.last}"
        )


def _in_range(where: Path, rows: pa.Table) -> None:
    for name in set(rows.column_names) & {"amount", "paid_amount", *_WORDS}:
        low, high = _ends(rows[name])
        if low < 0 or high >= _WORDS.get(name, 1 << 127):
            expected = f"numbers from 0 to {_WORDS[name] - 1}" if name in _WORDS else "none below zero"
            raise Refused(f"{where}: column {name}: given {low if low < 0 else high}, expected {expected}")
    for name in set(rows.column_names) & {"instant", "value", "value_usd"}:
        if _ends(rows[name])[0] == _MISSING:
            raise Refused(f"{where}: column {name}: given {_MISSING}, expected a number above it, or nothing")


def _ids(where: Path, column: pa.ChunkedArray) -> None:
    """Check that ids by which both sides of a payment know it are such as an instruction may have."""
    if column.null_count == len(column):
        return
    wrong = column.filter(pc.invert(pc.match_substring_regex(column, END_TO_END_ID).fill_null(True)))
    if len(wrong):
        raise Refused(
            f"{where}: column end_to_end_id: given {shorten(wrong[0].as_py())!r}, expected nothing, or 1 to {END_TO_END_ID_MAX} characters "
            "without control characters"
        )


def check_days(where: Path, rows: pa.Table) -> None:
    """Check that days are days of the calendar.

    Raises: Refused
    """
    low, high = _ends(rows["day"])
    if low < _DAYS[0] or high > _DAYS[1]:
        given = low if low < _DAYS[0] else high
        raise Refused(f"{where}: column day: given {given}, expected days since 1970-01-01 from {_DAYS[0]} to {_DAYS[1]}")


def _ends(column: pa.ChunkedArray) -> tuple[int, int]:
    """Return the least and the greatest number of a column, nought where there is none."""
    if column.null_count == len(column):
        return 0, 0
    found = pc.min_max(column).as_py()
    return int(found["min"]), int(found["max"])


def _texts(column: pa.ChunkedArray) -> set[str]:
    """Return the different texts of a column."""
    found: set[str] = set()
    for chunk in column.chunks:
        places, dictionary = places_of(chunk)
        used = np.bincount(places, minlength=len(dictionary) + 1)[: len(dictionary)]
        found.update(dictionary.take(pa.array(np.flatnonzero(used))).to_pylist())
    return found
