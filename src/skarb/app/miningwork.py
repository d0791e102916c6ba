"""The slow answers about mining, made beside a market that is open: ranges of the surplus, scenarios of years to come, what decides them."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from skarb import __version__
from skarb.app import mining_answers as work
from skarb.app import power
from skarb.app.draftmodel import Progress
from skarb.app.market import read_market_file
from skarb.app.mining import Past, load
from skarb.app.mining_report import report_of
from skarb.app.miningfiles import files_of, read_figures, write_figures
from skarb.app.miningmodel import MiningFigures, NpvSwing
from skarb.mining.catalogue import machine, supposed
from skarb.mining.history import paid_days
from skarb.simulate.farm import Farm
from skarb.simulate.madechain import FIRST_YEAR, SOURCE

DRAWS, SCENARIOS, YEARS = 200, 500, 5
MACHINES = ("s19-xp", "s21")
PRICES = (Fraction("0.03"), Fraction("0.05"))
_WINDOW = date(2022, 1, 1)


def mining_beside(market: Path, sender: Connection) -> None:
    """Make the slow answers and tell the other end when they are made; it never raises."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process ends it
    if hasattr(os, "nice"):
        os.nice(15)
    try:
        make_figures(market)
        sender.send(Progress(stage="done"))
    except Exception as error:
        sender.send(Progress(stage="failed", subject=str(error) or type(error).__name__))


def make_figures(market: Path) -> None:
    """Make the slow answers of a market, unless they were made of the same things before.

    Raises: NotFound, InputError if files of the chain cannot be read.
    """
    file = read_market_file(market)
    farm = file.scenario().farm
    if farm is None:
        return
    files = files_of(market)
    stamp = sha256(
        f"{__version__} {file} {[(str(one), _size(one)) for one in files]} {msgspec.json.schema(MiningFigures)}".encode()
    )
    known = read_figures(market)
    if known is not None and known.stamp == stamp.hexdigest():
        return
    last = file.start + timedelta(days=file.days)
    basis = power.basis_of(power.inputs_of(file.law), None, file.seed, last.year)
    surplus = power.surplus_of(basis, False, file.seed, DRAWS)
    assert surplus.spread is not None, "it was asked for"
    past = load(files) if files else _made_past(farm, last)
    given = supposed()
    asked = work.Asked(
        machines=tuple(map(machine, MACHINES)),
        usd_kwh=PRICES,
        terms=farm.terms,
        rate=given["rate"].base,
        machine_usd_th=given["machine_usd_th"].base,
        site_usd_mw=given["site_usd_mw"].base,
        count=SCENARIOS,
        years=YEARS,
        seed=file.seed,
        window=_WINDOW,
        given={name: float(given[name].base) for name in ("drift", "thrift")},
    )
    drawn = work.draw(past, asked)
    found = MiningFigures(
        stamp=stamp.hexdigest(),
        swings=surplus.swings,
        spread=surplus.spread,
        made=not files,
        report=msgspec.to_builtins(report_of(past, file.law, drawn)),
        npv_swings=tuple(_npv_swing(one) for one in work.sensitivity(past, asked)),
        command=f"skarb mine scenarios {' '.join(map(str, files)) or 'FILES'} --machines {','.join(MACHINES)} --usd-kwh 0.03,0.05 "
        f"--count {SCENARIOS} --seed {file.seed}",
    )
    write_figures(market, found)


def _npv_swing(one: work.Swing) -> NpvSwing:
    figure = one.figure
    low, base, high = (f"{float(value):.6g}" for value in (figure.low, figure.base, figure.high))
    return NpvSwing(
        machine=one.case.machine.code,
        usd_kwh=f"{one.case.usd_kwh:g}",
        input=figure.name,
        low=low,
        base=base,
        high=high,
        unit=figure.unit,
        npv_low=round(one.npv_low),
        npv=round(one.npv),
        npv_high=round(one.npv_high),
    )


def _made_past(farm: Farm, last: date) -> Past:
    days, fees, prices = farm.chain.past(last)
    note = f"made up from {FIRST_YEAR} on: a seeded path through published means of the hashprice; give files of the chain for the real past"
    return Past(farm.chain.epochs, days, paid_days(days.values(), fees, prices), fees, prices, (note,), (SOURCE,))


def _size(path: Path) -> list[tuple[str, int]]:
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(one.name, one.stat().st_size) for one in inside if one.is_file()]
