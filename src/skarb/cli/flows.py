"""`skarb flows`: the money that leaves, where it is, and whether it came back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from skarb.app import flows as work
from skarb.app.law import rulebook_of
from skarb.cli.flows_shown import (
    hop_rows,
    hop_text,
    lot_rows,
    money_of,
    pair_rows,
    percent_of,
    print_assets,
    print_headline,
    print_json,
    print_lots,
    print_notes,
    print_variants,
    share_of,
    tie_lines,
    tie_rows,
    ties_text,
)
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, write_rows
from skarb.core.amount import format_amount
from skarb.core.errors import NotAllowed
from skarb.oversight.flows.curves import HORIZONS
from skarb.oversight.flows.definition import Choices, Conversion, Opening, Pot, Wallets
from skarb.oversight.flows.model import Rule
from skarb.oversight.flows.reconcile import reconcile as compare
from skarb.oversight.flows.ties import TIE_DAYS
from skarb.reporting.flows import FlowReport, record
from skarb.reporting.words import LANGUAGES

app = App(name="flows", help="The money that leaves, where it is, whether it came back: in a lake, or in a file of transfers.")

By = Literal["person", "who", "institution", "channel", "place", "country", "asset", "month"]


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What every question about flows can be told."""

    law: str = "by"
    """The law whose currency and zone count: a shipped country or the folder of a law."""
    first: Annotated[date | None, Parameter(name="--from")] = None
    """The first legal day of a lake; by default that of the first row."""
    last: Annotated[date | None, Parameter(name="--to")] = None
    """The last legal day; by default that of the last row."""
    rule: Rule = "fifo"
    """fifo: money leaves in the order in which it came, the legal default; haircut: every payment is the same mixture, the bound."""
    pot: Pot = "account"
    """Out of whose money a return is paid: of what the same person has at the same place, of what he has anywhere, of all at the place."""
    conversion: Conversion = "asset"
    """asset: each asset by itself, in its units; value: everything in the legal currency, at the value of each day."""
    opening: Opening = "none"
    """none: nothing is abroad at first; inferred: what was paid from abroad without having been seen to go there lay there before."""
    wallets: Wallets = "apart"
    """Own wallets that nobody hosts: apart from the count, or abroad."""
    horizon: int | None = None
    """The age in days for the share that never returned; by default twelve months, or the longest of 1, 3, 6, 12 that the data reach."""
    rates: Path | None = None
    """A file of rates for values: of a lake, of today; of a file, of each day. Without it a lake's latest rows say what an asset is worth."""
    abroad: Annotated[tuple[str, ...], Parameter(negative=())] = ()
    """Of a file: accounts that lie abroad, with * and ?, and a country where it is known, such as exchange:*=SC; may be repeated."""
    asset: str | None = None
    """Of a file: follow one asset only."""
    mapping: str | None = None
    """Of a file: the name of a shipped mapping, a mapping file, or "native" for our own columns."""
    purpose: str | None = None
    """Why you want to see names. It is recorded in the lake's log of looks; without a purpose people are told by their numbers."""
    output: Path | None = None
    """A file for the answer: .json, .csv or .parquet."""
    format: Format | None = None
    """table, json, csv or parquet."""


_USUAL = Options()


@app.command
def trace(source: Path, /, *, options: Options = _USUAL, most: int = 10) -> None:
    """Follow what went abroad: how much came back, how much is still out, how sure that is, and the investments of which most is out.

    The source is the folder of a lake, or a file of transfers: CSV, JSON lines, Parquet, ours or through a mapping. `--format json` gives
    all figures; the tables of csv and parquet have one row per investment.

    Example: `skarb flows trace lake` · `skarb flows trace transactions.csv --abroad 'amlsim:1*'`

    Parameters
    ----------
    source
        The folder of a lake or a file of transfers.
    most
        How many investments to name.
    """
    form, report = _answer(source, options, top=most, paths=format_of(options.format, options.output) == "json")
    if form == "json":
        print_json(record(report), options.output)
    elif form == "table":
        print_headline(report)
        print_assets(report)
        print_variants(report)
        print_lots(report)
        print_notes(report)
    else:
        write_rows(_LOT, lot_rows(report), form, options.output)


