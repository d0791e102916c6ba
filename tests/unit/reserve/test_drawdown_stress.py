"""Falls with their days, the worst spans, and scenarios that reckon in whole cents."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.reserve.drawdown import by_year, deepest, fall_within
from skarb.reserve.series import PriceDays
from skarb.reserve.stress import Reserve, Scenario, apply, worst_change, worst_changes

NEW_YEAR = to_day(date(2021, 1, 1))


def prices(*closes: float, first: int = NEW_YEAR - 3) -> PriceDays:
    return PriceDays("price", np.arange(first, first + len(closes)), np.array(closes), {})


def test_a_year_begins_anew() -> None:
    found = by_year(prices(100, 200, 180, 150, 160, 120, 160, 155))
    assert found[2020].depth == pytest.approx(-0.1) and (found[2020].peak_day, found[2020].trough_day) == (
        NEW_YEAR - 2,
        NEW_YEAR - 1,
    )
    assert found[2020].recovered_day is None and found[2020].recovery_days is None
    assert found[2021].depth == pytest.approx(-0.25) and found[2021].peak_day == NEW_YEAR + 1
    assert found[2021].recovered_day == NEW_YEAR + 3 and found[2021].recovery_days == 1 and found[2021].fell_days == 1


def test_recovery_may_come_in_another_year() -> None:
    assert by_year(prices(100, 200, 180, 150, 201))[2020].recovered_day == NEW_YEAR + 1


def test_the_deepest_falls_are_apart() -> None:
    found = deepest(prices(100, 50, 100, 90, 120, 30, 40), 5)
    assert [round(one.depth, 3) for one in found] == [-0.75, -0.5, -0.1]
    assert [one.recovered_day for one in found] == [None, NEW_YEAR - 1, NEW_YEAR + 1]
    assert deepest(prices(1, 2, 3), 5) == [] and fall_within(prices(1, 2, 3), NEW_YEAR - 3, NEW_YEAR).depth == 0


def test_the_worst_span_is_found_where_both_ends_have_a_price() -> None:
    line = prices(100, 90, 99, 50, 60)
    assert worst_change(line, 1).change == pytest.approx(50 / 99 - 1) and worst_change(line, 1).first_day == NEW_YEAR - 1
    holed = PriceDays("price", np.array([1, 2, 5, 6]), np.array([100.0, 99.0, 10.0, 9.5]), {})
    assert worst_change(holed, 1).change == pytest.approx(-0.05) and worst_change(holed, 3).change == pytest.approx(10 / 99 - 1)
    assert [one.span_days for one in worst_changes(line, [1, 2])] == [1, 2]
    for span in (0, 5):
        with pytest.raises(InputError, match="expected more than"):
            worst_change(line, span)


def test_a_scenario_with_all_factors() -> None:
    reserve = Reserve(10**9, Fraction(60_000), Fraction("3.2"), cash_cents=100, cash_kopecks=320, inflow_month_sat=10**8)
    assert reserve.value == (60_000_200, 192_000_640)
    found = apply(Scenario("all", Fraction("-0.5"), Fraction("0.25"), Fraction("0.1"), 2), reserve)
    # 9 BTC at 30,000 and a dollar; 3.20 BYN are 0.80 USD at 4 BYN.
    assert found.after_cents == 27_000_000 + 100 + 80 and found.after_kopecks == 27_000_000 * 4 + 400 + 320
    assert found.coins_lost_sat == 10**8 and found.inflow_missed_sat == 2 * 10**8
    assert found.months_of_inflow == 2 + -(-(60_000_200 - 27_000_180) // 3_000_000)
    assert found.change_cents < 0 and found.change_kopecks is not None and found.change_kopecks < 0


def test_no_inflow_says_nothing_about_months() -> None:
    reserve = Reserve(10**8, Fraction(100), None)
    found = apply(Scenario("fall", Fraction("-0.5")), reserve)
    assert found.months_of_inflow is None and found.after_kopecks is None and found.change_kopecks is None
    worthless = apply(Scenario("gone", Fraction(-1)), Reserve(10**8, Fraction(100), None, inflow_month_sat=10))
    assert worthless.after_cents == 0 and worthless.months_of_inflow is None
    risen = apply(Scenario("rise", Fraction(1)), Reserve(10**8, Fraction(100), None, inflow_month_sat=10))
    assert risen.months_of_inflow == 0


@pytest.mark.parametrize(
    "wrong",
    [
        Scenario("x", Fraction(-2)),
        Scenario("x", Fraction(0), Fraction(-1)),
        Scenario("x", Fraction(0), coins_lost=Fraction(2)),
        Scenario("x", Fraction(0), inflow_stops_months=-1),
    ],
)
def test_what_cannot_happen(wrong: Scenario) -> None:
    with pytest.raises(InputError, match="scenario 'x'"):
        apply(wrong, Reserve(1, Fraction(1), None))
