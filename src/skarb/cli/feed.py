"""`skarb feed`: a book, or an institution's own tables, go out to its supervisor."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from skarb.app.declaring import Declaring
from skarb.app.declaring import declare as write_declared
from skarb.app.feed import feed as write_feed
from skarb.cli.output import err, out, progress
from skarb.core.counted import counted
from skarb.journal.feed.manifest import Manifest

app = App(name="feed")


@app.default
def feed(
    book: Path,
    /,
    *,
    to: Path,
    key: Path,
    first: Annotated[int | None, Parameter(name="--from")] = None,
    law: str | None = None,
    new_key: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write what a book has gained since the last export as Parquet, with the journal's own bytes and a signed head.

    The folder is partitioned by book and by the day of recording; DuckDB, Spark and pandas read it as it is. The first export writes the whole
    journal, each later one what is new. One that was cut short goes on where it stopped. `skarb lake add` verifies the feed.
    Whoever keeps no such book files tables instead: `skarb feed declare`.

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
    new_key
        Go on with another key than before; the supervisor takes what follows when he trusts that key, too (skarb lake trust).
    """
    to.mkdir(exist_ok=True)
    with progress(f"Writing the feed of {book.name}") as step:
        manifest = write_feed(
            book, to, key, first=first, law=law, new_key=new_key, progress=lambda what, done, total: step(done, total, what)
        )
    if manifest is None:
        err.print("[dim]· nothing new since the last export[/]")
        return
    _print(manifest)


@app.command
def declare(
    tables: Path,
    /,
    *,
    to: Path,
    book: str,
    key: Path,
    law: str = "by",
    filed: date | None = None,
    form: Literal["parquet", "csv"] = "parquet",
    new_key: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Check tables of your own and write them as a signed feed: for whoever keeps no book of ours.

    `rows.csv` has one row per instruction: id, at, party, asset, answer (posted, refused, referred, not_posted), activity, and as far as there
    is something to say amount, counterparty, value, provision and every fact that the law looks at. `transfers.csv` says what was paid:
    instruction, debit, credit, amount. `cases.csv` and `assets.csv` are there for whoever wants them. Each may be .csv, .csv.gz or .parquet;
    docs/declaring.md lists all columns.
    What is wrong is named with file, line and column, and then nothing is written. The next call continues the feed.

    Example: `skarb feed declare tables --to feed --book bank --key bank.key --law by`

    Parameters
    ----------
    tables
        The folder of the tables.
    to
        The folder of the feed; it is made when there is none.
    book
        The name under which the supervisor knows these books.
    key
        The private key to sign with; `skarb proof key` makes one.
    law
        The law under which it all was decided: a shipped country or the folder of a law. It gives currency, time zone, and what provisions there are.
    filed
        The day of filing; by default today, in UTC.
    form
        How the feed's own files are written.
    new_key
        Go on with another key than before; the supervisor takes what follows when he trusts that key, too (skarb lake trust).
    """
    with progress(f"Reading {tables.name}") as step:
        asked = Declaring(
            tables, to, book, key, law, filed, form, new_key=new_key, progress=lambda what, done, total: step(done, total, what)
        )
        manifest = write_declared(asked)
    _print(manifest)
    unknown = sum(one.files["rows"].rows for one in manifest.segments) if not manifest.editions else 0
    if unknown:
        err.print("[dim]· no row says which provision decided; replay counts them as undecided[/]")


def _print(manifest: Manifest) -> None:
    rows = sum(one.files["rows"].rows for one in manifest.segments)
    declared = "" if manifest.bodies else ", declared"
    out.print(
        f"✓ {manifest.book}: batches {manifest.first} to {manifest.last}, {counted(rows, 'instruction')}, "
        f"{counted(manifest.sums.transfers, 'transfer')}{declared}",
        markup=False,
        highlight=False,
    )
    out.print(f"head {manifest.end}", markup=False, highlight=False)
