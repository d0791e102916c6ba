"""How `skarb screen` says what came of a recording."""

from __future__ import annotations

from rich.markup import escape

from skarb.cli.output import err, out
from skarb.core.errors import Problem
from skarb.registers import Summary

SHOWN = 20  # problems, notes and changes printed in full


def recorded(summary: Summary) -> bool:
    """Print what came of a recording."""
    if summary.problems:
        err.print(f"[red]refused[/] {escape(summary.source)}: nothing of it was recorded; what was in force stays in force")
        tell(summary.problems)
        return False
    out.print(
        f"[green]recorded[/] {escape(summary.source)}: {summary.added:,} new, {summary.replaced:,} changed, {summary.repeated:,} as before",
        highlight=False,
    )
    return True


def tell(problems: tuple[Problem, ...]) -> None:
    """Print problems, the first ones of very many."""
    for problem in problems[:SHOWN]:
        err.print(str(problem), markup=False, highlight=False)
    if len(problems) > SHOWN:
        err.print(f"… and {len(problems) - SHOWN} more")
