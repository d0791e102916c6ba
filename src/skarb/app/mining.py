"""The economics of mining from files: what the chain, its fees and the price were, and what mining would have left, leaves and may leave.

Files are told apart by what is in them: a list of checkpoints, block statistics, raw blocks, prices, Coin Metrics. Everything that is not in them
and not asked for is missing, or flagged with where it comes from; the network is never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from skarb.chain import ChainDay, Epochs, Point, chain_days, looks_like_block, parse_block
from skarb.chain.epochs import Anchor, Checkpoints, date_epochs, published_anchors, read_checkpoints
from skarb.chain.series import Series, assumed, filled, merge
from skarb.chain.series_files import (
    FEES,
    PRICE,
    SATOSHI,
    BlockFile,
    DayFile,
    check_blocks,
    check_days,
    check_prices,
    fees_of,
    published_fees,
    read_blocks,
    read_days,
)
from skarb.core.errors import InputError, NotFound
from skarb.core.time import from_day, to_day
from skarb.mining.catalogue import machine, supposed
from skarb.mining.compare import Figure, Verdict, against
from skarb.mining.fleet import Fleet, Part, Standing, standings
from skarb.mining.formulas import breakeven_usd_kwh, th_per_mw
from skarb.mining.history import PaidDay, paid_days
from skarb.mining.model import Machine, Terms
from skarb.mining.scenarios import Case, Process, Scenarios, Start, fit, simulate

FILL_DAYS = 62  # a gap in the fees up to two months long is bridged, and flagged
MONTH_HOURS = 730
FEE_DAYS = 182  # half a year, whose fees are taken for those to come
FIRST_DAY = date(2010, 7, 18)  # before it nobody wrote prices down
_READ = (".json", ".csv", ".gz", ".parquet", ".raw", ".blk", ".dat")


@dataclass(frozen=True)
class Past:
    """Everything that files say about the chain and what it paid."""

    epochs: Epochs
    days: Mapping[int, ChainDay]
    history: tuple[PaidDay, ...]
    fees: Series
    prices: Series
    notes: tuple[str, ...]
    sources: tuple[str, ...]  # names of the files

    @property
    def last(self) -> PaidDay:
        """The last day of which everything is known: what "today" means here."""
        return self.history[-1]

    def since(self, day: date, until: date | None = None) -> tuple[PaidDay, ...]:
        """Return the known days from one to another.

        Raises: InputError if there are none.
        """
        last = to_day(until) if until else self.last.day
        found = tuple(paid for paid in self.history if to_day(day) <= paid.day <= last)
        if not found:
            raise InputError(
                f"given {day} to {from_day(last)}, expected days between {from_day(self.history[0].day)} and {from_day(self.last.day)}"
            )
        return found

    def at(self, day: date | None) -> PaidDay:
        """Return a day, or the last one.

        Raises: InputError if the day is missing, or its price is stale.
        """
        if day is None:
            return self.last
        found = next((paid for paid in self.history if paid.day == to_day(day)), None)
        if found is None:
            for series in (self.prices, self.fees):
                series.latest(to_day(day), 0)
            raise InputError(
                f"{day}: not a day of the files, which know {from_day(self.history[0].day)} to {from_day(self.last.day)}"
            )
        return found


@dataclass
class _Found:
    listed: list[Checkpoints] = field(default_factory=list)
    blocks: list[BlockFile] = field(default_factory=list)
    raw: list[tuple[str, bytes]] = field(default_factory=list)
    days: list[tuple[DayFile, bool]] = field(default_factory=list)  # whether it was named
    passed: list[str] = field(default_factory=list)


def load_epochs(paths: Sequence[Path]) -> tuple[Epochs, tuple[str, ...]]:
    """Return the dated epochs of the checkpoints among some files, and notes about what was read.

    Raises: InputError, NotFound
    """
    found = _find(paths)
    epochs, notes = _epochs(found)
    return epochs, (*notes, *_passed(found))


def load(paths: Sequence[Path], assumed_fee_btc: Fraction | None = None) -> Past:
    """Read files and folders of files and put together what every day paid.

    Days without fees, or without a price, are missing; with `assumed_fee_btc` the fees are supposed there, and flagged.
    Raises: InputError, NotFound
    """
    found = _find(paths)
    epochs, notes = _epochs(found)
    kept: list[DayFile] = []
    for file, named in sorted(
        found.days, key=lambda one: not one[0].difficulties
    ):  # those first that the chain itself can vouch for
        try:
            check_days(file, epochs)
            check_prices(file, kept)
            kept.append(file)
        except InputError as error:
            if named:
                raise
            notes.append(f"passed over: {error}")
    prices = merge(PRICE, [file.prices for file in kept])
    if not prices.points:
        raise InputError("no file of prices was found, expected CSV with `date` and `close`, or of Coin Metrics")
    last = min(max(prices.points), epochs.end // 86_400 - 1)
    if last < max(prices.points):
        notes.append(
            f"the list of checkpoints ends on {from_day(last)}, prices go on to {from_day(max(prices.points))}; take a newer list"
        )
    days = {day.day: day for day in chain_days(epochs, max(min(prices.points), to_day(FIRST_DAY)), last)}
    fees = merge(FEES, [*(fees_of(one) for one in found.blocks), *(file.fees for file in kept), published_fees(days)])
    fees = filled(fees, FILL_DAYS)
    if assumed_fee_btc is not None:
        fees = assumed(fees, min(days), last, assumed_fee_btc * SATOSHI, "supposed, as asked for")
    history = paid_days(days.values(), fees, prices)
    if not history:
        raise InputError("no day has difficulty, fees and a price; expected files whose days overlap")
    notes += [str(problem) for problem in (*prices.problems, *fees.problems)]
    missing = last - history[0].day + 1 - len(history)
    if missing:
        notes.append(f"{missing} days between {from_day(history[0].day)} and {from_day(last)} are missing: no price or no fees")
    sources = (epochs.name, *(one.name for one in found.blocks), *(file.name for file in kept))
    return Past(epochs, days, history, fees, prices, (*notes, *_passed(found)), sources)


def _passed(found: _Found) -> list[str]:
    return [f"passed over, not known as anything: {', '.join(found.passed)}"] if found.passed else []


def _find(paths: Sequence[Path]) -> _Found:
    found = _Found()
    for path, named in _files(paths):
        try:
            _sort(path, path.read_bytes(), named, found)
        except InputError:
            if named:
                raise
            found.passed.append(path.name)
    return found


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    for path in paths:
        if path.is_dir():
            yield from ((one, False) for one in sorted(path.rglob("*")) if one.is_file() and one.suffix in _READ)
        elif path.is_file():
            yield path, True
        else:
            raise NotFound(f"{path}: there is no such file or folder")


def _sort(path: Path, data: bytes, named: bool, found: _Found) -> None:
    if data[:4] == b"PAR1":
        found.blocks.append(read_blocks(data, path.name))
    elif looks_like_block(data):
        found.raw.append((path.name, data))
    elif data.lstrip()[:1] in (b"[", b"{"):
        found.listed.append(read_checkpoints(data, path.name))
    else:
        found.days.append((read_days(data, path.name), named))


def _epochs(found: _Found) -> tuple[Epochs, list[str]]:
    if not found.listed:
        raise InputError(
            "no list of checkpoints was found, expected a JSON file of [hash of the last block of an epoch, target of the next]"
        )
    listed = max(found.listed, key=lambda one: len(one.targets))
    notes = []
    for blocks in found.blocks:
        check_blocks(blocks, listed)
    epochs = date_epochs(listed, published_anchors())
    anchors: list[Anchor] = [anchor for blocks in found.blocks for anchor in blocks.anchors]
    for name, data in found.raw:
        block = parse_block(data, name)
        if block.network != "mainnet" or block.height is None:
            notes.append(
                f"{name}: a block of {block.network}{'' if block.height else ' that does not state its height'}, passed over"
            )
        else:
            anchors.append(epochs.check(block, name))
    return date_epochs(listed, [*published_anchors(), *anchors]), notes


# What it comes to


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

    A day before the first published tariff, or after none was replaced, has the ones that are in force.
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
    costs, uses = (
        tuple(
            Figure(
                row["name"],
                Fraction(row["low"]),
                Fraction(row["base"]),
                Fraction(row["high"]),
                row["unit"],
                row["source"],
                row["certainty"],
            )
            for row in content[key]
        )
        for key in ("costs", "uses")
    )
    return Power(tuple(tariffs.values()), costs, uses)


def read_fleet(text: str) -> Fleet:
    """Read a fleet written `s19=1000,s21=500`.

    Raises: InputError, NotFound
    """
    parts = []
    for item in text.split(","):
        code, _, count = item.strip().partition("=")
        if not count.isdecimal() or not count.isascii() or int(count) < 1:
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
