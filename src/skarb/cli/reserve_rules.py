"""`skarb reserve`: rules for mined coins, and the page of all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from skarb.cli.mine_answer import answer, tell
from skarb.cli.output import Usage, err
from skarb.cli.reserve_asked import USUAL, Asked, Files, coins_of, form_of, read, whole_units, without
from skarb.core.errors import NotFound


def add_commands(app: App) -> None:
    """Give the verbs of rules and the report to `skarb reserve`."""
    for verb in (rules, report):
        app.command(verb)


def rules(
    files: Files,
    /,
    *,
    rules: str = "hold,all,electricity,share:50,band:200:20:25,target:50,pay",
    months: int = 48,
    month_btc: str = "10",
    electricity_usd: str | None = None,
    owed_usd: str | None = None,
    first: Annotated[str | None, Parameter(name="--from")] = None,
    last: Annotated[str | None, Parameter(name="--to")] = None,
    by_start: bool = False,
    each: bool = False,
    asked: Asked = USUAL,
) -> None:
    """Try what to do with mined coins, from every month on which one could have begun: hold, sell, or pay; ranked by the middle of all starts.

    All rules have the same inflow and the same bills; what the reserve does not pay the budget pays, and that is counted against the rule. No
    rule decides by a price of its own day. Sales lose a fee, and more the larger they are.

    Parameters
    ----------
    rules
        Joined by commas, numbers in percent: hold, all, electricity, pay, share:OF_MONTH, target:COINS_OF_WEALTH, band:MEAN_DAYS:ABOVE:SOLD.
    months
        How long each try is.
    month_btc
        What comes in in a month, where no file of inflow is given (month,inflow_sat and if known electricity_cents,owed_cents; or lines of inflow).
    electricity_usd
        Electricity of a month; by default a share of what its coins are worth.
    owed_usd
        What else is owed in a month; by default a share of what its coins are worth.
    first
        The first month of inflow, YYYY-MM; by default 2014-01.
    last
        The last one.
    by_start
        Results by the year of the start instead.
    each
        Every start instead.
    """
    from skarb.app import reserve_rules as work
    from skarb.core.amount import parse_amount
    from skarb.reserve.rules import read_rules

    form = form_of(asked, files)
    if by_start and each:
        raise Usage("--by-start --each: expected one of them")
    policy, given = read(files, asked)
    electricity, owed = (None if one is None else parse_amount(one, 2) for one in (electricity_usd, owed_usd))
    ends = work.month_of(first, "--from"), work.month_of(last, "--to")
    wanted = work.Asked(read_rules(rules), months, coins_of(month_btc, "--month-btc") or 0, *ends, electricity, owed)
    prices = given.prices(asked.over_gaps)
    tell([*given.notes, *prices.notes])
    found = work.backtest_of(given, policy, prices, wanted)
    starts = len(found.months) - months + 1
    tell([f"{starts} starts of {months} months each; neighbouring ones share most of their months, so they are not independent"])
    if each:
        columns, rows = work.EACH, work.each_rows(found)
    elif by_start:
        columns, rows = work.BY_YEAR, work.year_rows(found)
    else:
        columns, rows = work.RANKED, work.ranked_rows(found)
        if form == "table":
            columns, rows = without(columns, rows, ("rank", "starts", "drawdown_usd", "drawdown_most"))
    if form == "table":
        columns, rows = whole_units(columns, rows)
    answer(columns, rows, found.figures, form, asked.output)


def report(
    files: Files,
    /,
    *,
    out: Path,
    language: Annotated[str, Parameter(name="--in")] = "en",
    window: int = 500,
    months: int = 48,
    month_btc: str = "10",
    asked: Asked = USUAL,
) -> None:
    """Write a page about the reserve: its value with the band of risk and violations, draw-downs, changes, rules compared, stress.

    In the folder `--out` lie afterwards report.html, which needs nothing else, and its figures as Parquet and JSON.

    Parameters
    ----------
    out
        The folder; it is made when there is none.
    language
        The language of the page: be, ru or en.
    window
        How many past changes a forecast looks at.
    months
        How long each try of a rule is.
    month_btc
        What comes in in a month, where no file of inflow is given.
    """
    from skarb.app.reserve_report import write_report
    from skarb.reporting.words import LANGUAGES

    if language not in LANGUAGES:
        raise Usage(f"--in {language}: expected one of {', '.join(LANGUAGES)}")
    if out.exists() and not out.is_dir():
        raise NotFound(f"--out {out}: given a file, expected a folder")
    if asked.output or asked.format:
        raise Usage("--output, --format: a report goes into the folder that --out names")
    policy, given = read(files, asked)
    written, notes = write_report(
        given, policy, out, language, window, months, coins_of(month_btc, "--month-btc") or 0, asked.over_gaps
    )
    tell(notes)
    err.print(f"· {out}: {', '.join(written)}", style="dim", markup=False, highlight=False)
