"""The end of a run in one look: how many rows, what was answered, under which provision, what could not be read."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from skarb.app.work import Account
from skarb.cli.output import format_of, table, write_rows
from skarb.core.decision import SILENCE

SHOWN = 10  # problems printed in full


def print_summary(account: Account, answer: str, titles: dict[str, str], to: Console) -> None:
    """Print one line per answer and provision, then the rows."""
    if account.counts:
        rows = [
            (kind, count, "the law is silent" if provision == SILENCE else provision, titles.get(provision, ""))
            for (kind, provision), count in sorted(account.counts.items(), key=lambda item: (-item[1], item[0]))
        ]
        to.print(table((answer, "rows", "provision", "title"), rows))
    repeated = f", {account.repeated:,} of them repeated" if account.repeated else ""
    to.print(
        f"[bold]{account.rows:,}[/] rows in = [bold]{account.done:,}[/] answered{repeated} + [bold]{account.malformed:,}[/] malformed"
    )


def print_notes(notes: tuple[str, ...], to: Console) -> None:
    """Print what was taken for granted."""
    for note in notes:
        to.print(f"[dim]· {escape(note)}[/]")


def print_problems(account: Account, to: Console) -> None:
    """Print the first problems in full and say how many there are."""
    for problem in account.problems[:SHOWN]:
        to.print(str(problem), markup=False, highlight=False)
    if account.malformed > SHOWN or len(account.problems) > SHOWN:
        to.print(
            f"… {account.malformed:,} malformed rows in all; --problems FILE writes every one", markup=False, highlight=False
        )


def write_problems(account: Account, output: Path) -> None:
    """Write every problem to a file."""
    rows = ((p.row, p.where, p.field, p.given, p.expected, p.todo) for p in account.problems)
    write_rows(("row", "where", "field", "given", "expected", "todo"), rows, format_of(None, output), output)
