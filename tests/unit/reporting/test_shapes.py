"""Charts: nothing leaves the drawing, and what is larger looks larger."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.reporting.shapes import HEIGHT, WIDTH, columns_of, shade

SUMS = st.integers(0, 10**18)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SUMS, SUMS), min_size=1, max_size=120))
def test_columns_stay_inside_the_drawing_and_something_is_never_nothing(values: list[tuple[int, int]]):
    drawn = columns_of(values)
    for (up, down), column in zip(values, drawn.columns, strict=True):
        for value, bar in ((up, column.up), (down, column.down)):
            assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
            assert bool(bar.height) == bool(value)
        assert column.up.y + column.up.height == column.down.y == drawn.middle


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(SUMS, SUMS), min_size=1, max_size=120))
def test_labels_leave_room_for_each_other(values: list[tuple[int, int]]):
    ticks = columns_of(values).ticks
    assert (columns_of(values).middle, 0) in ticks
    assert all(0 <= y <= HEIGHT for y, _ in ticks)
    assert all(lower[0] - upper[0] >= HEIGHT // 16 for upper, lower in pairwise(ticks))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 10**18), st.integers(1, 10**18))
def test_more_is_never_paler(one: int, other: int):
    small, large = sorted((one, other))
    assert 1 <= shade(small, large) <= shade(large, large) <= 8
    assert shade(0, large) == 0
