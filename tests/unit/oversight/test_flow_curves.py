"""Return curves against a case from the textbooks, and small ones reckoned by hand."""

from math import sqrt

import numpy as np
import pytest
from tests.unit.oversight.flow_rows import rows_of

from skarb.oversight.flows.curves import by_count, by_money, kaplan_meier
from skarb.oversight.flows.definition import Choices
from skarb.oversight.flows.figures import headline
from skarb.oversight.flows.follow import follow

# Remission of leukaemia under 6-MP, weeks, + censored (Freireich and others, 1963), as textbooks reckon it.
REMISSION = [
    "6",
    "6",
    "6",
    "6+",
    "7",
    "9+",
    "10",
    "10+",
    "11+",
    "13",
    "16",
    "17+",
    "19+",
    "20+",
    "22",
    "23",
    "25+",
    "32+",
    "32+",
    "34+",
    "35+",
]
TABLE = {
    6: (0.8571, 0.0764), 7: (0.8067, 0.0869), 10: (0.7529, 0.0963), 13: (0.6902, 0.1068), 16: (0.6275, 0.1141), 22: (0.5378, 0.1282),
    23: (0.4482, 0.1346),
}  # fmt: skip


def test_the_textbook_case():
    curve = kaplan_meier([int(one.strip("+")) for one in REMISSION], [not one.endswith("+") for one in REMISSION])
    assert [one.age for one in curve.steps] == list(TABLE)
    for step in curve.steps:
        share, error = TABLE[step.age]
        assert step.share == pytest.approx(share, abs=5e-5)
        assert (step.share - step.low) / 1.959964 == pytest.approx(error, abs=5e-5)
    assert curve.until == 35 and curve.at(36) is None and curve.at(12).share == curve.at(10).share


def test_money_is_weighted_and_what_is_young_is_censored():
    # p1 sends 100 on day 0 and gets 40 back on day 10; p2 sends 300 on day 20; the data end on day 30.
    rows = rows_of([(0, "outward", 1, 1, 100), (10, "return", 1, 1, 40), (20, "outward", 2, 1, 300)])
    curve = by_money(follow(rows, Choices()), 30)
    (step,) = curve.steps
    # At age 10 both are watched: 40 of 400 come back. Witnesses: 400² / (100² + 300²) = 1.6.
    assert (step.age, step.watched, step.back, step.share) == (10, 400, 40, 0.9)
    spread = 1.959964 * 0.9 * sqrt(0.1 / (0.9 * 1.6))
    assert step.low == pytest.approx(0.9 - spread) and step.high == 1.0
    assert curve.until == 30 and curve.at(11).share == 0.9


def test_who_was_not_watched_so_long_is_not_at_risk():
    rows = rows_of([(0, "outward", 1, 1, 100), (20, "outward", 2, 1, 300), (25, "return", 1, 1, 50)])
    (step,) = by_money(follow(rows, Choices()), 30).steps
    assert (step.age, step.watched, step.share) == (25, 100, 0.5)  # the 300 were watched for ten days only


def test_by_count_an_investment_is_back_with_its_last_unit():
    story = [(0, "outward", 1, 1, 100), (0, "outward", 2, 1, 10), (5, "return", 1, 1, 99), (7, "return", 1, 1, 1)]
    curve = by_count(follow(rows_of(story), Choices()), 30)
    assert [(one.age, one.share, one.watched) for one in curve.steps] == [(7, 0.5, 2)]


def test_nothing_makes_an_empty_curve():
    curve = by_money(follow(rows_of([]), Choices()), 0)
    assert curve.steps == () and curve.at(0) is None
    assert kaplan_meier([], []).total == 0


def test_curves_of_all_that_is_back_fall_to_nothing():
    curve = kaplan_meier([3, 3, 5], [True, True, True])
    assert [(one.age, round(one.share, 6)) for one in curve.steps] == [(3, 0.333333), (5, 0.0)]
    assert np.isfinite([one.low for one in curve.steps]).all()


def test_what_is_back_stays_back_until_the_data_end():
    # p1 sends on day 0 and has all back on day 4, p2 sends on day 70; the data end on day 90.
    rows = rows_of([(0, "outward", 1, 1, 100), (4, "return", 1, 1, 100), (70, "outward", 2, 1, 50)])
    found = follow(rows, Choices())
    curve = by_count(found, 90)
    assert curve.until == by_money(found, 90).until == 90
    assert curve.at(30).share == 0.5 and headline(found, 90, 30).by_count == 0.5
