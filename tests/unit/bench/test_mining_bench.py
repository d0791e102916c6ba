import json

import pytest

from skarb.bench import mining, mining_economics


def test_figures_come_with_their_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining_economics, "RUNS", 1)
    monkeypatch.setattr(mining, "GROUPS", mining.GROUPS[:1])  # the power system has tests of its own
    figures = mining.bench()
    assert figures["scenarios_s"] > 0
    assert figures["conditions"]["scenarios"] == 1000 and figures["conditions"]["years"] == 5
    assert json.dumps(figures)


def test_what_is_measured_depends_on_the_seed_only() -> None:
    one, again, other = (mining_economics.draw_scenarios(seed, 20) for seed in (3, 3, 4))
    assert one.outcomes[0].npv_usd.tolist() == again.outcomes[0].npv_usd.tolist() != other.outcomes[0].npv_usd.tolist()
