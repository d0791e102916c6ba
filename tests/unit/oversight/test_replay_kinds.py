"""Rows of one kind get the same answer, whatever a condition does with what varies from row to row."""

from __future__ import annotations

import random

import numpy as np
import pytest
from msgspec.structs import replace

from skarb.core.facts import Facts
from skarb.lake import PER_ROW, fact_fields
from skarb.oversight.replay.arrange import arrange
from skarb.oversight.replay.tally import Tally
from skarb.rulebook.coding import MISSING, encode
from skarb.rulebook.expression import (
    Compare,
    Count,
    Day,
    Fact,
    Greatest,
    Least,
    Minus,
    Missing,
    Money,
    Node,
    Not,
    Or,
    Plus,
    Ratio,
    Share,
)
from skarb.rulebook.quantities import Quantities
from skarb.rulebook.tree import truth

VALUE, DEPOSIT, DAY = Fact("value"), Fact("deposit"), Fact("day")
THIRD = Ratio(1, 3, "third")
AMOUNT = Money(10_000, "ZZD", "limit")
CONDITIONS: list[Node] = [
    Compare(">", VALUE, AMOUNT),
    Compare("<=", AMOUNT, VALUE),
    Compare("==", VALUE, AMOUNT),
    Compare("!=", Plus(VALUE, VALUE), AMOUNT),
    Compare("<", Minus(AMOUNT, VALUE), Money(-5, "ZZD", "five")),
    Compare(">=", VALUE, DEPOSIT),
    Compare(">", VALUE, Share(DEPOSIT, THIRD, "half_up")),
    Compare(">", Share(VALUE, THIRD, "down"), AMOUNT),
    Compare("==", Share(VALUE, THIRD, "up"), DEPOSIT),
    Compare("<", Least((VALUE, DEPOSIT)), AMOUNT),
    Compare(">", Greatest((Share(VALUE, THIRD, "half_up"), DEPOSIT)), AMOUNT),
    Compare(">=", DAY, Day(20_100)),
    Compare("<", Minus(DAY, Count(30)), Day(20_070)),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=[str(place) for place in range(len(CONDITIONS))])
def test_rows_of_one_kind_are_answered_alike(condition: Node) -> None:
    chance = random.Random(1)
    guarded = Or((Missing(VALUE), Not(condition)))
    cases = [Facts(activity="mine", day=0, deposit=deposit) for deposit in (0, 9_999, 10_000, 3_334, 30_001)]
    collected = Quantities(PER_ROW)
    collected.add_condition(guarded)
    arrangement = arrange(collected.found(), PER_ROW, cases)
    near = [*range(-3, 4), *range(9_990, 10_010), *range(29_990, 30_010), *range(3_330, 3_340), 10**15, -(10**15)]
    rows = [
        (chance.randrange(len(cases)), chance.choice((20_099, 20_100, 20_101)), chance.choice((None, *near))) for _ in range(4000)
    ]
    which = np.array([case for case, _, _ in rows], np.int32)
    columns = {
        "day": np.array([day for _, day, _ in rows], np.int32),
        "value": np.array([MISSING if value is None else value for _, _, value in rows], np.int64),
        "value_usd": np.full(len(rows), MISSING),
    }
    told = {field.name: encode(field, [getattr(case, field.name) for case in cases]) for field in fact_fields()}
    fields = arrangement.fields(columns, which, told)
    cells = Tally(arrangement, "value").add(0, which, np.zeros(len(rows), np.int64), fields)
    answers: dict[int, set[bool]] = {}
    for cell, (case, day, value) in zip(cells.tolist(), rows, strict=True):
        answers.setdefault(cell, set()).add(truth(guarded, replace(cases[case], day=day, value=value)))
    assert all(len(found) == 1 for found in answers.values())
    assert len(set.union(*answers.values())) == 2, "the rows lie on both sides"
    assert len(answers) < 200
