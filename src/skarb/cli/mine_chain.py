"""`skarb mine`: one moment, the difficulty of each epoch, what every day paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from skarb.cli.mine_answer import USUAL, Files, Given, answer, form_for, tell
from skarb.cli.mine_moment import NOW, Asked
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, need, write_rows
from skarb.core.errors import EXIT_CODES
from skarb.core.time import from_day


def economics(files: Files | None = None, /, *, asked: Asked = NOW, cases: Path | None = None, given: Given = USUAL) -> int:
    """Reckon one moment: coins for hashes, hashprice, revenue and profit of a megawatt, break-even prices, all exact.

    The network comes from FILES, of the last day or of the day `--at`, or from `--difficulty`, `--subsidy`, `--fee`, `--price`. With `--cases` many
    moments are reckoned from a JSON file, and held to what it expects; exit code 9 if a figure does not agree to twelve digits.

    Parameters
    ----------
    cases
        A JSON list of objects with inputs and expected.
    """
    from skarb.app.mining_cases import UNITS, figures, run_cases
    from skarb.mining.formulas import significant

    form = form_for(given, (*(files or ()), *((cases,) if cases else ())))
    if cases is not None:
        results = run_cases(cases)
        said = {True: "yes", False: "no", None: ""}
        columns = ("case", "figure", "value", "expected", "agrees")
        lines = [(one.case, one.name, str(one.value), one.expected, said[one.agrees]) for one in results]
        answer(columns, lines, (), form, given.output)
        return EXIT_CODES["verification"] if any(one.agrees is False for one in results) else 0
    reckoned, inputs = asked.moment(files or (), given)
    rows = [(name, str(significant(value)), UNITS[name]) for name, value in figures(reckoned).items()]
    answer(("figure", "value", "unit"), rows, inputs, form, given.output)
    return 0


def difficulty(
    files: Files,
    /,
    *,
    at: date | None = None,
    height: int | None = None,
    last: int = 12,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show the difficulty of each epoch and when it began, made again from a list of checkpoints.

    Difficulties are exact; dates are exact where a file of block statistics has the first block, else good to an hour or two between known blocks.

    Parameters
    ----------
    at
        Only the epoch of this day (its beginning, UTC).
    height
        Only the epoch of this block.
    last
        How many epochs the table shows; files hold all.
    """
    from skarb.app.mining import load_epochs
    from skarb.chain.difficulty import difficulty_of

    need(files, "file")
    if last < 1:
        raise Usage(f"--last {last}: expected at least 1")
    form = format_of(format, output)
    check_outputs((output,), files)
    epochs, notes = load_epochs(files)
    tell(notes)
    shown: Sequence[Any] = epochs.epochs
    if at is not None:
        shown = [epochs.at_time(int(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp()))]
    elif height is not None:
        shown = [epochs.at_height(height)]
        moment = datetime.fromtimestamp(epochs.time_of(height), UTC)
        err.print(f"· block {height}: about {moment:%Y-%m-%d %H:%M} UTC", style="dim", highlight=False)
    elif form == "table":
        shown = epochs.epochs[-last:]
    columns = ("epoch", "first_height", "began_utc", "dated", "difficulty", "change_percent", "days")
    rows = []
    for one in shown:
        before = epochs.epochs[one.number - 1].target if one.number else one.target
        change = f"{float(Fraction(before, one.target) - 1) * 100:+.2f}"
        began = datetime.fromtimestamp(one.start, UTC).strftime("%Y-%m-%d %H:%M:%S")
        took = f"{one.seconds / 86_400:.3f}" if one.number + 1 < len(epochs.epochs) else ""
        rows.append((one.number, one.first_height, began, one.dated, f"{float(difficulty_of(one.target)):.17g}", change, took))
    write_rows(columns, rows, form, output)


def hashprice(
    files: Files,
    /,
    *,
    first: Annotated[date | None, Parameter(name="--from")] = None,
    until: Annotated[date | None, Parameter(name="--to")] = None,
    by: Literal["day", "month", "year"] = "month",
    assumed_fee: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show what a petahash a second brought, by day, month or year, with what it is made of and how good that is.

    Parameters
    ----------
    first
        The first day.
    until
        The last day.
    by
        Days, or means over months or years.
    assumed_fee
        BTC of fees per block for days that nobody knows them of; without it such days are missing.
    """
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import hashprice_rows

    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), files)
    past = load(files, None if assumed_fee is None else number("assumed_fee", assumed_fee))
    tell(past.notes)
    days = past.since(first or from_day(past.history[0].day), until)
    write_rows(*hashprice_rows(days, by), form, output)


def machines(*, output: Path | None = None, format: Format | None = None) -> None:  # noqa: A002
    """List the machines that are known here, with their name plates and sources, and what is supposed where nothing is said."""
    from skarb.app.mining_tables import plain
    from skarb.mining.catalogue import machines as known
    from skarb.mining.catalogue import supposed

    form = format_of(format, output)
    check_outputs((output,), ())
    columns = ("code", "name", "j_per_th", "th_s", "watt", "released", "source", "note")
    rows = [
        (
            one.code,
            one.name,
            plain(one.efficiency_j_th),
            plain(one.hashrate_th_s),
            plain(one.power_w),
            one.released.isoformat(),
            one.source,
            one.note,
        )
        for one in known().values()
    ]
    answer(columns, rows, list(supposed().values()), form, output)
