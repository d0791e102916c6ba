"""The kernels follow money as a slow reading with Python's own numbers does, and lose none of it."""

from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.flow_reading import ABROAD, GONE, HOME
from tests.properties.flow_reading import fifo as slow_fifo
from tests.properties.flow_reading import haircut as slow_haircut
from tests.thorough import THOROUGH

from skarb.core.compiled import compiled
from skarb.core.errors import InputError
from skarb.oversight.flows import portion
from skarb.oversight.flows.model import Transfers
from skarb.oversight.flows.trace import fifo, haircut, haircut_by, kernels

ROWS = 300_000 if THOROUGH else 6_000

SIDES = [HOME, HOME, ABROAD, ABROAD, ABROAD, GONE]
rows_of = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 60)), max_size=60)


def transfers(rows, sides, dtype=np.int64):
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return Transfers(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int32),
        np.array(columns[2], dtype),
        np.array(sides, np.uint8),
        np.zeros(len(sides), np.int32),
    )


def summed(pieces):
    counted = Counter()
    for lot, row, amount in pieces:
        counted[lot, row] += int(amount)
    return counted


def check_fifo(rows, sides, kind=None, dtype=np.int64):
    found, expected = fifo(transfers(rows, sides, dtype), kind), slow_fifo(rows, sides)
    assert (found.invested, found.returned, found.spent) == (expected.invested, expected.returned, expected.spent)
    lots = found.outward.tolist()
    mine = summed((lots[lot], row, amount) for lot, row, amount in zip(*pieces_of(found), strict=True))
    assert mine == summed(expected.pieces)
    assert {lots[lot]: int(left) for lot, left in enumerate(found.out) if left} == dict(expected.still)
    by_lot = defaultdict(int)
    for (lot, _), amount in mine.items():
        by_lot[lot] += amount
    for lot, row in enumerate(lots):  # each lot by itself, too
        assert rows[row][2] == by_lot[row] + int(found.out[lot])


def check_haircut(rows, sides, kind=None, dtype=np.int64):
    asked = transfers(rows, sides, dtype)
    (found, carried), expected = haircut(asked, kind), slow_haircut(rows, sides)
    assert (found.invested, found.returned, found.spent, found.still) == expected[:4]
    left = {row: int(one) for row, one in enumerate(carried) if one and sides[rows[row][1]] != ABROAD}
    assert left == {row: amount for _, row, amount in expected[4]}
    vintages = [row % 5 for row in range(len(rows))]
    apart, slowly = haircut_by(asked, np.array(vintages, np.int32), 5, kind), slow_haircut(rows, sides, vintages)
    assert summed(zip(*pieces_of(apart), strict=True)) == summed(slowly[4])
    assert (apart.invested, apart.returned, apart.spent, apart.still) == slowly[:4] == expected[:4]


def pieces_of(found):
    return found.pieces.lots.tolist(), found.pieces.rows.tolist(), found.pieces.amounts.tolist()


@settings(max_examples=150, deadline=None)
@given(rows_of)
def test_fifo_is_the_slow_reading(rows):
    check_fifo(rows, SIDES, "python")


@settings(max_examples=150, deadline=None)
@given(rows_of)
def test_haircut_is_the_slow_reading(rows):
    check_haircut(rows, SIDES, "python")


@settings(max_examples=25, deadline=None)
@given(rows_of, st.integers(60, 200))
def test_amounts_beyond_a_word_are_followed_the_same_way(rows, bits):
    large = [(source, target, (amount << bits) + 1) for source, target, amount in rows]
    check_fifo(large, SIDES, dtype=object)
    check_haircut(large, SIDES, dtype=object)


def market(count, seed=5, accounts=400, large=1):
    """Heavy tails, platforms, foreigners, and a few accounts where money is written down."""
    rng = np.random.default_rng(seed)
    sides = np.zeros(accounts, np.uint8)
    sides[: accounts // 3], sides[accounts // 3 : accounts // 3 + 4] = ABROAD, GONE
    some = (accounts * rng.random((count, 2)) ** 2).astype(int)
    amounts = np.clip(np.exp(rng.normal(5, 2, count)), 1, 10**9).astype(np.int64) * large
    return list(zip(some[:, 0].tolist(), some[:, 1].tolist(), amounts.tolist(), strict=True)), sides.tolist()


@pytest.mark.parametrize("large", [1, 3_000_000])
def test_compiled_kernels_on_a_market(large):
    rows, sides = market(ROWS, large=large)
    check_fifo(rows, sides, "numba")
    check_haircut(rows, sides, "numba")


@cache
def _portion():
    return compiled([portion], ("portion",))  # in the kernels it is woven into its callers


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**62 - 1), st.integers(0, 2**62 - 1), st.integers(1, 2**62 - 1), st.integers(0, 61))
def test_a_portion_is_exact(x, y, z, shift):
    z = max(1, z >> shift)
    x, y = x % (z + 1), y % (z + 1)
    for functions in (kernels("python"), _portion()):
        assert functions["portion"](np.int64(x), np.int64(y), np.int64(z)) == x * y // z


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0, 2, 5), (9, 2, 5)], "transfer 2: given account 9"),
        ([(0, -1, 5)], "transfer 1: given account -1"),
        ([(0, 2, 5), (0, 2, 0)], "transfer 2: given the amount 0"),
        ([(0, 2, -7)], "transfer 1: given the amount -7"),
        ([(0, 2, 2**61), (0, 2, 2**61)], "together reach 2^62"),
    ],
)
def test_what_cannot_be_followed_is_named(rows, said):
    for follow in (fifo, haircut):
        with pytest.raises(InputError, match=said.replace("^", r"\^")):
            follow(transfers(rows, SIDES))


def test_money_of_two_assets_is_not_mixed():
    asked = transfers([(0, 2, 5), (2, 1, 5)], SIDES)
    mixed = Transfers(asked.sources, asked.targets, asked.amounts, asked.sides, np.array([0, 1, 0, 0, 0, 0], np.int32))
    with pytest.raises(InputError, match="transfer 2: given assets 0 and 1, expected two accounts of one asset"):
        fifo(mixed)


def test_clayton_in_a_story():
    """A sends 100 abroad, B 50 into the same pot; 120 come back: all of A's and 20 of B's."""
    found = fifo(transfers([(0, 2, 100), (1, 2, 50), (2, 0, 120)], SIDES))
    assert found.pieces.amounts.tolist() == [100, 20]
    assert found.out.tolist() == [0, 30]
    mixed, carried = haircut(transfers([(0, 2, 100), (1, 2, 50), (2, 0, 120)], SIDES))
    assert carried.tolist() == [0, 0, 120]
    assert mixed.still == 30
