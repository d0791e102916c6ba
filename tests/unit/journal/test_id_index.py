"""The index says of every id whether it was seen, and where."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.errors import BrokenPromise
from skarb.journal.cold import FileShelf
from skarb.journal.index import IdIndex

# Few different keys that agree in either half, so that fingerprints collide and the whole key must be compared.
HALF = st.sampled_from([bytes(8), b"\x01" + bytes(7), bytes(7) + b"\x01", b"\xff" * 8])
KEY = st.tuples(HALF, HALF).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(KEY, max_size=8), max_size=6))
def test_recall_agrees_with_a_dictionary(calls: list[list[bytes]]) -> None:
    agrees_with_a_dictionary(IdIndex(), calls)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(KEY, max_size=8), max_size=6), st.integers(1, 3))
def test_recall_agrees_with_a_dictionary_when_ids_leave_memory(calls: list[list[bytes]], limit: int) -> None:
    with TemporaryDirectory() as folder:
        index = IdIndex(FileShelf(Path(folder), "keys", 2), limit)
        agrees_with_a_dictionary(index, calls)
        index.finish_leaving()


def agrees_with_a_dictionary(index: IdIndex, calls: list[list[bytes]]) -> None:
    known: dict[bytes, int] = {}
    for call in calls:
        new: dict[bytes, int] = {}
        for row, (key, position) in enumerate(zip(call, index.recall(b"".join(call)), strict=True)):
            if key in known:
                assert position == known[key]
            elif key in new:
                assert position == -2 - new[key]
            else:
                assert position == -1
                new[key] = row
        index.add(b"".join(new))
        known |= {key: len(known) + place for place, key in enumerate(new)}
        assert index.count == len(known)


def test_the_table_grows_and_forgets_nothing() -> None:
    index, keys = IdIndex(), os.urandom(16 * 20_000)
    for start in range(0, len(keys), 16 * 700):
        index.add(keys[start : start + 16 * 700])
    assert index.recall(keys).tolist() == list(range(20_000))
    assert (index.recall(os.urandom(16 * 1000)) == -1).all()


@pytest.mark.parametrize("twice", ["in one call", "in two calls"])
def test_an_id_is_added_once(twice: str) -> None:
    index, key = IdIndex(), b"k" * 16
    with pytest.raises(BrokenPromise, match="journalled once"):
        if twice == "in one call":
            index.add(key + key)
        else:
            index.add(key)
            index.add(key)


def test_an_id_that_left_memory_is_added_once(tmp_path: Path) -> None:
    index = IdIndex(FileShelf(tmp_path, "keys", 2))
    index.add(b"k" * 16)
    index.put_away()
    assert len(index) == 0
    with pytest.raises(BrokenPromise, match="journalled once"):
        index.add(b"a" * 16 + b"k" * 16)


def test_nothing_is_asked_of_an_empty_call() -> None:
    assert len(IdIndex().recall(b"")) == 0
