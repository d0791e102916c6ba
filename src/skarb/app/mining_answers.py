"""Answers about mining: how a fleet stands, what a megawatt-hour is worth beside other uses, what years to come may bring, what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from importlib.resources import files
from typing import Any

import yaml

from skarb.app import power
from skarb.app.mining import Past
from skarb.chain import Point
from skarb.chain.series_files import SATOSHI
from skarb.core.errors import InputError, NotFound
from skarb.core.time import from_day
from skarb.grid.figures import Inputs
from skarb.mining.catalogue import machine, supposed
from skarb.mining.compare import Figure, Verdict, against
from skarb.mining.fleet import Fleet, Part, Standing, standings
from skarb.mining.formulas import breakeven_usd_kwh, th_per_mw
from skarb.mining.history import PaidDay
from skarb.mining.model import Machine, Terms
from skarb.mining.scenarios import Case, Process, Scenarios, Start, fit, simulate

MONTH_HOURS = 730
MILLI = 1000  # prices of the power system are whole thousandths
_MOST_DIGITS = 9
FEE_DAYS = 182  # half a year, whose fees are taken for those to come


@dataclass(frozen=True)
class Power:
    """What electricity costs in a country, and what else it could do."""

    usd_kwh: tuple[Figure, ...]  # the tariffs in force on the day, in USD
    costs: tuple[Figure, ...]
    uses: tuple[Figure, ...]

    @property
    def band(self) -> tuple[Fraction, Fraction] | None:
        """The lowest and the highest that a published tariff may come to, USD/kWh."""
        ends = [end for figure in self.usd_kwh for end in (figure.low, figure.high)]
        return (min(ends), max(ends)) if ends else None


def power_of(country: str, day: date, uptime: Fraction) -> Power:
    """Return the published prices of electricity in a country on a day, the capacity charge spread over the hours that machines run.

    A tariff is in force until one of its name replaces it; a day before the first one has none.
    Raises: NotFound if nothing is known about the country.
    """
    file = files("skarb.jurisdictions").joinpath(country, "electricity.yaml")
    if not file.is_file():
        raise NotFound(f"country {country!r}: nothing is known about its electricity; expected a country with electricity.yaml")
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    rate = {key: Fraction(content["byn_per_usd"][key]) for key in ("low", "base", "high")}
    tariffs: dict[str, Figure] = {}
    for row in content["tariffs"]:
        if row["from"] <= day:
            byn = Fraction(row["byn_per_kwh"]) + Fraction(row.get("byn_per_kw_month", 0)) / (MONTH_HOURS * uptime)
            source = f"{row['source']}; {float(byn):.6f} BYN/kWh at {content['byn_per_usd']['base']} BYN/USD"
            tariffs[row["name"]] = Figure(
                row["name"], byn / rate["high"], byn / rate["base"], byn / rate["low"], "USD/kWh", source, "high"
            )
    known = power.inputs_of(country)
    costs, uses = (tuple(_alternative(row, known) for row in content[key]) for key in ("costs", "uses"))
    return Power(tuple(tariffs.values()), costs, uses)


def _alternative(row: Mapping[str, str], known: Inputs) -> Figure:
    """Return what a megawatt-hour costs or could bring, by its own numbers or by those of a figure of the power system."""
    if "figure" in row:
        one = known.figure(row["figure"])
        low, base, high = (Fraction(value, MILLI) for value in (one.low, one.value, one.high))
        return Figure(row["name"], low, base, high, one.unit, one.source, one.certainty)
    low, base, high = (Fraction(row[key]) for key in ("low", "base", "high"))
    return Figure(row["name"], low, base, high, row["unit"], row["source"], row["certainty"])


def read_fleet(text: str) -> Fleet:
    """Read a fleet written `s19=1000,s21=500`.

    Raises: InputError, NotFound
    """
    parts = []
    for item in text.split(","):
        code, _, count = item.strip().partition("=")
        if not count.isdecimal() or not count.isascii() or len(count) > _MOST_DIGITS or int(count) < 1:
            raise InputError(f"fleet: given {item.strip()!r}, expected a machine and how many, such as s21=500")
        parts.append(Part(machine(code), int(count)))
    return Fleet(tuple(parts))


@dataclass(frozen=True)
class FleetAnswer:
    """How a fleet stands on a day."""

    paid: PaidDay
    fleet: Fleet
    standings: tuple[Standing, ...]
    hours_month: Mapping[str, int]  # of each machine: hours a month that paid over the year before, uptime taken off


def standing(past: Past, fleet: Fleet, usd_kwh: Fraction, terms: Terms, day: date | None = None) -> FleetAnswer:
    """Return how each kind of machine of a fleet stands, and how many hours a month it would have run in the year before."""
    paid = past.at(day)
    year = [one for one in past.history if paid.day - 365 < one.day <= paid.day]
    hours = {}
    for part in fleet.parts:
        on = sum(breakeven_usd_kwh(one.hashprice, part.machine.efficiency_j_th, terms) > usd_kwh for one in year)
        hours[part.machine.code] = round(MONTH_HOURS * terms.uptime * on / len(year))
    return FleetAnswer(paid, fleet, standings(fleet.parts, paid.hashprice, usd_kwh, terms), hours)


def worth_of(past: Past, efficiency: Fraction, terms: Terms, day: date | None = None) -> Figure:
    """Return what a megawatt-hour is worth to mining: on the day, and the lowest and highest over the year before."""
    paid = past.at(day)
    year = [one for one in past.history if paid.day - 365 < one.day <= paid.day]
    worth = [breakeven_usd_kwh(one.hashprice, efficiency, terms) * 1000 for one in year]
    base = breakeven_usd_kwh(paid.hashprice, efficiency, terms) * 1000
    return Figure(
        "mining",
        min(worth),
        base,
        max(worth),
        "USD/MWh",
        f"hashprice of {from_day(paid.day)}, range of the year before",
        paid.quality,
    )


def compare(past: Past, fleet: Fleet, power: Power, terms: Terms, day: date | None = None) -> tuple[Figure, tuple[Verdict, ...]]:
    """Return what a megawatt-hour is worth to a fleet, and that against what making it costs and what else it could do."""
    worth = worth_of(past, fleet.efficiency_j_th, terms, day)
    return worth, against(worth, power.costs, power.uses)


@dataclass(frozen=True)
class Asked:
    """What scenarios are asked for. `given` replaces what is fitted or supposed, by the names of `scenarios.fit`."""

    machines: tuple[Machine, ...]
    usd_kwh: tuple[Fraction, ...]
    terms: Terms
    rate: Fraction
    machine_usd_th: Fraction
    site_usd_mw: Fraction
    count: int
    years: int
    seed: int
    window: date
    given: Mapping[str, float]


@dataclass(frozen=True)
class Drawn:
    """Scenarios with what they were drawn from."""

    asked: Asked
    process: Process
    start: Start
    at: PaidDay
    scenarios: Scenarios


def capex_usd_mw(one: Machine, asked: Asked) -> Fraction:
    """Return what a megawatt of a machine costs, with its site."""
    return th_per_mw(one.efficiency_j_th, asked.terms) * asked.machine_usd_th + asked.site_usd_mw


def draw(past: Past, asked: Asked) -> Drawn:
    """Fit the process to the past and draw scenarios.

    The fees of all days to come are the mean of the last half year that is known.
    Raises: InputError if the window is too short or has holes.
    """
    import numpy as np

    window = past.since(asked.window)
    if window[-1].day - window[0].day + 1 != len(window):
        raise InputError(
            f"scenarios: days are missing between {asked.window} and {from_day(window[-1].day)}; give a window without holes, or files"
        )
    process = fit(*_columns(window), asked.given)
    last = window[-1]
    recent = window[-FEE_DAYS:]
    fee = sum((one.fee.value for one in recent), Fraction(0)) / len(recent)
    start = Start(float(last.price.value), float(last.chain.difficulty), last.chain.height, float(fee))
    cases = [Case(one, float(price), float(capex_usd_mw(one, asked))) for one in asked.machines for price in asked.usd_kwh]
    found = simulate(
        process, start, cases, asked.terms, float(asked.rate), asked.count, asked.years, np.random.default_rng(asked.seed)
    )
    return Drawn(asked, process, start, last, found)


@dataclass(frozen=True)
class Swing:
    """What the ends of one input's range do to the middle net present value of a case. USD for a MW."""

    case: Case
    figure: Figure
    npv_low: float  # at the low end of the input
    npv: float
    npv_high: float