@app.command
def curve(source: Path, /, *, options: Options = _USUAL, by: Literal["money", "count"] = "money") -> None:
    """Say which share came back after 1, 3, 6, 12 months, in all and of each month's money, with bands (Kaplan and Meier, Greenwood).

    Money that went out lately counts for as long as it was watched. csv, json and parquet have one row per step of the curve.

    Parameters
    ----------
    source
        The folder of a lake or a file of transfers.
    by
        money: each unit counts; count: each investment counts once, and is back when its last unit is.
    """
    form, report = _answer(source, options, top=0, paths=False)
    drawn = report.by_money if by == "money" else report.by_count
    if form != "table":
        rows = (
            (one.age, round(one.share, 6), round(one.low, 6), round(one.high, 6), one.watched, one.back) for one in drawn.steps
        )
        write_rows(("age_days", "out", "low", "high", "watched", "back"), rows, form, options.output)
        return
    print_headline(report)
    points = [(months, days, drawn.at(days)) for months, days in HORIZONS]
    lines = [
        (f"{months} months", percent_of(1 - step.share), f"{percent_of(1 - step.high)} … {percent_of(1 - step.low)}")
        if step
        else (f"{months} months", "not watched so long", "")
        for months, _, step in points
    ]
    write_rows(("after", "back", "band of 95 %"), lines, "table", None, f"Back, by {by}")
    cohorts = [
        (
            one.month,
            one.lots,
            money_of(report, one.invested),
            *("–" if share is None else percent_of(share) for share in one.back),
        )
        for one in report.cohorts
    ]
    columns = ("month", "investments", f"invested, {report.currency}", *(f"{months} months" for months, _ in HORIZONS))
    write_rows(columns, cohorts, "table", None, "Back of each month's money")
    print_variants(report)
    print_notes(report)


@app.command
def rank(source: Path, /, *, options: Options = _USUAL, by: By = "place", most: int = 20) -> None:
    """Rank by what is still out: places abroad, institutions, channels, countries, investors, assets, months.

    Parameters
    ----------
    source
        The folder of a lake or a file of transfers.
    by
        person, who (person or company), institution, channel, place, country, asset or month.
    most
        How many lines of the table; csv, json and parquet have all.
    """
    form, report = _answer(source, options, top=0, paths=False)
    lines = report.lines[by]
    if form != "table":
        columns = (by, "investments", "people", "invested_minor", "returned_minor", "spent_minor", "still_minor")
        write_rows(
            columns, ((o.label, o.lots, o.people, o.invested, o.returned, o.spent, o.still) for o in lines), form, options.output
        )
        return
    money = f", {report.currency}"
    columns = (by, "investments", "people", f"invested{money}", f"returned{money}", f"still_out{money}", "share out")
    shown = (
        (
            one.label,
            one.lots,
            one.people,
            *(money_of(report, minor) for minor in (one.invested, one.returned, one.still)),
            share_of(one.still, one.invested),
        )
        for one in lines[:most]
    )
    write_rows(columns, shown, "table", None, f"By {by}")
    if len(lines) > most:
        out.print(f"[dim]… and {len(lines) - most:,} more[/]")
    print_notes(report)


@app.command
def paths(lake: Path, /, *, options: Options = _USUAL, most: int = 10, days: int = TIE_DAYS) -> None:
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
    form, report = _answer(lake, options, top=most, tie_days=days)
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
                f"  {format_amount(way.units, lot.decimals)} {lot.asset} through {len(way.hops)} hops, from {_BEGINS[way.begins]}{over}",
                markup=False, highlight=False,
            )  # fmt: skip
            for hop in way.hops:
                out.print(f"    {hop_text(hop)}", style="dim", markup=False, highlight=False, soft_wrap=True)
    print_notes(report)


@app.command
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
    err.print(f"{len(found):,} payments: {told}", markup=False, highlight=False)
    return 9 if len(found) > counts["tied"] else 0


def _check_days(days: int) -> None:
    if not 0 <= days <= _TIE_DAYS_MAX:
        raise Usage(f"--days {days}: expected 0 to {_TIE_DAYS_MAX}")


