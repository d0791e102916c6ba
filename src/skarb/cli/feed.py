"""`skarb feed`: a book goes out to its supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from skarb.app.feed import feed as write_feed
from skarb.cli.output import err, out, progress


def feed(
    book: Path,
    /,
    *,
    to: Path,
    key: Path,
    first: Annotated[int | None, Parameter(name="--from")] = None,
    law: str | None = None,
) -> None:
    """Write what a book has gained since the last export as Parquet, with the journal's own bytes and a signed head.

    The folder is partitioned by book and by the day of recording; DuckDB, Spark and pandas read it as it is. The first export writes the whole
    journal, each later one what is new. One that was cut short goes on where it stopped. `skarb lake add` verifies the feed.

    Example: `skarb feed bank.book --to feed --key bank.key`

    Parameters
    ----------
    book
        The file of a book.
    to
        The folder of the feed; several books may share one.
    key
        The private key to sign with; `skarb proof key` makes one.
    first
        The first batch to write into an empty folder; by default the first of all.
    law
        The country whose assets are meant; by default the market's own, else by.
    """
    to.mkdir(exist_ok=True)
    with progress(f"Writing the feed of {book.name}") as step:
        manifest = write_feed(book, to, key, first=first, law=law, progress=lambda what, done, total: step(done, total, what))
    if manifest is None:
        err.print("[dim]· nothing new since the last export[/]")
        return
    rows = sum(one.files["rows"].rows for one in manifest.segments)
    out.print(
        f"✓ {manifest.book}: batches {manifest.first} to {manifest.last}, {rows:,} instructions, {manifest.sums.transfers:,} transfers",
        markup=False,
        highlight=False,
    )
    out.print(f"head {manifest.end}", markup=False, highlight=False)
