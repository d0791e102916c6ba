"""The reserve against the plainest reckoning there is: draw-downs by looking at every pair of days, value at risk by one window after the other,
rules walked one start at a time in whole numbers of any size; and in every rule no coin is lost and none is made.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.chain import Point, Series
from skarb.core.time import from_day, to_day
from skarb.reserve.amounts import COIN, MILLION, Costs, lost_ppm, worth_of
from skarb.reserve.drawdown import below_highest, deepest
from skarb.reserve.months import Months, closes_cents, months_between, months_of
from skarb.reserve.risk import forecast, spreads
from skarb.reserve.rules import Rule, read_rules, try_rules
from skarb.reserve.series import PriceDays, price_days

RULES = read_rules("hold,all,electricity,share:0,share:37,share:100,band:5:1:30,band:20:0:100,target:0,target:50,target:100,pay")
FIRST = 15_000
WALKED = [
    "final",
    "worst_month",
    "drawdown",
    "under_water",
    "inflow_sat",
    "sold_sat",
    "bought_sat",
    "held_sat",
    "bills",
    "paid",
    "budget",
]


def line(closes: list[float]) -> PriceDays:
    points = {FIRST + place: Point(Fraction(str(close)), "assumed", "drawn") for place, close in enumerate(closes)}
    return price_days(Series("price", points))


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=60))
def test_draw_downs_against_every_pair_of_days(cents: list[int]) -> None:
    prices = line([one / 100 for one in cents])
    naive = [min(cents[later] / cents[before] - 1 for before in range(later + 1)) for later in range(len(cents))]
    assert np.allclose(below_highest(prices.closes), naive, atol=1e-12)
    falls = deepest(prices, len(cents))
    assert (falls[0].depth if falls else 0.0) == pytest.approx(min(naive), abs=1e-12)
    for one in falls:
        at, low = one.peak_day - FIRST, one.trough_day - FIRST
        assert one.depth == pytest.approx(cents[low] / cents[at] - 1) and at < low
        after = [day for day in range(low, len(cents)) if cents[day] >= cents[at]]
        assert one.recovered_day == (FIRST + after[0] if after else None)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(50, 200), min_size=80, max_size=160),
    st.integers(30, 60),
    st.sampled_from([0.01, 0.025, 0.05, 0.3, 0.5]),
    st.sampled_from([1, 3, 10]),
)
def test_value_at_risk_against_a_plain_loop(closes: list[int], window: int, tail: float, horizon: int) -> None:
    closes[:2] = [100, 110]  # so that the spread is above nought
    prices = line([float(one) for one in closes])
    logs = np.log(prices.closes)
    changes = [logs[at + horizon] - logs[at] for at in range(len(logs) - horizon)]
    spread = spreads(np.diff(logs))
    for one in forecast(prices, window, [tail], ["historical", "filtered"], horizon):
        for place in range(len(one.var)):
            today = window + horizon - 1 + place  # the last price that is known
            seen = range(today - horizon - window + 1, today - horizon + 1)
            assert all(at + horizon <= today for at in seen)
            scale = [spread[at] for at in seen] if one.method == "filtered" else [1.0] * window
            values = [changes[at] / by for at, by in zip(seen, scale, strict=True)]
            now = spread[today] if one.method == "filtered" else 1.0
            quantile = np.quantile(values, tail)
            assert one.var[place] == pytest.approx(quantile * now, rel=1e-12, abs=1e-15)
            beyond = sorted(values)[: int((window - 1) * tail) + 1]
            assert one.shortfall[place] == pytest.approx(sum(beyond) / len(beyond) * now, rel=1e-9, abs=1e-12)
            if place < len(one.outcomes):
                assert one.outcomes[place] == changes[today] and one.days[place] == prices.days[today + horizon]


def _lost(units: int, costs: Costs) -> int:
    if not units:
        return min(MILLION, costs.fee_ppm)
    root = isqrt(min(units * MILLION // costs.traded_day_sat + 1, MILLION**2) * MILLION) + 1
    return min(MILLION, costs.fee_ppm - (-costs.size_ppm * root // MILLION))


def _net(amount: int, ppm: int) -> int:
    return amount * (MILLION - ppm) // MILLION


def _raise(amount: int, price: int, costs: Costs) -> int:
    if not amount:
        return 0
    plain = -(-amount * COIN // price)
    net = max(1, _net(price, _lost(plain + plain // 8 + 1, costs)))
    return -(-amount * COIN // net)


def walked(prices: PriceDays, months: Months, rule: Rule, start: int, horizon: int, costs: Costs) -> tuple[int, ...]:
    """Walk one rule from one start, in whole numbers of Python."""
    cents = closes_cents(prices).tolist()
    units = cash = budget = came = sold = bought = paid = bills = wealth = highest = fall = under = 0
    worst: int | None = None
    for month in range(start, start + horizon):
        price, known, inflow = int(months.sold_at[month]), int(months.known[month]), int(months.inflow_sat[month])
        owed = int(months.electricity[month] + months.owed[month])
        units, came, sell, spend = units + inflow, came + inflow, 0, 0
        if rule.kind == "all":
            sell = units
        elif rule.kind == "share":
            sell = inflow * rule.share_ppm // MILLION
        elif rule.kind == "band":
            at = int(months.decided[month]) - prices.first
            past = cents[at - rule.average_days : at]
            if past[-1] * rule.average_days > sum(past) + sum(past) * rule.band_ppm // MILLION:
                sell = units * rule.share_ppm // MILLION
        elif rule.kind == "electricity":
            sell = min(inflow, _raise(max(0, int(months.electricity[month]) - cash), price, costs))
        elif rule.kind == "pay":
            sell = min(units, _raise(max(0, owed - cash), price, costs))
        elif rule.kind == "target":
            coins = units * known // COIN
            excess = coins - (coins + cash) * rule.share_ppm // MILLION
            sell, spend = min(units, -(-max(0, excess) * COIN // known)), min(cash, max(0, -excess))
        cash += _net(sell * price // COIN, _lost(sell, costs))
        units, sold = units - sell, sold + sell
        dear = price + price * _lost(-(-spend * COIN // price), costs) // MILLION + 1
        buy = spend * COIN // dear
        units, bought, cash = units + buy, bought + buy, cash - -(-buy * dear // COIN)
        now = min(cash, owed)
        cash, paid, bills, budget = cash - now, paid + now, bills + owed, budget + owed - now
        before, wealth = wealth, units * price // COIN + cash - budget
        worst = wealth - before if worst is None else min(worst, wealth - before)
        highest = max(highest, wealth)
        fall, under = max(fall, highest - wealth), under + (wealth < highest)
    price = int(months.sold_at[start + horizon - 1])
    final = _net(units * price // COIN, _lost(units, costs)) + cash - budget
    assert came + bought == units + sold and cash >= 0 <= units
    return final, worst or 0, fall, under, came, sold, bought, units, bills, paid, budget


@st.composite
def worlds(draw: st.DrawFn) -> tuple[PriceDays, Months, Costs, int]:
    count = draw(st.integers(3, 8))
    seed = draw(st.integers(0, 10**6))
    random = np.random.default_rng(seed)
    scale = draw(st.sampled_from([0.5, 100, 60_000, 10_000_000]))
    closes = np.round(scale * np.exp(np.cumsum(0.05 * random.standard_normal(30 * count + 70))), 2) + 0.01
    prices = line(closes.tolist())
    months = months_between(prices, from_day(FIRST + 25), from_day(prices.last))
    size = draw(st.sampled_from([0, 1, 10**6, 10**10, 10**12] if scale < 10**6 else [0, 1, 10**6, 10**10]))
    inflow = random.integers(0, size + 1, len(months)).tolist()
    bills = draw(st.sampled_from([0, 600_000, 2_000_000])), draw(st.sampled_from([0, 100_000]))
    fixed = [random.integers(0, 10**7, len(months)).tolist() if draw(st.booleans()) else one for one in bills]
    costs = Costs(
        draw(st.sampled_from([0, 2_000, 500_000])),
        draw(st.sampled_from([0, 30_000, 10**6])),
        draw(st.sampled_from([1, 10**8, 10**12, 9 * 10**12])),
    )
    return prices, months_of(prices, months, inflow, *fixed), costs, draw(st.integers(1, len(months)))


@settings(deadline=None, max_examples=60)
@given(worlds())
def test_rules_against_one_walk_after_the_other(world: tuple[PriceDays, Months, Costs, int]) -> None:
    prices, months, costs, horizon = world
    for one in try_rules(prices, months, RULES, horizon, costs):
        assert np.array_equal(one.inflow_sat + one.bought_sat, one.sold_sat + one.held_sat)
        assert np.array_equal(one.paid + one.budget, one.bills)
        for start in range(len(one.starts)):
            columns = [getattr(one, name) for name in WALKED]
            assert tuple(int(column[start]) for column in columns) == walked(prices, months, one.rule, start, horizon, costs), (
                one.rule.name
            )


@given(st.integers(0, 10**17), st.integers(1, 10**10), st.integers(1, 9 * 10**12), st.integers(0, 10**6))
def test_no_product_leaves_its_bits(units: int, price: int, traded: int, size: int) -> None:
    units = min(units, 10**18 // max(1, price // 10**6))
    assert int(worth_of(np.array([units]), np.array([price]))[0]) == units * price // COIN
    costs = Costs(0, size, traded)
    assert int(lost_ppm(np.array([units]), costs)[0]) == _lost(units, costs)
    exact = size * sqrt(min(units / traded, MILLION))  # beyond a million days of trade nobody asks
    assert min(MILLION, exact - 1e-6) <= _lost(units, costs) <= min(MILLION, exact + size / 900 + 2)


def test_days_of_decisions() -> None:
    prices = line([100.0 + day for day in range(100)])
    months = months_between(prices, from_day(FIRST), from_day(prices.last))
    ready = months_of(prices, months, [1] * len(months), 0, 0)
    assert all(from_day(int(day)).day == 1 for day in ready.decided)
    assert ready.sold_at.tolist() == [10_000 + 100 * (int(day) - FIRST) for day in ready.decided]
    assert (ready.sold_at - ready.known).tolist() == [100] * len(months)
    assert to_day(months[0]) <= FIRST
