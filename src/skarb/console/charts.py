"""Geometry of the charts: shapes in whole units of a stretched drawing, without a word of markup.

Labels stay outside the drawing, in the page, so that they keep their size on a narrow screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from skarb.app.model import Flows

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
class FlowColumn:
    """One day of the flow chart: sent out above the line, returned below it."""

    day: date
    out: Bar
    returned: Bar
    hover: Bar  # the whole column, to point at
    still_out: int


@dataclass(frozen=True)
class FlowChart:
    """Daily bars around a middle line, and the growing sum that is still out as an area behind them."""

    columns: tuple[FlowColumn, ...]
    middle: int
    still_out_path: str
    ticks: tuple[tuple[int, int], ...]  # height in the drawing, value
    out: int
    returned: int

    @property
    def still_out(self) -> int:
        """What went out and did not come back."""
        return self.out - self.returned


def flow_chart(flows: Flows, most_days: int = 45) -> FlowChart | None:
    """Return the chart of the latest days, or None if nothing ever moved. Totals are over all days."""
    out, returned = sum(day.out for day in flows.days), sum(day.returned for day in flows.days)
    if not out and not returned:
        return None
    shown = flows.days[-most_days:]
    earlier = flows.days[: len(flows.days) - len(shown)]
    running = sum(day.out - day.returned for day in earlier)
    up, down = max(day.out for day in shown), max(day.returned for day in shown)
    scale = max(1, up + down)
    middle = HEIGHT - HEIGHT * down // scale if up else 0
    step = WIDTH // len(shown)
    columns = []
    for place, day in enumerate(shown):
        running += day.out - day.returned
        x, width = place * step + step // 8, max(2, step - step // 4)
        rise, fall = HEIGHT * day.out // scale, HEIGHT * day.returned // scale
        columns.append(
            FlowColumn(
                day=day.day,
                out=Bar(x, middle - rise, width, rise, day.out),
                returned=Bar(x, middle, width, fall, day.returned),
                hover=Bar(place * step, 0, step, HEIGHT, 0),
                still_out=running,
            )
        )
    return FlowChart(
        columns=tuple(columns),
        middle=middle,
        still_out_path=_area(columns, step),
        ticks=(*((middle - HEIGHT * value // scale, value) for value in _ticks(up)), (middle, 0)),
        out=out,
        returned=returned,
    )


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


def length(value: int, most: int) -> int:
    """Return how long a bar is; something is never nothing."""
    return max(4, WIDTH * value // most) if value and most else 0


def _area(columns: list[FlowColumn], step: int) -> str:
    top = max(1, *(abs(column.still_out) for column in columns), 1)
    points = [
        (place * step + step // 2, HEIGHT - HEIGHT * max(0, c.still_out) * 9 // (top * 10)) for place, c in enumerate(columns)
    ]
    line = " ".join(f"L{x},{y}" for x, y in points)
    return f"M{points[0][0]},{HEIGHT} {line} L{points[-1][0]},{HEIGHT} Z"


def _ticks(most: int) -> tuple[int, ...]:
    """Return one to three round values below a maximum."""
    if most <= 0:
        return ()
    unit = 10 ** (len(str(most)) - 1)
    for step in (unit // 2, unit, 2 * unit, 5 * unit):
        if step and most // step <= 3:
            return tuple(step * n for n in range(1, most // step + 1))
    return (unit,)
