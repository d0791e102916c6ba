"""The index says of every id whether it was seen, where, and whether the content was the same."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import BrokenPromise
from skarb.journal.index import IdIndex

# Few different keys that agree in either half, so that fingerprints collide and the whole key must be compared.
HALF = st.sampled_from([bytes(8), b"\x01" + bytes(7), bytes(7) + b"\x01", b"\xff" * 8])
KEY = st.tuples(HALF, HALF).map(b"".join)
DIGEST = st.sampled_from([b"a" * 16, b"b" * 16])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.tuples(KEY, DIGEST), max_size=8), max_size=6))
def test_recall_agrees_with_a_dictionary(calls: list[list[tuple[bytes, bytes]]]) -> None:
    index, known = IdIndex(), {}
    for call in calls:
        positions, same = index.recall(b"".join(key for key, _ in call), b"".join(digest for _, digest in call))
        new: dict[bytes, int] = {}
        for row, (key, digest) in enumerate(call):
            if key in known:
                assert (positions[row], same[row]) == (known[key][0], known[key][1] == digest)
            elif key in new:
                assert (positions[row], same[row]) == (-2 - new[key], call[new[key]][1] == digest)
            else:
                assert (positions[row], same[row]) == (-1, False)
                new[key] = row
        added = [call[row] for row in new.values()]
        index.add(b"".join(key for key, _ in added), b"".join(digest for _, digest in added))
        known |= {key: (len(known) + place, digest) for place, (key, digest) in enumerate(added)}
        assert index.count == len(known)


def test_the_table_grows_and_forgets_nothing() -> None:
    index, keys = IdIndex(), os.urandom(16 * 20_000)
    for start in range(0, len(keys), 16 * 700):
        index.add(keys[start : start + 16 * 700], keys[start : start + 16 * 700])
    positions, same = index.recall(keys, keys)
    assert positions.tolist() == list(range(20_000))
    assert same.all()
    assert (index.recall(os.urandom(16 * 1000), bytes(16 * 1000))[0] == -1).all()


@pytest.mark.parametrize("twice", ["in one call", "in two calls"])
def test_an_id_is_added_once(twice: str) -> None:
    index, key = IdIndex(), b"k" * 16
    with pytest.raises(BrokenPromise, match="journalled once"):
        if twice == "in one call":
            index.add(key + key, key + key)
        else:
            index.add(key, key)
            index.add(key, key)


def test_nothing_is_asked_of_an_empty_call() -> None:
    positions, same = IdIndex().recall(b"", b"")
    assert (len(positions), len(same)) == (0, 0)
