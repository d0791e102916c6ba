"""What one side says beside the other: every entry once, nothing guessed."""

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.oversight.flows.reconcile import Entry, _clusters, reconcile


def entry(reference, day=0, units=100, asset="USDT", outward=True, decimals=2, where=""):
    return Entry(reference, day, asset, units, decimals, outward, where)


def told(here, there, days=3):
    return [(one.found, len(one.here), len(one.there)) for one in reconcile(here, there, days)]


def test_by_reference_first_and_what_differs_is_named():
    assert told([entry("a")], [entry("a")]) == [("matched", 1, 1)]
    assert told([entry("a", units=1500, decimals=3)], [entry("a", units=150)]) == [("matched", 1, 1)]  # 1.500 is 1.50
    assert told([entry("a")], [entry("a", units=101)]) == [("amount differs", 1, 1)]
    assert told([entry("a")], [entry("a", asset="BTC")]) == [("asset differs", 1, 1)]
    assert told([entry("a")], [entry("a", asset="BTC", units=7)]) == [("asset differs", 1, 1)]
    assert told([entry("a")], [entry("a", day=9)]) == [("date differs", 1, 1)]
    assert told([entry("a")], [entry("a", day=9, outward=False)]) == [("amount and date differ", 1, 1)]


def test_then_by_amount_within_days_if_there_is_one_way_only():
    assert told([entry("a")], [entry("x")]) == [("matched", 1, 1)]
    assert told([entry("a")], [entry("x", day=3)]) == [("date differs", 1, 1)]
    assert told([entry("a")], [entry("x", day=4)]) == [("only here", 1, 0), ("only there", 0, 1)]
    assert told([entry("a")], [entry("x"), entry("y", day=1)]) == [("tie", 1, 2)]
    assert told([entry("a"), entry("b", day=2)], [entry("x", day=1)]) == [("tie", 2, 1)]
    assert told([entry("a"), entry("b", day=40)], [entry("x"), entry("y", day=40)]) == [("matched", 1, 1)] * 2


def test_a_reference_twice_is_a_tie():
    assert told([entry("a"), entry("a")], [entry("a")]) == [("tie", 2, 1)]
    assert told([entry("a"), entry("a")], []) == [("only here", 1, 0)] * 2


entries = st.lists(
    st.builds(
        entry,
        st.sampled_from("abcdef"),
        st.integers(0, 12),
        st.integers(1, 3),
        st.just("USDT"),
        st.booleans(),
        st.just(2),
        st.uuids().map(str),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(entries, entries, st.integers(0, 5))
def test_every_entry_is_told_exactly_once_and_the_sides_may_be_exchanged(here, there, days):
    found = reconcile(here, there, days)
    assert Counter(chain.from_iterable(one.here for one in found)) == Counter(here)
    assert Counter(chain.from_iterable(one.there for one in found)) == Counter(there)
    other = {"only here": "only there", "only there": "only here"}
    exchanged = reconcile(there, here, days)
    assert Counter(other.get(one.found, one.found) for one in exchanged) == Counter(one.found for one in found)


@given(st.lists(st.integers(0, 60), max_size=12), st.lists(st.integers(0, 60), max_size=12), st.integers(0, 8))
def test_groups_are_what_the_window_links(ours, theirs, days):
    here, there = (
        [entry("", day, where=f"{side}{place}") for place, day in enumerate(of)] for side, of in (("h", ours), ("t", theirs))
    )
    links = {one: {one} for one in (*here, *there)}
    for one in here:
        for other in there:
            if abs(one.day - other.day) <= days:
                together = links[one] | links[other]
                for each in together:
                    links[each] = together
    expected = {frozenset(group) for group in links.values()}
    assert {frozenset((*mine, *other)) for mine, other in _clusters(here, there, days)} == expected
