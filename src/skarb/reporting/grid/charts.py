"""Charts of a power system as paths in whole units of a stretched drawing: curves, stacked areas, heat maps of a year, bars of a tornado."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skarb.grid import Swing, Watts
from skarb.reporting.shapes import HEIGHT, WIDTH, ticks

POINTS = 400
SHADES = 8


@dataclass(frozen=True)
class Curve:
    """A line or an area with a name that the words of a page know."""

    name: str
    path: str


@dataclass(frozen=True)
class Drawing:
    """Curves on one scale; marks are height and value, from below to above."""

    curves: tuple[Curve, ...]
    marks: tuple[tuple[int, int], ...]
    ends: tuple[str, ...] = ()
    middle: int = HEIGHT


@dataclass(frozen=True)
class HeatMap:
    """Hours of the day from above to below, days from left to right; one path for each shade that occurs."""

    shades: tuple[tuple[int, str], ...]
    days: int
    most: int


@dataclass(frozen=True)
class SwingBar:
    """What one figure does: from where to where on the scale of all of them, and the ends in words."""

    swing: Swing
    x: int
    width: int
    base: int


def duration(series: Sequence[tuple[str, Watts]], below: Watts) -> Drawing:
    """Return curves of hours in falling order; `below` is drawn as an area where it falls under nought, that is what is left over."""
    most = max(int(values.max()) for _, values in series)
    least = min(0, int(below.min()))
    scale = most - least

    def high(values: NDArray[np.int64]) -> NDArray[np.int64]:
        return HEIGHT - HEIGHT * (values - least) // scale

    curves = [Curve(name, _line(high(_sampled(np.sort(values)[::-1])))) for name, values in series]
    fallen = _sampled(np.sort(below)[::-1])
    zero = HEIGHT + HEIGHT * least // scale
    left = Curve("left_over", _between(np.full(len(fallen), zero), high(np.minimum(fallen, 0))))
    return Drawing((left, *curves), tuple((int(high(np.array([mark]))[0]), mark) for mark in (0, *ticks(most))), middle=int(zero))


def stacked(above: Sequence[tuple[str, Watts]], below: Sequence[tuple[str, Watts]]) -> Drawing:
    """Return what is given above the line and what is taken below it, each stacked on the one before."""
    up, down = (sum((values for _, values in side), np.zeros_like(above[0][1])) for side in (above, below))
    most, least = int(up.max()), int(down.max())
    middle = HEIGHT * most // (most + least)
    curves = []
    for side, sign in ((above, 1), (below, -1)):
        base = np.zeros_like(above[0][1])
        for name, values in side:
            top = base + values
            low, high = (middle - sign * HEIGHT * one // (most + least) for one in (base, top))
            curves.append(Curve(name, _between(low, high)))
            base = top
    marks = [(middle - HEIGHT * mark // (most + least), mark) for mark in (0, *ticks(most))]
    marks += [(middle + HEIGHT * mark // (most + least), mark) for mark in ticks(least)]
    return Drawing(tuple(curves), tuple(marks), middle=middle)


def prices(marginal_milli: Watts, most_milli: int) -> Drawing:
    """Return the line of what one more MWh costs, cut at a highest price so that a single bad hour does not flatten the others."""
    shown = np.clip(marginal_milli, 0, most_milli)
    marks = tuple((HEIGHT - HEIGHT * mark // most_milli, mark) for mark in (0, *ticks(most_milli)))
    return Drawing((Curve("marginal", _line(HEIGHT - HEIGHT * shown // most_milli)),), marks)


def busy(curves: Sequence[tuple[str, Sequence[int]]]) -> Drawing:
    """Return how busy mining is, in millionths, for sizes from left to right."""
    most = max(1, *(max(values) for _, values in curves))
    drawn = [Curve(name, _line(HEIGHT - HEIGHT * np.array(values, np.int64) // most)) for name, values in curves]
    return Drawing(tuple(drawn), tuple((HEIGHT - HEIGHT * mark // most, mark) for mark in (0, *ticks(most))))


def heat_map(values: Watts) -> HeatMap:
    """Return a year of hours as a map; hours of one day and shade that follow each other are one rectangle."""
    most = int(values.max(initial=0))
    days = len(values) // 24
    shade = np.where(values > 0, 1 + (SHADES - 1) * values // max(1, most), 0)[: 24 * days].reshape(days, 24)
    paths: dict[int, list[str]] = {}
    for day in range(days):
        row = shade[day]
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), 24]
        for start, stop in pairwise(edges):
            if row[start]:
                paths.setdefault(int(row[start]), []).append(f"M{day} {start}h1v{stop - start}h-1z")
    return HeatMap(tuple((one, "".join(paths[one])) for one in sorted(paths)), days, most)


def tornado_bars(swings: Sequence[Swing], base_wh: int) -> tuple[SwingBar, ...]:
    """Return a bar for each figure that moves the answer, all on one scale."""
    most = max((max(one.at_low.energy_wh, one.at_high.energy_wh) for one in swings), default=0) or 1
    bars = []
    for one in swings:
        low, high = sorted((one.at_low.energy_wh, one.at_high.energy_wh))
        bars.append(SwingBar(one, WIDTH * low // most, max(2, WIDTH * (high - low) // most), WIDTH * base_wh // most))
    return tuple(bars)


def _sampled(values: Watts) -> Watts:
    if len(values) <= POINTS:
        return values
    return values[np.arange(POINTS) * (len(values) - 1) // (POINTS - 1)]


def _places(count: int) -> NDArray[np.int64]:
    return np.arange(count) * WIDTH // max(1, count - 1)


def _line(heights: NDArray[np.int64]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in zip(_places(len(heights)), heights, strict=True))


def _between(low: NDArray[np.int64], high: NDArray[np.int64]) -> str:
    places = _places(len(low))
    there = "L".join(f"{x} {y}" for x, y in zip(places, high, strict=True))
    back = "L".join(f"{x} {y}" for x, y in zip(places[::-1], low[::-1], strict=True))
    return f"M{there}L{back}z"
