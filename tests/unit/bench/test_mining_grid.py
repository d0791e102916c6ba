"""Peers of the power system are given the same problem: where they are installed, they reach the same cost to the cent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.bench.mining_grid import CASES, PEERS, year
from skarb.grid import NANO, cost_of, fill
from skarb.grid.solve import relaxed

HOURS, SYSTEM = year()


@pytest.mark.parametrize("name", PEERS)
def test_peers_are_given_the_same_problem(name: str) -> None:
    pytest.importorskip(name.rpartition("_")[2])
    part = HOURS.part(24 * 100, 24 * 107)
    ours = cost_of(fill(part, SYSTEM), SYSTEM).total / NANO if name.startswith("free") else relaxed(part, SYSTEM).objective
    assert PEERS[name](part, SYSTEM)[1] == pytest.approx(ours, abs=0.01)


@given(st.integers(0, 300))
@settings(max_examples=3, deadline=None)
def test_cases_answer_with_seconds_and_a_cost(day: int) -> None:
    part = HOURS.part(24 * day, 24 * (day + 10))
    seconds, cost = CASES["year_lp"](part, SYSTEM)
    whole, more = CASES["year_uc"](part, SYSTEM)
    assert seconds > 0 and whole > 0 and more >= cost - 1e-6 * abs(cost)