def sensitivity(past: Past, asked: Asked) -> list[Swing]:
    """Return what each input's range does to each case, with the same random numbers throughout; the largest swing of a case first.

    The growth of difficulty goes from a network that stands still to twice the fitted growth.
    """
    drawn = draw(past, asked)
    growth = Fraction(drawn.process.growth)
    terms = asked.terms
    values = {
        **{"pue": terms.pue, "uptime": terms.uptime, "pool_fee": terms.pool_fee, "rate": asked.rate},
        **{"machine_usd_th": asked.machine_usd_th, "site_usd_mw": asked.site_usd_mw},
        **{name: Fraction(str(value)) for name, value in asked.given.items()},
    }
    how = "as asked for" if "growth" in asked.given else "fitted"
    ends = sorted((Fraction(0), 2 * growth))
    figures = [_as_given(one, values.get(one.name)) for one in supposed().values()]
    figures.append(Figure("growth", ends[0], growth, ends[1], "ln in 14 days", how, "given" if how != "fitted" else how))
    middle = _middles(drawn.scenarios)
    found = []
    for figure in figures:
        low, high = (_middles(draw(past, _with(asked, figure.name, end)).scenarios) for end in (figure.low, figure.high))
        cases = (outcome.case for outcome in drawn.scenarios.outcomes)
        found += [Swing(case, figure, *npvs) for case, *npvs in zip(cases, low, middle, high, strict=True)]
    order = {id(outcome.case): place for place, outcome in enumerate(drawn.scenarios.outcomes)}
    return sorted(found, key=lambda one: (order[id(one.case)], -abs(one.npv_high - one.npv_low)))


