"""`skarb rebuild`: make the derived files beside a book again, or compare them with what they must be."""

from __future__ import annotations

from rich.markup import escape

from skarb.cli.output import need, out, progress
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES
from skarb.journal.past import compare, past_folder
from skarb.journal.past import rebuild as rebuild_past
from skarb.journal.past.keep import kept_bytes
from skarb.store import location_of


def rebuild(*books: str, check: bool = False) -> int:
    """Remove the index of the past beside books and make it again from their journals.

    It is derived: nothing is lost with it, and the commands that need it make it by themselves. Every batch is posted again for it to an
    empty ledger.

    Parameters
    ----------
    books
        Files and folders of books; a market's are in its folder `books`. Beside a book in a database nothing is kept.
    check
        Change nothing; compare what is there with what it must be. Exit code 9 if it differs.
    """
    need(books, "book")
    same = True
    for book in map(location_of, books):
        with progress(f"Posting {book.name} again") as step:
            if check:
                past, differences = compare(book, step)
            else:
                (past, removed), differences = rebuild_past(book, step), []
        what = f"{counted(past.known.length, 'change')} of {counted(len(past.openings), 'account')} in {counted(past.sequence, 'batch', 'batches')}"
        if not check:
            folder = past_folder(book)
            out.print(
                f"[green]✓[/] {escape(str(folder))}: {counted(removed, 'file')} removed, made again: {what}, {counted(kept_bytes(folder), 'byte')}",
                highlight=False,
            )
        elif differences:
            out.print(f"[red]✗[/] {escape(str(past_folder(book)))} is not what the journal gives; skarb rebuild makes it again")
            for difference in differences:
                out.print(f"  {difference}", markup=False, highlight=False)
        else:
            out.print(f"[green]✓[/] {escape(str(past_folder(book)))} is what the journal gives: {what}", highlight=False)
        same = same and not differences
    return EXIT_CODES["ok"] if same else EXIT_CODES["verification"]
