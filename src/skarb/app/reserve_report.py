"""The report of the reserve: one page and its figures, in a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from statistics import NormalDist
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skarb.app import reserve_risk as risk
from skarb.app import reserve_rules as rules
from skarb.app import reserve_value as value
from skarb.app.files import now
from skarb.app.mining_tables import INPUTS, input_rows
from skarb.app.reserve_files import Files
from skarb.app.reserve_policy import Policy, known
from skarb.core.amount import format_amount
from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.mining.compare import Figure
from skarb.reporting.reserve import Bar, ReserveReport, Violation, page
from skarb.reserve import drawdown
from skarb.reserve.coverage import coverage_of, violation_days
from skarb.reserve.risk import Forecasts, forecast
from skarb.reserve.rules import USUAL, read_rules
from skarb.reserve.series import Floats, PriceDays
from skarb.reserve.valuation import DAY_SECONDS

SHOWN_DAYS = 3 * 365  # of the chart of value
HORIZONS = (1, 10)
_DECAY = 0.94
_WIDEST = 15.0  # percent, of the chart of changes
_CHART_POINTS = 800


@dataclass(frozen=True)
class _Found:
    prices: PriceDays
    stake: risk.Stake
    made: list[Forecasts]
    stressed: risk.Stressed
    valued: value.Valued | None
    tried: rules.Backtest | None


def write_report(
    files: Files, policy: Policy, out: Path, code: str, window: int, months: int, month_sat: int, over_gaps: int
) -> tuple[list[str], list[str]]:
    """Write the report into a folder; returns the names of what was written, and notes.

    Rules are left out, and that is told, where the prices are too short for them.
    Raises: InputError, Unavailable
    """
    prices = files.prices(over_gaps)
    notes = [*files.notes, *prices.notes]
    stake = risk.stake_of(files, policy, prices)
    made = [one for days in HORIZONS for one in forecast(prices, window, horizon_days=days, decay=_DECAY)]
    valued = value.value_of(files, policy, (prices.last + 1) * DAY_SECONDS) if files.lots else None
    tried = None
    try:
        tried = rules.backtest_of(files, policy, prices, rules.Asked(read_rules(USUAL), months, month_sat))
    except InputError as error:
        notes.append(f"rules are left out: {error}")
    found = _Found(prices, stake, made, risk.stress_of(policy, prices, stake), valued, tried)
    report = _report(files, policy, found, window, notes)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(page(report, code), encoding="utf-8")
    _parquet(out / "risk.parquet", risk.RISK, risk.risk_rows(made, stake))
    _parquet(out / "drawdown.parquet", risk.FALLS, risk.fall_rows(prices, 10))
    _parquet(out / "stress.parquet", risk.STRESS, risk.stress_rows(found.stressed))
    written = ["report.html", "risk.parquet", "drawdown.parquet", "stress.parquet"]
    if tried:
        _parquet(out / "rules.parquet", rules.EACH, rules.each_rows(tried))
        written.append("rules.parquet")
    whole = {"valued": report.valued, "rules": report.rules, "inputs": report.inputs, "sources": report.sources, "notes": notes}
    (out / "reserve.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
    return [*written, "reserve.json"], notes


def _report(files: Files, policy: Policy, found: _Found, window: int, notes: Sequence[str]) -> ReserveReport:
    prices, stake = found.prices, found.stake
    chosen = next(one for one in found.made if one.method == "filtered" and one.tail == 0.01 and one.horizon_days == 1)
    coverage = coverage_of(chosen)
    coins = stake.reserve.coins_sat / 10**8
    shown = chosen.days[-SHOWN_DAYS:]
    value_curve, bound = band_of(prices, chosen, coins, len(shown))
    cents, kopecks = stake.reserve.value
    rows = _named(risk.RISK, risk.risk_rows(found.made, stake))
    today = next(row for row in rows if row["method"] == "filtered" and row["level"] == "99%" and row["horizon_days"] == 1)
    worth, least = dict(value_curve), dict(bound)
    inputs: list[Figure] = risk.risk_inputs(prices, stake, window, _DECAY)
    inputs += [*(found.valued.figures if found.valued else ()), *(found.tried.figures if found.tried else ())]
    return ReserveReport(
        day=from_day(prices.last),
        country=policy.country,
        coins_btc=format_amount(stake.reserve.coins_sat, 8),
        lots=stake.lots,
        value_usd=value.amount(cents),
        value_byn=value.amount(kopecks),
        var_usd=today["var_usd"],
        shortfall_usd=today["shortfall_usd"],
        deepest=str(float(drawdown.below_highest(prices.closes).min())),
        window=window,
        value=value_curve,
        bound=bound,
        violations=[
            Violation(float(day), worth[float(day)], least[float(day)]) for day in violation_days(chosen) if float(day) in least
        ],
        violations_all=coverage.violations,
        violations_expected=f"{coverage.expected:.1f}",
        tested=coverage.count,
        below=_thinned(prices.days, drawdown.below_highest(prices.closes)),
        changes=_changes(prices, window),
        var_marks=_marks(found.made),
        finals=_finals(found.tried),
        bars=_bars(found.stressed),
        before_cents=cents,
        valued=_named(value.VALUE, value.value_rows(found.valued)) if found.valued else [],
        risks=rows,
        falls=_named(risk.FALLS, risk.fall_rows(prices, 3)),
        rules=_named(rules.RANKED, rules.ranked_rows(found.tried)) if found.tried else [],
        horizon=found.tried.asked.horizon if found.tried else 0,
        stresses=_named(risk.STRESS, risk.stress_rows(found.stressed)),
        inputs=_named(INPUTS, input_rows(known(inputs))),
        notes=notes,
        sources=files.sources,
        made_at=now(),
    )


def band_of(
    prices: PriceDays, chosen: Forecasts, coins: float, count: int
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return what the coins were worth on the last days, and the least that was forecast for each the day before."""
    at = len(prices) - count
    days = [float(day) for day in prices.days[at:]]
    worth = (prices.closes[at:] * coins).tolist()
    before = prices.closes[at - 1 : -1] * coins
    tails = chosen.var[: len(chosen.outcomes)][-count:]
    least = [one * exp(tail) for one, tail in zip(before.tolist(), tails.tolist(), strict=True)]
    return list(zip(days, worth, strict=True)), list(zip(days, least, strict=True))


