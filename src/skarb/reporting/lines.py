"""Geometry of charts of lines: curves, bands and marks in a drawing of whole units, without a word of markup.

Curves are for the eye: their points are floats until they become places in the drawing. Labels stay outside of it, as in `shapes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from skarb.reporting.shapes import HEIGHT, WIDTH

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """A line through points, from left to right; where points are missing it is broken into several."""

    name: str
    points: Points
    style: str  # a class of the page


@dataclass(frozen=True)
class Area:
    """What lies between two lines over the same places."""

    low: Points
    high: Points
    style: str


@dataclass(frozen=True)
class Sheet:
    """A chart, drawn. Paths are in the units of the drawing; ticks and marks have a place there and what they stand for."""

    curves: tuple[tuple[str, str, str], ...]  # style, path, name
    areas: tuple[tuple[str, str], ...]  # style, path
    y_ticks: tuple[tuple[int, float], ...]
    x_ticks: tuple[tuple[int, float], ...]
    marks: tuple[tuple[int, str], ...]
    zero: int | None  # where nought is, if it is inside


@dataclass(frozen=True)
class Scale:
    """From a value to a place; a logarithmic scale shows a tenth and ten times as equally far."""

    low: float
    high: float
    length: int
    logarithmic: bool = False

    def at(self, value: float) -> int:
        """Return the place of a value, at the border where it lies outside."""
        low, high, value = (log10(max(one, 1e-12)) if self.logarithmic else one for one in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.length * min(1.0, max(0.0, share)))

    def ticks(self, most: int = 7) -> list[float]:
        """Return round values inside."""
        if self.logarithmic:
            found = [
                digit * 10.0**power
                for power in range(floor(log10(self.low)), floor(log10(self.high)) + 1)
                for digit in (1, 2, 5)
                if self.low <= digit * 10.0**power <= self.high
            ]
            found = found if len(found) <= most else [one for one in found if f"{one:e}"[0] == "1"]
            if len(found) > 2:  # else the range is a narrow one, and even steps say more
                return found
        rough = (self.high - self.low) / most
        unit = 10.0 ** floor(log10(rough)) if rough > 0 else 1.0
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
        first = -floor(-self.low / step)
        return [step * number for number in range(first, floor(self.high / step) + 1)]


def sheet(
    curves: Sequence[Curve],
    areas: Sequence[Area] = (),
    *,
    x_ticks: Sequence[float],
    marks: Sequence[tuple[float, str]] = (),
    logarithmic: bool = False,
    y_range: tuple[float, float] | None = None,
) -> Sheet:
    """Return a chart of curves over areas, all of one scale that holds them, or of a range that is given."""
    every = [*(curve.points for curve in curves), *(side for area in areas for side in (area.low, area.high))]
    xs, ys = [x for points in every for x, _ in points], [y for points in every for _, y in points]
    low, high = y_range or (min(ys), max(ys))
    across = Scale(min(xs), max(xs), WIDTH)
    up = Scale(low, high, HEIGHT, logarithmic)

    def place(point: tuple[float, float]) -> str:
        return f"{across.at(point[0])},{HEIGHT - up.at(point[1])}"

    def line(points: Points) -> str:
        places = [place(point) for point in points]
        kept = [one for number, one in enumerate(places) if number == 0 or one != places[number - 1]]
        return "M" + " L".join(kept)

    return Sheet(
        tuple((curve.style, line(curve.points), curve.name) for curve in curves if curve.points),
        tuple((area.style, f"{line(area.low)} L{' L'.join(place(one) for one in reversed(area.high))} Z") for area in areas),
        tuple((HEIGHT - up.at(value), value) for value in reversed(up.ticks())),
        tuple((across.at(value), value) for value in x_ticks if across.low <= value <= across.high),
        tuple((across.at(value), label) for value, label in marks if across.low <= value <= across.high),
        HEIGHT - up.at(0) if not logarithmic and low < 0 < high else None,
    )
