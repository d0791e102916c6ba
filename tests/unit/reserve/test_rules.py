"""Rules as they are written, by hand in a world small enough, and what they refuse."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from skarb.chain import Point, Series
from skarb.core.errors import InputError
from skarb.core.time import to_day
from skarb.reserve.amounts import Costs
from skarb.reserve.months import months_between, months_of
from skarb.reserve.ranking import by_start_year, quantile, ranked
from skarb.reserve.rules import Rule, read_rules, try_rules
from skarb.reserve.series import PriceDays, price_days

FREE = Costs(0, 0, 10**8)
BTC = 10**8


def prices(*monthly: int, first: date = date(2020, 1, 1)) -> PriceDays:
    """A price that stays for a month, from the 2nd to the 1st of the next one."""
    points = {}
    for place, price in enumerate(monthly):
        begin, end = (
            to_day(date(first.year + (first.month - 1 + place + more) // 12, (first.month - 1 + place + more) % 12 + 1, 1))
            for more in (0, 1)
        )
        points |= {day: Point(Fraction(price), "assumed", "made up") for day in range(begin + 1, end + 1)}
    return price_days(Series("price", points))


def tried(rule: str, line: PriceDays, count: int, costs: Costs = FREE, electricity: int = 0, owed: int = 0, inflow: int = BTC):
    months = months_between(line, date(2020, 1, 1), date(2020, count, 1))
    ready = months_of(line, months, [inflow] * count, [electricity] * count, [owed] * count)
    (found,) = try_rules(line, ready, read_rules(rule), count, costs)
    return found


def test_holding_and_selling_all() -> None:
    line = prices(100, 200, 50)
    held = tried("hold", line, 3)
    assert held.final.tolist() == [15_000] and held.drawdown.tolist() == [25_000] and held.worst_month.tolist() == [-25_000]
    assert held.drawdown_ppm.tolist() == [625_000] and held.under_water.tolist() == [1] and held.held_sat.tolist() == [3 * BTC]
    sold = tried("all", line, 3)
    assert sold.final.tolist() == [35_000] and sold.drawdown.tolist() == [0] and sold.worst_month.tolist() == [5_000]
    assert sold.sold_sat.tolist() == [3 * BTC] and sold.under_water.tolist() == [0]


def test_the_budget_pays_what_the_reserve_does_not() -> None:
    line = prices(100, 200, 50)
    held = tried("hold", line, 3, electricity=3_000, owed=1_000)
    assert held.final.tolist() == [15_000 - 12_000] and held.budget.tolist() == [12_000] and held.paid.tolist() == [0]
    only_power = tried("electricity", line, 3, electricity=3_000, owed=1_000)
    assert only_power.paid.tolist() == [9_000] and only_power.budget.tolist() == [3_000]
    both = tried("pay", line, 3, electricity=3_000, owed=1_000)
    assert both.paid.tolist() == [12_000] and both.budget.tolist() == [0]
    assert both.sold_sat.tolist() == [40_000_000 + 20_000_000 + 80_000_000]


def test_electricity_is_covered_by_the_coins_of_the_month_only_and_pay_by_all() -> None:
    line = prices(100, 100, 10)
    short = tried("electricity", line, 3, electricity=5_000)
    assert short.paid.tolist() == [11_000] and short.budget.tolist() == [4_000]
    whole = tried("pay", line, 3, electricity=5_000)
    assert whole.paid.tolist() == [5_000 + 5_000 + 2_000 * 1] or whole.budget.tolist() == [15_000 - int(whole.paid[0])]


def test_a_sale_loses_its_fee_and_its_size() -> None:
    found = tried("all", prices(100), 1, Costs(10_000, 0, BTC))
    assert found.final.tolist() == [9_900]
    sized = tried("all", prices(100), 1, Costs(0, 40_000, 4 * BTC))
    assert 9_799 <= int(sized.final[0]) <= 9_800  # a quarter of a day's volume: half of four percent
    held = tried("hold", prices(100), 1, Costs(10_000, 0, BTC))
    assert held.final.tolist() == [9_900] and held.sold_sat.tolist() == [0]  # in the end it is sold, too


def test_what_has_to_be_raised_is_raised_after_costs() -> None:
    found = tried("pay", prices(100, 100, 100), 3, Costs(5_000, 300_000, 10 * BTC), electricity=2_000)
    assert found.paid.tolist() == [6_000] and found.budget.tolist() == [0]


def test_the_target_sells_and_buys() -> None:
    found = tried("target:50", prices(100, 400, 50), 3)
    assert int(found.sold_sat[0]) > 0 and int(found.bought_sat[0]) > 0
    assert int(found.inflow_sat[0] + found.bought_sat[0]) == int(found.sold_sat[0] + found.held_sat[0])


def test_the_band_sells_only_above_it() -> None:
    # A price that stays is not above its mean; one that jumps three days before the first of March is, on that day only.
    line = prices(100, 100, 100)
    assert tried("band:5:1:50", line, 3).sold_sat.tolist() == [0]
    days = {int(day): line.exact[int(day)] for day in line.days}
    for day in range(to_day(date(2020, 2, 28)), to_day(date(2020, 3, 1))):
        days[day] = Fraction(150)
    jumped = price_days(Series("price", {day: Point(price, "assumed", "x") for day, price in days.items()}))
    found = tried("band:5:10:50", jumped, 3)
    assert found.sold_sat.tolist() == [BTC]  # half of two coins, on the first of March only


def test_decisions_see_nothing_of_their_day() -> None:
    """A price that doubles on the day of the decision alone changes what is sold for, not whether."""
    line = prices(100, 100)
    days = {int(day): line.exact[int(day)] for day in line.days} | {to_day(date(2020, 2, 1)): Fraction(200)}
    spiked = price_days(Series("price", {day: Point(price, "assumed", "x") for day, price in days.items()}))
    for rule in ("band:5:10:50", "target:50", "share:50"):
        assert tried(rule, spiked, 1).sold_sat.tolist() == tried(rule, prices(100, 100), 1).sold_sat.tolist()


def test_bills_as_a_share_of_what_came_in() -> None:
    line = prices(100, 200)
    months = months_between(line, date(2020, 1, 1), date(2020, 2, 1))
    ready = months_of(line, months, [BTC, BTC], 600_000, 100_000)
    assert ready.electricity.tolist() == [6_000, 12_000] and ready.owed.tolist() == [1_000, 2_000]


def test_rules_are_read_strictly() -> None:
    assert read_rules("share:50, band:200:20:25") == (Rule("share", 500_000), Rule("band", 250_000, 200_000, 200))
    assert [one.name for one in read_rules("hold,share:50,band:200:20:25,target:7")] == [
        "hold",
        "share:50",
        "band:200:20:25",
        "target:7",
    ]
    for text in (
        "",
        "sell",
        "share",
        "share:101",
        "share:x",
        "share:-1",
        "hold:3",
        "band:200:20",
        "band:1:2:3",
        "band:2000:2:3",
        "target:50:50",
        "share:99999",
    ):
        with pytest.raises(InputError, match="rule"):
            read_rules(text)


def test_what_cannot_be_tried() -> None:
    line = prices(100, 100, 100)
    months = months_between(line, date(2020, 1, 1), date(2020, 3, 1))
    assert [f"{one:%m}" for one in months] == ["01", "02", "03"]
    ready = months_of(line, months, [1, 1, 1], 0, 0)
    for horizon in (0, 4):
        with pytest.raises(InputError, match="expected 1 to 3"):
            try_rules(line, ready, read_rules("hold"), horizon, FREE)
    with pytest.raises(InputError, match="expected 200 for its mean"):
        try_rules(line, ready, read_rules("band:200:1:1"), 1, FREE)
    with pytest.raises(InputError, match="costs"):
        try_rules(line, ready, read_rules("hold"), 1, Costs(10**6, 0, 1))
    with pytest.raises(InputError, match="expected 2020-02"):
        months_of(line, [months[0], months[2]], [1, 1], 0, 0)
    with pytest.raises(InputError, match="inflow"):
        months_of(line, months, [1, 10**13, 1], 0, 0)
    with pytest.raises(InputError, match="bills"):
        months_of(line, months, [1, 1, 1], [1, 10**14, 1], 0)


def test_rules_are_ranked_by_the_middle_of_all_starts() -> None:
    line = prices(100, 200, 300, 400, 50, 500)
    months = months_between(line, date(2020, 1, 1), date(2020, 6, 1))
    ready = months_of(line, months, [BTC] * 6, 0, 0)
    found = try_rules(line, ready, read_rules("all,hold"), 3, FREE)
    order = ranked(found)
    assert [one.rule.kind for one in order] == ["hold", "all"] and order[0].starts == 4
    assert order[0].final == quantile(found[1].final, 0.5) and order[0].final in found[1].final.tolist()
    assert order[0].best_ppm + order[1].best_ppm == 10**6 and order[1].sold_ppm == 10**6
    assert [(rule.kind, year, count) for rule, year, count, *_ in by_start_year(found)] == [("all", 2020, 4), ("hold", 2020, 4)]
    assert quantile(np.array([3, 1, 2]), 0.5) == 2
