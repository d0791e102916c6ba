"""What a reserve risks: value at risk in money with the tests of its forecasts, stress, draw-downs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from skarb.app.reserve_files import Files, rate_on
from skarb.app.reserve_policy import Policy, factors_of, scenarios_of
from skarb.app.reserve_value import amount
from skarb.core.amount import format_amount
from skarb.core.errors import InputError, Unavailable, shorten
from skarb.core.time import from_day, to_day
from skarb.mining.compare import Figure
from skarb.reserve import coverage, drawdown, stress
from skarb.reserve.coverage import Coverage, coverage_of
from skarb.reserve.holdings import units_of
from skarb.reserve.risk import METHODS, Forecasts, Method, forecast, loss_ppm
from skarb.reserve.series import PriceDays
from skarb.reserve.stress import Effect, Reserve, Scenario

RISK: tuple[str, ...] = (
    "method", "horizon_days", "level", "var", "shortfall", "var_usd", "shortfall_usd", "var_byn", "shortfall_byn", "days", "violations", "expected",
    "kupiec_p", "independence_p", "conditional_p", "mean_var", "mean_loss", "verdict",
)  # fmt: skip
YEARS: tuple[str, ...] = ("method", "horizon_days", "level", "year", "days", "violations", "expected")
STRESS: tuple[str, ...] = (
    "kind", "name", "price_change", "rate_change", "coins_lost_btc", "inflow_stops_months", "first", "last", "after_usd", "change_usd", "after_byn",
    "change_byn", "months_of_inflow", "source",
)  # fmt: skip
FALLS: tuple[str, ...] = ("kind", "year", "depth", "peak", "trough", "fell_days", "recovered", "recovery_days")
CASES: tuple[str, ...] = ("case", "figure", "value", "expected", "agrees")
_NAMES: dict[str, Method] = {"HS": "historical", "FHS": "filtered"}
_DRAWDOWN = "max_drawdown_from_running_peak"
TESTED_FROM = to_day(date(2018, 1, 1))
COIN = 10**8


@dataclass(frozen=True)
class Stake:
    """What is at risk on the last day of the prices. `files` without holdings make it one bitcoin."""

    reserve: Reserve
    whose: str
    lots: int = 0

    @property
    def coins(self) -> tuple[int, int | None]:
        """What the coins are worth, in cents and kopecks."""
        return Reserve(self.reserve.coins_sat, self.reserve.price_usd, self.reserve.byn_per_usd).value


def stake_of(files: Files, policy: Policy, prices: PriceDays, coins_sat: int | None = None) -> Stake:
    """Return what is at risk at the last price: what is held, or as many coins as are asked for, or one.

    Raises: InputError for lots that are younger than the prices.
    """
    price = files.daily.points[prices.last].value if files.daily else Fraction(0)
    try:
        rate = rate_on(files, prices.last, policy.currency)
    except Unavailable:
        rate = None
    if coins_sat is not None or not files.lots:
        sat = COIN if coins_sat is None else coins_sat
        whose = "as asked for" if coins_sat is not None else "no holdings were given: of one bitcoin"
        return Stake(Reserve(sat, price, rate, inflow_month_sat=files.inflow_month_sat), whose)
    later = next((one for one in files.lots if one.day > prices.last), None)
    if later is not None:
        raise InputError(
            f"lot {later.lot!r}: given {from_day(later.day)}, expected a day until the last price, {from_day(prices.last)}; load newer prices"
        )
    cash = units_of(files.lots, "USD"), units_of(files.lots, "BYN")
    if cash[1] and rate is None:
        raise InputError(
            f"holdings in BYN: given no official rate of {from_day(prices.last)}, expected one; load a file of rates"
        )
    return Stake(
        Reserve(files.coins_sat(), price, rate, *cash, files.inflow_month_sat), f"{len(files.lots)} lots", len(files.lots)
    )


def verdict(one: Forecasts, found: Coverage) -> str:
    """Say whether a forecast may be used: the normal one never is; one whose violations come in clusters holds on average only."""
    if one.method == "normal":
        return "comparison only" if found.holds else "fails; comparison only"
    if not found.holds:
        return "fails"
    return "clusters" if found.clustered else "holds"


def risk_rows(made: Sequence[Forecasts], stake: Stake) -> list[tuple[Any, ...]]:
    """Return a row for each forecast, of today and of its past."""
    cents, kopecks = stake.coins
    rows = []
    for one in made:
        found = coverage_of(one)
        now = [loss_ppm(float(side[-1])) for side in (one.var, one.shortfall)]
        rows.append(
            (
                one.method,
                one.horizon_days,
                f"{100 * (1 - one.tail):g}%",
                *(percent(ppm) for ppm in now),
                *(amount(_part(cents, ppm)) for ppm in now),
                *(amount(None if kopecks is None else _part(kopecks, ppm)) for ppm in now),
                found.count,
                found.violations,
                f"{found.expected:.1f}",
                *(
                    "" if value is None else f"{value:.4f}"
                    for value in (found.kupiec_p, found.independence_p, found.conditional_p)
                ),
                f"{found.mean_var:.6f}",
                "" if found.mean_loss is None else f"{found.mean_loss:.6f}",
                verdict(one, found),
            )
        )
    return rows


def year_rows(made: Sequence[Forecasts]) -> list[tuple[Any, ...]]:
    """Return a row for each forecast and year."""
    return [
        (one.method, one.horizon_days, f"{100 * (1 - one.tail):g}%", year, count, violations, f"{count * one.tail:.1f}")
        for one in made
        for year, (count, violations) in coverage.by_year(one).items()
    ]


def risk_inputs(prices: PriceDays, stake: Stake, window: int, decay: float) -> list[Figure]:
    """Return what forecasts rest on."""
    reserve = stake.reserve
    found = [
        Figure.exactly("coins", Fraction(reserve.coins_sat, COIN), "BTC", stake.whose, "exact"),
        Figure.exactly("price", reserve.price_usd, "USD/BTC", f"close of {from_day(prices.last)}", "published"),
        Figure.exactly(
            "days", Fraction(len(prices)), "days", f"{from_day(prices.first)} to {from_day(prices.last)}", "published"
        ),
        Figure(
            "window",
            Fraction(min(250, window)),
            Fraction(window),
            Fraction(max(1000, window)),
            "days",
            "a year to four are usual",
            "given",
        ),
        Figure(
            "decay",
            Fraction("0.92"),
            Fraction(str(decay)),
            Fraction("0.97"),
            "a day",
            "RiskMetrics 1996: 0.94 for days, 0.97 for months",
            "given",
        ),
    ]
    if reserve.byn_per_usd is not None:
        found.append(
            Figure.exactly("official_rate", reserve.byn_per_usd, "BYN/USD", f"in force on {from_day(prices.last)}", "published")
        )
    return found


@dataclass(frozen=True)
class Stressed:
    """What past and supposed blows do to a reserve."""

    past: tuple[tuple[stress.WorstChange, Effect], ...]
    scenarios: tuple[Effect, ...]
    factors: tuple[tuple[str, Effect, Effect], ...]


def stress_of(policy: Policy, prices: PriceDays, stake: Stake) -> Stressed:
    """Return the worst the prices hold, each scenario, and each factor alone at both ends."""
    reserve = stake.reserve
    past = [
        (one, stress.apply(Scenario(f"worst_{one.span_days}_days", Fraction(str(one.change))), reserve))
        for one in stress.worst_changes(prices, [span for span in stress.SPANS_DAYS if span < len(prices)])
    ]
    scenarios = tuple(stress.apply(one, reserve) for one in scenarios_of(policy, prices))
    factors = tuple((name, stress.apply(low, reserve), stress.apply(high, reserve)) for name, low, high in factors_of(policy))
    return Stressed(tuple(past), scenarios, factors)


def stress_rows(found: Stressed) -> list[tuple[Any, ...]]:
    """Return a row for each blow."""
    rows = [
        _stress_row("past", one, from_day(span.first_day).isoformat(), from_day(span.last_day).isoformat())
        for span, one in found.past
    ]
    rows += [_stress_row("scenario", one) for one in found.scenarios]
    for _, *ends in found.factors:
        rows += [_stress_row("alone", one) for one in ends]
    return rows


def _stress_row(kind: str, one: Effect, first: str = "", last: str = "") -> tuple[Any, ...]:
    of = one.scenario
    return (
        kind,
        of.name,
        f"{float(of.price_change):.4f}",
        f"{float(of.rate_change):.4f}",
        format_amount(one.coins_lost_sat, 8),
        of.inflow_stops_months,
        first,
        last,
        amount(one.after_cents),
        amount(one.change_cents),
        amount(one.after_kopecks),
        amount(one.change_kopecks),
        one.months_of_inflow,
        of.source or "the prices themselves",
    )


def fall_rows(prices: PriceDays, count: int) -> list[tuple[Any, ...]]:
    """Return a row for the deepest fall of each year, and one for each of the deepest of all."""
    rows = [_fall_row("year", str(year), one) for year, one in drawdown.by_year(prices).items()]
    return rows + [_fall_row("deepest", "", one) for one in drawdown.deepest(prices, count)]


def _fall_row(kind: str, year: str, one: drawdown.Fall) -> tuple[Any, ...]:
    return (
        kind,
        year,
        f"{one.depth:.12f}",
        from_day(one.peak_day).isoformat(),
        from_day(one.trough_day).isoformat(),
        one.fell_days,
        "" if one.recovered_day is None else from_day(one.recovered_day).isoformat(),
        one.recovery_days,
    )


def case_rows(path: Path, files: Files) -> list[tuple[Any, ...]]:
    """Reckon the cases of a file and hold them to what it expects: violations are equal, means and draw-downs to a billionth.

    `{"HS 250d 0.025": {"days": …, "violations": …, "mean_var": …}, "max_drawdown_from_running_peak": {"2018": …}}`; days are tested from
    2018-01-01.
    Raises: InputError for a case that cannot be read or reckoned.
    """
    try:
        cases = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: given {shorten(str(error))}, expected JSON") from None
    if not isinstance(cases, dict) or not all(isinstance(one, dict) for one in cases.values()):
        raise InputError(f"{path.name}: expected an object of cases, each an object of figures")
    rows = []
    for name, expected in cases.items():
        found = _drawdowns(files) if name == _DRAWDOWN else _case(path.name, name, files)
        for key, value in expected.items():
            if key not in found or not isinstance(value, int | float) or isinstance(value, bool):
                raise InputError(
                    f"{path.name}, {name}: expects {key} {shorten(repr(value))}, known are numbers for {', '.join(found)}"
                )
            ours = found[key]
            agrees = ours == value if isinstance(ours, int) else abs(ours - value) <= 1e-9
            rows.append((name, key, repr(ours), repr(value), "yes" if agrees else "no"))
    return rows


def _case(where: str, name: str, files: Files) -> dict[str, int | float]:
    method, _, rest = name.partition(" ")
    window, _, tail = rest.partition("d ")
    try:
        if method not in _NAMES or not window.isdecimal():
            raise ValueError
        share = float(tail)
    except ValueError:
        raise InputError(f"{where}: case {shorten(name)!r}, expected `HS 250d 0.025`, `FHS 500d 0.01` or {_DRAWDOWN}") from None
    (made,) = forecast(files.prices(), int(window), [share], [_NAMES[method]])
    found = coverage_of(made.since(TESTED_FROM))
    return {"days": found.count, "violations": found.violations, "mean_var": found.mean_var}


def _drawdowns(files: Files) -> dict[str, int | float]:
    return {str(year): one.depth for year, one in drawdown.by_year(files.prices(over_gaps_days=7)).items()}


def percent(ppm: int) -> str:
    """Write millionths in percent."""
    return f"{ppm / 10_000:.2f}%"


def _part(value: int, ppm: int) -> int:
    """Return a loss of an amount. Rounding: up."""
    return -(-value * ppm // 10**6)


def methods_of(text: str) -> list[Method]:
    """Read methods joined by commas.

    Raises: InputError
    """
    found = [one.strip() for one in text.split(",")]
    wrong = next((one for one in found if one not in METHODS), None)
    if wrong is not None:
        raise InputError(f"method {shorten(wrong)!r}: expected {', '.join(METHODS)}")
    return [one for one in METHODS if one in found]
