"""`skarb reserve`: value, risk, stress, draw-downs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from skarb.cli.mine_answer import answer, tell
from skarb.cli.reserve_asked import (
    USUAL,
    WHOLE,
    Asked,
    Files,
    Span,
    coins_of,
    form_of,
    numbers,
    prices_of,
    read,
    whole_units,
    without,
)
from skarb.core.errors import EXIT_CODES, FieldError, NotFound

_COINS = "Of so many BTC instead of the holdings."


def add_commands(app: App) -> None:
    """Give the verbs of value and risk to `skarb reserve`."""
    for verb in (value, risk, stress, drawdown):
        app.command(verb)


def value(
    files: Files,
    /,
    *,
    at: str | None = None,
    price: Literal["mean", "last"] = "mean",
    lots: bool = False,
    asked: Asked = USUAL,
) -> None:
    """Say what is held is worth: at the hour, at the last close, and after a sale, in USD and BYN, against what it cost.

    The price is the last hour of the principal market; else the last daily close; else the last known price with something taken off for each day
    of its age. Each says its level, source, instant and quality, and why no better one was taken. A price that is too old for all is refused.

    Parameters
    ----------
    at
        The moment, such as 2024-06-01T12:00; without an offset by the country's clocks. By default the last that the files know.
    price
        The price of an hour: its mean by volume, or its last.
    lots
        A row for each lot, first in first, instead.
    """
    from skarb.app import reserve_value as work

    form = form_of(asked, files)
    policy, given = read(files, asked)
    tell(given.notes)
    found = work.value_of(given, policy, work.moment(at, policy, given), price)
    columns, rows = (work.LOTS, work.lot_rows(found)) if lots else (work.VALUE, work.value_rows(found))
    if form == "table" and not lots:
        tell(f"{row[0]}: {row[-1]}" for row in rows[:2] if row[-1])
        columns, rows = without(columns, rows, ("source", "quality", "why"))
    answer(columns, rows, found.figures, form, asked.output)


def risk(
    files: Files,
    /,
    *,
    window: int = 500,
    level: str = "95,97.5,99",
    horizon: str = "1,10",
    methods: str = "historical,filtered,normal",
    decay: float = 0.94,
    since: date | None = None,
    by_year: bool = False,
    coins: Annotated[str | None, Parameter(help=_COINS)] = None,
    cases: Path | None = None,
    span: Span = WHOLE,
    asked: Asked = USUAL,
) -> int:
    """Say what a day or ten may cost: value at risk and expected shortfall, and whether such forecasts held in the past.

    Historical: the quantile of the last WINDOW changes. Filtered: the same of changes measured by the spread of their time. Normal: what fails,
    for comparison only. Violations are tested for their number (Kupiec) and for clusters (Christoffersen); of ten days only outcomes that do not
    overlap. With `--cases` a file of cases is reckoned and held to what it expects; exit code 9 if a figure does not agree.

    Parameters
    ----------
    window
        How many past changes a forecast looks at.
    level
        Levels in percent, joined by commas.
    horizon
        Days ahead, joined by commas.
    methods
        Methods, joined by commas.
    decay
        How much of the spread is left after a day.
    since
        The first day that is tested.
    by_year
        Violations of each year instead.
    cases
        A JSON file of cases such as `{"HS 250d 0.025": {"violations": 75}}`.
    """
    from skarb.app import reserve_risk as work
    from skarb.core.time import to_day
    from skarb.reserve.risk import forecast

    form = form_of(asked, [*files, *([cases] if cases else [])])
    policy, given = read(files, asked)
    tell(given.notes)
    if cases is not None:
        if not cases.is_file():
            raise NotFound(f"{cases}: there is no such file")
        rows = work.case_rows(cases, given)
        answer(work.CASES, rows, [], form, asked.output)
        return EXIT_CODES["ok" if all(row[-1] == "yes" for row in rows) else "verification"]
    prices = prices_of(given, policy, asked, span)
    tell(prices.notes)
    stake = work.stake_of(given, policy, prices, coins_of(coins))
    tails = [round((100 - one) / 100, 12) for one in numbers("--level", level)]
    made = [
        one if since is None else one.since(to_day(since))
        for days in numbers("--horizon", horizon)
        for one in forecast(prices, window, tails, work.methods_of(methods), int(days), decay)
    ]
    if since is not None and any(not len(one.days) for one in made):
        raise FieldError("--since", since.isoformat() if since else "", "a day on which outcomes are known")
    if by_year:
        answer(work.YEARS, work.year_rows(made), [], form, asked.output)
    else:
        columns, rows = work.RISK, work.risk_rows(made, stake)
        if form == "table":
            more = () if stake.reserve.byn_per_usd else ("var_byn", "shortfall_byn")
            columns, rows = whole_units(*without(columns, rows, ("conditional_p", "mean_var", "mean_loss", *more)))
        answer(columns, rows, work.risk_inputs(prices, stake, window, decay), form, asked.output)
    return 0


def stress(
    files: Files,
    /,
    *,
    coins: Annotated[str | None, Parameter(help=_COINS)] = None,
    month_btc: str | None = None,
    span: Span = WHOLE,
    asked: Asked = USUAL,
) -> None:
    """Say what blows would do: the worst days, weeks, months and quarters of the prices, scenarios of several things at once, each factor alone.

    Scenarios are in the country's reserve.yaml. What is lost is said in money and in months of inflow that would bring it back at the new price.

    Parameters
    ----------
    month_btc
        What comes in in a month, BTC; by default the mean of the last twelve months of a file of inflow.
    """
    from dataclasses import replace

    from skarb.app import reserve_risk as work

    form = form_of(asked, files)
    policy, given = read(files, asked)
    prices = prices_of(given, policy, asked, span)
    tell([*given.notes, *prices.notes])
    stake = work.stake_of(given, policy, prices, coins_of(coins))
    if month_btc is not None:
        stake = replace(stake, reserve=replace(stake.reserve, inflow_month_sat=coins_of(month_btc, "--month-btc") or 0))
    columns, rows = work.STRESS, work.stress_rows(work.stress_of(policy, prices, stake))
    if form == "table":
        more = () if stake.reserve.byn_per_usd else ("after_byn", "change_byn")
        columns, rows = whole_units(*without(columns, rows, ("coins_lost_btc", "first", "last", "source", *more)))
    answer(columns, rows, work.risk_inputs(prices, stake, 500, 0.94)[:3], form, asked.output)


def drawdown(files: Files, /, *, count: int = 5, span: Span = WHOLE, asked: Asked = USUAL) -> None:
    """Show how far the price fell from its highest: in each year, and the deepest falls of all, with their days and the time to come back.

    Of a year the highest begins anew with the year. Holes of up to a week are bridged here.

    Parameters
    ----------
    count
        How many of the deepest falls.
    """
    from skarb.app import reserve_risk as work

    form = form_of(asked, files)
    if not 0 <= count <= 1000:
        raise FieldError("--count", count, "0 to 1000")
    policy, given = read(files, asked)
    prices = prices_of(given, policy, asked, span, 7)
    tell([*given.notes, *prices.notes])
    rows = work.fall_rows(prices, count)
    if form == "table":
        rows = [(*row[:2], f"{100 * float(row[2]):.2f}%", *row[3:]) for row in rows]
    answer(work.FALLS, rows, [], form, asked.output)
