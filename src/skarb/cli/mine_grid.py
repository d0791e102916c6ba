"""`skarb mine surplus | plan`: how much power is left over, and who gets it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.gridfiles import read_sites
from skarb.app.power import Method, basis_of, days_of, inputs_of, planned, sizes, surplus_of, with_outages
from skarb.cli.mine_curtail import curtail
from skarb.cli.mine_shown import (
    SHOWN,
    TRUTH,
    for_people,
    giga,
    plan_rows,
    print_figures,
    settings_of,
    sheet_json,
    sheet_of,
    show_tried,
    sizes_of,
    summary_of,
    summary_rows,
    surplus_json,
    truth_row,
    write_json,
)
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, table, write_rows
from skarb.grid import (
    TOLD,
    Policy,
    counted,
    reasons_of,
)
from skarb.reporting.grid import plan_page, surplus_page

Language = Literal["be", "ru", "en"]


def add_commands(app: App) -> None:
    """Put these commands into the group of mining."""
    app.command(surplus)
    app.command(plan)
    app.command(curtail)


def surplus(
    *,
    country: str = "by",
    hours: Path | None = None,
    estimate: bool = False,
    seed: int = 1,
    year: int = 2026,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    boilers_first: bool = False,
    draws: int = 200,
    report: Path | None = None,
    language: Annotated[Language, Parameter(name="--in")] = "en",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Say how much power is truly left over in a year, and how sure that is.

    Example: `skarb mine surplus --boilers-first --set gas_floor=400`

    The table has every gas floor, without and with electric boilers first, and how busy mining of several sizes would be on surplus alone. Then each
    uncertain figure alone, from its lowest to its highest, and all of them drawn together. Every figure stands below with its range and source.

    Parameters
    ----------
    country
        Whose power figures: a shipped country or the folder of a law.
    hours
        A CSV file of hours (at, load_mw, nuclear_1_mw …, must_run_mw, heat_mw); without one a year is made from the figures.
    estimate
        Fill gaps and unreadable figures of the file and mark them, instead of refusing it.
    seed
        The seed of the made year and of the draws.
    year
        The year that is made.
    set_
        Another value of a figure, such as gas_floor=400; may be given several times.
    boilers_first
        Look at what is left after electric boilers took what they can.
    draws
        How often all uncertain figures are drawn together; 0 for not at all.
    report
        Write a page for people to this .html file.
    language
        The language of the page: be, ru or en.
    output
        Write to a file: .json has everything, .csv and .parquet the table.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output, report), (hours,))
    form = format_of(format, output)
    basis = basis_of(inputs_of(country, settings_of(set_)), hours, seed, year, estimate)
    answer = surplus_of(basis, boilers_first, seed, draws)
    rows = [truth_row(one) for one in answer.table]
    if form == "json":
        write_json(surplus_json(answer), output)
    elif form == "table":
        out.print(table(*for_people(TRUTH, rows), f"Surplus, {basis.source}"))
        if answer.swings:
            out.print(
                table(
                    ("figure", "lowest", "gwh_there", "highest", "gwh_then"),
                    [
                        (
                            one.figure.name,
                            one.figure.shown(one.figure.low),
                            giga(one.at_low.energy_wh),
                            one.figure.shown(one.figure.high),
                            giga(one.at_high.energy_wh),
                        )
                        for one in answer.swings
                    ],
                    "What one figure does alone",
                )
            )
        if answer.spread is not None:
            low, middle, high = (giga(one) for one in answer.spread.energy_wh)
            few, usual, many = answer.spread.hours
            out.print(
                f"All figures together, {answer.spread.draws} draws: {usual:,} hours and {middle} GWh in the middle; "
                f"nine of ten between {few:,} and {many:,} hours, {low} and {high} GWh.\n"
            )
        print_figures(basis)
    else:
        write_rows(TRUTH, rows, form, output)
    if report is not None:
        boilers = basis.inputs["boiler_units"] * basis.inputs["boiler_unit"]
        floor = basis.inputs["gas_floor"]
        text = surplus_page(
            answer.table, answer.swings, answer.spread, sheet_of(basis), basis.hours, floor, boilers, boilers_first, language
        )
        report.write_text(text, encoding="utf-8")
        err.print(f"[dim]· the page is {escape(str(report))}[/]")


def plan(
    *,
    country: str = "by",
    hours: Path | None = None,
    estimate: bool = False,
    seed: int = 1,
    year: int = 2026,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    first: Annotated[date | None, Parameter(name="--from")] = None,
    days: int | None = None,
    outage: list[str] | None = None,
    method: Method = "committed",
    boilers_first: bool = False,
    surplus_only: bool = False,
    sites: Path | None = None,
    schedule: bool = False,
    try_: Annotated[str | None, Parameter(name="--try")] = None,
    capital: int = 0,
    report: Path | None = None,
    language: Annotated[Language, Parameter(name="--in")] = "en",
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Plan hours: who burns, boils, mines and exports, what the next MWh would cost, and why.

    Example: `skarb mine plan --from 2026-04-21 --days 2 --outage 1@2026-04-20:35 --schedule`

    Beside the hours stand what mining changes (gas, carbon hour by hour and on average, the peak) and what "boilers first" costs. A plan that cannot
    be is refused with the constraint that is in the way and the least by which it would have to give.

    Parameters
    ----------
    country
        Whose power figures: a shipped country or the folder of a law.
    hours
        A CSV file of hours; without one a year is made from the figures.
    estimate
        Fill gaps and unreadable figures of the file and mark them, instead of refusing it.
    seed
        The seed of the made year.
    year
        The year that is made.
    set_
        Another value of a figure, such as mining_new_value=50; may be given several times.
    first
        The first day; by default that of the first hour.
    days
        How many days; by default all.
    outage
        A reactor that is off: UNIT@DAY:DAYS; may be given several times.
    method
        committed: whole units with ramps and minimum times. relaxed: units may run in parts. fill: hours free of each other, exact and at once.
    boilers_first
        Surplus heats water before it mines.
    surplus_only
        Miners may not run on gas.
    sites
        A YAML file of sites for the schedule; by default one site per class of machines.
    schedule
        Give the hours of every site instead of those of the system.
    try_
        Try sizes of mining instead, in MW, each hour by itself as of `--method fill`: FROM..TO/STEP, such as 0..1000/50.
    capital
        What one MW of mining costs a year in whole units of the currency, to find the best size.
    report
        Write a page for people to this .html file.
    language
        The language of the page: be, ru or en.
    output
        Write to a file: .json has everything, .csv and .parquet the rows.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output, report), (hours, sites))
    form = format_of(format, output)
    basis = with_outages(basis_of(inputs_of(country, settings_of(set_)), hours, seed, year, estimate), outage or ())
    chosen = days_of(basis, first, days)
    policy = Policy(boilers_first, not surplus_only)
    if try_ is not None:
        if report is not None or sites is not None or schedule:
            raise Usage("--try: gives a table of sizes, expected no --report, --schedule or --sites with it")
        show_tried(sizes(basis, chosen, policy, sizes_of(try_), capital * 1000), len(chosen), basis, form, output)
        return
    with progress("Planning"):
        made = planned(basis, chosen, method, policy)
    columns, rows = plan_rows(made, read_sites(sites) if sites else None, schedule)
    if form == "json":
        write_json(
            {**summary_of(made), "rows": [dict(zip(columns, row, strict=True)) for row in rows], "figures": sheet_json(basis)},
            output,
        )
    elif form == "table":
        names, shown = for_people(columns, rows[:SHOWN])
        keep = [n for n, name in enumerate(names) if name != "says"]
        out.print(table([names[n] for n in keep], [[row[n] for n in keep] for row in shown], f"Plan, {basis.source}"))
        if len(rows) > SHOWN:
            out.print(f"… and {len(rows) - SHOWN:,} more; --output FILE has them all.\n")
        for name in counted(reasons_of(made.plan, chosen, made.system)):
            out.print(f"[bold]{name}[/]: {TOLD[name]}.")
        out.print()
        out.print(table(("what mining changes", ""), summary_rows(made)))
        print_figures(basis)
    else:
        write_rows(columns, rows, form, output)
    if report is not None:
        text = plan_page(made.plan, chosen, made.system, made.effects, made.boilers_first_nano, sheet_of(basis), language)
        report.write_text(text, encoding="utf-8")
        err.print(f"[dim]· the page is {escape(str(report))}[/]")
