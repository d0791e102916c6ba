"""What `skarb mine surplus` and `plan` show of power: rows for programs, the same for people, and the figures beside every answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from skarb.app.files import now
from skarb.app.power import (
    Basis,
    Planned,
    Surplus,
    inputs_rows,
)
from skarb.cli.output import Format, Usage, out, table, write_rows
from skarb.grid import (
    MEGAWATT,
    MINING_W,
    NANO,
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
from skarb.reporting.grid import Sheet

SHOWN = 48  # rows of a plan on a terminal
FIGURES = ("figure", "value", "lowest", "highest", "certainty", "source")
TRUTH = ("gas_floor_w", "boilers_first", "hours", "energy_wh", "most_w", *(f"use_{one // MEGAWATT}_mw_ppm" for one in MINING_W))
PLAN = (
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
PEOPLE = {
    "_milli_mwh": (1000, "_mwh", 2),
    "_ppm": (10_000, "_%", 2),
    "_wh": (10**9, "_gwh", 1),
    "_w": (MEGAWATT, "_mw", 1),
    "_g": (10**6, "_t", 1),
}
"""Endings of columns in whole small units, and what people read instead: divided by, named, with so many decimals."""


def settings_of(given: list[str] | None) -> dict[str, str]:
    """Return figures that were given as NAME=VALUE."""
    settings = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign:
            raise Usage(f"--set {text}: expected NAME=VALUE such as gas_floor=400")
        settings[name] = value
    return settings


def sizes_of(text: str) -> list[int]:
    """Return the sizes of a range FROM..TO/STEP. Units: MW."""
    try:
        low, _, rest = text.partition("..")
        high, _, step = rest.partition("/")
        sizes_mw = list(range(int(low), int(high) + 1, int(step)))
        if not sizes_mw or sizes_mw[0] < 0:
            raise ValueError
    except ValueError:
        raise Usage(f"--try {text}: expected FROM..TO/STEP in MW such as 0..1000/50") from None
    return sizes_mw


def plan_rows(made: Planned, sites: Any, schedule: bool) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the columns and rows of a plan, or of its schedule by site."""
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
    return PLAN, rows


def summary_rows(made: Planned) -> list[tuple[str, str]]:
    """Return the same for a table."""
    summary = summary_of(made)
    return [(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)) for name, value in summary.items()]


def summary_of(made: Planned) -> dict[str, Any]:
    """Return what a plan comes to, and what mining changes in it."""
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


def show_tried(steps: tuple[Step, ...], hours: int, basis: Basis, form: Format, output: Path | None) -> None:
    """Write what farms of several sizes would bring."""
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
        out.print(table(*for_people(columns, rows), f"Sizes of mining, {basis.source}"))
        print_figures(basis)
    else:
        write_rows(columns, rows, form, output)


def truth_row(one: Any) -> tuple[Any, ...]:
    """Return one line of the table of surplus."""
    return (one.floor_w, one.boilers_first, one.hours, one.energy_wh, one.most_w, *one.utilisation)


def surplus_json(answer: Surplus) -> dict[str, Any]:
    """Return a whole answer about surplus."""
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
        "figures": sheet_json(answer.basis),
    }


def sheet_of(basis: Basis) -> Sheet:
    """Return the figures as a page shows them."""
    of = basis.source
    values = {"year": of.year, "seed": of.seed} if of.made else {"file": of.file, "hours": of.hours, "estimated": of.estimated}
    return Sheet("made_year" if of.made else "read_file", values, of.outages, inputs_rows(basis.inputs), now())


def sheet_json(basis: Basis) -> list[dict[str, str]]:
    """Return the figures with range, certainty and source."""
    return [dict(zip(FIGURES, row, strict=True)) for row in inputs_rows(basis.inputs)]


def print_figures(basis: Basis) -> None:
    """Print the figures below an answer."""
    out.print(table(FIGURES, inputs_rows(basis.inputs), "Figures"))


def write_json(content: Any, output: Path | None) -> None:
    """Write an answer as JSON."""
    write_bytes(msgspec.json.format(msgspec.json.encode(content)), output)


def write_bytes(content: bytes, output: Path | None) -> None:
    """Write bytes into a file, or print them."""
    if output is None:
        print(content.decode())
    else:
        output.write_bytes(content + b"\n")


def for_people(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return columns in units that people read."""
    names, ways = [], []
    for name in columns:
        ending = next((one for one in PEOPLE if name.endswith(one)), None)
        by, called, places = PEOPLE[ending] if ending else (1, "", 0)
        names.append(name.removesuffix(ending) + called if ending else name)
        ways.append((by, places, bool(ending)))
    shown = [
        [f"{value / by:,.{places}f}" if counts else _short(value) for value, (by, places, counts) in zip(row, ways, strict=True)]
        for row in rows
    ]
    return names, shown


def _short(value: Any) -> Any:
    return value[5:16].replace("T", " ") if isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T" else value


def giga(value: int) -> str:
    """Return watt-hours as GWh for people."""
    return f"{value / 1e9:,.1f}"
