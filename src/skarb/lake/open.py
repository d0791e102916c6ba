"""A lake on disk: a folder with `lake.duckdb`, and the log of looks into people's data beside it.

One process writes at a time; DuckDB holds the lock. Readers open it read-only, any number of them while nobody writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from msgspec.structs import fields

from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.core.facts import Facts
from skarb.lake.schema import DECISIONS, FORMAT, ROWS, STORAGE, fact_fields, sql_type, statements

FILE = "lake.duckdb"
MEMORY = "2GiB"  # what DuckDB may take; beyond it works on disk


def database_path(lake: Path) -> Path:
    """Return where the tables of a lake lie."""
    return lake / FILE


def looks_path(lake: Path) -> Path:
    """Return where looks at the people in a lake are recorded."""
    return lake / "looks.jsonl"


def _address(path: Path) -> str:
    """Return a path as DuckDB takes it for a file, whatever its name begins with.

    Raises: InputError for a path in which DuckDB would look for its log, or from version 2 on for the lake, elsewhere.
    """
    if "?" in str(path):
        raise InputError(f"lake {path.parent}: the path has a ?, after which DuckDB reads settings; give the folder another name")
    if os.sep == "/" and "\\" in str(path):
        raise InputError(
            f"lake {path.parent}: the path has a backslash, which DuckDB takes for a slash; give the folder another name"
        )
    return str(path) if path.is_absolute() else f"./{path}"  # no word before a colon is the name of another kind of database


def create_lake(lake: Path) -> None:
    """Make an empty lake, unless there is one.

    Raises: NotFound if its parent folder is not there.
    """
    path = database_path(lake)
    if path.exists():
        return
    if not lake.parent.is_dir():
        raise NotFound(f"lake {lake}: there is no folder {lake.parent}; create it first")
    draft = path.with_name(FILE + ".new")
    address = _address(draft)
    lake.mkdir(exist_ok=True)
    draft.unlink(missing_ok=True)
    with duckdb.connect(address, config={"storage_compatibility_version": STORAGE}) as connection:
        for statement in statements():
            connection.execute(statement)
    draft.replace(path)


@contextmanager
def open_lake(lake: Path, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a lake for questions, or for writing.

    Raises: NotFound, InputError, Unavailable if another process has it.
    """
    path = database_path(lake)
    if not path.is_file():
        raise NotFound(f"there is no lake at {lake}; skarb lake add {lake} FEED makes one")
    try:
        connection = duckdb.connect(_address(path), read_only=not write)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise Unavailable(f"lake {lake} is in use by another process; try again when it has finished") from None
        raise InputError(f"{path} is not a lake: {error}") from None
    try:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = '{str(lake / 'temporary').replace(chr(39), chr(39) * 2)}'")
        _check(connection, path)
        if write:
            _keep_up(connection)
        yield connection
    finally:
        connection.close()


def _check(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        found = connection.execute("SELECT format FROM lake").fetchall()
    except duckdb.Error as error:
        raise InputError(f"{path} is not a lake: {error}") from None
    if found != [(FORMAT,)]:
        raise InputError(f"{path}: given a lake of format {found}, expected {FORMAT}; use the version of Skarb that wrote it")


def _keep_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a lake what it has learnt to hold since it was made: facts and codes that the law looks at, columns of rows.

    All of it is appended, so no number changes.
    """
    held = {row[0]: row[1] for row in connection.execute("DESCRIBE cases").fetchall()}
    usual = {one.name: one.default for one in fields(Facts)}
    changes = []
    for field in fact_fields():
        name, kind = field.name, sql_type(field)
        if name not in held:
            changes.append(f"TABLE cases ADD COLUMN {name} {kind} DEFAULT {'NULL' if usual[name] is None else repr(usual[name])}")
        elif kind.startswith("ENUM") and held[name] != kind:
            changes.append(f"TABLE cases ALTER {name} TYPE {kind} USING CAST(CAST({name} AS VARCHAR) AS {kind})")
    rows = {row[0] for row in connection.execute("DESCRIBE rows").fetchall()}
    changes += [f"TABLE rows ADD COLUMN {name} {kind}" for name, kind in ROWS.items() if name not in rows]
    if changes:
        connection.execute("BEGIN TRANSACTION")
        for change in changes:
            connection.execute(f"ALTER {change}")
        connection.execute("DROP VIEW decisions")
        connection.execute(DECISIONS)
        connection.execute("COMMIT")
