"""Facts that are folded into a batch come back whole, and columns that say nonsense are damage."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.errors import BrokenPromise
from skarb.core.facts import Facts
from skarb.journal import MISSING, Folded, fold, unfold
from skarb.store import Damaged

MONEY = st.none() | st.integers(-LEGAL_VALUE_MAX, LEGAL_VALUE_MAX)
FACTS = st.builds(
    Facts,
    activity=st.sampled_from(["fiat_pay", "token_transfer_out"]),
    day=st.integers(20_000, 20_002),
    actor_age=st.none() | st.integers(0, 2),
    actor_identified=st.booleans(),
    value=MONEY,
    value_usd=MONEY,
    capital=st.none() | st.just(5),
    screening=st.sampled_from(["clear", "listed"]),
    totals=st.lists(st.none() | st.integers(0, 10**18), max_size=3).map(tuple),
)


def one(**fields: object) -> Facts:
    return Facts(activity="fiat_pay", day=20_000, **fields)


@given(st.lists(FACTS, max_size=30), st.data())
def test_what_was_folded_comes_back(facts: list[Facts], data: st.DataObject) -> None:
    before = msgspec.msgpack.encode(facts)
    folded = fold(iter(facts))
    assert msgspec.msgpack.encode(unfold(*folded)) == before == msgspec.msgpack.encode(facts)
    assert fold(unfold(*folded)) == folded
    assert {(distinct.value, distinct.value_usd) for distinct in folded.facts} <= {(None, None)}
    assert len(set(folded.facts)) == len(folded.facts)
    totals = sum(len(one.totals) for one in facts)
    assert [len(column) for column in folded[1:]] == [4 * len(facts), 8 * len(facts), 8 * len(facts), 8 * totals]
    if facts:
        rows = data.draw(st.lists(st.integers(0, len(facts) - 1), max_size=5))
        assert unfold(*folded, rows) == [facts[row] for row in rows]


def test_distinct_facts_stand_in_the_order_of_their_first_appearance() -> None:
    folded = fold([one(value=5), one(consent=True, value_usd=-7), one(value=6, value_usd=0), one()])
    assert folded.facts == [one(), one(consent=True)]
    assert np.frombuffer(folded.cases, "<u4").tolist() == [0, 1, 0, 0]
    assert np.frombuffer(folded.values, "<i8").tolist() == [5, MISSING, 6, MISSING]
    assert np.frombuffer(folded.dollars, "<i8").tolist() == [MISSING, -7, 0, MISSING]
    assert fold([]) == Folded([], b"", b"", b"")
    assert unfold([], b"", b"", b"") == []


def test_rows_with_the_same_facts_do_not_share_them() -> None:
    folded = fold([one(value=1), one(), one(value=2)])
    assert [facts.value for facts in unfold(*folded)] == [1, None, 2]
    assert folded.facts == [one()]


@pytest.mark.parametrize("field", ["value", "value_usd"])
@pytest.mark.parametrize("value", [LEGAL_VALUE_MAX + 1, -LEGAL_VALUE_MAX - 1, MISSING, 1 << 80])
def test_a_value_beyond_its_limits_is_never_folded(field: str, value: int) -> None:
    with pytest.raises(BrokenPromise, match="within the limits"):
        fold([one(**{field: value})])


@pytest.mark.parametrize("case", [2, 3, (1 << 32) - 1])
def test_a_row_with_facts_that_are_not_there_is_named(case: int) -> None:
    folded = fold([one(value=5), one(consent=True), one()])
    cases = np.array([0, case, 1], "<u4").tobytes()
    with pytest.raises(Damaged, match=f"row 1 has the facts {case}, expected one of the 2 of its batch"):
        unfold(folded.facts, cases, folded.values, folded.dollars)
    with pytest.raises(Damaged, match=f"row 1 has the facts {case}"):
        unfold(folded.facts, cases, folded.values, folded.dollars, rows=[2, 1])
    assert unfold(folded.facts, cases, folded.values, folded.dollars, rows=[2, 0]) == [one(consent=True), one(value=5)]
    with pytest.raises(Damaged, match="one of the 0"):
        unfold([], *folded[1:])


def test_totals_lie_row_by_row_as_many_as_the_facts_have() -> None:
    folded = fold([one(totals=(5, None)), one(), one(totals=(7, 8)), one(totals=(1,))])
    assert folded.facts == [one(totals=(None, None)), one(), one(totals=(None,))]
    assert np.frombuffer(folded.totals, "<i8").tolist() == [5, MISSING, 7, 8, 1]
    for totals in (folded.totals[:-8], folded.totals + bytes(8), b""):
        with pytest.raises(Damaged, match=f"has {len(totals) // 8} totals, expected 5"):
            unfold(*folded._replace(totals=totals))
    with pytest.raises(Damaged, match="has 1 totals, expected 0"):
        unfold(*fold([one()])._replace(totals=bytes(8)))


@pytest.mark.parametrize("name", ["value", "value_usd"])
@pytest.mark.parametrize("value", [LEGAL_VALUE_MAX + 1, -LEGAL_VALUE_MAX - 1, MISSING + 1, (1 << 63) - 1])
def test_a_value_that_is_none_is_named(name: str, value: int) -> None:
    folded = fold([one(), one(value=LEGAL_VALUE_MAX, value_usd=-LEGAL_VALUE_MAX), one()])
    field = {"value": "values", "value_usd": "dollars"}[name]
    column = np.frombuffer(getattr(folded, field), "<i8").copy()
    column[2] = value
    with pytest.raises(Damaged, match=f"row 2 has the {name} {value}, expected at most {LEGAL_VALUE_MAX} minor units"):
        unfold(*folded._replace(**{field: column.tobytes()}))
