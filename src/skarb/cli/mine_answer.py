"""How the verbs of `skarb mine` are asked and how they answer: terms, notes, an answer with what it rests on beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from skarb.cli.output import Format, check_outputs, err, format_of, out, write_rows
from skarb.core.errors import FieldError

Files = Annotated[list[Path], Parameter(help="Files, or folders of them.", negative=())]


@Parameter(name="*")
@dataclass(frozen=True)
class Given:
    """On what terms machines run, and where the answer goes."""

    pue: str = "1.05"
    "Power at the meter over power at the machines."
    uptime: str = "0.95"
    "Share of hours in which machines run."
    pool_fee: str = "0.02"
    "What the pool keeps."
    output: Path | None = None
    "A file for the answer instead of the terminal: .json, .csv or .parquet."
    format: Format | None = None
    "table, json (with all inputs), csv or parquet."

    def terms(self) -> Any:
        """Return the terms, read."""
        from skarb.app.mining_cases import number
        from skarb.mining.model import Terms

        if number("pool_fee", self.pool_fee) == 1:
            raise FieldError(
                "pool_fee", self.pool_fee, "a share below 1: where the pool keeps everything there is nothing to reckon"
            )
        return Terms(number("pue", self.pue), number("uptime", self.uptime), number("pool_fee", self.pool_fee))


USUAL = Given()


def form_for(given: Given, files: Iterable[Path] = ()) -> Format:
    """Return the form of an answer, having found out that it has somewhere to go."""
    form = format_of(given.format, given.output)
    check_outputs((given.output,), files)
    return form


def tell(notes: Iterable[str]) -> None:
    """Write remarks to standard error."""
    for note in notes:
        err.print(f"· {note}", style="dim", markup=False, highlight=False)


def as_inputs(values: dict[str, Any], source: str = "as asked for") -> list[Any]:
    """Return what was asked for as inputs of an answer."""
    from skarb.mining.compare import Figure

    return [Figure.exactly(name, Fraction(value), "", source, "given") for name, value in values.items()]


def answer(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], inputs: Iterable[Any], form: Format, output: Path | None
) -> None:
    """Write an answer, its inputs beside it: in the same JSON object, in a second table, or as notes beside CSV and Parquet."""
    from skarb.app.mining_tables import INPUTS, input_rows

    beside = input_rows(inputs)
    if form == "json":
        whole = {
            "answer": [dict(zip(columns, row, strict=True)) for row in rows],
            "inputs": [dict(zip(INPUTS, row, strict=True)) for row in beside],
        }
        text = msgspec.json.format(msgspec.json.encode(whole))
        if output is None:
            out.print_json(text.decode())
        else:
            output.write_bytes(text + b"\n")
        return
    write_rows(columns, rows, form, output)
    if form == "table":
        if beside:
            write_rows(INPUTS, beside, "table", None, "What this rests on")
        return
    tell(f"{name} {value} ({low} to {high}) {unit}, {good}: {source}" for name, value, low, high, unit, good, source in beside)
