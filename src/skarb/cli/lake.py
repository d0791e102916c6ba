"""`skarb lake`: the supervisor takes feeds in, verified, and looks at what he has."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App
from rich.markup import escape

from skarb.app.files import now
from skarb.app.lake import add as add_feed
from skarb.app.lake import trust as trust_key
from skarb.app.looks import Looks, stated
from skarb.cli.output import Format, check_outputs, err, format_of, out, progress, write_rows
from skarb.core.counted import counted
from skarb.lake import show as shown
from skarb.lake.open import looks_path

app = App(name="lake", help="The supervisor's lake: feeds of institutions, verified before a row can be seen, as columns.")


@app.command
def add(lake: Path, feed: Path, /, *, key: Path | None = None, by: str | None = None) -> None:
    """Verify a feed and add what the lake does not hold yet, all of it or nothing.

    Checked are the signature, every file's hash, the chain of heads from the bodies, that nothing is missing, doubled or forked, every column against
    the bodies, and the control sums. A feed that does not hold is refused with exit code 9, and the lake stays as it was.

    Example: `skarb lake add lake feed --key bank.key.pub`

    Parameters
    ----------
    lake
        The folder of the lake; it is made when there is none.
    feed
        The folder of a feed, or of one book in it, or any file of that book: a manifest, or rows as Parquet or CSV.
    key
        A public key to be pinned to the feed's book if no key of it is known yet.
    by
        Who adds the feed; by default the user of this machine. It is kept with the feed.
    """
    with progress("Verifying the feed") as step:
        found = add_feed(lake, feed, key=key, by=by, progress=lambda what, done, total: step(done, total, what))
    for one in found:
        what = f"{one.book}: batches {one.first} to {one.last}"
        if not one.new:
            err.print(f"[dim]· {escape(what)} are in the lake already; nothing changed[/]")
            continue
        said = "proven by its bodies" if one.proven else "declared, not proven"
        out.print(
            f"✓ {what}, {counted(one.rows, 'row')}, {counted(one.transfers, 'transfer')}, {said}", markup=False, highlight=False
        )


@app.command
def trust(lake: Path, book: str, key: Path, /, *, by: str | None = None) -> None:
    """Trust a public key of a book: feeds signed with it are taken from now on.

    Get the key from the institution by a way you trust, not out of the feed.

    Example: `skarb lake trust lake bank bank.key.pub`

    Parameters
    ----------
    lake
        The folder of the lake; it is made when there is none.
    book
        The name of the book.
    key
        The file of its public key.
    by
        Who says so; by default the user of this machine.
    """
    name, new = trust_key(lake, book, key, by)
    out.print(
        f"{'✓' if new else '·'} book {book}: key {name} {'is trusted' if new else 'was trusted before'}",
        markup=False,
        highlight=False,
    )


@app.command(name="key")
def keys(lake: Path, /, *, output: Path | None = None, format: Format | None = None) -> None:  # noqa: A002
    """Show which keys are trusted for which book, since when, and who said so.

    Parameters
    ----------
    lake
        The folder of the lake.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), ())
    write_rows(shown.KEYS, shown.keys(lake), format_of(format, output), output)


@app.command
def show(lake: Path, /, *, output: Path | None = None, format: Format | None = None) -> None:  # noqa: A002
    """Show what a lake holds: books, days, rows, heads, gaps, and the latest addition of each.

    Parameters
    ----------
    lake
        The folder of the lake.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), ())
    form = format_of(format, output)
    rows = shown.books(lake)
    if form == "table":
        rows = [(*row[:8], f"{row[8][:16]}…", *row[9:]) for row in rows]
    write_rows(shown.BOOKS, rows, form, output)
    err.print(f"[dim]· {shown.size(lake):,} bytes on disk[/]")


@app.command
def person(
    lake: Path,
    party: str,
    /,
    *,
    purpose: str | None = None,
    most: int = 50,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show the latest decisions about one person, in all books. The look is recorded with its purpose.

    Example: `skarb lake person lake anna --purpose "case 17"`

    Parameters
    ----------
    lake
        The folder of the lake.
    party
        The person, as instructions name him.
    purpose
        Why you look at this person's data.
    most
        How many decisions at most.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    check_outputs((output,), ())
    form = format_of(format, output)
    stated(purpose, f"lake/{party}", looks_path(lake))
    rows = shown.decisions_of(lake, party, most)
    Looks(looks_path(lake), now).record(purpose, f"lake/{party}")
    write_rows(shown.DECISIONS, rows, form, output)
    err.print(f"[dim]· the look was recorded in {escape(str(looks_path(lake)))}[/]")
