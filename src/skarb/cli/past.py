"""What the commands about the past share: taking up what is kept, and saying what had to be done for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.markup import escape

from skarb.app.past import Glass
from skarb.cli.output import err, progress
from skarb.journal.past import BookPast, open_past
from skarb.store import Location


def open_kept(book: Location) -> tuple[BookPast, list[str]]:
    """Return the past of a book, showing progress where it has to be made first."""
    with progress(f"Reading the past of {book.name}") as step:
        return open_past(book, progress=step)


def print_notes(notes: Sequence[str], glass: Glass, assets: Iterable[str]) -> None:
    """Print notes to standard error, also on assets whose decimals nobody knows."""
    unknown = sorted({asset for asset in assets if glass.decimals(asset) is None})
    strange = [f"{asset} is in no register, its amounts are in smallest units (--law names another country)" for asset in unknown]
    for note in (*notes, *strange):
        err.print(f"[dim]· {escape(note)}[/]")
