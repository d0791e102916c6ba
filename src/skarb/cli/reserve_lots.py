"""`skarb reserve receive | lots | disposals | holdings | verify`: what came in, what is left of it, where it lies."""

from __future__ import annotations

import csv
import json as texts
import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.custody.holdings import (
    BillRow,
    DisposalRow,
    Holding,
    LotRow,
    bill_of,
    bill_rows,
    disposal_rows,
    lot_rows,
)
from skarb.app.custody.holdings import (
    holdings as holdings_of,
)
from skarb.app.custody.keep import open_reserve, tell
from skarb.app.custody.rates import MAX_AGE_DAYS, rates_of
from skarb.app.custody.story import Story
from skarb.app.files import now
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, table, write_rows
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, InputError, NotFound
from skarb.core.time import to_day
from skarb.registers.read import text_of
from skarb.reserve import Inflow, read_inflows
from skarb.reserve.chart import DECIMALS
from skarb.reserve.inflow import COLUMNS
from skarb.store import location_of


def add_commands(app: App) -> None:
    """Add the verbs of lots to a group."""
    for verb in (receive, lots, disposals, bills, holdings, verify):
        app.command(verb)


def receive(
    book: str,
    file: Path,
    /,
    *,
    rates: Annotated[tuple[Path, ...], Parameter(negative=())] = (),
    max_age_days: int = MAX_AGE_DAYS,
    totals: Path | None = None,
    refunds: Path | None = None,
) -> int:
    """Post the inflows in a file: all of them or, if one cannot be taken, none. The same file again changes nothing.

    CSV with the columns id,day,miner,kind,asset,units,source; kind is levy, profit_tax, reserve_share or own_mining. Coins cost what they are worth
    by the rate of their day.

    Example: `skarb reserve receive reserve.book inflows.csv --rates nbrb.csv --rates btc.csv`

    Parameters
    ----------
    book
        The reserve's book.
    file
        The inflows, plain or gzip.
    rates
        Files of rates, as `skarb register import rates` reads them; several times for several. The first that has a pair is preferred.
    max_age_days
        How old a rate may be. One that is older is an error and no cost.
    totals
        CSV with source,asset,units: what each bill must add up to over all its lines, in the book and this file; the source of a bill is what stands
        before the last comma, or else the last slash, of a line's source. If one does not tie, nothing is posted.
    refunds
        Put lines below zero, by which corrected bills give back, into this file with units above zero: each is paid under an approved request.
        Without it a file with such lines is refused.
    """
    if not 0 <= max_age_days <= 3650:
        raise Usage(f"--max-age-days: given {max_age_days}, expected 0 to 3650")
    check_outputs((refunds,), (file, *rates, totals, _path(book)))
    back: list[Inflow] | None = None if refunds is None else []
    inflows = read_inflows(text_of(_bytes(file), file.name), file.name, back)
    known = rates_of(rates, max_age_days)
    with open_reserve(location_of(book), now) as keeper:
        if totals is not None:
            already = {(one.source, one.asset): one.units for one in bill_rows(keeper.story)}
            for line in inflows:
                if line.id not in keeper.story.inflows:
                    key = bill_of(line.source), line.asset
                    already[key] = already.get(key, 0) + line.units
            for line in back or ():
                key = bill_of(line.source), line.asset
                already[key] = already.get(key, 0) - line.units
            _must_tie(totals, already)
        taken = keeper.receive(inflows, known)
    sums: dict[tuple[str, str], list[int]] = {}
    for one in taken.created:
        row = sums.setdefault((one.line.kind, one.line.asset), [0, 0, 0])
        row[0] += 1
        row[1] += one.line.units
        row[2] += one.worth.cost_byn
    out.print(table(("kind", "asset", "lines", "units", "cost_byn"), [(*key, *row) for key, row in sorted(sums.items())]))
    out.print(
        f"[green]✓[/] {counted(len(taken.created), 'inflow')} posted, {taken.repeated:,} were there before", highlight=False
    )
    if refunds is not None:
        rows = [tuple(getattr(one, name) for name in COLUMNS) for one in back or ()]
        write_rows(COLUMNS, rows, "csv", refunds)
        out.print(
            f"{counted(len(rows), 'line')} to give back, waiting in {escape(str(refunds))}: skarb reserve ask pay",
            highlight=False,
        )
    return EXIT_CODES["ok"]


def lots(
    book: str,
    /,
    *,
    at: date | None = None,
    holdings: Path | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show what is left of each lot, in the order in which it will go; made anew from the journal each time.

    Example: `skarb reserve lots reserve.book --at 2026-06-30 --holdings holdings.csv`

    Parameters
    ----------
    book
        The reserve's book.
    at
        At the end of this legal day, as it is known now; by default everything.
    holdings
        Write the holdings file: CSV with lot,day,asset,units,cost_byn.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output, holdings), (_path(book),))
    rows = lot_rows(_tell(book, at))
    if holdings is not None:
        write_rows(LotRow._fields, rows, "csv", holdings)
    write_rows(LotRow._fields, rows, format_of(format, output), output)


