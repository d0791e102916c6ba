"""Lots conserve units and kopecks however they are cut, and go in the order in which they came."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import BrokenPromise
from skarb.reserve import Lot, Lots

CAME = st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 10**12)), min_size=1, max_size=12)


@given(CAME, st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_units_and_costs_add_up(came: list[tuple[int, int]], data: st.DataObject) -> None:
    lots = Lots()
    for number, (units, cost) in enumerate(came):
        lots.add(Lot(f"l{number}", number, "BTC", units, cost))
    for number in range(data.draw(st.integers(0, 8))):
        if not lots.units("BTC"):
            break
        units = data.draw(st.integers(1, lots.units("BTC")))
        gone = lots.dispose(f"d{number}", 99, "sell", "BTC", units, 7 * units)
        assert sum(one.units for one in gone.taken) == units
        assert gone.gain_byn == 7 * units - gone.cost_byn
    left, taken = lots.left(), [one for gone in lots.disposals for one in gone.taken]
    assert sum(one.units for one in left) == lots.units("BTC")
    assert sum(one.units for one in (*left, *taken)) == sum(units for units, _ in came)
    assert sum(one.cost_byn for one in (*left, *taken)) == sum(cost for _, cost in came)
    assert all(one.units > 0 and one.cost_byn >= 0 for one in left)
    order = [int(one.lot[1:]) for one in taken]
    assert order == sorted(order), "first in, first out"


def test_a_part_costs_its_share_and_the_last_part_the_rest() -> None:
    lots = Lots()
    lots.add(Lot("a", 1, "BTC", 3, 100))
    costs = [lots.dispose(name, 1, "pay", "BTC", 1, 40).cost_byn for name in "xyz"]
    assert costs == [33, 33, 34] and sum(costs) == 100
    assert [one.gain_byn for one in lots.disposals] == [7, 7, 6]
    assert lots.left() == []


def test_nothing_leaves_that_is_not_there() -> None:
    lots = Lots()
    lots.add(Lot("a", 1, "BTC", 3, 100))
    for units in (0, 4):
        with pytest.raises(BrokenPromise):
            lots.dispose("x", 1, "sell", "BTC", units)
    with pytest.raises(BrokenPromise):
        lots.dispose("x", 1, "sell", "BYN", 1)
