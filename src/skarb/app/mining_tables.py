"""Answers about mining as rows: for a terminal, for files, and for the record of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from skarb.app.mining_answers import FEE_DAYS, Drawn, FleetAnswer, Swing, capex_usd_mw
from skarb.chain import Quality, worst
from skarb.core.amount import format_amount
from skarb.core.time import from_day
from skarb.mining.backtest import YearResult
from skarb.mining.capital import capital_usd_mwh
from skarb.mining.catalogue import supposed
from skarb.mining.compare import Figure, Verdict
from skarb.mining.formulas import breakeven_hashprice, significant
from skarb.mining.history import PaidDay
from skarb.mining.model import SATOSHI, Terms
from skarb.mining.scenarios import QUANTILES

BACKTEST = (
    "machine", "usd_kwh", "year", "days", "days_on", "breakeven_usd_kwh", "revenue_usd", "always_usd", "switched_usd", "whole_year", "flagged_days",
)  # fmt: skip
STANDING = ("machine", "count", "power_mw", "breakeven_usd_kwh", "breakeven_hashprice", "margin_usd_mwh", "hours_month", "now")
COMPARE = ("against", "kind", "usd_mwh", "mining_leaves_usd_mwh", "at_least", "at_most", "fleet_usd_hour", "better")
SCENARIOS = (
    "machine", "usd_kwh", "capex_usd_mw", "npv_5", "npv_50", "npv_95", "npv_mean", "gains", "paid_back", "payback_days_50", "days_on",
    "breakeven_hashprice", "half_stand_still_from",
)  # fmt: skip


INPUTS = ("input", "value", "low", "high", "unit", "how_good", "source")


def input_rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """Return a row for each input of an answer."""
    return [
        (one.name, *(plain(value) for value in (one.base, one.low, one.high)), one.unit, one.certainty, one.source)
        for one in figures
    ]


def plain(value: Fraction) -> str:
    """Write a number with at most twelve digits, without an exponent."""
    return f"{significant(value, 12).normalize():f}"


def hashprice_rows(days: Sequence[PaidDay], by: Literal["day", "month", "year"]) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Return columns and rows of the hashprice, each with the worst quality in it."""
    columns = (
        "date",
        "days",
        "hashprice_usd_ph_day",
        "hashprice_sat_ph_day",
        "difficulty",
        "subsidy_btc",
        "fees_btc",
        "price_usd",
        "quality",
        "fees_from",
    )
    groups: dict[str, list[PaidDay]] = {}
    for one in days:
        groups.setdefault(from_day(one.day).isoformat()[: {"day": 10, "month": 7, "year": 4}[by]], []).append(one)
    return columns, [_hashprice_row(label, group) for label, group in groups.items()]


def _hashprice_row(label: str, group: Sequence[PaidDay]) -> tuple[Any, ...]:
    def mean(values: Iterable[Fraction]) -> float:
        return sum(map(float, values)) / len(group)

    qualities = {quality: count for quality in get_args(Quality) if (count := sum(one.fee.quality == quality for one in group))}
    return (
        label,
        len(group),
        f"{mean(one.hashprice for one in group):.4f}",
        f"{mean(one.hashprice / one.price.value * SATOSHI for one in group):.2f}",
        f"{mean(one.chain.difficulty for one in group):.{15 if len(group) == 1 else 6}g}",
        f"{mean(one.chain.subsidy_sat / SATOSHI for one in group):.6f}",
        f"{mean(one.fee.value / SATOSHI for one in group):.6f}",
        f"{mean(one.price.value for one in group):.2f}",
        worst(one.quality for one in group),
        group[0].fee.source if len(group) == 1 else ", ".join(f"{count} {quality}" for quality, count in qualities.items()),
    )


def backtest_rows(results: Iterable[YearResult], terms: Terms, asterisk: bool) -> list[tuple[Any, ...]]:
    """Return a row for each machine, price and year; whole USD on a terminal, cents in files."""

    def usd(cents: int) -> Any:
        return round(cents / 100) if asterisk else format_amount(cents, 2)

    return [
        (
            one.machine.code,
            f"{float(one.usd_kwh):g}",
            f"{one.year}{'' if one.whole else '*'}" if asterisk else one.year,
            one.days,
            one.days_on,
            f"{float(one.breakeven_usd_kwh(terms)):.4f}",
            usd(one.revenue_cents),
            usd(one.always_cents),
            usd(one.switched_cents),
            one.whole,
            one.flagged_days,
        )
        for one in results
    ]


def standing_rows(found: FleetAnswer, terms: Terms) -> list[tuple[Any, ...]]:
    """Return a row for each kind of machine, the one to retire first on top, and one for all."""
    rows: list[tuple[Any, ...]] = [
        (
            one.part.machine.code,
            one.part.count,
            f"{float(one.power_mw):.3f}",
            f"{float(one.breakeven_usd_kwh):.5f}",
            f"{float(one.breakeven_hashprice):.2f}",
            f"{float(one.margin_usd_mwh):.2f}",
            found.hours_month[one.part.machine.code],
            "runs" if one.runs else "off",
        )
        for one in found.standings
    ]
    running = sum((one.power_mw for one in found.standings if one.runs), Fraction(0))
    whole = found.fleet.power_mw(terms)
    count = sum(part.count for part in found.fleet.parts)
    return [*rows, ("all", count, f"{float(whole):.3f}", "", "", "", "", f"{float(running):.3f} MW run")]


