"""Mappings: how the columns of somebody else's file become the fields of an instruction.

A mapping is a small YAML file. Each field says where its value comes from: a column, a constant, a template over columns,
a table from words to codes, or one of several by the value of a column. Every column of the file is read, ignored by
name, or signalled. What the file does not say about its parties is written down as an assumption.

A file may know several layouts (sets of columns) of the same data; they share everything they do not say themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from skarb.core.errors import InputError
from skarb.core.instruction import Assumptions

READS = ("table", "bitcoin_block", "ethereum_answer")  # what a mapping can be written for
RESERVED = ("row", "digest")  # usable in templates beside the columns


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a template: a text, or a column with the way it is written."""

    text: str
    column: bool = False
    way: str = ""  # "unpadded": without leading zeros


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the value of one field comes from. Exactly one of column, constant, template and cases is set."""

    column: str | None = None
    constant: str | None = None
    template: tuple[Piece, ...] = ()
    cases: dict[str, Rule] = field(default_factory=dict)  # by the value of `by`
    by: str | None = None
    table: dict[str, str] | None = None  # words of the file → ours
    sign: tuple[str, str] | None = None  # what an amount above and below zero means
    absolute: bool = False  # an amount below zero is read without its sign
    optional: bool = False  # an empty cell means nothing
    format: str = ""  # of an instant
    zone: str = ""

    def columns(self) -> set[str]:
        """Return the columns that the rule reads."""
        named = {piece.text for piece in self.template if piece.column} - set(RESERVED)
        named |= {name for name in (self.column, self.by) if name}
        return named.union(*(case.columns() for case in self.cases.values()))


@dataclass(frozen=True, slots=True)
class Layout:
    """One set of columns and what becomes of them."""

    name: str  # "" when the mapping knows only one
    fields: dict[str, Rule]
    declared: dict[str, Rule]
    ignore: frozenset[str]  # columns that are knowingly not read, present or not

    def columns(self) -> set[str]:
        """Return the columns that are read."""
        return set().union(*(rule.columns() for rule in (*self.fields.values(), *self.declared.values())))

    def needs(self) -> set[str]:
        """Return the columns without which the layout cannot be read."""
        return set().union(*(rule.columns() for rule in (*self.fields.values(), *self.declared.values()) if not rule.optional))

    def misfit(self, columns: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return which columns are missing and which are unknown; two empty lists mean that the layout fits."""
        read = self.columns()
        return sorted(self.needs() - set(columns)), [name for name in columns if name not in read and name not in self.ignore]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A way to read somebody else's files."""

    name: str
    title: str
    reads: str  # one of READS
    layouts: tuple[Layout, ...]
    assumptions: Assumptions

    def layout(self, columns: Sequence[str], file: str) -> Layout:
        """Return the layout that fits the columns of a file.

        Raises: InputError naming the columns that are missing or unknown.
        """
        fitting = [layout for layout in self.layouts if layout.misfit(columns) == ([], [])]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = ", ".join(layout.name for layout in fitting)
            raise InputError(
                f"{file}: mapping {self.name} reads these columns in more than one way: {names}; name more columns in it"
            )
        raise InputError(f"{file}: {self.describe_misfit(columns)}; write a mapping for this file, or add the column to `ignore`")

    def describe_misfit(self, columns: Sequence[str]) -> str:
        """Return in words why no layout fits, for the one that comes nearest."""
        missing, unknown = min((layout.misfit(columns) for layout in self.layouts), key=lambda m: len(m[0]) + len(m[1]))
        said = [f"column {', '.join(missing)} is missing"] if missing else []
        said += [f"column {', '.join(unknown)} is unknown"] if unknown else []
        return f"mapping {self.name} does not fit: {' and '.join(said)}"

    def at_constant(self, at: str, file: str) -> Mapping:
        """Return the mapping with another constant instant.

        Raises: InputError if the files of this mapping carry their own dates.
        """
        layouts = []
        for layout in self.layouts:
            if layout.fields["at"].constant is None:
                raise InputError(
                    f"{file}: an instant was given, but mapping {self.name} reads the dates in the file; leave it out"
                )
            layouts.append(replace(layout, fields={**layout.fields, "at": Rule(constant=at)}))
        notes = (*self.assumptions.notes, f"every row is taken at {at}, as given")
        return replace(self, layouts=tuple(layouts), assumptions=msgspec.structs.replace(self.assumptions, notes=notes))
