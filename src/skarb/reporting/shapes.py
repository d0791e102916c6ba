"""Geometry of charts: shapes in whole units of a stretched drawing, without a word of markup.

Labels stay outside the drawing, in the page, so that they keep their size on a narrow screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 400


@dataclass(frozen=True)
class Bar:
    """A rectangle with what it stands for."""

    x: int
    y: int
    width: int
    height: int
    value: int


@dataclass(frozen=True)
class Column:
    """What goes up and what goes down at one place of a chart."""

    up: Bar
    down: Bar
    hover: Bar  # the whole column, to point at


@dataclass(frozen=True)
class Columns:
    """Columns around a middle line; heights above and below are of one scale."""

    columns: tuple[Column, ...]
    middle: int
    step: int  # from one column to the next
    ticks: tuple[tuple[int, int], ...]  # height in the drawing, value; from above to below


def columns_of(values: Sequence[tuple[int, int]]) -> Columns:
    """Return a column for each pair of values, neither of which is below nought; at least one pair."""
    up, down = max(one for one, _ in values), max(one for _, one in values)
    scale = max(1, up + down)
    middle = min(HEIGHT - HEIGHT * down // scale, HEIGHT - bool(down)) if up else 0
    step = max(1, WIDTH // len(values))
    columns = []
    for place, (above, below) in enumerate(values):
        x, width = place * step + step // 8, max(1, step - step // 4)
        rise, fall = length(above, scale, HEIGHT), length(below, scale, HEIGHT)
        columns.append(
            Column(
                Bar(x, middle - rise, width, rise, above),
                Bar(x, middle, width, fall, below),
                Bar(place * step, 0, step, HEIGHT, 0),
            )
        )
    above_ticks = [(middle - HEIGHT * value // scale, value) for value in ticks(up)]
    below_ticks = [(middle + HEIGHT * value // scale, value) for value in ticks(down)]
    return Columns(tuple(columns), middle, step, tuple(_apart([(middle, 0), *above_ticks, *below_ticks])))


def _apart(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the marks that leave room for each other's labels, the first ones rather than later ones, from above to below."""
    kept: list[tuple[int, int]] = []
    for mark in marks:
        if all(abs(mark[0] - one[0]) >= HEIGHT // 16 for one in kept):
            kept.append(mark)
    return sorted(kept)


def share_bar(parts: tuple[int, ...]) -> tuple[Bar, ...]:
    """Return parts of a whole side by side over the full width."""
    whole = sum(parts)
    bars, x = [], 0
    for part in parts:
        width = WIDTH * part // whole if whole else 0
        if part and not width:
            width = 1
        bars.append(Bar(x, 0, width, 1, part))
        x += width
    return tuple(bars)


def length(value: int, most: int, whole: int = WIDTH) -> int:
    """Return how long a bar is; something is never nothing."""
    return max(whole // 250, whole * value // most) if value and most else 0


def shade(value: int, most: int, steps: int = 8) -> int:
    """Return how dark a cell of a heat table is: nought for nothing, then by powers, so that small numbers are seen beside large ones."""
    if value <= 0 or most <= 0:
        return 0
    return 1 + (steps - 1) * (value.bit_length() - 1) // max(1, most.bit_length() - 1)


def ticks(most: int) -> tuple[int, ...]:
    """Return one to three round values below a maximum."""
    if most <= 0:
        return ()
    unit = 10 ** (len(str(most)) - 1)
    for step in (unit // 2, unit, 2 * unit, 5 * unit):
        if step and most // step <= 3:
            return tuple(step * n for n in range(1, most // step + 1))
    return (unit,)