@app.command
def draft(lake: Path, /, *, draft: Path, options: Options = _USUAL) -> None:
    """Say what a draft of law would have kept from going abroad, and what of that came back anyway.

    Example: `skarb flows draft lake --draft examples/drafts/by-abroad`

    Parameters
    ----------
    lake
        The folder of a lake.
    draft
        The folder of the draft; it is tried as if it had begun on the first day.
    """
    form, report = _answer(lake, options, top=0, paths=False, draft=draft)
    found = report.instead
    assert found is not None
    lines = [
        (*("total", ""), found.total),
        *(("place", one.label, one) for one in found.places),
        *(("month", one.label, one) for one in found.months),
    ]
    if form != "table":
        columns = ("by", "label", "investments", "kept_minor", "returned_minor", "still_minor")
        write_rows(
            columns, ((by, label, o.lots, o.invested, o.returned, o.still) for by, label, o in lines), form, options.output
        )
        return
    out.print(found.title, style="bold", markup=False, highlight=False)
    total = found.total
    share = share_of(total.invested, report.headline.invested)
    out.print(
        f"Of {money_of(report, report.headline.invested)} {report.currency} that went abroad, {money_of(report, total.invested)} ({share}, "
        f"{total.lots:,} investments) would not have; {money_of(report, total.returned)} of that came back anyway, "
        f"{money_of(report, total.still)} is still out.",
        markup=False, highlight=False,
    )  # fmt: skip
    money = f", {report.currency}"
    shown = (
        (by, label, o.lots, money_of(report, o.invested), money_of(report, o.returned), money_of(report, o.still))
        for by, label, o in lines[1:]
    )
    write_rows(
        ("by", "", "investments", f"would have stayed{money}", f"came back anyway{money}", f"still out{money}"),
        shown,
        "table",
        None,
    )
    print_notes(report)


@app.command
def report(source: Path, /, *, out: Path, language: Annotated[str, Parameter(name="--in")] = "en", draft: Path | None = None,
           options: Options = _USUAL) -> None:  # fmt: skip
    """Write a page for people (flows.html), all figures (flows.json), and every investment and piece that came back (lots, pieces as Parquet).

    Parameters
    ----------
    source
        The folder of a lake or a file of transfers.
    out
        A folder; it is made when there is none.
    language
        The language of the page: be, ru or en.
    draft
        The folder of a draft of law whose effect is told, too.
    """
    if language not in LANGUAGES:
        raise Usage(f"--in {language}: expected one of {', '.join(LANGUAGES)}")
    from skarb.app.flowfiles import write

    with progress("Following the money"):
        names = write(_asked(source, options, top=10, draft=draft, language=language), out)
    err.print(f"· {out}: {', '.join(names)}", style="dim", markup=False, highlight=False)


@app.command
def reconcile(here: Path, there: Path, /, *, book: str | None = None, days: int = 3, all_: Annotated[bool, Parameter(name="--all")] = False,
              options: Options = _USUAL) -> int:  # fmt: skip
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
    ours, theirs = [work.entries_of(_asked(one, options), zone, book if work.is_lake(one) else None) for one in (here, there)]
    found = compare(ours, theirs, days)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.found] = counts.get(one.found, 0) + 1
    open_ones = [one for one in found if one.found != "matched"]
    shown = found if all_ or form != "table" else open_ones
    write_rows(_PAIR, (row for one in shown for row in pair_rows(one)), form, options.output)
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items(), key=lambda item: -item[1]))
    err.print(f"{len(ours):,} entries here, {len(theirs):,} there: {told or 'nothing'}", markup=False, highlight=False)
    return 9 if open_ones else 0


# Inside.

_LOT = (
    "book", "sequence", "row", "id", "day", "age_days", "person", "place", "country", "asset", "units", "left_units", "decimals", "worth_minor",
    "still_minor",
)  # fmt: skip
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


def _asked(source: Path, options: Options, **more: Any) -> work.Asked:
    if options.purpose is not None and not options.purpose.strip():
        raise NotAllowed(
            "--purpose: given nothing, expected why you want to see names; without the option people are told by number"
        )
    if options.horizon is not None and options.horizon < 1:
        raise Usage(f"--horizon {options.horizon}: expected 1 day or more")
    if more.get("top", 0) < 0:
        raise Usage(f"--most {more['top']}: expected 0 or more")
    choices = Choices(options.pot, options.conversion, options.opening, options.wallets)
    return work.Asked(
        source, options.law, options.first, options.last, options.rule, choices, options.horizon, options.rates,
        purpose=options.purpose or "", abroad=options.abroad, asset=options.asset, mapping=options.mapping, **more,
    )  # fmt: skip


def _answer(source: Path, options: Options, **more: Any) -> tuple[Format, FlowReport]:
    form = format_of(options.format, options.output)
    check_outputs((options.output,), (source,))
    with progress("Following the money"):
        answer = work.ask(_asked(source, options, **more))
    if answer.sheet is not None:
        sheet = answer.sheet
        err.print(
            f"· {sheet.read:,} rows in, {sheet.malformed:,} malformed, {sheet.accounts:,} accounts", style="dim", highlight=False
        )
        for problem in sheet.problems[:10]:
            err.print(str(problem), markup=False, highlight=False)
    return form, answer.report
