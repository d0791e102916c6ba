"""`skarb supply`: what all accounts of each asset add up to, after any batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from skarb.app.past import glass_for
from skarb.cli.output import Format, check_outputs, format_of, write_rows
from skarb.cli.past import open_kept, print_notes
from skarb.core.errors import EXIT_CODES
from skarb.store import location_of

COLUMNS = ("asset", "accounts", "debits", "credits", "difference", "held_out", "held_in", "held_difference")


def supply(
    book: str,
    *,
    height: int | None = None,
    law: str | None = None,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Add up the debits and the credits of all accounts of each asset, after any batch; nothing may be left.

    Exit code 9 if an asset's credits are not its debits.

    Parameters
    ----------
    book
        The book: a file, a folder, or postgresql://user@host/database#book.
    height
        After which batch; by default the last one.
    law
        The country whose assets are meant; by default the market's own, else by.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    place = location_of(book)
    check_outputs((output,), (place if isinstance(place, Path) else None,))
    form = format_of(format, output)
    glass = glass_for(place, law)
    past, notes = open_kept(place)
    height = past.sequence if height is None else height
    rows: list[tuple[Any, ...]] = []
    balanced = True
    for asset, (totals, accounts) in sorted(past.supply(height).items()):
        difference, held = totals.posted, totals.credits_pending - totals.debits_pending
        balanced = balanced and not difference and not held
        numbers = (totals.debits_posted, totals.credits_posted, difference, totals.debits_pending, totals.credits_pending, held)
        rows.append((asset, accounts, *(glass.amount(number, asset) for number in numbers)))
    write_rows(COLUMNS, rows, form, output, f"{past.book} after batch {height:,} of {past.sequence:,}")
    print_notes(notes, glass, [row[0] for row in rows])
    return EXIT_CODES["ok"] if balanced else EXIT_CODES["verification"]
