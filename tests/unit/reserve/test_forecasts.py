"""Forecasts of risk and their tests, against plain reckoning."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from scipy.stats import chi2

from skarb.core.errors import InputError
from skarb.reserve.coverage import by_year, coverage_of, independence, kupiec, violation_days
from skarb.reserve.risk import Forecasts, forecast, loss_ppm, spreads
from skarb.reserve.series import PriceDays


def prices(count: int = 200, seed: int = 1) -> PriceDays:
    draw = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(0.03 * draw.standard_t(4, count)))
    return PriceDays("price", np.arange(1000, 1000 + count), closes, {})


def made(broken: list[bool], tail: float = 0.1) -> Forecasts:
    var = np.full(len(broken) + 1, -0.1)
    return Forecasts("historical", 50, 1, tail, np.arange(len(broken)), np.where(broken, -0.2, 0.0), var, var)


@pytest.mark.parametrize("horizon", [1, 10])
def test_no_forecast_sees_its_outcome(horizon: int) -> None:
    """What comes after a day changes nothing that was forecast on it."""
    whole = prices()
    cut = PriceDays("price", whole.days[:150], whole.closes[:150], {})
    for long, short in zip(forecast(whole, 60, horizon_days=horizon), forecast(cut, 60, horizon_days=horizon), strict=True):
        count = len(short.var)
        assert np.array_equal(long.var[:count], short.var) and np.array_equal(long.shortfall[:count], short.shortfall)
        assert long.outcomes[count - 1] == whole.logs[149 + horizon] - whole.logs[149]
        assert long.days[count - 1] == whole.days[149 + horizon]


def test_ten_days_are_tested_without_overlap() -> None:
    found = forecast(prices(), 60, [0.05], ["historical"], 10)[0]
    assert coverage_of(found).count == -(-len(found.outcomes) // 10)
    assert len(found.var) == len(found.outcomes) + 10
    assert sum(count for count, _ in by_year(found).values()) == coverage_of(found).count


def test_the_spread_is_that_of_riskmetrics() -> None:
    changes = np.diff(prices().logs)
    found = spreads(changes)
    assert len(found) == len(changes) + 1
    assert np.isclose(found[0] ** 2, changes[:30].var())
    assert np.allclose(found[1:] ** 2, 0.94 * found[:-1] ** 2 + 0.06 * changes**2)


def test_a_normal_forecast_is_a_multiple_of_the_spread() -> None:
    (found,) = forecast(prices(), 60, [0.01], ["normal"])
    spread = spreads(np.diff(prices().logs))[60:]
    assert np.allclose(found.var, -2.326347874 * spread) and np.allclose(found.shortfall, -2.665214220 * spread)


def test_shortfall_is_no_less_than_value_at_risk() -> None:
    for one in forecast(prices(), 60):
        assert np.all(one.shortfall <= one.var) and np.all(one.var < 0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"window": 29}, "window: given 29 days, expected at least 30"),
        ({"window": 199}, "given 200 days, expected at least 201 for a window of 199"),
        ({"window": 60, "tails": [0.0]}, "level"),
        ({"window": 60, "tails": [0.6]}, "level"),
        ({"window": 60, "horizon_days": 0}, "horizon"),
        ({"window": 60, "decay": 1.0}, "decay"),
    ],
)
def test_what_cannot_be_forecast(words: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        forecast(prices(), **words)  # type: ignore[arg-type]


def test_a_price_that_stands_still_has_no_spread() -> None:
    still = PriceDays("price", np.arange(200), np.full(200, 7.0), {})
    with pytest.raises(InputError, match="stands still"):
        forecast(still, 60)


def test_the_shortest_history_has_one_outcome() -> None:
    found = forecast(prices(62), 60, [0.05], ["historical"])[0]
    assert len(found.outcomes) == 1 and len(found.var) == 2


@pytest.mark.parametrize("violations", [0, 1, 7, 10, 30, 100])
def test_kupiec(violations: int) -> None:
    share = violations / 100
    seen = (violations * log(share) if violations else 0) + ((100 - violations) * log(1 - share) if violations < 100 else 0)
    expected = 2 * (seen - violations * log(0.1) - (100 - violations) * log(0.9))
    assert kupiec(100, violations, 0.1) == pytest.approx(max(0, expected), abs=1e-9)
    found = coverage_of(made([True] * violations + [False] * (100 - violations)))
    assert found.kupiec_p == pytest.approx(chi2.sf(max(0, expected), 1), abs=1e-6)
    assert found.holds == (found.kupiec_p >= 0.05) and found.expected == pytest.approx(10)


def test_independence_tells_clusters_from_chance() -> None:
    spread, together = [place % 10 == 0 for place in range(200)], [place < 20 for place in range(200)]
    apart, close = coverage_of(made(spread)), coverage_of(made(together))
    assert apart.violations == close.violations == 20 and apart.kupiec_p == close.kupiec_p
    assert close.clustered and not apart.clustered  # evenly apart is no chance either, but no cluster
    assert apart.independence_p is not None and apart.independence_p < 0.05
    ratio = independence(together)
    assert ratio is not None and close.conditional_p == pytest.approx(chi2.sf(kupiec(200, 20, 0.1) + ratio, 2))
    # By hand: 179 calm days stay calm, 20 violations of which 19 are followed by another.
    every, after = 19 / 199, 19 / 20
    by_hand = 2 * (19 * log(after) + log(1 - after) - 180 * log(1 - every) - 19 * log(every))
    assert ratio == pytest.approx(by_hand)
    assert independence([False, False, False]) is None and independence([]) is None


def test_violations_have_days_and_years() -> None:
    found = made([False, True, False, True])
    assert violation_days(found) == [1, 3] and by_year(found) == {1970: (4, 2)}
    assert coverage_of(found).mean_loss == pytest.approx(0.2) and coverage_of(made([False])).mean_loss is None
    assert coverage_of(found.since(2)).count == 2


def test_a_loss_in_millionths_is_rounded_up() -> None:
    assert loss_ppm(log(0.9)) in (100_000, 100_001) and loss_ppm(0.1) == 0
    assert loss_ppm(-1e-9) == 1 and loss_ppm(-50.0) == 1_000_000
    assert loss_ppm(-0.05) >= (1 - exp(-0.05)) * 1e6
