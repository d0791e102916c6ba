"""`skarb balance`: what an account had, at any moment, as it was known at any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skarb.app.past import glass_for, is_personal
from skarb.cli.output import Format, check_outputs, format_of, write_rows
from skarb.cli.past import open_kept, print_notes
from skarb.store import location_of

COLUMNS = ("address", "asset", "accounts", "debits", "credits", "balance", "held_out", "held_in", "available")


def balance(
    book: str,
    address: str,
    *,
    asset: str | None = None,
    at: str | None = None,
    recorded: str | None = None,
    prefix: bool = False,
    purpose: str | None = None,
    law: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Say what an account had at any moment, as it is known now or was known at any other.

    Two dates matter: when a transfer takes effect, and when it was recorded. The balance counts what had taken effect at --at among what was
    recorded until --recorded. Credits minus debits is the balance; outgoing holds are taken off to give what is available.

    Examples: `skarb balance first.book client/anna --at 2026-08-01 --purpose "case 17"` · `skarb balance first.book client --prefix`

    Parameters
    ----------
    book
        The book: a file, a folder, or postgresql://user@host/database#book.
    address
        The account's address, such as client/anna.
    asset
        Only this asset; by default every one there is an account in.
    at
        What had taken effect until the end of this day, or until this instant: 2026-08-01 or 2026-08-01T12:00:00+03:00. By default everything.
    recorded
        Only what was recorded until then, written the same way.
    prefix
        Add up all accounts at the address and below it.
    purpose
        Why you look at somebody's account; it is written into the log of looks of the market, or beside the book into BOOK.looks.jsonl.
    law
        The country whose days and assets are meant; by default the market's own, else by.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    place = location_of(book)
    check_outputs((output,), (place if isinstance(place, Path) else None,))
    form = format_of(format, output)
    glass = glass_for(place, law)
    moments = [None if text is None else glass.moment(text) for text in (recorded, at)]
    past, notes = open_kept(place)
    rows = past.find(address, asset, below=prefix)
    if is_personal(address):
        glass.look(f"{past.book}/{address}", purpose)
    lines: list[tuple[Any, ...]] = []
    for code, (totals, accounts) in sorted(past.sums(rows, *moments).items()):
        numbers = (
            totals.debits_posted, totals.credits_posted, totals.posted,
            totals.debits_pending, totals.credits_pending, totals.available,
        )  # fmt: skip
        lines.append((address, code, accounts, *(glass.amount(number, code) for number in numbers)))
    write_rows(COLUMNS, lines, form, output)
    print_notes(notes, glass, [line[1] for line in lines])