def compare_rows(verdicts: Iterable[Verdict], power_mw: Fraction) -> list[tuple[Any, ...]]:
    """Return a row for each cost and each other use, with what it comes to for a fleet of so many megawatts at the meter in an hour."""
    return [
        (
            one.against.name,
            one.kind,
            f"{float(one.against.base):.2f}",
            f"{float(one.margin):.2f}",
            f"{float(one.margin_low):.2f}",
            f"{float(one.margin_high):.2f}",
            f"{float(one.margin * power_mw):.2f}",
            one.answer,
        )
        for one in verdicts
    ]


def scenario_table(drawn: Drawn) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Return the same as `scenario_rows` for a terminal: thousands of USD, without the means."""
    columns = ("machine", "usd_kwh", "capex_kusd", "npv_5_kusd", "npv_50_kusd", "npv_95_kusd", *SCENARIOS[7:])
    return columns, [(*row[:2], *(round(value / 1000) for value in row[2:6]), *row[7:]) for row in scenario_rows(drawn)]


def scenario_rows(drawn: Drawn) -> list[tuple[Any, ...]]:
    """Return a row for each machine and price of electricity, in USD for a megawatt at the meter."""
    rows = []
    first = from_day(drawn.at.day)
    for one in drawn.scenarios.outcomes:
        low, middle, high = (round(float(np.quantile(one.npv_usd, at))) for at in (QUANTILES[0], 0.5, QUANTILES[-1]))
        payback = float(np.quantile(one.payback_days, 0.5, method="lower"))
        still = next((month for month, share in zip(drawn.scenarios.months, one.running, strict=True) if share < 0.5), None)
        even = breakeven_hashprice(Fraction(str(one.case.usd_kwh)), one.case.machine.efficiency_j_th, drawn.asked.terms)
        rows.append(
            (
                one.case.machine.code,
                f"{one.case.usd_kwh:g}",
                round(one.case.capex_usd_mw),
                low,
                middle,
                high,
                round(float(one.npv_usd.mean())),
                f"{float((one.npv_usd > 0).mean()):.3f}",
                f"{float(np.isfinite(one.payback_days).mean()):.3f}",
                round(payback) if np.isfinite(payback) else None,
                f"{float(one.days_on.mean()):.3f}",
                f"{float(even):.2f}",
                None if still is None else (first + timedelta(days=still)).isoformat(),
            )
        )
    return rows


def scenario_inputs(drawn: Drawn) -> list[Figure]:
    """Return what the scenarios rest on besides the network of their first day."""
    asked, process, known = drawn.asked, drawn.process, supposed()

    def fitted(name: str, value: float, unit: str) -> Figure:
        source = "as asked for" if name in asked.given else f"fitted to {process.days} days from {asked.window}"
        return Figure.exactly(name, Fraction(value), unit, source, "given" if name in asked.given else "fitted")

    def ranged(name: str, value: Fraction) -> Figure:
        figure = known[name]
        source = figure.source if value == figure.base else f"as asked for; usually {float(figure.base):g}"
        return Figure(name, min(figure.low, value), value, max(figure.high, value), figure.unit, source, figure.certainty)

    fee = Fraction(drawn.start.fee_sat) / SATOSHI
    added = [capital_usd_mwh(capex_usd_mw(one, asked), asked.rate, asked.years, asked.terms.uptime) for one in asked.machines]
    return [
        ranged("rate", asked.rate),
        ranged("machine_usd_th", asked.machine_usd_th),
        ranged("site_usd_mw", asked.site_usd_mw),
        ranged("thrift", Fraction(str(process.thrift))),
        ranged("drift", Fraction(str(process.drift))),
        fitted("growth", process.growth, "ln in 14 days"),
        fitted("response", process.response, "ln in 14 days for ln"),
        fitted("noise", process.noise, "ln in 14 days"),
        fitted("volatility", float(process.returns.std()), "ln a day"),
        Figure.exactly("fees to come", fee, "BTC/block", f"mean of the last {FEE_DAYS} days known", "assumed"),
        Figure(
            "capital",
            min(added),
            sum(added, Fraction(0)) / len(added),
            max(added),
            "USD/MWh",
            f"over {asked.years} years, all machines",
            "reckoned",
        ),
        Figure.exactly("seed", Fraction(asked.seed), "", f"{asked.count} scenarios of {asked.years} years", "given"),
    ]


def footprint_rows(
    curve: Mapping[int, float], by: Literal["day", "month", "year"]
) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Return columns and rows of the network's consumption, means of days."""
    groups: dict[str, list[float]] = {}
    for day, value in curve.items():
        groups.setdefault(from_day(day).isoformat()[: {"day": 10, "month": 7, "year": 4}[by]], []).append(value)
    return ("date", "days", "twh_year"), [
        (label, len(group), f"{sum(group) / len(group):.6g}") for label, group in groups.items()
    ]


SENSITIVITY = (
    "machine",
    "usd_kwh",
    "input",
    "low",
    "base",
    "high",
    "unit",
    "npv_50_at_low",
    "npv_50",
    "npv_50_at_high",
)


def sensitivity_rows(swings: Iterable[Swing]) -> list[tuple[Any, ...]]:
    """Return a row for each case and input, in USD for a megawatt at the meter."""
    return [
        (
            one.case.machine.code,
            f"{one.case.usd_kwh:g}",
            one.figure.name,
            *(f"{float(value):.6g}" for value in (one.figure.low, one.figure.base, one.figure.high)),
            one.figure.unit,
            round(one.npv_low),
            round(one.npv),
            round(one.npv_high),
        )
        for one in swings
    ]
