"""`skarb flows`: the money that leaves, where it is, and whether it came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from skarb.cli.flows_asked import USUAL, Options, answer_of, asked_of
from skarb.cli.flows_shown import (
    lot_rows,
    money_of,
    percent_of,
    print_assets,
    print_headline,
    print_json,
    print_lots,
    print_notes,
    print_variants,
    share_of,
)
from skarb.cli.flows_sides import add_commands
from skarb.cli.output import Usage, err, format_of, out, progress, write_rows
from skarb.core.counted import counted
from skarb.oversight.flows.curves import HORIZONS
from skarb.reporting.flows import record
from skarb.reporting.words import LANGUAGES

app = App(name="flows", help="The money that leaves, where it is, whether it came back: in a lake, or in a file of transfers.")

By = Literal["person", "who", "institution", "channel", "place", "country", "asset", "month"]
_LOT = (
    "book", "sequence", "row", "id", "day", "age_days", "person", "place", "country", "asset", "units", "left_units", "decimals", "worth_minor",
    "still_minor",
)  # fmt: skip


@app.command
def trace(source: Path, /, *, options: Options = USUAL, most: int = 10) -> None:
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
    form, report = answer_of(source, options, top=most, paths=format_of(options.format, options.output) == "json")
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
def curve(source: Path, /, *, options: Options = USUAL, by: Literal["money", "count"] = "money") -> None:
    """Say which share came back after 1, 3, 6, 12 months, in all and of each month's money, with bands (Kaplan and Meier, Greenwood).

    Money that went out lately counts for as long as it was watched. csv, json and parquet have one row per step of the curve.

    Parameters
    ----------
    source
        The folder of a lake or a file of transfers.
    by
        money: each unit counts; count: each investment counts once, and is back when its last unit is.
    """
    form, report = answer_of(source, options, top=0, paths=False)
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
        (counted(int(months), "month"), percent_of(1 - step.share), f"{percent_of(1 - step.high)} … {percent_of(1 - step.low)}")
        if step
        else (counted(int(months), "month"), "not watched so long", "")
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
    columns = ("month", "investments", f"invested, {report.currency}", *(counted(int(months), "month") for months, _ in HORIZONS))
    write_rows(columns, cohorts, "table", None, "Back of each month's money")
    print_variants(report)
    print_notes(report)


@app.command
def rank(source: Path, /, *, options: Options = USUAL, by: By = "place", most: int = 20) -> None:
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
    form, report = answer_of(source, options, top=0, paths=False)
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
def draft(lake: Path, /, *, draft: Path, options: Options = USUAL) -> None:
    """Say what a draft of law would have kept from going abroad, and what of that came back anyway.

    Example: `skarb flows draft lake --draft examples/drafts/by-abroad`

    Parameters
    ----------
    lake
        The folder of a lake.
    draft
        The folder of the draft; it is tried as if it had begun on the first day.
    """
    form, report = answer_of(lake, options, top=0, paths=False, draft=draft)
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
        f"{counted(total.lots, 'investment')}) would not have; {money_of(report, total.returned)} of that came back anyway, "
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
           options: Options = USUAL) -> None:  # fmt: skip
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
        names = write(asked_of(source, options, top=10, draft=draft, language=language), out)
    err.print(f"· {out}: {', '.join(names)}", style="dim", markup=False, highlight=False)


add_commands(app)
