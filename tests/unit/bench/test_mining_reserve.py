"""What is measured is what is told: every forecast is tested, every rule conserves coins, and the same seed makes the same prices."""

import json

import numpy as np
import pytest

from skarb.bench import mining_reserve


def test_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining_reserve, "RUNS", 1)
    monkeypatch.setattr(mining_reserve, "DAYS", 2500)
    monkeypatch.setattr(mining_reserve.made_prices, "__defaults__", (2500, 0))
    figures = mining_reserve.bench()
    assert figures["reserve_var_forecasts"] == 9 * (2500 - 1 - mining_reserve.WINDOW)
    assert figures["reserve_rules_tries"] > 0 and json.dumps(figures)


def test_prices_depend_on_the_seed_only() -> None:
    one, again, other = (mining_reserve.made_prices(300, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.closes, again.closes) and not np.array_equal(one.closes, other.closes)
