"""`skarb verify`: is a book what it was when it was written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape

from skarb.cli.output import need, out, progress, table
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES
from skarb.journal import CHECKS, Report
from skarb.journal import verify as verify_book
from skarb.store import location_of

SHOWN = 20  # findings printed in full


def verify(*books: Annotated[str, Parameter(name="BOOK")], json: bool = False) -> int:
    """Check books completely: the bytes of the file, the chain, every decision, every posting, every sum.

    Each instruction is decided again by the edition kept in the book, each transfer is posted again to an empty ledger, the
    sum of each asset must be zero. Exit code 9 when anything is not as it must be; each finding says where, what is there and what was expected.

    Parameters
    ----------
    books
        Files of books (a market's are in its folder `books`), folders of segments, or URLs such as postgresql://user@host/database#book.
    json
        Print the reports as JSON.
    """
    need(books, "book")
    reports: list[Report] = []
    for book in map(location_of, books):
        with progress(f"Verifying {book.name}") as step:
            reports.append(verify_book(book, progress=partial(_show, step)))
    if json:
        out.print_json(msgspec.json.encode(reports, enc_hook=str).decode())
    else:
        for report in reports:
            _print(report)
    return EXIT_CODES["ok"] if all(report.ok for report in reports) else EXIT_CODES["verification"]


def _show(step: Callable[..., None], what: str, done: int, total: int) -> None:
    step(done, total, what)


def _print(report: Report) -> None:
    out.print(
        f"[bold]{escape(str(report.path))}[/]: book {escape(report.book)}, {counted(report.sequence, 'batch', 'batches')}, "
        f"{counted(report.instructions, 'instruction')}, {counted(report.transfers, 'transfer')}, {counted(report.accounts, 'account')}"
    )
    out.print(f"head {report.head}", highlight=False)
    for check, promise in CHECKS.items():
        mark = "[red]✗[/]" if report.failed(check) else "[yellow]–[/]" if check in report.skipped else "[green]✓[/]"
        out.print(f"  {mark} {promise}")
    if report.supply:
        rows = [(asset, str(debit), str(credit), str(credit - debit)) for asset, (debit, credit) in sorted(report.supply.items())]
        out.print(table(("asset", "debits", "credits", "sum"), rows))
    for finding in report.findings[:SHOWN]:
        out.print(f"[red]{finding.check}[/] ", end="")
        out.print(str(finding), markup=False, highlight=False)
    hidden = len(report.findings) - SHOWN + report.more
    if hidden > 0:
        out.print(f"… and {counted(hidden, 'finding')} more (--json shows the first thousand)")
    for note in report.notes:
        out.print(f"[dim]· {escape(note)}[/]")
