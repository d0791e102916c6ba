"""`skarb screen whitelist`: decisions that a party is not whom an entry means."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cyclopts import App

from skarb.app.files import now
from skarb.app.lists import whitelist
from skarb.app.looks import Looks
from skarb.app.setting import open_registers, screen_of
from skarb.cli.output import Format, write_rows
from skarb.cli.register import law_of, open_to_read
from skarb.cli.screen_told import recorded
from skarb.core.errors import EXIT_CODES
from skarb.core.time import from_day

decisions = App(
    name="whitelist", help="Decisions that a party is not whom an entry means. They end on their day and when the entry changes."
)


@decisions.default
def show_decisions(*, of: Path, purpose: str | None = None, law: str | None = None, format: Format = "table") -> None:  # noqa: A002
    """Show the decisions that somebody is not whom an entry means, and whether each still holds.

    Parameters
    ----------
    of
        The folder of the registers; a market's own folder.
    purpose
        Why you look: who was compared with a list is about people. It is written into looks.jsonl beside the registers.
    law
        The country whose registers these are; by default the market's own, else by.
    format
        table, json, csv or parquet.
    """
    registers = open_to_read(of, law_of(of, law))
    today = registers.today
    now_listed = {(found.list, one.entry): one for found in registers.lists() for one in found.entries}
    rows = []
    decided = registers.whitelist()
    if decided:
        Looks(of / "looks.jsonl", now).record(purpose, "registers/whitelist")
    for one in decided:
        listed = now_listed.get((one.list, one.entry))
        if today > one.last:
            state = "ended"
        elif listed is None or listed.sha256 != one.entry_sha256:
            state = "the entry has changed"
        else:
            state = "holds" if today >= one.first else "not begun"
        rows.append((one.party, one.list, one.entry, from_day(one.first).isoformat(), from_day(one.last).isoformat(), state))
    write_rows(("party", "list", "entry", "from", "to", "state"), rows, format, None)


@decisions.command(name="add")
def add_decision(
    party: str,
    name: str,
    entry: str,
    /,
    *,
    to: Path,
    reason: str,
    by: str,
    approved_by: str,
    until: date | None = None,
    law: str | None = None,
) -> int:
    """Decide that a party is not whom an entry of a list means. Two people decide, for a year at most, about the entry as it is now.

    A hit by an exact identifier on a list that blocks cannot be put aside: only the publisher can change it.

    Example: `skarb screen whitelist add p1 eu-32006R0765 I.A/person/2 --to market --reason "born 1991, not 1966" --by "A. One"
    --approved-by "B. Two"`

    Parameters
    ----------
    party
        The party's id.
    name
        The short name of the list.
    entry
        The number of the entry.
    to
        The folder of the registers; a market's own folder.
    reason
        What shows that it is somebody else.
    by
        Who looked at it.
    approved_by
        A second person who agreed.
    until
        The last day; by default a year from today.
    law
        The country whose registers these are; by default the market's own, else by.
    """
    registers = open_registers(law_of(to, law), to, now)
    summary = whitelist(registers, screen_of(registers), party, name, entry, reason, by, approved_by, until)
    return EXIT_CODES["ok"] if recorded(summary) else EXIT_CODES["input"]
