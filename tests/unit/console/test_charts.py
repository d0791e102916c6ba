from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from skarb.app.model import FlowDay, Flows
from skarb.console.charts import flow_chart
from skarb.reporting.shapes import HEIGHT, WIDTH, length, share_bar

SUMS = st.integers(0, 10**15)


def flows(pairs: list[tuple[int, int]]) -> Flows:
    return Flows(
        days=tuple(FlowDay(day=date(2026, 9, 1) + timedelta(days=n), out=o, returned=r) for n, (o, r) in enumerate(pairs))
    )


@given(st.lists(st.tuples(SUMS, SUMS), min_size=1, max_size=120))
def test_bars_stay_inside_the_drawing_and_totals_count_every_day(pairs: list[tuple[int, int]]):
    chart = flow_chart(flows(pairs))
    if not any(out or returned for out, returned in pairs):
        assert chart is None
        return
    assert chart is not None
    assert chart.still_out == sum(out - returned for out, returned in pairs)
    assert chart.columns[-1].still_out == chart.still_out
    for column in chart.columns:
        for bar in (column.out, column.returned):
            assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    assert all(0 <= y <= HEIGHT for y, _ in chart.ticks)


def test_a_day_that_sent_twice_as_much_stands_twice_as_high():
    chart = flow_chart(flows([(100, 0), (200, 0)]))
    assert chart is not None
    assert [column.out.height for column in chart.columns] == [HEIGHT // 2, HEIGHT]


def test_only_the_latest_days_are_drawn_but_all_are_counted():
    chart = flow_chart(flows([(10, 0)] * 100), most_days=10)
    assert chart is not None
    assert len(chart.columns) == 10 and chart.out == 1000
    assert chart.columns[0].still_out == 910


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=6))
def test_parts_of_a_whole_lie_side_by_side(parts: list[int]):
    bars = share_bar(tuple(parts))
    assert sum(bar.width for bar in bars) <= WIDTH + len(parts)
    assert all(left.x + left.width == right.x for left, right in pairwise(bars))
    assert all(bool(bar.width) == bool(part) for bar, part in zip(bars, parts, strict=True))


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_something_is_never_drawn_as_nothing(value: int, most: int):
    assert bool(length(min(value, most), most)) == bool(value)
