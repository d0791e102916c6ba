"""What became of money, under every choice; the definition over a lake; what is kept whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oversight.flow_rows import rows_of
from tests.unit.oversight.lakes import Told, fill

from skarb.core.errors import InputError
from skarb.core.facts import Facts
from skarb.lake import open_lake
from skarb.oversight.flows.definition import KIND, Choices
from skarb.oversight.flows.figures import DIMENSIONS, asset_lines, headline, heat, implied, lines, sensitivity
from skarb.oversight.flows.follow import follow
from skarb.oversight.flows.lake import read_lake
from skarb.oversight.flows.model import Crossing

STORY = [
    (0, "outward", 1, 1, 100),
    (1, "outward", 2, 1, 50),
    (2, "outward", 1, 2, 30),
    (5, "return", 2, 1, 120),
    (6, "return", 1, 2, 10),
]


def back(choices, rule="fifo", story=STORY, **more):
    found = follow(rows_of(story, **more), choices, rule)
    return found.worth_left.tolist()


def test_pots_say_out_of_whose_money_a_return_is_paid():
    assert back(Choices()) == [100, 0, 20]  # of what p2 has there himself; 70 of it were never seen to go out
    assert back(Choices(pot="person")) == [90, 0, 30]
    assert back(Choices(pot="place")) == [0, 30, 20]  # the oldest money of the place, whoever brought it
    assert back(Choices(pot="place"), "haircut") == [20, 10, 20]
    assert follow(rows_of(STORY), Choices()).unknown_rows == 1


def test_opening_money_is_paid_out_first():
    assert back(Choices(opening="inferred")) == [100, 50 - 50, 20]  # what is short is lying there first: 70, then 50 of the lot
    early = [(0, "outward", 1, 1, 100), (3, "return", 1, 1, 60), (9, "outward", 1, 1, 10), (12, "return", 1, 1, 80)]
    assert back(Choices(), story=early) == [0, 0]
    assert back(Choices(opening="inferred"), story=early) == [0, 0]
    late = [(0, "return", 1, 1, 60), (1, "outward", 1, 1, 100), (2, "return", 1, 1, 30)]
    assert back(Choices(), story=late) == back(Choices(opening="inferred"), story=late) == [70]
    middle = [(0, "outward", 1, 1, 100), (1, "return", 1, 1, 60), (2, "return", 1, 1, 60)]
    assert back(Choices(), story=middle) == [0] and back(Choices(opening="inferred"), story=middle) == [0]


def test_assets_are_not_mixed_but_by_value():
    story = [(0, "outward", 1, 1, 7), (2, "return", 1, 1, 3)]
    more = {"assets": [0, 1], "values": [700, 690]}
    assert back(Choices(), story=story, **more) == [700]
    assert back(Choices(conversion="value"), story=story, **more) == [10]
    found = follow(rows_of(story, **more), Choices())
    (one,) = asset_lines(found, 9, lambda asset, day: (3, 2, "made up"))
    assert (one.asset, one.invested, one.returned, one.still, one.worth_then, one.worth_now) == ("A0", 7, 0, 7, 700, 7 * 3 // 200)


def test_own_wallets_count_only_where_they_are_abroad():
    story = [(0, "wallet_out", 1, 1, 40), (1, "wallet_back", 1, 1, 15)]
    assert back(Choices(), story=story) == []
    assert back(Choices(wallets="abroad"), story=story) == [25]


def test_worth_is_split_without_losing_a_unit():
    story = [(0, "outward", 1, 1, 3), (1, "return", 1, 1, 1), (2, "return", 1, 1, 1)]
    found = follow(rows_of(story, values=[1000, 500, 500]), Choices())
    assert found.worths.tolist() == [333, 333] and found.worth_left.tolist() == [334]


def test_units_beyond_a_word_are_followed_the_same_way():
    small = rows_of(STORY)
    large = replace(small, units=small.units.astype(object) << 70)
    for rule, pot, opening in product(("fifo", "haircut"), ("account", "person", "place"), ("none", "inferred")):
        one, other = (follow(rows, Choices(pot, opening=opening), rule) for rows in (small, large))
        if rule == "fifo":
            assert [left >> 70 for left in other.left.tolist()] == one.left.tolist()
            assert other.worth_left.tolist() == one.worth_left.tolist()
        assert sum(other.left.tolist()) + sum(other.pieces.amounts.tolist()) == 180 << 70
    line = asset_lines(follow(large, Choices()), 9, lambda asset, day: None)[0]
    assert line.invested == 180 << 70 == line.returned + line.still and line.rate.startswith("missing")


def test_a_value_that_nobody_knows_adds_nothing():
    found = follow(rows_of([(0, "outward", 1, 1, 3)], values=[-1]), Choices())
    assert found.worth.tolist() == [0] and found.left.tolist() == [3]


rows = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["outward", "outward", "return"]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(1, 99),
    ),
    max_size=40,
)


CHOICES = list(product(("fifo", "haircut"), ("account", "person", "place"), ("asset", "value"), ("none", "inferred")))


@settings(max_examples=60, deadline=None)
@given(rows, st.data())
def test_every_choice_conserves_every_lot(story, data):
    story = sorted(story, key=lambda one: one[0])
    assets = data.draw(st.lists(st.integers(0, 1), min_size=len(story), max_size=len(story)))
    asked = rows_of(story, assets=assets)
    for rule, pot, conversion, opening in data.draw(st.lists(st.sampled_from(CHOICES), min_size=3, max_size=3)):
        found = follow(asked, Choices(pot, conversion, opening), rule)
        left = found.rows.units[found.starts].astype(object)
        np.subtract.at(left, found.pieces.lots, found.pieces.amounts)
        assert left.tolist() == found.left.tolist() and all(one >= 0 for one in left)
        worth = found.worth.copy()
        np.subtract.at(worth, found.pieces.lots, found.worths)
        assert worth.tolist() == found.worth_left.tolist()
        whole = sum(one[4] for one in story if one[1] == "outward")
        assert int(found.worth.sum()) == whole
        for dimension in DIMENSIONS:
            made = lines(found, dimension)
            assert sum(one.invested for one in made) == whole
            assert sum(one.returned + one.still for one in made) == whole
        assert sum(map(sum, heat(found, 60).cells)) == int(found.worth_left.sum())


def test_the_headline_and_its_sensitivity():
    crossing = Crossing(rows_of(STORY), (), 0, 40, "ZZD", 2)
    found = follow(crossing.rows, Choices())
    one = headline(found, 40)
    assert (one.days, one.invested, one.returned, one.still) == (30, 180, 60, 120)
    told = {variant.what: variant for variant in sensitivity(crossing, Choices(), "fifo", one.days)}
    assert told[""].share == one.share and told[""].still == 120
    assert told["pot place"].still == 50 and told["horizon 3 months"].share is None
    assert {"rule haircut", "opening inferred", "conversion value", "pot person", "wallets abroad"} < set(told)
    assert implied(crossing)(crossing.rows.of[0], 8) is not None
    stale = asset_lines(found, 40, implied(crossing))[0]
    assert stale.worth_now is None and stale.rate.startswith("stale")


# The definition, over a lake.

OUT = {"activity": "token_transfer_out", "actor_resident": True, "actor_kind": "natural_person", "operator_country": "BY"}
VENUE = {"counterparty_licence": "foreign_provider", "counterparty_country": "AE", "cross_border": True}


KINDS_BY_FACTS: list[tuple[str | None, dict[str, object]]] = [
    ("outward", OUT | VENUE),
    ("outward", OUT | {"activity": "fiat_pay", "venue_licence": "foreign_provider", "venue_country": "SC"}),
    ("outward", OUT | {"wallet_hosting": "hosted", "wallet_country": "TR"}),
    ("return", OUT | VENUE | {"activity": "token_transfer_in"}),
    (
        "return",
        {"activity": "fiat_pay", "actor_licence": "foreign_provider", "counterparty_resident": True, "operator_country": "BY"},
    ),
    ("foreigners", OUT | VENUE | {"actor_resident": False}),
    ("foreigners", OUT | VENUE | {"activity": "token_transfer_in", "actor_resident": False}),
    ("exchange", OUT | VENUE | {"activity": "token_buy_fiat"}),
    ("spent", OUT | VENUE | {"reason": "goods_services"}),
    ("spent", OUT | {"activity": "token_trade_settle", "counterparty_country": "GE"}),
    ("earned", OUT | {"activity": "token_transfer_in", "reason": "goods_services", "cross_border": True}),
    ("given", OUT | {"activity": "token_gift", "counterparty_country": "PL"}),
    ("wallet_out", OUT | {"wallet_hosting": "unhosted"}),
    ("wallet_back", OUT | {"activity": "token_transfer_in", "wallet_hosting": "unhosted"}),
    (None, OUT | {"counterparty_licence": "crypto_bank", "counterparty_country": "BY"}),
    (None, OUT | {"wallet_hosting": "hosted", "wallet_country": "BY"}),
    (None, {"activity": "fiat_pay", "actor_resident": True, "operator_country": "BY", "counterparty_country": "PL"}),
]


def test_the_definition(tmp_path: Path):
    told = [Told(Facts(day=20000, value=500, **facts), party=0, counterparty=4, venue=5) for _, facts in KINDS_BY_FACTS]
    lake = fill(
        tmp_path, [*told, *(replace(one, answer=answer) for one in told for answer in ("refused", "not_posted", "referred"))]
    )
    with open_lake(lake) as connection:
        found = connection.execute(f"SELECT r.rowid, {KIND} FROM rows r JOIN cases USING (case_no) ORDER BY r.rowid").fetchall()
        crossing = read_lake(connection, -(10**6), 10**6)
    expected = [kind for kind, _ in KINDS_BY_FACTS]
    assert [kind for _, kind in found[: len(told)]] == expected
    # What was not posted did not happen; what is not followed is told aside.
    followed = [place for place, kind in enumerate(expected) if kind in ("outward", "return")]
    own = {place for place, kind in enumerate(expected) if kind in ("wallet_out", "wallet_back")}
    assert sorted(set(crossing.rows.positions.tolist()) - own) == followed
    assert {one.kind: one.rows for one in crossing.aside} == Counter(
        kind for kind in expected if kind and kind not in ("outward", "return")
    )
    rows, names = crossing.rows, crossing.rows.names
    people = {int(at): names["person"][int(code)] for at, code in zip(rows.positions, rows.codes["person"], strict=True)}
    assert people[followed[0]] == "#0" and people[followed[-1]] == "#4"  # a return that a provider pays is his who gets it
    assert set(names["country"]) == {"AE", "SC", "TR", "XX"} and names["institution"] == ("bank1",)


def test_days_bound_what_is_read(tmp_path: Path):
    rows = [Told(Facts(day=20000 + day, value=500, **OUT, **VENUE), counterparty=4) for day in range(5)]
    with open_lake(fill(tmp_path, rows)) as connection:
        assert len(read_lake(connection, 20001, 20002).rows) == 2


def test_a_haircut_with_too_many_pieces_is_not_told_lot_by_lot(monkeypatch: pytest.MonkeyPatch):
    story = [(day, "outward", 1, 1, 100_000) for day in range(80)] + [(90 + day, "return", 1, 1, 9000) for day in range(80)]
    assert len(follow(rows_of(story), Choices(), "haircut").starts) == 80
    monkeypatch.setattr("skarb.oversight.flows.follow._MOST_PIECES", 4000)
    found = follow(rows_of(story), Choices(), "haircut")
    assert not len(found.starts) and (found.trace.invested, found.trace.returned) == (8_000_000, 720_000)
    crossing = Crossing(rows_of(story), (), 0, 200, "BYN", 2)
    (untold,) = (one for one in sensitivity(crossing, Choices(), "fifo", 5) if one.rule == "haircut")
    assert (untold.share, untold.invested, untold.still) == (None, None, None)


def test_values_that_no_word_holds_together_are_refused():
    story = [(day, "outward", 1, 1, 1) for day in range(4)]
    with pytest.raises(InputError, match="2\\^62"):
        follow(rows_of(story, values=[(1 << 62) - 1] * 4), Choices())
