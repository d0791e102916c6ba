"""`skarb mine surplus | plan | curtail`: how much power is left over, who gets it, and who is cut when it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter
from rich.markup import escape

from skarb.app.files import now
from skarb.app.power import (
    Basis,
    Method,
    Planned,
    Surplus,
    basis_of,
    days_of,
    inputs_of,
    inputs_rows,
    planned,
    read_acknowledgements,
    read_order,
    read_readings,
    read_rules,
    read_running,
    read_sites,
    sizes,
    surplus_of,
    watts,
    with_outages,
)
from skarb.cli.output import Format, Usage, check_outputs, err, format_of, out, progress, table, write_rows
from skarb.grid import (
    MEGAWATT,
    MINING_W,
    NANO,
    TOLD,
    Policy,
    Step,
    best,
    carbon_by_hour_g,
    cost_of,
    counted,
    explain,
    reasons_of,
    schedule_of,
    sites_of,
)
from skarb.grid.curtail import bytes_of, charges, order_id, ramp_down, ramp_up, shed, sheddable, verify, worst
from skarb.reporting.grid import Sheet, plan_page, surplus_page

Language = Literal["be", "ru", "en"]
_SHOWN = 48  # rows of a plan on a terminal
_FIGURES = ("figure", "value", "lowest", "highest", "certainty", "source")
_TRUTH = ("gas_floor_w", "boilers_first", "hours", "energy_wh", "most_w", *(f"use_{one // MEGAWATT}_mw_ppm" for one in MINING_W))
_PLAN = (
    "at",
    "reason",
    "mining_w",
    "on_surplus_w",
    "gas_w",
    "boilers_w",
    "export_w",
    "spill_w",
    "unserved_w",
    "marginal_milli_mwh",
    "carbon_g",
    "says",
)
_PEOPLE = {
    "_milli_mwh": (1000, "_mwh", 2),
    "_ppm": (10_000, "_%", 2),
    "_wh": (10**9, "_gwh", 1),
    "_w": (MEGAWATT, "_mw", 1),
    "_g": (10**6, "_t", 1),
}
"""Endings of columns in whole small units, and what people read instead: divided by, named, with so many decimals."""
curtail = App(
    name="curtail", help="Orders to draw less: who is cut, how the ramp goes, who complied by his meter, what it costs."
)


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
    basis = basis_of(inputs_of(country, _settings(set_)), hours, seed, year, estimate)
    answer = surplus_of(basis, boilers_first, seed, draws)
    rows = [_truth_row(one) for one in answer.table]
    if form == "json":
        _json(_surplus_json(answer), output)
    elif form == "table":
        out.print(table(*_for_people(_TRUTH, rows), f"Surplus, {basis.source}"))
        if answer.swings:
            out.print(
                table(
                    ("figure", "lowest", "gwh_there", "highest", "gwh_then"),
                    [
                        (
                            one.figure.name,
                            one.figure.shown(one.figure.low),
                            _giga(one.at_low.energy_wh),
                            one.figure.shown(one.figure.high),
                            _giga(one.at_high.energy_wh),
                        )
                        for one in answer.swings
                    ],
                    "What one figure does alone",
                )
            )
        if answer.spread is not None:
            low, middle, high = (_giga(one) for one in answer.spread.energy_wh)
            few, usual, many = answer.spread.hours
            out.print(
                f"All figures together, {answer.spread.draws} draws: {usual:,} hours and {middle} GWh in the middle; "
                f"nine of ten between {few:,} and {many:,} hours, {low} and {high} GWh.\n"
            )
        _figures(basis)
    else:
        write_rows(_TRUTH, rows, form, output)
    if report is not None:
        boilers = basis.inputs["boiler_units"] * basis.inputs["boiler_unit"]
        floor = basis.inputs["gas_floor"]
        text = surplus_page(
            answer.table, answer.swings, answer.spread, _sheet(basis), basis.hours, floor, boilers, boilers_first, language
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
    basis = with_outages(basis_of(inputs_of(country, _settings(set_)), hours, seed, year, estimate), outage or ())
    chosen = days_of(basis, first, days)
    policy = Policy(boilers_first, not surplus_only)
    if try_ is not None:
        if report is not None or sites is not None or schedule:
            raise Usage("--try: gives a table of sizes, expected no --report, --schedule or --sites with it")
        _tried(sizes(basis, chosen, policy, _range(try_), capital * 1000), len(chosen), basis, form, output)
        return
    with progress("Planning"):
        made = planned(basis, chosen, method, policy)
    columns, rows = _rows(made, read_sites(sites) if sites else None, schedule)
    if form == "json":
        _json(
            {**_summary(made), "rows": [dict(zip(columns, row, strict=True)) for row in rows], "figures": _sheet_json(basis)},
            output,
        )
    elif form == "table":
        names, shown = _for_people(columns, rows[:_SHOWN])
        keep = [n for n, name in enumerate(names) if name != "says"]
        out.print(table([names[n] for n in keep], [[row[n] for n in keep] for row in shown], f"Plan, {basis.source}"))
        if len(rows) > _SHOWN:
            out.print(f"… and {len(rows) - _SHOWN:,} rows more; --output FILE has them all.\n")
        for name in counted(reasons_of(made.plan, chosen, made.system)):
            out.print(f"[bold]{name}[/]: {TOLD[name]}.")
        out.print()
        out.print(table(("what mining changes", ""), _summary_rows(made)))
        _figures(basis)
    else:
        write_rows(columns, rows, form, output)
    if report is not None:
        text = plan_page(made.plan, chosen, made.system, made.effects, made.boilers_first_nano, _sheet(basis), language)
        report.write_text(text, encoding="utf-8")
        err.print(f"[dim]· the page is {escape(str(report))}[/]")


@curtail.command
def order(
    *,
    sites: Path,
    running: Path,
    need: str,
    at: datetime,
    until: datetime,
    reason: str,
    within: int = 15,
    number: int = 1,
    output: Path | None = None,
) -> None:
    """Write an order: who is cut so that so many MW are free, the last priority class first, in whole blocks.

    Example: `skarb mine curtail order --sites sites.yaml --running now.csv --need 120 --reason peak --at … --until …`

    Parameters
    ----------
    sites
        A YAML file of sites: name, miners, blocks, block_mw, priority, meter, off_minutes.
    running
        A CSV file of what every site draws now: site, running_mw.
    need
        How many MW are needed.
    at
        When the order is given, with its zone.
    until
        When it ends, with its zone.
    reason
        Why, in a word or a sentence; it stands in the order.
    within
        Leave out sites that need longer than so many minutes.
    number
        The number of the order on its day.
    output
        Write the order to this file, as a journal would keep it; by default to standard output.
    """
    check_outputs((output,), (sites, running))
    places = read_sites(sites)
    now = read_running(running)
    made = shed(places, now, watts(need), id=order_id(at, number), at=at, until=until, reason=reason, within_minutes=within)
    _bytes(bytes_of(made), output)
    for minutes, power in sheddable(places, now):
        err.print(f"[dim]· within {minutes} minutes {power / 1e6:,.1f} MW can be gone[/]")
    if made.short_w:
        err.print(f"[yellow]· {made.short_w / 1e6:,.1f} MW of the need are not there to be cut[/]")


@curtail.command
def ramp(
    order: Path,
    /,
    *,
    sites: Path,
    headroom: str,
    stagger: int = 5,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> None:
    """Show how an order's sites go off at once, and come back one block at a time without overshooting.

    Example: `skarb mine curtail ramp order.json --sites sites.yaml --headroom 100,200,400`

    Parameters
    ----------
    order
        The file of the order.
    sites
        The YAML file of sites.
    headroom
        MW that may be taken again in each hour after the order's end, joined by commas.
    stagger
        Minutes between two blocks that come back.
    output
        Write the steps to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (order, sites))
    given, places = read_order(order), read_sites(sites)
    back = ramp_up(given, places, [watts(one.strip()) for one in headroom.split(",")], stagger_minutes=stagger)
    rows = [
        (one.at.isoformat(), one.site, one.power_w, what)
        for what, steps in (("off", ramp_down(given, places)), ("back", back))
        for one in steps
    ]
    write_rows(("at", "site", "power_w", "way"), rows, format_of(format, output), output, f"Order {given.id}")