def disposals(
    book: str,
    /,
    *,
    at: date | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show everything that left, what it had cost by its lots and what was gained, to the kopeck.

    Example: `skarb reserve disposals reserve.book`

    Parameters
    ----------
    book
        The reserve's book.
    at
        Up to the end of this legal day.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), (_path(book),))
    write_rows(DisposalRow._fields, disposal_rows(_tell(book, at)), format_of(format, output), output)


def bills(
    book: str,
    /,
    *,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show what each bill or payout brought, over all its lines.

    Example: `skarb reserve bills reserve.book --format csv`

    Parameters
    ----------
    book
        The reserve's book.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), (_path(book),))
    write_rows(BillRow._fields, bill_rows(_tell(book, None)), format_of(format, output), output)


def holdings(
    book: str,
    /,
    *,
    at: date | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Say what is held, where, and under which quorum, with what a proof of it stands on.

    Example: `skarb reserve holdings reserve.book --at 2026-06-30`

    Parameters
    ----------
    book
        The reserve's book.
    at
        At the end of this legal day, as it is known now; by default everything.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), (_path(book),))
    story = _tell(book, at)
    form = format_of(format, output)
    write_rows(Holding._fields, holdings_of(story), form, output)
    aside = out if form == "table" else err
    for asset, decimals in DECIMALS.items():
        if units := story.lots.units(asset):
            cost = sum(one.cost_byn for one in story.lots.left() if one.asset == asset)
            aside.print(f"{format_amount(units, decimals)} {asset} in all, cost {format_amount(cost, 2)} BYN", highlight=False)
    if story.freezings:
        aside.print(f"[red]frozen[/] by {', '.join(story.freezings)}", highlight=False)
    aside.print(f"[dim]policy {story.policy_hash}[/]", highlight=False)
    first = next((one for one in holdings_of(story) if one.units), None)
    if story.late:
        aside.print(
            f"posted later: {counted(story.late, 'inflow')} of that day or before; a proof of the day does not tell of it",
            highlight=False,
        )
    if first is not None:
        words = f"skarb proof balance {book} --account held/{first.place} --asset {first.asset} --height {story.height} --key KEY --purpose TEXT"
        aside.print(f"[dim]· prove it: {escape(words)}[/]", highlight=False)


def verify(book: str, /, *, json: bool = False) -> int:
    """Make everything anew from the journal: every posting is what its words say, every decision was allowed, lots and balances agree.

    `skarb verify` checks the bytes, the chain and the sums beneath. Exit code 9 if anything is wrong.

    Example: `skarb reserve verify reserve.book`

    Parameters
    ----------
    book
        The reserve's book.
    json
        Print the answer as JSON.
    """
    story = tell(location_of(book), now, listing=True)
    if json:
        data = {"holds": not story.problems, "inflows": len(story.inflows), "decisions": story.judged, "problems": story.problems}
        out.print_json(texts.dumps(data))
    elif story.problems:
        for one in story.problems:
            out.print(f"✗ {one}", markup=False, highlight=False)
    else:
        out.print(
            f"[green]✓[/] {counted(len(story.inflows), 'inflow')} and {counted(story.judged, 'decision')} made again; lots, words and balances agree",
            highlight=False,
        )
    return EXIT_CODES["verification" if story.problems else "ok"]


def _tell(book: str, at: date | None) -> Story:
    story = tell(location_of(book), now, None if at is None else to_day(at))
    story.must_be_whole(book)
    return story


def _must_tie(path: Path, sums: dict[tuple[str, str], int]) -> None:
    """Compare what bills say with the lines that follow from them.

    Raises: InputError
    """
    try:
        rows = list(csv.reader(StringIO(text_of(_bytes(path), path.name))))
    except csv.Error as error:
        raise InputError(f"{path}: given {error}, expected comma-separated values") from None
    if not rows or rows[0] != ["source", "asset", "units"]:
        raise InputError(f"{path} row 1: expected the columns source,asset,units")
    wrong: list[str] = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != 3 or not re.fullmatch("-?[0-9]{1,19}", row[2]):
            wrong.append(f"{path} row {number}: given {','.join(row)!r}, expected source,asset and whole units")
        elif sums.get((row[0], row[1]), 0) != int(row[2]):
            found: Any = sums.get((row[0], row[1]), 0)
            wrong.append(f"{path} row {number}: {row[0]} says {row[2]} {row[1]}, its lines add up to {found}")
    if wrong:
        raise InputError("\n".join(wrong[:20]) + "\nnothing was posted")


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    return path.read_bytes()


def _path(book: str) -> Path | None:
    place = location_of(book)
    return place if isinstance(place, Path) else None
