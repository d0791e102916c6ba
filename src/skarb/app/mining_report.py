"""The report of mining: one page, its charts and its figures, in a folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from skarb.app import mining_answers as work
from skarb.app.files import now
from skarb.app.mining import Past, load
from skarb.app.mining_tables import (
    BACKTEST,
    COMPARE,
    INPUTS,
    SCENARIOS,
    backtest_rows,
    compare_rows,
    hashprice_rows,
    input_rows,
    scenario_inputs,
    scenario_rows,
)
from skarb.chain import halving_heights, subsidy_sat
from skarb.core.amount import format_amount
from skarb.core.time import from_day, to_day
from skarb.mining.backtest import backtest
from skarb.mining.catalogue import CLASSES, machine
from skarb.mining.fleet import Fleet, Part
from skarb.mining.formulas import breakeven_usd_kwh
from skarb.mining.history import PaidDay
from skarb.mining.model import Machine, Terms
from skarb.mining.scenarios import Outcome
from skarb.reporting.mining import MiningReport, charts, page, svg
from skarb.reporting.mining.model import Fan
from skarb.reporting.words import said

FIRST_YEAR = 2016
_PRICES = (Fraction("0.03"), Fraction("0.05"), Fraction("0.07"))
_WEEK = 7


def write_report(
    paths: Sequence[Path], out: Path, country: str, code: str, asked: work.Asked
) -> tuple[list[str], tuple[str, ...]]:
    """Write the report about the files into a folder; returns the names of what was written, and notes.

    Raises: InputError, NotFound
    """
    past = load(paths)
    drawn = work.draw(past, asked)
    report = report_of(past, country, drawn)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(page(report, code), encoding="utf-8")
    written = ["report.html"]
    for chart in charts(report, said(code)):
        name = f"{chart['key']}.svg"
        (out / name).write_text(svg(chart, code), encoding="utf-8")
        written.append(name)
    _parquet(out / "hashprice.parquet", *hashprice_rows(past.history, "day"))
    _parquet(out / "backtest.parquet", BACKTEST, [tuple(one.values()) for one in report.years])
    whole = {
        "cases": report.cases,
        "seed": asked.seed,
        "scenarios": asked.count,
        "inputs": report.inputs,
        "sources": past.sources,
        "notes": past.notes,
    }
    (out / "scenarios.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
    return [*written, "hashprice.parquet", "backtest.parquet", "scenarios.json"], past.notes


def report_of(past: Past, country: str, drawn: work.Drawn) -> MiningReport:
    """Return the report about a past and what may come after it.

    Raises: NotFound if nothing is known about the country's electricity.
    """
    asked = drawn.asked
    history = past.since(date(FIRST_YEAR, 1, 1))
    terms = asked.terms
    years = backtest_rows(backtest(history, map(machine, CLASSES), _PRICES, terms), terms, asterisk=False)
    power = work.power_of(country, from_day(past.last.day), terms.uptime)
    fleet = Fleet(tuple(Part(one, 1) for one in asked.machines))
    worth, verdicts = work.compare(past, fleet, power, terms)
    known = [*work.inputs_of(past, terms), *scenario_inputs(drawn), worth, *power.costs, *power.uses, *power.usd_kwh]
    named = {one.name.removeprefix("Bitmain Antminer "): one for one in map(machine, CLASSES)}
    return MiningReport(
        day=from_day(past.last.day),
        country=country,
        hashprice_today=float(past.last.hashprice),
        breakeven={name: _breakeven(history, one, terms) for name, one in named.items()},
        breakeven_today={
            name: float(breakeven_usd_kwh(past.last.hashprice, one.efficiency_j_th, terms)) for name, one in named.items()
        },
        band=None if power.band is None else (float(power.band[0]), float(power.band[1])),
        hashprice=_weekly(history, [one.hashprice for one in history]),
        published=[(year, value) for year, value in _published() if year >= FIRST_YEAR],
        halvings=_halvings(past),
        fans=[_fan(past, one, drawn.scenarios.months) for one in drawn.scenarios.outcomes],
        cases=_named(SCENARIOS, scenario_rows(drawn)),
        years=_named(BACKTEST, years),
        compared=_named(COMPARE, compare_rows(verdicts, fleet.power_mw(terms))),
        fleet=", ".join(one.code for one in asked.machines),
        scenarios=drawn.scenarios.count,
        inputs=_named(INPUTS, input_rows(known)),
        notes=past.notes,
        sources=past.sources,
        made_at=now(),
    )


def _named(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _parquet(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    pq.write_table(pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)}), path.absolute())


def _breakeven(history: Sequence[PaidDay], one: Machine, terms: Terms) -> list[tuple[float, float]]:
    days = [paid for paid in history if paid.day >= to_day(one.released)]
    return _weekly(days, [breakeven_usd_kwh(paid.hashprice, one.efficiency_j_th, terms) for paid in days])


def _weekly(days: Sequence[PaidDay], values: Sequence[Fraction]) -> list[tuple[float, float]]:
    """Return means of weeks, each in its middle."""
    floats = [float(value) for value in values]
    parts = [(days[at : at + _WEEK], floats[at : at + _WEEK]) for at in range(0, len(days), _WEEK)]
    return [(float(week[len(week) // 2].day), sum(part) / len(part)) for week, part in parts]


def _halvings(past: Past) -> list[tuple[float, str]]:
    heights = halving_heights(past.last.chain.height)
    return [(past.epochs.time_of(height) / 86_400, _short(subsidy_sat(height))) for height in heights]


def _short(sat: int) -> str:
    return format_amount(sat, 8).rstrip("0").rstrip(".")


def _published() -> list[tuple[int, float]]:
    text = files("skarb.mining").joinpath("published_hashprice.csv").read_text(encoding="utf-8")
    return [(int(row["year"]), float(row["usd_ph_day"])) for row in csv.DictReader(text.splitlines())]


def _fan(past: Past, one: Outcome, months: Sequence[int]) -> Fan:
    def curve(values: Any) -> list[tuple[float, float]]:
        return [(float(past.last.day + month), float(value)) for month, value in zip(months, values, strict=True)]

    low, lower, middle, upper, high = (curve(row) for row in one.fan)
    return Fan(one.case.machine.code, f"{one.case.usd_kwh:g}", low, lower, middle, upper, high, curve(one.paid_back))
