"""`skarb flows paths | ties | reconcile`: the same money on both sides of a border between institutions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from skarb.app import flows as work
from skarb.app.law import rulebook_of
from skarb.cli.flows_asked import USUAL, Options, answer_of, asked_of
from skarb.cli.flows_shown import (
    hop_rows,
    hop_text,
    money_of,
    pair_rows,
    print_notes,
    tie_lines,
    tie_rows,
    ties_text,
)
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, write_rows
from skarb.core.amount import format_amount
from skarb.core.counted import counted
from skarb.oversight.flows.reconcile import reconcile as compare
from skarb.oversight.flows.ties import TIE_DAYS

_HOP = (
    "book", "sequence", "row", "way", "begins", "hop", "hop_book", "hop_sequence", "hop_row", "source", "target", "asset", "units", "decimals",
)  # fmt: skip
_PAIR = ("found", "by", "side", "where", "reference", "day", "direction", "amount", "asset")
_SIDE = ("book", "sequence", "row", "at", "amount", "asset")
_TIE = ("found", *(f"sent_{name}" for name in _SIDE), *(f"arrived_{name}" for name in _SIDE))
_TIE_DAYS_MAX = 366
_BEGINS = {
    "bank": "another institution",
    "stock": "the institution's own stock",
    "chain": "a chain",
    "unseen": "before the lake begins",
    "far": "further back than is followed",
}


def add_commands(app: App) -> None:
    """Add to a group what looks at money from two sides."""
    for verb in (paths, ties, reconcile):
        app.command(verb)


def paths(lake: Path, /, *, options: Options = USUAL, most: int = 10, days: int = TIE_DAYS) -> None:
    """Show through whose hands money went at home before it left, hop by hop, with the journal row of each.

    Shown are the investments of which most is still out. Where two institutions name a payment between them by one id, the way goes on in the
    book of the other. csv, json and parquet have one row per hop.

    Parameters
    ----------
    lake
        The folder of a lake.
    most
        How many investments.
    days
        How many days a payment from one institution to another may take.
    """
    _check_days(days)
    if not work.is_lake(lake):
        raise Usage(f"{lake}: paths lead through the journals of institutions; name the folder of a lake")
    form, report = answer_of(lake, options, top=most, tie_days=days)
    if form != "table":
        write_rows(_HOP, hop_rows(report), form, options.output)
        return
    for lot in report.lots:
        worth = f"{money_of(report, lot.worth)} {report.currency}"
        out.print(
            f"{lot.person} → {lot.place} ({lot.country}), {lot.day}: {format_amount(lot.units, lot.decimals)} {lot.asset}, {worth}; "
            f"{lot.book} {lot.sequence}/{lot.row}",
            style="bold", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        for way in lot.ways:
            over = f", over {' → '.join(way.books)}" if len(way.books) > 1 else ""
            out.print(
                f"  {format_amount(way.units, lot.decimals)} {lot.asset} through {counted(len(way.hops), 'hop')}, from {_BEGINS[way.begins]}{over}",
                markup=False, highlight=False,
            )  # fmt: skip
            for hop in way.hops:
                out.print(f"    {hop_text(hop)}", style="dim", markup=False, highlight=False, soft_wrap=True)
    print_notes(report)


def ties(lake: Path, /, *, days: int = TIE_DAYS, all_: Annotated[bool, Parameter(name="--all")] = False, output: Path | None = None,
         format_: Annotated[Format | None, Parameter(name="--format")] = None) -> int:  # fmt: skip
    """Lay what one institution says it sent to another beside what the other one shows, by the id that both give the payment.

    Tied is what the same id names once on each side, in one asset, arriving within some days and not with more than was sent. All else is told with
    the reason: another asset, more than sent, out of time, more than once, elsewhere (a third institution is named that shows nothing of it), no
    arrival, no sending. Exit code 9 if anything is not tied.

    Parameters
    ----------
    lake
        The folder of a lake.
    days
        How many days a payment may take.
    all_
        Show what is tied, too.
    output
        A file for the answer: .json, .csv or .parquet.
    format_
        table, json, csv or parquet.
    """
    _check_days(days)
    form = format_of(format_, output)
    check_outputs((output,), (lake,))
    found = work.ties_of(lake, days)
    counts = Counter(what for what, _, _ in found)
    shown = [one for one in found if all_ or form != "table" or one[0] != "tied"]
    if form == "table" and shown:
        write_rows(("", "sent", "arrived"), tie_lines(shown), "table", None)
    elif form != "table":
        write_rows(_TIE, tie_rows(shown), form, output)
    told = ties_text(counts) or "no payment between institutions carries an id"
    err.print(f"{counted(len(found), 'payment')}: {told}", markup=False, highlight=False)
    return 9 if len(found) > counts["tied"] else 0


def reconcile(here: Path, there: Path, /, *, book: str | None = None, days: int = 3, all_: Annotated[bool, Parameter(name="--all")] = False,
              options: Options = USUAL) -> int:  # fmt: skip
    """Lay what an institution reports beside what the other side shows: matched, only here, only there, another amount or date, ties.

    Each side is the folder of a lake or a file of transfers. First by reference, then by amount within some days; a pair is matched only if neither
    could be paired otherwise. Exit code 9 if anything is not matched.

    Parameters
    ----------
    here
        What is reported.
    there
        What the other side shows.
    book
        Of a lake: the only institution to be looked at.
    days
        How many days apart an amount may arrive.
    all_
        Show matched entries, too.
    """
    if days < 0:
        raise Usage(f"--days {days}: expected 0 or more")
    form = format_of(options.format, options.output)
    check_outputs((options.output,), (here, there))
    zone = rulebook_of(options.law).country.zone
    ours, theirs = [work.entries_of(asked_of(one, options), zone, book if work.is_lake(one) else None) for one in (here, there)]
    found = compare(ours, theirs, days)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.found] = counts.get(one.found, 0) + 1
    open_ones = [one for one in found if one.found != "matched"]
    shown = found if all_ or form != "table" else open_ones
    write_rows(_PAIR, (row for one in shown for row in pair_rows(one)), form, options.output)
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items(), key=lambda item: -item[1]))
    err.print(
        f"{counted(len(ours), 'entry', 'entries')} here, {len(theirs):,} there: {told or 'nothing'}",
        markup=False,
        highlight=False,
    )
    return 9 if open_ones else 0


def _check_days(days: int) -> None:
    if not 0 <= days <= _TIE_DAYS_MAX:
        raise Usage(f"--days {days}: expected 0 to {_TIE_DAYS_MAX}")
