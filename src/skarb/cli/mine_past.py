"""`skarb mine`: the past tried, a fleet as it stands, mining beside other uses, the consumption of all miners."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from skarb.cli.mine_answer import USUAL, Files, Given, answer, as_inputs, form_for, tell
from skarb.cli.output import Format, check_outputs, format_of, need, write_rows
from skarb.core.time import from_day


def backtest(
    files: Files,
    /,
    *,
    machines: str = "s9,s17-pro,s19,s19-xp,s21",
    usd_kwh: str = "0.03,0.05,0.07",
    first: Annotated[int, Parameter(name="--from")] = 2016,
    given: Given = USUAL,
) -> None:
    """Try the past: what a megawatt of each machine would have left each year, running always or only on days that pay.

    No machine's price and no tax is in it. An incomplete year has an asterisk: the machine was not out yet, or days are missing.

    Parameters
    ----------
    machines
        Machines of the catalogue, joined by commas.
    usd_kwh
        Prices of electricity at the meter, joined by commas.
    first
        The first year.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import BACKTEST, backtest_rows
    from skarb.mining.backtest import backtest as reckon
    from skarb.mining.catalogue import machine as find

    need(files, "file")
    form = form_for(given, files)
    terms, kinds = given.terms(), [find(one.strip()) for one in machines.split(",")]
    prices = [number("usd_kwh", one.strip()) for one in usd_kwh.split(",")]
    past = load(files)
    tell(past.notes)
    results = list(reckon(past.since(date(first, 1, 1)), kinds, prices, terms))
    answer(BACKTEST, backtest_rows(results, terms, form == "table"), work.inputs_of(past, terms)[-3:], form, given.output)


def standing(
    files: Files,
    /,
    *,
    fleet: str,
    usd_kwh: str = "0.05",
    at: date | None = None,
    given: Given = USUAL,
) -> None:
    """Say how each kind of machine of a fleet stands: its break-even price, hours a month that pay, and which to retire first.

    Parameters
    ----------
    fleet
        Machines and how many, such as s19=1000,s21=500.
    usd_kwh
        The price of electricity at the meter.
    at
        The day; by default the last one that is known.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import STANDING, standing_rows

    need(files, "file")
    form, terms = form_for(given, files), given.terms()
    past = load(files)
    found = work.standing(past, work.read_fleet(fleet), number("usd_kwh", usd_kwh), terms, at)
    answer(
        STANDING,
        standing_rows(found, terms),
        [*work.inputs_of(past, terms, at), *as_inputs({"usd_per_kwh": usd_kwh})],
        form,
        given.output,
    )


def compare(
    files: Files,
    /,
    *,
    fleet: str = "s21=1",
    country: str = "by",
    at: date | None = None,
    given: Given = USUAL,
) -> None:
    """Set what a megawatt-hour is worth to a fleet against what making it costs and what else it could do, in each kind of hour.

    The range of mining is that of the year before; the other ranges say how well their figures are known. `better` is yes or no only where the
    whole ranges say so.

    Parameters
    ----------
    fleet
        Machines and how many, such as s19=1000,s21=500.
    country
        Whose power system.
    at
        The day; by default the last one that is known.
    """
    from skarb.app import mining_answers as work
    from skarb.app.mining import load
    from skarb.app.mining_tables import COMPARE, compare_rows

    need(files, "file")
    form, terms = form_for(given, files), given.terms()
    past = load(files)
    power = work.power_of(country, from_day(past.at(at).day), terms.uptime)
    parts = work.read_fleet(fleet)
    worth, verdicts = work.compare(past, parts, power, terms, at)
    inputs = [*work.inputs_of(past, terms, at), worth, *power.costs, *power.uses, *power.usd_kwh]
    answer(COMPARE, compare_rows(verdicts, parts.power_mw(terms)), inputs, form, given.output)


def footprint(
    files: Files,
    /,
    *,
    listed: Path,
    usd_kwh: str = "0.05",
    first: Annotated[date, Parameter(name="--from")] = date(2014, 6, 1),
    until: Annotated[date | None, Parameter(name="--to")] = None,
    by: Literal["day", "month", "year"] = "year",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Reckon how much electricity all miners take, by the method of the Cambridge index: the mean of the machines that pay.

    Parameters
    ----------
    listed
        The list of machines: CSV with UNIX_date_of_release and Efficiency_J_Gh. It must reach to the last day, or newer machines are not counted.
    usd_kwh
        The price of electricity that decides which machines pay.
    first
        The first day.
    until
        The last day.
    by
        Days, or means over months or years.
    """
    from skarb.app.mining import load
    from skarb.app.mining_cases import number
    from skarb.app.mining_tables import footprint_rows
    from skarb.mining.footprint import annualised_twh, read_listed

    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), [*files, listed])
    machines = read_listed(listed.read_bytes(), listed.name)
    past = load(files)
    tell(past.notes)
    newest = from_day(max(one.released for one in machines))
    tell([f"the newest machine of {listed.name} is of {newest}; of days long after it this says little"])
    curve = annualised_twh(past.since(first, until), machines, float(number("usd_kwh", usd_kwh)))
    write_rows(*footprint_rows(curve, by), form, output)
