"""`skarb law diff`: how the law of two days differs, and what a draft would make of the law and of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from skarb.app.law import draft_of, rulebook_of
from skarb.cli.output import Format, Usage, check_outputs, format_of, out, table, write_rows
from skarb.core.counted import counted
from skarb.core.time import from_day, to_day
from skarb.rulebook import Change
from skarb.rulebook.compare import Comparison, compare
from skarb.rulebook.diff import diff as differences
from skarb.rulebook.draft_folder import FILE

_COLUMNS = ("kind", "subject", "name", "title", "citation", "field", "before", "after")


def diff(
    before: date | None = None,
    after: date | None = None,
    /,
    *,
    law: str = "by",
    draft: Path | None = None,
    at: date | None = None,
    format: Format | None = None,  # noqa: A002
    output: Path | None = None,
) -> None:
    """Show how the law of one day differs from that of another, or what a draft would change: the law, and its answers.

    Examples: `skarb law diff 2024-09-19 2024-09-20` and `skarb law diff --draft examples/drafts/by-abroad`

    Under a draft the cases of the law and of the draft, and facts around every boundary that it moves, are decided both ways; those whose
    answer changes are listed. In JSON, CSV and Parquet they are rows of the kind `answer` below the changes of the law.

    Parameters
    ----------
    before
        The first legal date.
    after
        The second one.
    law
        A shipped country or the folder of a law.
    draft
        The folder of a draft; or of another law (an older copy), which the second edition is then taken from.
    at
        With a draft: the legal date on which the law as it is and as it would be are compared; by default the draft's first.
    format
        table, json, csv or parquet.
    output
        A file instead of the terminal.
    """
    form = format_of(format, output)
    check_outputs([output], [])
    if draft is not None and (draft / FILE).is_file():
        if before is not None:
            raise Usage("with a draft the law of one day is compared with what it would be, expected --at DAY and no other dates")
        _drafted(law, draft, at, form, output)
        return
    if before is None or after is None:
        raise Usage(f"expected two dates, or --draft with a folder that has a {FILE}")
    if at is not None:
        raise Usage("--at goes with a draft, expected two dates only")
    other = str(draft) if draft is not None else law
    changes = differences(rulebook_of(law).edition(to_day(before)), rulebook_of(other).edition(to_day(after)))
    if form != "table":
        _write(changes, None, form, output)
        return
    _print(changes)
    out.print(
        f"{counted(len(changes), 'change')} between {before} and {after}"
        if changes
        else f"No change between {before} and {after}"
    )


def _drafted(law: str, folder: Path, at: date | None, form: Format, output: Path | None) -> None:
    draft = draft_of(law, folder)
    day = draft.since if at is None else to_day(at)
    changes = differences(draft.base.edition(day), draft.rulebook.edition(day))
    answers = compare(draft, day)
    if form != "table":
        _write(changes, answers, form, output)
        return
    _print(changes)
    if answers.turned:
        rows = ((one.activity, one.given(), one.before, one.after, one.examples) for one in answers.turned)
        out.print(table(("activity", "facts that matter", "before", "after", "examples"), rows, "Answers that change"))
    out.print(
        f"{draft.title}: on {from_day(day)} the draft changes {counted(len(changes), 'thing')} in the law and "
        f"{sum(one.examples for one in answers.turned):,} of {counted(answers.decided, 'answer')} looked at"
    )


def _print(changes: Sequence[Change]) -> None:
    for change in changes:
        colour = {"added": "green", "ended": "red", "changed": "yellow"}[change.kind]
        out.print(f"[{colour}]{change.kind:<7}[/] ", end="")
        out.print(change.text(), markup=False, highlight=False)


def _write(changes: Sequence[Change], answers: Comparison | None, form: Format, output: Path | None) -> None:
    rows = [tuple(change.data()[column] for column in _COLUMNS) for change in changes]
    for one in answers.turned if answers is not None else ():
        rows.append(("answer", "facts", one.activity, one.given(), one.origin, str(one.examples), one.before, one.after))
    write_rows(_COLUMNS, rows, form, output)
