"""`skarb mine`: one moment, the difficulty of each epoch, what every day paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from skarb.cli.mine_answer import USUAL, Files, Given, answer, as_inputs, form_for, tell
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, need, write_rows
from skarb.core.errors import EXIT_CODES, FieldError
from skarb.core.time import from_day


def economics(
    files: Files | None = None,
    /,
    *,
    machine: str = "s21",
    efficiency: str | None = None,
    usd_kwh: str = "0.05",
    difficulty: str | None = None,
    subsidy: str = "3.125",
    fee: str = "0",
    price: str | None = None,
    at: date | None = None,
    cases: Path | None = None,
    given: Given = USUAL,
) -> int:
    """Reckon one moment: coins for hashes, hashprice, revenue and profit of a megawatt, break-even prices, all exact.

    The network comes from FILES, of the last day or of the day `--at`, or from `--difficulty`, `--subsidy`, `--fee`, `--price`. With `--cases` many
    moments are reckoned from a JSON file, and held to what it expects; exit code 9 if a figure does not agree to twelve digits.

    Parameters
    ----------
    machine
        A machine of the catalogue; `skarb mine machines` lists them.
    efficiency
        Its efficiency in J/TH, instead.
    usd_kwh
        The price of electricity at the meter.
    difficulty
        The difficulty of the network.
    subsidy
        BTC that a block makes.
    fee
        BTC of fees in a block.
    price
        USD for a bitcoin.
    at
        The day; by default the last one that is known.
    cases
        A JSON list of objects with inputs and expected.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_cases import UNITS, Moment, figures, moment, number, run_cases
    from skarb.app.mining_tables import plain
    from skarb.mining.catalogue import machine as find
    from skarb.mining.formulas import significant

    form = form_for(given, (*(files or ()), *((cases,) if cases else ())))
    if files and (difficulty is not None or price is not None):
        raise Usage("--difficulty and --price: the network comes from FILES; name either the one or the other")
    if at is not None and not files:
        raise Usage("--at: expected FILES to take the day from")
    if cases is not None:
        results = run_cases(cases)
        said = {True: "yes", False: "no", None: ""}
        columns = ("case", "figure", "value", "expected", "agrees")
        lines = [(one.case, one.name, str(one.value), one.expected, said[one.agrees]) for one in results]
        answer(columns, lines, (), form, given.output)
        return EXIT_CODES["verification"] if any(one.agrees is False for one in results) else 0
    kind = find(machine) if efficiency is None else None
    j_per_th = efficiency if kind is None else plain(kind.efficiency_j_th)
    inputs: Sequence[Any] = ()
    network = {"subsidy": subsidy, "fee_per_block": fee, "difficulty": difficulty, "btc_usd": price}
    more = {
        "j_per_th": str(j_per_th),
        "pue": given.pue,
        "uptime": given.uptime,
        "pool_fee": given.pool_fee,
        "usd_per_kwh": usd_kwh,
    }
    if files:
        past = load(files)
        inputs = work.inputs_of(past, given.terms(), at)
        reckoned = Moment(
            past.at(at).network, number("j_per_th", more["j_per_th"]), given.terms(), number("usd_per_kwh", usd_kwh)
        )
    else:
        for name, value in network.items():
            if value is None:
                raise FieldError(f"--{'price' if name == 'btc_usd' else name}", "nothing", "a number, or FILES to take it from")
        reckoned = moment({**more, **{name: str(value) for name, value in network.items()}})
        inputs = as_inputs({**network, **more})
    rows = [(name, str(significant(value)), UNITS[name]) for name, value in figures(reckoned).items()]
    source = f"{kind.name}, {kind.source}" if kind else "as asked for"
    machine_inputs = as_inputs({"j_per_th": str(j_per_th)}, source) + as_inputs({"usd_per_kwh": usd_kwh}) if files else []
    answer(("figure", "value", "unit"), rows, [*inputs, *machine_inputs], form, given.output)
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
