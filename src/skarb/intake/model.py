"""What reading a file gives: batches in which every row of the source is accounted for.

A row becomes one instruction or at least one problem, never both and never nothing. A container that cannot be
trusted as a whole (a truncated archive, broken text, a wrong encoding) is an error before the first batch is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from skarb.core.errors import FieldError, Problem
from skarb.core.instruction import Assumptions, Instruction

Decimals = Callable[[str], int | None]  # decimals of an asset by code, None when the asset is unknown


class Number(str):
    """A number as it was written in JSON: kept as text, so no digit is lost."""

    __slots__ = ()


class Nested(str):
    """An object or a list where a single value is expected, as text."""

    __slots__ = ()


class Stamp(str):
    """An instant that the source keeps as such, as ISO 8601 text."""

    __slots__ = ()


@dataclass(slots=True)
class Rows:
    """Some rows of a table, in order: the cells of each, or why it could not be split into cells."""

    first: int  # number of the first row in the source, from 1
    cells: list[list[str] | FieldError]
    lines: list[int] | None = None  # line of each row in a text file, where that helps to find it


@dataclass(slots=True)
class Reading:
    """One batch of rows of a source.

    Shape: `rows[k]` is the source row of `instructions[k]`; every other row of the batch has a problem that carries
    its number, and every problem carries a row.
    """

    source: str  # the file's name
    mapping: str  # how it was understood: "native", a mapping's name or a message such as pain.001.001.09
    assumptions: Assumptions | None
    instructions: Sequence[Instruction] = ()
    rows: Sequence[int] = ()
    problems: list[Problem] = field(default_factory=list)
    total: int = 0  # rows of the source accounted for up to and with this batch
    expected: int | None = None  # rows in the whole source, where known beforehand; text files: an upper bound
    notes: tuple[str, ...] = ()  # how the source was checked

    @property
    def refused(self) -> list[int]:
        """Return the source rows of this batch that are malformed, in order."""
        return sorted({problem.row for problem in self.problems if problem.row})
