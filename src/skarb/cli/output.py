"""How answers leave the command line: a table for people, JSON, CSV or Parquet for programs.

Answers go to standard output or to a file; progress, notes and errors go to standard error.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from skarb.cli.table import table
from skarb.core.errors import InputError, NotFound, SkarbError

__all__ = [
    "FORMATS", "Format", "Usage", "check_outputs", "err", "format_of", "need", "out", "progress", "table", "write_rows",
]  # fmt: skip

Format = Literal["table", "json", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "parquet")

_PIPED = 140  # columns when nobody watches
out = Console(emoji=False, width=None if sys.stdout.isatty() else _PIPED)
err = Console(stderr=True, emoji=False, width=None if sys.stderr.isatty() else _PIPED)


class Usage(SkarbError):
    """The command line asks for something that makes no sense."""

    code = "usage"


def need(given: Sequence[object], what: str) -> None:
    """Refuse a command line that names nothing to work on; nothing at all would look like success.

    Raises: Usage
    """
    if not given:
        raise Usage(f"no {what} was named, expected at least one")


def check_outputs(outputs: Iterable[Path | None], needed: Iterable[Path | None]) -> None:
    """Find out before any work is done that its results have somewhere to go, and overwrite nothing that the work needs.

    Raises: NotFound, InputError
    """
    kept = {path.resolve() for path in needed if path is not None}
    for output in outputs:
        if output is None:
            continue
        if not output.parent.is_dir():
            raise NotFound(f"output {output}: there is no folder {output.parent}; create it first")
        if output.is_dir():
            raise InputError(f"output {output}: given a folder, expected a file")
        if output.resolve() in kept:
            raise InputError(f"output {output}: this file is needed for the work itself; name another one")
        kept.add(output.resolve())


def format_of(form: Format | None, output: Path | None) -> Format:
    """Return the format asked for, else the one that the file's ending names, else a table."""
    if form is not None:
        return form
    if output is None:
        return "table"
    ending = {".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}.get(output.suffix.lower())
    if ending is None:
        raise InputError(
            f"output {output.name!r}: cannot tell the format from the ending; expected .json, .jsonl, .csv or .parquet, or --format"
        )
    return ending  # type: ignore[return-value]


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Format, output: Path | None, title: str = "") -> None:
    """Write rows as a table, a JSON array, CSV or Parquet, in bounded memory for all but the table.

    Raises: InputError if Parquet has no file to go to.
    """
    if form == "table":
        out.print(table(columns, rows, title))
    elif form == "json":
        _write_json(columns, rows, output)
    elif form == "csv":
        _write_csv(columns, rows, output)
    else:
        _write_parquet(columns, rows, output)


@contextmanager
def _target(output: Path | None) -> Iterator[Any]:
    if output is None:
        # Whoever reads the other end of a pipe gets each receipt when it is given, and keeps it if we are stopped.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        yield sys.stdout
    else:
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file


def _write_json(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: Path | None) -> None:
    with _target(output) as file:
        lines = output is not None and output.suffix == ".jsonl"
        file.write("" if lines else "[")
        for number, row in enumerate(rows):
            text = msgspec.json.encode(dict(zip(columns, row, strict=True))).decode()
            file.write(f"{text}\n" if lines else f"{',' if number else ''}\n{text}")
        file.write("" if lines else "\n]\n")


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: Path | None) -> None:
    with _target(output) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)


def _write_parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: Path | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if output is None:
        raise InputError("Parquet is not for a terminal: name a file with --output FILE.parquet")
    target = output.absolute()  # a name such as a:b would be taken for an address
    writer: pq.ParquetWriter | None = None
    try:
        for chunk in _chunks(rows, 65536):
            part = pa.table({column: pa.array([row[n] for row in chunk]) for n, column in enumerate(columns)})
            if writer is None:
                # A column that is empty in the first chunk may hold text in a later one.
                schema = pa.schema([f if f.type != pa.null() else pa.field(f.name, pa.string()) for f in part.schema])
                writer = pq.ParquetWriter(target, schema)
            writer.write_table(part.cast(writer.schema))
        if writer is None:
            pq.write_table(pa.table({column: pa.array([], pa.string()) for column in columns}), target)
    finally:
        if writer is not None:
            writer.close()


def _chunks(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """Show progress on standard error; yields `step(done, total, note)`. Silent when nobody watches.

    A command that ends within a second shows nothing.
    """
    if not err.is_terminal:
        yield lambda done, total=None, note="": None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} {task.fields[note]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(escape(what), total=None, note="")
        yield lambda done, total=None, note="": bar.update(task, completed=done, total=total, note=escape(note))
