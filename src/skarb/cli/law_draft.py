"""What `skarb law check --draft` says about a draft, and the day that commands look at the law on."""

from __future__ import annotations

from datetime import date

from skarb.app.files import now
from skarb.cli.output import out, table
from skarb.core.counted import counted
from skarb.core.time import from_day, legal_day, to_day
from skarb.rulebook import Draft, Rulebook
from skarb.rulebook.compare import turned_cases


def print_draft(draft: Draft) -> None:
    """Print what in a draft changes nothing, the law's cases that it turns, and how much it changes."""
    for problem in draft.idle:
        out.print(f"changes nothing: {problem}", markup=False, highlight=False)
    turned = turned_cases(draft)
    if turned:
        rows = ((one.origin, one.activity, one.before, one.after) for one in turned)
        out.print(table(("case", "activity", "before", "after"), rows, "Cases of the law that come out differently"))
    out.print(
        f"[green]✓[/] {draft.id}: {draft.title}; from {from_day(draft.since)}, {counted(len(draft.provisions), 'provision')} and "
        f"{counted(len(draft.values), 'value')} changed, {counted(len(draft.cases), 'case')} and {len(draft.edition_cases)} of whole "
        f"editions hold, {counted(len(turned), 'case')} of the law with another outcome; law {draft.hash[:16]}"
    )


def day_of(rulebook: Rulebook, at: date | None) -> int:
    """Return the legal day asked for, else today's."""
    return to_day(at) if at is not None else legal_day(now(), rulebook.country.zone)