@curtail.command(name="verify")
def check(
    order: Path,
    readings: Path,
    /,
    *,
    acknowledgements: Path | None = None,
    penalties: Path | None = None,
    minutes: int = 15,
    intervals: bool = False,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Say who complied with an order, by his meter and not by his devices; exit code 9 if somebody did not.

    Example: `skarb mine curtail verify order.json meters.csv --penalties penalties.yaml`

    An interval without a reading, or with an estimated one, proves nothing: it counts as if the site had drawn all it can, and is told apart.

    Parameters
    ----------
    order
        The file of the order.
    readings
        A CSV file of meters: meter, at, minutes, energy_wh, estimated.
    acknowledgements
        A CSV file of who said that he has the order: order, site, at.
    penalties
        A YAML file of rules; with it the charges are given instead of the verdicts.
    minutes
        How long the meters' intervals are.
    intervals
        Give every interval instead of one verdict for each site.
    output
        Write the rows to a file: .json, .csv or .parquet.
    format
        The form: table, json, csv or parquet.
    """
    check_outputs((output,), (order, readings, acknowledgements, penalties))
    form = format_of(format, output)
    given = read_order(order)
    said = read_acknowledgements(acknowledgements) if acknowledgements else ()
    found = verify(given, read_readings(readings), said, minutes)
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    if penalties is not None:
        lines = charges(given, found, read_rules(penalties))
        columns = ("order", "site", "rule", "cites", "energy_wh", "price_milli_per_mwh", "fixed_minor", "amount_minor")
        rows = [tuple(getattr(one, name) for name in columns) for one in lines]
    elif intervals:
        columns = ("order", "site", "meter", "at", "minutes", "allowed_wh", "metered_wh", "excess_wh", "finding")
        rows = [
            tuple(one.at.isoformat() if name == "at" else getattr(one, name) for name in columns)
            for verdict in found
            for one in verdict.intervals
        ]
    else:
        columns = ("order", "site", "complied", "excess_wh", "unproven_wh", "acknowledged", "late")
        rows = [
            (
                one.order,
                one.site,
                one.complied,
                one.excess_wh,
                one.unproven_wh,
                one.acknowledged and one.acknowledged.isoformat(),
                one.late,
            )
            for one in found
        ]
    write_rows(columns, rows, form, output, f"Order {given.id}")
    return 9 if worst(found) else 0


def _settings(given: list[str] | None) -> dict[str, str]:
    settings = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise Usage(f"--set {text}: expected NAME=VALUE such as gas_floor=400")
        settings[name] = value
    return settings


def _range(text: str) -> list[int]:
    try:
        low, _, rest = text.partition("..")
        high, _, step = rest.partition("/")
        sizes_mw = list(range(int(low), int(high) + 1, int(step)))
        if not sizes_mw or sizes_mw[0] < 0:
            raise ValueError
    except ValueError:
        raise Usage(f"--try {text}: expected FROM..TO/STEP in MW such as 0..1000/50") from None
    return sizes_mw


def _rows(made: Planned, sites: Any, schedule: bool) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    if schedule:
        places = sites_of(made.system) if sites is None else sites
        slots = schedule_of(made.plan, made.hours, made.system, places)
        rows: list[tuple[Any, ...]] = [
            (one.at.isoformat(timespec="minutes"), one.site, one.blocks, one.power_w, one.reason) for one in slots
        ]
        return ("at", "site", "blocks", "power_w", "reason"), rows
    rows = []
    told = explain(made.plan, made.hours, made.system)
    figures = made.basis.inputs
    carbon = carbon_by_hour_g(made.plan, made.lacking, figures["gas_carbon"], figures["heat_carbon"])
    for one in told:
        hour, of = one.hour, made.plan
        powers = (of.gas_w, of.boilers_w, of.export_w, of.spill_w, of.unserved_w)
        rows.append(
            (
                made.hours.at(hour).isoformat(timespec="minutes"),
                one.reason,
                one.mining_w,
                one.on_surplus_w,
                *(int(row[hour]) for row in powers),
                one.marginal_milli,
                int(carbon[hour]),
                one.says,
            )
        )
    return _PLAN, rows


def _summary_rows(made: Planned) -> list[tuple[str, str]]:
    summary = _summary(made)
    return [(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)) for name, value in summary.items()]


def _summary(made: Planned) -> dict[str, Any]:
    effects, system = made.effects, made.system
    cents = NANO // 100
    return {
        "source": str(made.basis.source),
        "method": made.method,
        "hours": len(made.hours),
        "cost_cents": cost_of(made.plan, system).cents,
        "gain_of_mining_cents": effects.gain_nano // cents,
        "mining_wh": effects.mining_wh,
        "on_spilled_power_wh": effects.surplus_wh,
        "more_gas_wh": effects.gas_wh,
        "more_boilers_wh": effects.boilers_wh,
        "more_export_wh": effects.export_wh,
        "more_spill_wh": effects.spill_wh,
        "more_gas_starts": effects.gas_starts,
        "carbon_marginal_g": effects.carbon_marginal_g,
        "carbon_average_g": effects.carbon_average_g,
        "carbon_marginal_g_per_kwh": effects.marginal_g_per_kwh,
        "carbon_average_g_per_kwh": effects.average_g_per_kwh,
        "higher_peak_w": effects.peak_w,
        "mining_at_peak_load_w": effects.at_peak_w,
        "boilers_first_costs_cents": made.boilers_first_nano // cents,
        "boilers_first_by": made.boilers_first_by,
        "hours_by_reason": ", ".join(
            f"{name} {count}" for name, count in counted(reasons_of(made.plan, made.hours, system)).items()
        ),
    }


def _tried(steps: tuple[Step, ...], hours: int, basis: Basis, form: Format, output: Path | None) -> None:
    columns = ("mining_w", "energy_wh", "use_ppm", "gain_cents", "capital_cents", "net_cents", "best")
    top = best(steps)
    cents = NANO // 100
    rows = [
        (
            one.mining_w,
            one.mining_wh,
            one.utilisation(hours),
            one.gain_nano // cents,
            one.capital_nano // cents,
            one.net_nano // cents,
            one == top,
        )
        for one in steps
    ]
    if form == "table":
        out.print(table(*_for_people(columns, rows), f"Sizes of mining, {basis.source}"))
        _figures(basis)
    else:
        write_rows(columns, rows, form, output)


def _truth_row(one: Any) -> tuple[Any, ...]:
    return (one.floor_w, one.boilers_first, one.hours, one.energy_wh, one.most_w, *one.utilisation)


def _surplus_json(answer: Surplus) -> dict[str, Any]:
    return {
        "source": str(answer.basis.source),
        "boilers_first": answer.boilers_first,
        "mining_w": list(MINING_W),
        "table": msgspec.to_builtins(answer.table),
        "figures_alone": [
            {"figure": one.figure.name, "at_low": msgspec.to_builtins(one.at_low), "at_high": msgspec.to_builtins(one.at_high)}
            for one in answer.swings
        ],
        "figures_together": msgspec.to_builtins(answer.spread),
        "figures": _sheet_json(answer.basis),
    }


def _sheet(basis: Basis) -> Sheet:
    of = basis.source
    values = {"year": of.year, "seed": of.seed} if of.made else {"file": of.file, "hours": of.hours, "estimated": of.estimated}
    return Sheet("made_year" if of.made else "read_file", values, of.outages, inputs_rows(basis.inputs), now())


def _sheet_json(basis: Basis) -> list[dict[str, str]]:
    return [dict(zip(_FIGURES, row, strict=True)) for row in inputs_rows(basis.inputs)]


def _figures(basis: Basis) -> None:
    out.print(table(_FIGURES, inputs_rows(basis.inputs), "Figures"))


def _json(content: Any, output: Path | None) -> None:
    _bytes(msgspec.json.format(msgspec.json.encode(content)), output)


def _bytes(content: bytes, output: Path | None) -> None:
    if output is None:
        print(content.decode())
    else:
        output.write_bytes(content + b"\n")


def _for_people(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return columns in units that people read."""
    names, ways = [], []
    for name in columns:
        ending = next((one for one in _PEOPLE if name.endswith(one)), None)
        by, called, places = _PEOPLE[ending] if ending else (1, "", 0)
        names.append(name.removesuffix(ending) + called if ending else name)
        ways.append((by, places, bool(ending)))
    shown = [
        [f"{value / by:,.{places}f}" if counts else _short(value) for value, (by, places, counts) in zip(row, ways, strict=True)]
        for row in rows
    ]
    return names, shown


def _short(value: Any) -> Any:
    return value[5:16].replace("T", " ") if isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T" else value


def _giga(value: int) -> str:
    return f"{value / 1e9:,.1f}"
