"""What `skarb law check --draft` says about a draft, and the day that commands look at the law on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec

from skarb.app.files import now
from skarb.app.law import rulebook_of
from skarb.cli.output import out, table
from skarb.core.errors import EXIT_CODES
from skarb.core.time import from_day, legal_day, to_day
from skarb.rulebook import Draft, Rulebook, read_draft
from skarb.rulebook.compare import turned_cases


def check_draft(law: str, folder: Path, json: bool) -> int:
    """Print everything wrong with a draft, what in it changes nothing, and the law's cases that it turns; return the exit code."""
    draft, problems = read_draft(rulebook_of(law), folder)
    if draft is not None:
        problems += draft.problems()
    if json:
        out.print_json(msgspec.json.encode(problems, enc_hook=str).decode())
    else:
        for problem in problems:
            out.print(str(problem), markup=False, highlight=False)
        if draft is not None and not problems:
            _print_draft(draft)
    return EXIT_CODES["verification"] if problems else EXIT_CODES["ok"]


def _print_draft(draft: Draft) -> None:
    for problem in draft.idle:
        out.print(f"changes nothing: {problem}", markup=False, highlight=False)
    turned = turned_cases(draft)
    if turned:
        rows = ((one.origin, one.activity, one.before, one.after) for one in turned)
        out.print(table(("case", "activity", "before", "after"), rows, "Cases of the law that come out differently"))
    out.print(
        f"[green]✓[/] {draft.id}: {draft.title}; from {from_day(draft.since)}, {len(draft.provisions)} provisions and {len(draft.values)} "
        f"values change, {len(draft.cases)} cases and {len(draft.edition_cases)} of whole editions hold, "
        f"{len(turned)} cases of the law come out differently; law {draft.hash[:16]}"
    )


def day_of(rulebook: Rulebook, at: date | None) -> int:
    """Return the legal day asked for, else today's."""
    return to_day(at) if at is not None else legal_day(now(), rulebook.country.zone)
