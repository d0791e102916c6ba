"""Curves in a drawing: places, round ticks, logarithms; what lies outside stays at the border."""

import pytest

from skarb.reporting.lines import Area, Curve, Scale, sheet
from skarb.reporting.shapes import HEIGHT, WIDTH


def test_a_curve_goes_from_corner_to_corner() -> None:
    drawn = sheet([Curve("a", [(0, 0), (5, 10), (10, 0)], "c0")], x_ticks=[0, 5, 20])
    assert drawn.curves == (("c0", f"M0,{HEIGHT} L{WIDTH // 2},0 L{WIDTH},{HEIGHT}", "a"),)
    assert drawn.x_ticks == ((0, 0), (WIDTH // 2, 5))
    assert [value for _, value in drawn.y_ticks] == [10, 8, 6, 4, 2, 0]
    assert drawn.zero is None


def test_an_area_is_closed_and_nought_is_marked_inside() -> None:
    drawn = sheet(
        [], [Area([(0, -10), (1, -10)], [(0, 10), (1, 10)], "outer")], x_ticks=[], marks=[(0.5, "half"), (7, "outside")]
    )
    assert drawn.areas == (("outer", f"M0,{HEIGHT} L{WIDTH},{HEIGHT} L{WIDTH},0 L0,0 Z"),)
    assert drawn.zero == HEIGHT // 2 and drawn.marks == ((WIDTH // 2, "half"),)


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 100, 400), [0, 20, 40, 60, 80, 100]),
        (Scale(-1.6e6, 2e5, 400), [-1_500_000, -1_000_000, -500_000, 0]),
        (Scale(0.03, 1.2, 400, True), [0.05, 0.1, 0.2, 0.5, 1]),
        (Scale(1, 1e5, 400, True), [1, 10, 100, 1000, 10_000, 100_000]),
    ],
)
def test_ticks_are_round(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)


def test_a_tenth_is_as_far_as_ten_times_on_a_logarithmic_scale() -> None:
    scale = Scale(1, 100, 400, True)
    assert [scale.at(value) for value in (1, 10, 100, 1000, 0)] == [0, 200, 400, 400, 0]


def test_a_flat_curve_has_a_place() -> None:
    assert Scale(5, 5, 400).at(5) == 200
