"""Apply a mapping: rows of cells become instructions, column by column.

A rule is turned once into a function over whole columns, so the work per row is small. Where a batch fails, its rows are tried
in smaller parts down to the bad one, which is then explained field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any

from skarb.core.activity import ACTIVITIES
from skarb.core.errors import FieldError
from skarb.core.instruction import Instruction
from skarb.intake.check import EXPECTED, LENGTHS, REQUIRED, check_all, explain_fields
from skarb.intake.declared import read_declared
from skarb.intake.mapping import Layout, Piece, Rule
from skarb.intake.model import Decimals, Nested, Number, Stamp
from skarb.intake.times import read_instant, reader

_ACTIVITIES = frozenset(ACTIVITIES)
Row = tuple[int, Sequence[str]]  # number of the row in its source, and its cells
_ID_MAX = 64


@dataclass(frozen=True)
class _Table:
    """Some rows turned into columns."""

    numbers: Sequence[int]
    columns: list[tuple[str, ...]]
    used: tuple[int, ...]

    @cached_property
    def digests(self) -> list[str]:
        """Return what tells rows of equal number in different files apart: a digest of the cells that are read."""
        parts = zip(*(self.columns[place] for place in self.used), strict=True)
        return [blake2b("\x1f".join(cells).encode(), digest_size=6).hexdigest() for cells in parts]


_Values = Callable[[_Table], list[Any]]


class Applier:
    """A layout made ready for files with certain columns."""

    def __init__(self, layout: Layout, columns: Sequence[str], decimals: Decimals | None) -> None:
        self._decimals = decimals
        self._places = {name: place for place, name in enumerate(columns)}
        self._used = tuple(sorted(self._places[name] for name in layout.columns() if name in self._places))
        self._fields = {name: self._compile(rule, name) for name, rule in layout.fields.items()}
        self._declared = {name: self._compile(rule, f"declared.{name}") for name, rule in layout.declared.items()}

        self._known: dict[tuple[object, ...], dict[str, object]] = {}  # few combinations of declared facts, shared by their rows

    def attempt(self, rows: Sequence[Row]) -> list[Instruction]:
        """Return one instruction per row, all or nothing.

        Raises: FieldError
        """
        table = self._table(rows)
        made = {name: make(table) for name, make in self._fields.items()}
        for name, values in made.items():
            _hold(name, values)
        if self._declared:
            made["declared"] = self._declarations(table)
        names = tuple(made)
        found = [Instruction(**dict(zip(names, row, strict=False))) for row in zip(*made.values(), strict=True)]
        check_all(found, self._decimals)
        return found

    def explain(self, row: Row) -> list[FieldError]:
        """Return everything that is wrong with a row."""
        table, wrong = self._table([row]), []
        values: dict[str, object] = {}
        for name, make in (*self._fields.items(), *((f"declared.{name}", make) for name, make in self._declared.items())):
            try:
                values[name] = make(table)[0]
            except FieldError as error:
                wrong.append(error)
        if wrong:
            return list({str(one): one for one in wrong}.values())  # several fields may read one column
        declared = {name.partition(".")[2]: values.pop(name) for name in list(values) if name.startswith("declared.")}
        kept = {name: value for name, value in declared.items() if value is not None}
        return explain_fields({**values, "declared": kept} if kept else values, self._decimals)

    def _table(self, rows: Sequence[Row]) -> _Table:
        return _Table([number for number, _ in rows], list(zip(*[cells for _, cells in rows], strict=True)), self._used)

    def _declarations(self, table: _Table) -> list[dict[str, object] | None]:
        names, known = tuple(self._declared), self._known
        found = []
        for values in zip(*[make(table) for make in self._declared.values()], strict=True):
            declared = known.get(values)
            if declared is None:
                declared = {name: value for name, value in zip(names, values, strict=True) if value is not None}
                if len(known) < 4096:
                    known[values] = declared
            found.append(declared or None)
        return found

    def _compile(self, rule: Rule, field: str) -> _Values:
        if rule.constant is not None:
            return _constant(_typed(field, rule.constant))
        if rule.optional and not rule.columns() <= set(self._places):
            return _constant(None)
        if rule.by is not None:
            return self._cases(rule, field)
        if rule.template:
            return self._template(rule, field)
        return self._column(rule, field)

    def _column(self, rule: Rule, field: str) -> _Values:
        name = str(rule.column)
        place = self._places[name]
        one = _cell_reader(rule, field, name)

        def make(table: _Table) -> list[Any]:
            return [one(cell) for cell in table.columns[place]]

        return make

    def _cases(self, rule: Rule, field: str) -> _Values:
        name = str(rule.by)
        place = self._places[name]
        made = {key: self._compile(case, field) for key, case in rule.cases.items()}
        words = ", ".join(made)

        def make(table: _Table) -> list[Any]:
            keys = table.columns[place]
            unknown = next((key for key in keys if key not in made), None)
            if unknown is not None:
                raise FieldError(name, unknown, f"one of {words}")
            found: list[Any] = [None] * len(keys)
            for key in set(keys):
                places = [number for number, given in enumerate(keys) if given == key]
                part = _Table(
                    [table.numbers[number] for number in places],
                    [tuple([column[number] for number in places]) for column in table.columns],
                    table.used,
                )
                for number, value in zip(places, made[key](part), strict=True):
                    found[number] = value
            return found

        return make

    def _template(self, rule: Rule, field: str) -> _Values:
        most = _ID_MAX if field in ("id", "end_to_end_id") else None

        def make(table: _Table) -> list[Any]:
            parts = [self._piece(piece, table, rule.optional) for piece in rule.template]
            texts = ["".join(row) for row in zip(*parts, strict=True)]
            if rule.optional:
                given = [all(row) for row in zip(*parts, strict=True)]
                return [text if whole else None for text, whole in zip(texts, given, strict=True)]
            return [text if len(text) <= most else shorten_id(text) for text in texts] if most else texts

        return make

    def _piece(self, piece: Piece, table: _Table, optional: bool) -> Sequence[str]:
        if not piece.column:
            return [piece.text] * len(table.numbers)
        if piece.text == "row":
            return [str(number) for number in table.numbers]
        if piece.text == "digest":
            return table.digests
        cells = table.columns[self._places[piece.text]]
        if not optional and not all(cells):
            raise FieldError(piece.text, "", "a value")
        return [cell.lstrip("0") or "0" for cell in cells] if piece.way == "unpadded" else cells


def _hold(name: str, values: Sequence[Any]) -> None:
    """Hold the values of a field to its type and length.

    Raises: FieldError for the first that does not fit.
    """
    if name == "activity":
        wrong = [value for value in values if value not in _ACTIVITIES]
    elif name == "at":
        wrong = [value for value in values if not isinstance(value, datetime)]
    else:
        least, most = LENGTHS[name]
        optional = name not in REQUIRED
        wrong = [value for value in values if not (least <= len(value) <= most if value is not None else optional)]
    if wrong:
        raise FieldError(name, "nothing" if wrong[0] is None else wrong[0], EXPECTED.get(name, "a text"))


def shorten_id(text: str) -> str:
    """Return an id of at most 64 characters; a longer one keeps its beginning and is told apart by a hash of the whole."""
    if len(text) <= _ID_MAX:
        return text
    return f"{text[:31]}-{blake2b(text.encode(), digest_size=16).hexdigest()}"


def _constant(value: object) -> _Values:
    return lambda table: [value] * len(table.numbers)


def _typed(field: str, text: str) -> object:
    """Return a text of a mapping as the value of a field."""
    if field == "at":
        return read_instant(text, "", "")
    return read_declared(field.removeprefix("declared."), text) if field.startswith("declared.") else text


def _cell_reader(rule: Rule, field: str, name: str) -> Callable[[str], Any]:
    """Return the function that turns one cell of a column into a value of a field."""
    inner = _reader_of(rule, field, name)
    kept: dict[str, Any] = {}  # words repeat: codes, dates to the minute

    def read(cell: str) -> Any:
        if cell == "":
            if rule.optional:
                return None
            raise FieldError(name, "", "a value")
        if cell.__class__ is not str and isinstance(cell, Nested):
            raise FieldError(name, cell, "a single value, not an object or a list")
        found = kept.get(cell)
        if found is None:
            found = inner(cell)
            if len(kept) < 4096:
                kept[cell] = found
        return found

    def read_amount(cell: str) -> Any:
        if cell.__class__ is not str and isinstance(cell, (Number, Nested)):
            raise FieldError(name, cell, 'a decimal text in quotes such as "12.50"', "write amounts as text: numbers lose digits")
        if cell == "":
            return read(cell)
        return cell.removeprefix("-") if rule.absolute else cell

    return read_amount if field in ("amount", "consideration") else read


def _reader_of(rule: Rule, field: str, name: str) -> Callable[[str], Any]:
    if rule.table is not None:
        table = (
            {word: _typed(field, value) for word, value in rule.table.items()} if field.startswith("declared.") else rule.table
        )
        words = ", ".join(rule.table)

        def look_up(cell: str) -> Any:
            if cell not in table:
                raise FieldError(name, cell, f"one of {words}")
            return table[cell]

        return look_up
    if rule.sign is not None:
        above, below = rule.sign

        def by_sign(cell: str) -> str:
            if not cell.strip("-0."):
                raise FieldError(name, cell, "a number above or below 0")
            return below if cell.startswith("-") else above

        return by_sign
    if field == "at":
        read, read_stamp = reader(rule.format, rule.zone), reader("", rule.zone)

        def instant(cell: str) -> Any:
            try:
                return read_stamp(cell) if isinstance(cell, Stamp) else read(cell)
            except FieldError as error:
                raise FieldError(name, cell, error.expected) from None

        return instant
    if field.startswith("declared."):
        return lambda cell: _typed(field, cell)
    return str
