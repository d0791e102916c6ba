"""`skarb statement`: the changes of one account, page by page, with what it had after each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from skarb.app.past import Glass, glass_for
from skarb.cli.output import Format, Usage, check_outputs, format_of, write_rows
from skarb.cli.past import open_kept, print_notes
from skarb.core.counted import counted
from skarb.core.errors import InputError
from skarb.journal.past import BookPast, instruction_ids
from skarb.ledger.past import Page, Totals, page_by_effect, page_by_record
from skarb.store import location_of

COLUMNS = ("line", "effective", "recorded", "change", "counter", "amount", "balance", "available", "instruction")


def statement(
    book: str,
    address: str,
    *,
    asset: str,
    since: Annotated[str | None, Parameter(name="--from")] = None,
    until: Annotated[str | None, Parameter(name="--to")] = None,
    effective: bool = False,
    recorded: str | None = None,
    page: int = 1,
    size: int = 50,
    purpose: str | None = None,
    law: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show the changes of one account with what it had before, after each, and at the end.

    Transfers, holds, and what became of the holds, in the order of recording; with --effective in the order in which they take effect. What comes in
    has no sign, what goes out has a minus. Holds change what is available, not the balance.

    Example: `skarb statement first.book client/anna --asset BYN --from 2026-08-01 --to 2026-08-31 --purpose "case 17"`

    Parameters
    ----------
    book
        The book: a file, a folder, or postgresql://user@host/database#book.
    address
        The account's address, such as client/anna.
    asset
        The account's asset.
    since
        The first day, such as 2026-08-01; by default from the beginning.
    until
        The last day; by default until the end.
    effective
        Order and choose by the dates of effect instead of those of recording.
    recorded
        Only what was recorded until the end of this day, or until this instant.
    page
        Which page, from 1.
    size
        Lines on a page.
    purpose
        Why you look at the account; it is written into the log of looks of the market, or beside the book into BOOK.looks.jsonl.
    law
        The country whose days and assets are meant; by default the market's own, else by.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    for name, number in (("--page", page), ("--size", size)):
        if number < 1:
            raise InputError(f"{name}: given {number}, expected at least 1")
    place = location_of(book)
    check_outputs((output,), (place if isinstance(place, Path) else None,))
    form = format_of(format, output)
    glass = glass_for(place, law)
    start = 0 if since is None else glass.day(since)
    stop = 1 << 63 if until is None else glass.day(until, after=True)
    if stop <= start:
        raise Usage(f"--from {since} --to {until}: the last day lies before the first one")
    past, notes = open_kept(place)
    row = past.find(address, asset)[0]
    glass.look(f"{past.book}/{address}", purpose)  # whoever's the account is, its other sides are clients
    known, count = past.known, past.known.until(None if recorded is None else glass.moment(recorded))
    skip = (page - 1) * size
    if effective:
        found = page_by_effect(known, row, count, start, stop, skip, size)
    else:
        first, last = (min(known.until(moment - 1), count) for moment in (start, stop))
        found = page_by_record(known, row, first, last, skip, size)
    pages = max(1, -(-found.total // size))
    if page > pages:
        raise Usage(f"--page {page}: the statement has {found.total:,} lines, which are {pages:,} pages of {size}")
    title = (
        f"{past.book}: {address} in {asset}, page {page:,} of {pages:,}, {counted(found.total, 'line')}, times of {glass.zone}"
    )
    write_rows(COLUMNS, _rows(past, glass, found, skip, pages == page, form != "table"), form, output, title)
    print_notes(notes, glass, [asset])


def _rows(past: BookPast, glass: Glass, page: Page, skip: int, last: bool, exact: bool) -> Iterator[tuple[Any, ...]]:
    def total(name: str, totals: Totals) -> tuple[Any, ...]:
        return (None, None, None, name, None, None, money(totals.posted), money(totals.available), None)

    def money(units: int) -> str:
        return glass.amount(units, asset)

    asset = past.openings[page.account].asset
    yield total("carried forward" if skip else "opening", page.before if skip else page.opening)
    dates = partial(glass.instant, exact=exact)
    ids = instruction_ids(glass.book, past.heights, page.lines)
    for number, (line, instruction) in enumerate(zip(page.lines, ids, strict=True), skip + 1):
        yield (
            number, dates(line.effective), dates(line.moment), line.kind, past.openings[line.counter].address,
            money(line.amount if line.incoming else -line.amount), money(line.after.posted), money(line.after.available), instruction,
        )  # fmt: skip
    yield total("closing", page.closing) if last else total("to be carried", page.lines[-1].after)
