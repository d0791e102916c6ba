"""Through whose hands money went before it left: hop by hop, over purchases, in whole units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oversight.lakes import Told, fill

from skarb.core.facts import Facts
from skarb.lake import open_lake
from skarb.oversight.flows.paths import _pieces, find_origins, paths_of

# Accounts by number: 0 and 1 clients in asset 0, 2 and 3 the same clients in asset 1, then the bank outside, the stock of both assets, the venue.
ADDRESSES = ["client/p1", "client/p2", "client/p1", "client/p2", "outside/bank", "own/desk", "own/desk", "outside/venue"]


def filled(tmp_path: Path, legs) -> Path:
    rows = [Told(Facts(activity="fiat_pay", day=20000 + day), party=0) for day in range(8)]
    lake = fill(tmp_path, rows)
    with open_lake(lake, write=True) as connection:
        connection.execute("INSERT INTO assets VALUES (1, 'TOK', 0)")
        for number, address in enumerate(ADDRESSES):
            connection.execute("INSERT INTO accounts VALUES (?, 1, ?, 0, '')", [number, address])
        for number, (sequence, debit, credit, asset, amount) in enumerate(legs):
            row = [1, sequence, 0, debit, credit, asset, amount, 1, 0, (20000 + sequence) * 86_400 * 10**9 + number, 20000]
            connection.execute(f"INSERT INTO transfers VALUES ({', '.join('?' * len(row))})", row)
    return lake


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    # sequence, debit, credit, asset, amount; rows 3 and 4 are purchases of two legs.
    legs = [
        (1, 4, 0, 0, 1000),  # the bank pays p1 1000
        (2, 4, 1, 0, 50),  # and p2 50
        (3, 0, 5, 0, 900), (3, 6, 2, 1, 30),  # p1 buys 30 for 900
        (4, 2, 3, 1, 12),  # p1 gives 12 to p2
        (5, 1, 5, 0, 50), (5, 6, 3, 1, 2),  # p2 buys 2 for 50
        (6, 3, 7, 1, 13),  # p2 sends 13 abroad: 12 that were given to him, 1 that he bought
        (7, 2, 7, 1, 40),  # p1 sends 40: 18 that he bought, 22 that nobody saw
    ]  # fmt: skip
    return filled(tmp_path, legs)


def told(ways):
    return [(way.units, way.begins, [(hop.sequence, hop.source, hop.target, hop.units) for hop in way.hops]) for way in ways]


def test_a_gift_and_a_purchase_lead_back_to_what_was_paid(lake: Path):
    with open_lake(lake) as connection:
        found = find_origins(connection)
        assert told(paths_of(found, 5)) == [
            (12, "bank", [
                (1, "outside/bank", "client/p1", 360), (3, "client/p1", "own/desk", 360), (3, "own/desk", "client/p1", 12),
                (4, "client/p1", "client/p2", 12), (6, "client/p2", "outside/venue", 12),
            ]),
            (1, "bank", [
                (2, "outside/bank", "client/p2", 25), (5, "client/p2", "own/desk", 25), (5, "own/desk", "client/p2", 1),
                (6, "client/p2", "outside/venue", 1),
            ]),
        ]  # fmt: skip
        ways = told(paths_of(found, 6))
        assert [(units, begins) for units, begins, _ in ways] == [(22, "unseen"), (18, "bank")]
        assert ways[1][2][0] == (1, "outside/bank", "client/p1", 540)  # what of the 900 bought these 18, after the first 12


def test_what_several_paid_for_is_told_apart_to_the_end(tmp_path: Path):
    lake = filled(tmp_path, [(1, 4, 0, 0, 40), (2, 4, 0, 0, 60), (3, 0, 5, 0, 100), (3, 6, 2, 1, 10), (4, 2, 7, 1, 10)])
    with open_lake(lake) as connection:
        ways = told(paths_of(find_origins(connection), 3))
    assert [[(hop[0], hop[3]) for hop in hops] for _, _, hops in ways] == [
        [(2, 60), (3, 60), (3, 6), (4, 6)],
        [(1, 40), (3, 40), (3, 4), (4, 4)],
    ]


moves = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 40)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(moves)
def test_every_unit_has_one_origin(rows):
    """Each transfer's stretches add up to it, and no unit of an earlier one is used twice."""
    sources, targets, amounts = (
        np.array([row[place] for row in rows], np.int32 if place < 2 else np.int64) for place in range(3)
    )
    followed = np.array([True, True, True, False, False])
    pieces = _pieces(sources, targets, amounts, followed)
    wide = _pieces(sources, targets, amounts.astype(object) << 70, followed)
    assert [[taker, giver, begin >> 70, units >> 70] for taker, giver, begin, units in wide.tolist()] == pieces.tolist()
    used = [set() for _ in rows]
    for place, (source, target, amount) in enumerate(rows):
        mine = pieces[pieces[:, 0] == place]
        assert mine[:, 3].sum() == (amount if followed[source] and source != target else 0)
        for _, giver, begin, units in mine.tolist():
            if giver < 0:
                continue
            stretch = set(range(begin, begin + units))
            assert giver < place and rows[giver][1] == source and not stretch & used[giver] and begin + units <= rows[giver][2]
            used[giver] |= stretch
