"""The walk of one scenario after another, day by day: a kernel over arrays that allocates nothing and draws nothing.

What it is that is walked stands in `scenarios`.
"""

from __future__ import annotations

from math import exp, log
from typing import Any


def walk(
    growths: Any,  # of the price from one day to the next, a pool
    fresh: Any,  # where in the pool a stretch begins, scenario by day
    begins: Any,  # whether one does
    noise: Any,  # scenario by fortnight
    rewards: Any,  # USD per PH/s and day at difficulty 1 and 1 USD for a bitcoin, by day
    discount: Any,  # by day
    start: Any,  # price, difficulty
    process: Any,  # growth, response, level, thrift for a fortnight (a logarithm), the most an adjustment changes (a logarithm)
    cases: Any,  # a row each: USD of a MW and day per hashprice, its cost, what the machines cost
    step_days: int,
    month_days: int,
    price: Any,  # results from here on, scenario by month
    difficulty: Any,
    hashprice: Any,
    worth: Any,  # case by scenario by month
    running: Any,
    npv: Any,  # case by scenario
    payback: Any,
    days_on: Any,
    earned: Any,  # a place to add up in, case by three
) -> None:
    """Walk all scenarios and value all cases along the way."""
    scenarios, days = fresh.shape
    for one in range(scenarios):
        paid, hard, at, month = start[0], start[1], 0, 0
        earned[:, :] = 0.0
        for day in range(days):
            if day:
                at += 1
                if begins[one, day] or at == len(growths):
                    at = fresh[one, day] if begins[one, day] else 0
                paid *= growths[at]
                if day % step_days == 0:
                    step = day // step_days
                    above = log(rewards[day] * paid / hard) - process[2] - process[3] * step
                    change = process[0] + process[1] * above + noise[one, step]
                    hard *= exp(min(max(change, -process[4]), process[4]))
            pays = rewards[day] * paid / hard
            told = day % month_days == 0
            if told:
                price[one, month], difficulty[one, month], hashprice[one, month] = paid, hard, pays
            for case in range(len(cases)):
                margin = pays * cases[case, 0] - cases[case, 1]
                if margin > 0:
                    earned[case, 0] += margin
                    earned[case, 1] += margin * discount[day]
                    earned[case, 2] += 1
                    if payback[case, one] < 0 and earned[case, 0] >= cases[case, 2]:
                        payback[case, one] = day
                if told:
                    worth[case, one, month] = earned[case, 1] - cases[case, 2]
                    running[case, one, month] = margin > 0
            if told:
                month += 1
        for case in range(len(cases)):
            npv[case, one] = earned[case, 1] - cases[case, 2]
            days_on[case, one] = earned[case, 2] / days
