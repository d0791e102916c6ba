"""`skarb reserve`: value, risk, stress, draw-downs and rules, and the page of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from skarb.cli.mine_answer import Files, answer, tell
from skarb.cli.mine_shown import settings_of
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, need
from skarb.core.errors import EXIT_CODES, FieldError, NotFound


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """Whose figures, which of them are given, and where the answer goes."""

    country: str = "by"
    "The country whose reserve.yaml has the figures."
    settings: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None
    "A figure with another value, such as fee=0.005; once for each."
    market: str | None = None
    "What the market of the hours is called; by default as its file."
    over_gaps: int = 0
    "Holes in the daily prices of at most so many days are bridged, and told."
    output: Path | None = None
    "A file for the answer instead of the terminal: .json, .csv or .parquet."
    format: Format | None = None
    "table, json (with all inputs), csv or parquet."


@Parameter(name="*")
@dataclass(frozen=True)
class Span:
    """Which prices are looked at, and how."""

    first: Annotated[date | None, Parameter(name="--from")] = None
    "The first day of prices; by default the first behind all holes."
    last: Annotated[date | None, Parameter(name="--to")] = None
    "The last day of prices."
    currency: Literal["USD", "BYN"] = "USD"
    "In which currency changes are measured; BYN needs official rates of all days."


USUAL = Asked()
WHOLE = Span()
_COINS = "Of so many BTC instead of the holdings."


def _read(paths: list[Path], asked: Asked) -> tuple[Any, Any]:
    from skarb.app.reserve_files import load
    from skarb.app.reserve_policy import policy_of

    need(paths, "file")
    if not 0 <= asked.over_gaps <= 31:
        raise FieldError("--over-gaps", asked.over_gaps, "0 to 31 days")
    policy = policy_of(asked.country, settings_of(asked.settings))
    return policy, load(paths, policy, asked.market)


def _prices(files: Any, policy: Any, asked: Asked, span: Span, gaps: int = 0) -> Any:
    from skarb.core.time import to_day

    first, last = (None if one is None else to_day(one) for one in (span.first, span.last))
    found = files.prices(max(gaps, asked.over_gaps), first if span.currency == "USD" else None, span.currency, policy.currency)
    return found.between(first, last)


def _coins(text: str | None, field: str = "--coins") -> int | None:
    from skarb.core.amount import parse_amount

    if text is None:
        return None
    sat = parse_amount(text, 8)
    if not 0 < sat <= 21 * 10**14:
        raise FieldError(field, text, "more than 0 and at most 21000000")
    return sat


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

    form = _form(asked, files)
    policy, given = _read(files, asked)
    tell(given.notes)
    found = work.value_of(given, policy, work.moment(at, policy, given), price)
    columns, rows = (work.LOTS, work.lot_rows(found)) if lots else (work.VALUE, work.value_rows(found))
    if form == "table" and not lots:
        tell(f"{row[0]}: {row[-1]}" for row in rows[:2] if row[-1])
        columns, rows = _without(columns, rows, ("source", "quality", "why"))
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

    form = _form(asked, [*files, *([cases] if cases else [])])
    policy, given = _read(files, asked)
    tell(given.notes)
    if cases is not None:
        if not cases.is_file():
            raise NotFound(f"{cases}: there is no such file")
        rows = work.case_rows(cases, given)
        answer(work.CASES, rows, [], form, asked.output)
        return EXIT_CODES["ok" if all(row[-1] == "yes" for row in rows) else "verification"]
    prices = _prices(given, policy, asked, span)
    tell(prices.notes)
    stake = work.stake_of(given, policy, prices, _coins(coins))
    tails = [round((100 - one) / 100, 12) for one in _numbers("--level", level)]
    made = [
        one if since is None else one.since(to_day(since))
        for days in _numbers("--horizon", horizon)
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
            columns, rows = _whole(*_without(columns, rows, ("conditional_p", "mean_var", "mean_loss", *more)))
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

    form = _form(asked, files)
    policy, given = _read(files, asked)
    prices = _prices(given, policy, asked, span)
    tell([*given.notes, *prices.notes])
    stake = work.stake_of(given, policy, prices, _coins(coins))
    if month_btc is not None:
        stake = replace(stake, reserve=replace(stake.reserve, inflow_month_sat=_coins(month_btc, "--month-btc") or 0))
    columns, rows = work.STRESS, work.stress_rows(work.stress_of(policy, prices, stake))
    if form == "table":
        more = () if stake.reserve.byn_per_usd else ("after_byn", "change_byn")
        columns, rows = _whole(*_without(columns, rows, ("coins_lost_btc", "first", "last", "source", *more)))
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

    form = _form(asked, files)
    if not 0 <= count <= 1000:
        raise FieldError("--count", count, "0 to 1000")
    policy, given = _read(files, asked)
    prices = _prices(given, policy, asked, span, 7)
    tell([*given.notes, *prices.notes])
    rows = work.fall_rows(prices, count)
    if form == "table":
        rows = [(*row[:2], f"{100 * float(row[2]):.2f}%", *row[3:]) for row in rows]
    answer(work.FALLS, rows, [], form, asked.output)


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

    form = _form(asked, files)
    if by_start and each:
        raise Usage("--by-start --each: expected one of them")
    policy, given = _read(files, asked)
    electricity, owed = (None if one is None else parse_amount(one, 2) for one in (electricity_usd, owed_usd))
    ends = work.month_of(first, "--from"), work.month_of(last, "--to")
    wanted = work.Asked(read_rules(rules), months, _coins(month_btc, "--month-btc") or 0, *ends, electricity, owed)
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
            columns, rows = _without(columns, rows, ("rank", "starts", "drawdown_usd", "drawdown_most"))
    if form == "table":
        columns, rows = _whole(columns, rows)
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
    policy, given = _read(files, asked)
    written, notes = write_report(
        given, policy, out, language, window, months, _coins(month_btc, "--month-btc") or 0, asked.over_gaps
    )
    tell(notes)
    err.print(f"· {out}: {', '.join(written)}", style="dim", markup=False, highlight=False)


def add_commands(app: App) -> None:
    """Give the verbs of value and risk to `skarb reserve`."""
    for verb in (value, risk, stress, drawdown, rules, report):
        app.command(verb)


def _form(asked: Asked, files: list[Path]) -> Format:
    form = format_of(asked.format, asked.output)
    check_outputs((asked.output,), files)
    return form


def _numbers(field: str, text: str) -> list[float]:
    try:
        found = [float(one) for one in text.split(",")]
        whole = field != "--horizon" or all(one == int(one) for one in found)
        if not whole or not all(0 < one < 400 for one in found):
            raise ValueError
    except (ValueError, OverflowError):
        raise FieldError(
            field, text, "numbers joined by commas such as " + ("1,10" if field == "--horizon" else "95,99")
        ) from None
    if field == "--level" and not all(50 <= one < 100 for one in found):
        raise FieldError(field, text, "levels from 50 to below 100 percent")
    return found


def _without(
    columns: tuple[str, ...], rows: list[tuple[Any, ...]], names: tuple[str, ...]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Leave out columns that would not fit a terminal."""
    kept = [place for place, name in enumerate(columns) if name not in names]
    return tuple(columns[place] for place in kept), [tuple(row[place] for place in kept) for row in rows]


def _whole(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Round money to whole units, for the eye."""
    money = [name.endswith(("_usd", "_byn")) for name in columns]
    return columns, [
        tuple(round(float(one)) if is_money and one else one for one, is_money in zip(row, money, strict=True)) for row in rows
    ]
