"""Delimited text (CSV): rows of cells, one bad row never spoiling the next.

The delimiter is the one that the header uses: comma, semicolon, tab or bar. Quotes double inside quoted cells, which may
hold line ends. A quote that never closes spoils its own row only: reading goes on at the next line.
Source: RFC 4180.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator

from skarb.core.errors import FieldError, InputError, shorten
from skarb.intake.container import Container
from skarb.intake.model import Rows
from skarb.intake.text import lines

DELIMITERS = ",;\t|"
QUOTED_LINES_MAX = 256  # lines that one quoted cell may span


def read_header(container: Container) -> tuple[tuple[str, ...], str]:
    """Return the columns of a delimited file and its delimiter.

    Raises: InputError if columns are missing, nameless or named twice.
    """
    first = next((line.decode() for part in lines(container) for line in part if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    cells = _cells([first], delimiter)
    if cells is None or len(cells) < 2:
        raise InputError(
            f"{container.name}: line 1: given {shorten(first)!r}, expected a header of names divided by , ; | or tab"
        )
    columns = tuple(cell.strip() for cell in cells)
    if "" in columns:
        raise InputError(
            f"{container.name}: line 1: column {columns.index('') + 1} of the header has no name, expected one for every column"
        )
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise InputError(
            f"{container.name}: line 1: the header names {', '.join(map(repr, twice))} twice, expected every column once"
        )
    return columns, delimiter


def read_rows(container: Container, width: int, delimiter: str, batch: int) -> Iterator[Rows]:
    """Yield the rows after the header; blank lines are not rows.

    Shape: one entry per row; a row with another number of cells than the header is an error of that row.
    """
    source = _Source(container)
    source.skip_header()
    first = 1
    numbers: list[int] = []
    cells: list[list[str] | FieldError] = []
    while source.more():
        numbers_more, cells_more = source.plain_part(width, delimiter) or _entry(source, width, delimiter)
        numbers += numbers_more
        cells += cells_more
        while len(cells) >= batch:
            yield Rows(first, cells[:batch], numbers[:batch])
            del cells[:batch], numbers[:batch]
            first += batch
    if cells:
        yield Rows(first, cells, numbers)


_Entries = tuple[list[int], list[list[str] | FieldError]]  # lines, and the cells of the row on each


class _Source:
    """Lines with their numbers, which can be put back."""

    def __init__(self, container: Container) -> None:
        self._parts = lines(container)
        self._ready: deque[str] = deque()
        self._line = 0

    def more(self) -> bool:
        """Tell whether a line is left."""
        while not self._ready:
            part = next(self._parts, None)
            if part is None:
                return False
            if part:
                self._ready.extend(b"\n".join(part).decode().split("\n"))
        return True

    def plain_part(self, width: int, delimiter: str) -> _Entries | None:
        """Take all lines at hand if every one of them is a row as it should be, without quotes or blank lines."""
        if any('"' in text for text in self._ready):
            return None
        cells: list[list[str] | FieldError] = [text.split(delimiter) for text in self._ready]
        if set(map(len, cells)) != {width}:  # type: ignore[arg-type]
            return None
        lines = list(range(self._line + 1, self._line + 1 + len(cells)))
        self._line += len(cells)
        self._ready.clear()
        return lines, cells

    def take(self) -> str | None:
        """Take the next line."""
        if not self.more():
            return None
        self._line += 1
        return self._ready.popleft()

    def put_back(self, taken: list[str]) -> None:
        self._ready.extendleft(reversed(taken))
        self._line -= len(taken)

    def skip_header(self) -> None:
        while (line := self.take()) is not None and not line.strip():
            pass

    @property
    def line(self) -> int:
        """Return the number of the line taken last."""
        return self._line


def _entry(source: _Source, width: int, delimiter: str) -> _Entries:
    """Take one row, which may span lines; a blank line is none."""
    text = source.take() or ""
    line = source.line
    if not text or text.isspace():
        return [], []
    cells = _quoted(text, source, delimiter) if '"' in text else text.split(delimiter)
    if cells is None:
        return [line], [
            FieldError("", text, "every quote that opens to be closed", "close the quote, or double it inside a quoted cell")
        ]
    if len(cells) == width:
        return [line], [cells]
    todo = f"look for a {delimiter!r} inside a cell that is not quoted" if len(cells) > width else "look for a missing cell"
    return [line], [FieldError("", f"{len(cells)} columns: {shorten(text, 60)}", f"{width} columns as in the header", todo)]


def _quoted(text: str, source: _Source, delimiter: str) -> list[str] | None:
    """Return the cells of a row with quotes, taking more lines while a quoted cell is open; None if it never closes."""
    taken: list[str] = []
    while (cells := _cells([text, *taken], delimiter)) is None:
        more = source.take() if len(taken) < QUOTED_LINES_MAX and text.count('"') + sum(t.count('"') for t in taken) & 1 else None
        if more is None:
            source.put_back(taken)
            return None
        taken.append(more)
    return cells


def _cells(texts: list[str], delimiter: str) -> list[str] | None:
    if len(texts) == 1 and '"' not in texts[0]:
        return texts[0].split(delimiter)
    try:
        rows = list(csv.reader(["\n".join(texts)], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
