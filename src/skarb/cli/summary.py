"""The end of a run in one look: how many rows, what was answered, under which provision, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from skarb.app.work import Account
from skarb.cli.output import Format, err, format_of, out, table, write_rows
from skarb.core.decision import SILENCE

SHOWN = 10  # problems printed in full


def work_off(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    account: Account,
    notes: Sequence[str],
    titles: Mapping[str, str],
    *,
    form: Format | None,
    output: Path | None,
    problems: Path | None,
) -> Console:
    """Work the rows off, write them where they are wanted, then say how it went: on stderr if the rows go to stdout. Return where it was said."""
    wanted = form is not None or output is not None
    if wanted:
        write_rows(columns, rows, format_of(form, output), output)
    else:
        for _ in rows:
            pass
    aside = err if wanted and output is None else out
    answer = "outcome" if "outcome" in columns else "verdict"
    _print_summary(account, answer, titles, aside)
    for note in notes:
        aside.print(f"[dim]· {escape(note)}[/]")
    _print_problems(account)
    if problems is not None:
        lines = ((p.row, p.where, p.field, p.given, p.expected, p.todo) for p in account.problems)
        write_rows(("row", "where", "field", "given", "expected", "todo"), lines, format_of(None, problems), problems)
    return aside


def _print_summary(account: Account, answer: str, titles: Mapping[str, str], to: Console) -> None:
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


def _print_problems(account: Account) -> None:
    """Print the first problems in full and say how many there are."""
    for problem in account.problems[:SHOWN]:
        err.print(str(problem), markup=False, highlight=False)
    if account.malformed > SHOWN or len(account.problems) > SHOWN:
        err.print(
            f"… {account.malformed:,} malformed rows in all; --problems FILE writes every one", markup=False, highlight=False
        )
