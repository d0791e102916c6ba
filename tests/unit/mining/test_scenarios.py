"""Scenarios: the same seed draws the same, two ways of running give the same, and what is drawn has the properties that are promised."""

from __future__ import annotations

import numpy as np
import pytest

from skarb.core.errors import InputError
from skarb.mining.catalogue import machine
from skarb.mining.formulas import DAY_SECONDS, HASHES_PER_DIFFICULTY, PETA
from skarb.mining.model import Terms
from skarb.mining.scenarios import QUANTILES, Case, Process, Scenarios, Start, fit, simulate

START = Start(90_000.0, 1.1e14, 877_000, 1e7)
CASES = [Case(machine("s21"), 0.03, 400_000.0), Case(machine("s9"), 0.05, 1000.0)]


def process(**changed: float) -> Process:
    returns = np.random.default_rng(5).normal(0, 0.03, 900)
    found = {"growth": 0.02, "response": 0.03, "noise": 0.03, "level": 4.0, **changed}
    return Process(returns - returns.mean(), days=901, **found)


def drawn(seed: int = 1, count: int = 40, kind: str | None = None, made: Process | None = None, years: int = 2) -> Scenarios:
    return simulate(made or process(), START, CASES, Terms(), 0.12, count, years, np.random.default_rng(seed), kind)  # type: ignore[arg-type]


def test_a_seed_draws_the_same_again_and_another_one_does_not() -> None:
    one, again, other = drawn(1), drawn(1), drawn(2)
    assert np.array_equal(one.price, again.price)
    assert np.array_equal(one.outcomes[0].npv_usd, again.outcomes[0].npv_usd)
    assert not np.array_equal(one.price, other.price)


def test_compiled_and_interpreted_walk_alike() -> None:
    ours, theirs = drawn(3, 6, "numba"), drawn(3, 6, "python")
    for name in ("price", "difficulty", "hashprice"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12)
    for one, other in zip(ours.outcomes, theirs.outcomes, strict=True):
        np.testing.assert_allclose(one.npv_usd, other.npv_usd, rtol=1e-9)
        np.testing.assert_array_equal(one.payback_days, other.payback_days)
        np.testing.assert_array_equal(one.days_on, other.days_on)


def test_everything_begins_where_it_is_told_to() -> None:
    found = drawn()
    assert found.price[:, 0].tolist() == [START.price_usd] * len(QUANTILES)
    assert found.difficulty[:, 0].tolist() == pytest.approx([START.difficulty] * len(QUANTILES))
    reward = (312_500_000 + START.fee_sat) / 1e8
    expected = DAY_SECONDS * PETA / HASHES_PER_DIFFICULTY / START.difficulty * reward * START.price_usd
    assert found.hashprice[:, 0].tolist() == pytest.approx([expected] * len(QUANTILES))
    assert found.days == 730 and found.months[:2] == (0, 30)


def test_the_expected_price_stays_where_it_is() -> None:
    returns = np.random.default_rng(5).normal(0, 0.01, 900)
    calm = Process(returns - returns.mean(), 0.0, 0.0, 0.0, 4.0, 901)
    found = simulate(calm, START, [], Terms(), 0.1, 4000, 1, np.random.default_rng(1), "numba")
    # Log-normal: the mean is the median times exp(variance / 2); the quantiles tell both.
    low, middle, high = np.log(found.price[[0, 2, 4], -1] / START.price_usd)
    sigma = (high - low) / 2 / 1.6449
    assert middle + sigma**2 / 2 == pytest.approx(0, abs=0.02)


def test_drift_moves_the_price_and_growth_the_difficulty() -> None:
    still = drawn(1, 400, "numba")
    rising = drawn(1, 400, "numba", process().__class__(process().returns, 0.02, 0.03, 0.03, 4.0, 901, drift=0.5))
    assert np.all(rising.price[:, -1] > still.price[:, -1] * 1.5)
    harder = drawn(1, 400, "numba", process(growth=0.05))
    assert np.all(harder.difficulty[:, -1] > still.difficulty[:, -1])


def test_without_noise_difficulty_follows_the_formula() -> None:
    made = Process(np.zeros(10), 0.01, 0.0, 0.0, 4.0, 11)
    found = drawn(made=made, count=2, kind="python")
    assert found.price[2, -1] == START.price_usd
    steps = found.months[-1] // 14
    assert found.difficulty[2, -1] == pytest.approx(START.difficulty * np.exp(0.01 * steps))


def test_value_and_payback_as_a_plain_reckoning_has_them() -> None:
    made = Process(np.zeros(10), 0.0, 0.0, 0.0, 4.0, 11)  # nothing ever changes
    found = drawn(made=made, count=1, kind="python").outcomes[0]
    hashprice = (
        DAY_SECONDS * PETA / HASHES_PER_DIFFICULTY / START.difficulty * (312_500_000 + START.fee_sat) / 1e8 * START.price_usd
    )
    margin = hashprice / 1000 * 1e6 / 1.05 / 17.5 * 0.95 * 0.98 - 24_000 * 0.95 * 0.03
    worth = sum(margin * 1.12 ** (-day / 365) for day in range(730)) - 400_000
    assert found.npv_usd[0] == pytest.approx(worth)
    assert found.payback_days[0] == np.ceil(400_000 / margin) - 1
    assert found.days_on[0] == 1.0 and found.running[0] == 1.0
    assert found.fan[0, -1] <= found.npv_usd[0] and found.paid_back[0] == 0.0


def test_a_machine_that_never_pays_stands_still_and_loses_its_price() -> None:
    poor = drawn().outcomes[1]
    assert np.all(poor.npv_usd[poor.days_on == 0] == -1000.0)
    assert np.all(np.isinf(poor.payback_days[poor.days_on == 0]))


def test_many_scenarios_are_drawn_in_parts() -> None:
    assert drawn(1, 4100, "numba", years=1).outcomes[0].npv_usd.shape == (4100,)


def test_the_fit_finds_what_the_past_was_made_of() -> None:
    draw = np.random.default_rng(4)
    days = 4000
    prices = 1000 * np.exp(np.cumsum(draw.normal(0, 0.03, days)))
    logs, hashprices = np.empty(days), np.empty(days)
    hard = 20.0
    for day in range(days):
        if day % 14 == 0 and day >= 365:
            level = np.mean(np.log(hashprices[day - 365 : day]))
            hard += 0.01 + 0.05 * (np.log(prices[day]) - hard - level) + draw.normal(0, 0.01)
        logs[day] = hard
        hashprices[day] = prices[day] / np.exp(hard)
    found = fit(prices[365:].tolist(), np.exp(logs[365:]).tolist(), hashprices[365:].tolist())
    assert found.growth == pytest.approx(0.01, abs=0.003)
    assert found.response == pytest.approx(0.05, abs=0.01)
    assert found.noise == pytest.approx(0.01, abs=0.004)
    assert abs(found.returns.mean()) < 1e-15 and found.returns.std() == pytest.approx(0.03, abs=0.002)
    assert fit(prices.tolist(), np.exp(logs).tolist(), hashprices.tolist(), {"growth": 0.5}).growth == 0.5


def test_a_short_past_is_refused() -> None:
    with pytest.raises(InputError, match="given 100 days of the past, expected at least 730"):
        fit([1.0] * 100, [1.0] * 100, [1.0] * 100)