def _middles(scenarios: Scenarios) -> list[float]:
    import numpy as np

    return [float(np.median(outcome.npv_usd)) for outcome in scenarios.outcomes]


def _with(asked: Asked, name: str, value: Fraction) -> Asked:
    changed: dict[str, Any] = {name: value}
    if name in ("pue", "uptime", "pool_fee"):
        changed = {"terms": replace(asked.terms, **changed)}
    elif name in ("growth", "thrift", "drift"):
        changed = {"given": {**asked.given, name: float(value)}}
    return replace(asked, **changed)


def _columns(window: Sequence[PaidDay]) -> tuple[list[float], list[float], list[float]]:
    return (
        [float(one.price.value) for one in window],
        [float(one.chain.difficulty) for one in window],
        [float(one.hashprice) for one in window],
    )


def inputs_of(
    past: Past, terms: Terms, day: date | None = None, names: Iterable[str] = ("pue", "uptime", "pool_fee")
) -> tuple[Figure, ...]:
    """Return what an answer rests on: the network of the day with its sources, the terms with their ranges."""
    paid = past.at(day)
    told = from_day(paid.day).isoformat()
    fee = Point(paid.fee.value / SATOSHI, paid.fee.quality, paid.fee.source)

    network = (
        Figure.exactly("price", paid.price.value, "USD/BTC", f"{paid.price.source}, {told}", paid.price.quality),
        Figure.exactly("difficulty", paid.chain.difficulty, "1", f"{past.epochs.name}, {told}", paid.chain.dated),
        Figure.exactly("subsidy", paid.chain.subsidy_sat / SATOSHI, "BTC/block", "protocol", "exact"),
        Figure.exactly("fees", fee.value, "BTC/block", f"{fee.source}, {told}", fee.quality),
        Figure.exactly("hashprice", paid.hashprice, "USD/PH/day", "of the four above", paid.quality),
    )
    given = {"pue": terms.pue, "uptime": terms.uptime, "pool_fee": terms.pool_fee}
    return (*network, *(_as_given(supposed()[name], given.get(name)) for name in names))


def _as_given(figure: Figure, value: Fraction | None) -> Figure:
    if value is None or value == figure.base:
        return figure
    low, high = min(figure.low, value), max(figure.high, value)
    return Figure(figure.name, low, value, high, figure.unit, f"as asked for; usually {float(figure.base):g}", "given")
