"""Tables for a terminal: numbers to the right, verdicts in colour, and no number or date ever broken over two lines.

Where a table is wider than the terminal, texts give way first at their blanks, then ids, hashes and names inside a word. What still does not
fit is told one row below the other, a line for each column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

VERDICT_STYLE = {
    "permit": "green",
    "refuse": "red",
    "refer": "yellow",
    "posted": "green",
    "refused": "red",
    "referred": "yellow",
    "not_posted": "magenta",
    "conflict": "magenta",
    "malformed": "bright_black",
}
_NUMBER = re.compile(r"[(<>≈~+\u2212-]*[0-9][0-9,\u00a0\u202f]*(\.[0-9]+)?%?[).,;:]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTS = re.compile(r"[^-/._:@]*[-/._:@]|[^-/._:@]+")  # of an id or a name, each with the sign behind it
_LEAST = 8  # columns of a word that has to give way


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> Rows:
    """Return rows as a table for a terminal."""
    return Rows(tuple(one.replace("_", " ") for one in columns), tuple(tuple(map(_cell, row)) for row in rows), title)


@dataclass(frozen=True)
class Rows:
    """Cells in words, which are laid out when it is known how wide the terminal is."""

    heads: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    title: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the rows out for a terminal."""
        if self.title:
            yield Text(self.title, style="italic")
        columns = [(head, *(row[place] for row in self.cells)) for place, head in enumerate(self.heads)]
        widths = _widths(columns, options.max_width - 3 * len(columns) + 1)  # an edge, and blanks between two columns
        yield _tall(self.heads, self.cells) if widths is None else _wide(columns, widths)


def _wide(columns: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for (head, *cells), width in zip(columns, widths, strict=True):
        made.add_column(Text(head), justify="right" if _is_numeric(cells) else "left", overflow="fold", width=width)
    for row in zip(*(cells for _, *cells in columns), strict=True):
        made.add_row(*(_styled(text, width) for text, width in zip(row, widths, strict=True)))
    return made


def _tall(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a line for each column of each row that says something there."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold", overflow="fold")
    made.add_column(overflow="fold")
    if not rows:
        made.add_row("no rows", "")
    for row in rows:
        made.add_row("", "")
        for head, text in filter(itemgetter(1), zip(heads, row, strict=True)):
            made.add_row(Text(head), _styled(text))
    return made


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Return how wide each column is to be, or None if they do not fit beside each other."""
    widths = [max([1, *map(cell_len, _lines(column))]) for column in columns]
    words = [[word for text in column for word in text.split()] for column in columns]
    whole = [max([1, *map(cell_len, some)]) for some in words]
    numbers = [max([1, *(cell_len(word) for word in some if _NUMBER.fullmatch(word) or _DATE.fullmatch(word))]) for some in words]
    least = [max(number, min(_LEAST, word)) for number, word in zip(numbers, whole, strict=True)]
    for floors in (whole, least):
        widths = _shrunk(widths, floors, room)
    return widths if sum(widths) <= room else None


def _shrunk(widths: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    """Return widths of which the widest have given way until all fit, but none below its floor."""
    for most in range(min(max(widths, default=0), room), 0, -1):
        made = [max(floor, min(width, most)) for width, floor in zip(widths, floors, strict=True)]
        if sum(made) <= room:
            return made
    return list(floors)


def _lines(column: Sequence[str]) -> list[str]:
    return [line for text in column for line in text.splitlines()]


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [text for text in cells if text]
    return bool(filled) and all(_NUMBER.fullmatch(text) for text in filled)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _styled(text: str, width: int = 0) -> Text:
    """Return a cell; a word longer than its column is broken behind a sign in it, if there is one."""
    broken = re.sub(r"\S+", lambda word: _broken(word[0], width), text) if width else text
    return Text(broken, style=VERDICT_STYLE.get(text, ""))


def _broken(word: str, width: int) -> str:
    lines = [""]
    for part in _PARTS.findall(word) if cell_len(word) > width else [word]:
        if cell_len(lines[-1] + part) > width and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
