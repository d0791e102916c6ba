"""Tables of facts: which type each column has in an engine, so that the same query means the same everywhere.

DuckDB keeps codes as an ENUM, numbers beside a list of texts: a query compares numbers while the law's text stays readable. The list is that of
`coding`, in its order, and is only ever appended to. Days are whole numbers, because a calendar type is read in the zone of whoever reads; flags are
true or false.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from skarb.rulebook.coding import codes_of
from skarb.rulebook.schema import Field, Schema
from skarb.rulebook.sql import Dialect


def column_type(field: Field, dialect: Dialect, enumerated: bool = True) -> exp.DataType:
    """Return the type of a fact's column; codes are texts where an engine has no ENUM, or where it is not wanted."""
    match field.type.base:
        case "code" if enumerated and dialect == "duckdb":
            return exp.DataType(this=exp.DataType.Type.ENUM, expressions=[exp.Literal.string(code) for code in codes_of(field)])
        case "code":
            return exp.DataType.build("TEXT")
        case "flag":
            return exp.DataType.build("BOOLEAN")
        case "day":
            return exp.DataType.build("INT")
    return exp.DataType.build("BIGINT")


def create_table(
    fields: Schema, facts: Iterable[str], dialect: Dialect, table: str, *, enumerated: bool = True, keys: Iterable[str] = ()
) -> exp.Create:
    """Return the statement that makes a table for some facts; `keys` are whole numbers in front, by which rows are found again."""
    columns = [(name, exp.DataType.build("BIGINT"), False) for name in keys]
    columns += [(name, column_type(fields[name], dialect, enumerated), fields[name].optional) for name in facts]
    made = [
        exp.ColumnDef(
            this=exp.to_identifier(name, quoted=True),
            kind=kind,
            constraints=[] if optional else [exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())],
        )
        for name, kind, optional in columns
    ]
    return exp.Create(this=exp.Schema(this=exp.table_(table, quoted=True), expressions=made), kind="TABLE")
