"""A watch is one state machine: however a stream is cut into batches, and whoever runs the kernel, it sees the same schemes."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.app.alerts import settings_of
from skarb.core.compiled import has_numba
from skarb.oversight.typologies import Alert, Watch
from skarb.simulate.transfers import World, world


@cache
def small() -> World:
    return world(5, accounts=250, days=16, schemes=26)


def fed(cuts: list[int], kind: str = "python") -> tuple[list[Alert], list[int], dict[str, int]]:
    flow = small().flow
    watch = Watch(settings_of("by"), kind=kind)
    watch.license(flow.licensed)
    edges = [0, *sorted(cuts), len(flow.transfers)]
    for begin, end in itertools.pairwise(edges):
        watch.feed(flow.transfers.part(slice(begin, end)))
    return watch.alerts(0), watch.seen().tolist(), watch.bounds_met()


@cache
def at_once() -> tuple[list[Alert], list[int], dict[str, int]]:
    return fed([])


def test_the_world_gives_something_to_see() -> None:
    alerts, seen, _ = at_once()
    assert len(alerts) >= 8
    assert len({family for alert in alerts for family in alert.families}) >= 10
    assert 0 < sum(map(bool, seen)) < len(seen) // 2
    assert any(len(alert.families) > 2 for alert in alerts)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, len(small().flow.transfers)), max_size=40))
def test_any_split_gives_the_same_alerts(cuts: list[int]) -> None:
    assert fed(cuts) == at_once()


def test_one_transfer_at_a_time_gives_the_same_alerts() -> None:
    assert fed(list(range(1, len(small().flow.transfers)))) == at_once()


@pytest.mark.skipif(not has_numba(), reason="numba is not installed")
def test_interpreter_and_compiler_see_the_same() -> None:
    assert fed([100, 1000], "numba") == at_once()


def test_what_was_seen_stays_seen() -> None:
    """An alert that was raised on a part of the stream is in the alert of the whole that holds its first transfer."""
    flow = small().flow
    half = len(flow.transfers) * 3 // 4
    watch = Watch(settings_of("by"), kind="python")
    watch.license(flow.licensed)
    watch.feed(flow.transfers.part(slice(0, half)))
    early = watch.alerts(0)
    whole = {row: set(alert.rows) for alert in at_once()[0] for row in alert.rows}
    assert early
    for alert in early:
        assert set(alert.rows) <= whole[alert.rows[0]]
    assert np.count_nonzero(watch.seen()) <= np.count_nonzero(np.array(at_once()[1]))