def _thinned(days: Any, values: Floats) -> list[tuple[float, float]]:
    """Return a curve of at most so many points, each the lowest of its stretch."""
    step = max(1, -(-len(values) // _CHART_POINTS))
    lowest = [at + int(values[at : at + step].argmin()) for at in range(0, len(values), step)]
    return [(float(days[at]), float(values[at])) for at in lowest]


def _changes(prices: PriceDays, window: int) -> list[tuple[str, list[tuple[float, float]]]]:
    changes = np.diff(prices.logs) * 100
    spread = NormalDist(float(changes.mean()), float(changes.std()) or 1.0)
    edges = np.arange(-_WIDEST, _WIDEST + 0.5, 1.0)
    middles = (edges[:-1] + edges[1:]) / 2

    def shares(values: Floats) -> list[tuple[float, float]]:
        counts, _ = np.histogram(values, edges)
        return [(float(x), 100.0 * float(one) / len(values)) for x, one in zip(middles, counts, strict=True)]

    normal = [(float(x), 100 * (spread.cdf(x + 0.5) - spread.cdf(x - 0.5))) for x in middles]
    return [("all", shares(changes)), ("window", shares(changes[-window:])), ("normal", normal)]


def _marks(made: Sequence[Forecasts]) -> list[tuple[float, str]]:
    return [
        (100 * float(one.var[-1]), f"{100 * (1 - one.tail):g} %")
        for one in made
        if one.method == "historical" and one.horizon_days == 1 and one.tail in (0.05, 0.01)
    ]


def _finals(tried: rules.Backtest | None) -> list[tuple[str, list[tuple[float, float]]]]:
    if tried is None or len(tried.months) == tried.asked.horizon:
        return []
    return [
        (one.rule.name, [(float(day), cents / 10**8) for day, cents in zip(one.starts.tolist(), one.final.tolist(), strict=True)])
        for one in tried.tried
    ]


def _bars(stressed: risk.Stressed) -> list[Bar]:
    blows = [*(one for _, one in stressed.past), *stressed.scenarios]
    bars = [Bar("scenario", one.scenario.name, one.after_cents, one.before_cents) for one in blows]
    return bars + [Bar("factor", name, low.after_cents, high.after_cents) for name, low, high in stressed.factors]


def _named(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _parquet(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    pq.write_table(pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)}), path.absolute())
