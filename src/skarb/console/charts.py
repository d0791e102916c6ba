"""Geometry of the console's own charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from skarb.app.draftmodel import DraftAnswer, Total, Turns
from skarb.app.model import Flows
from skarb.oversight.replay import Sum
from skarb.reporting.replay.charts import TurnedChart, turned_chart
from skarb.reporting.replay.figures import Slice, Turned
from skarb.reporting.shapes import HEIGHT, Bar, Column, columns_of


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
    drawn = columns_of([(day.out, day.returned) for day in shown])
    columns = []
    for day, column in zip(shown, drawn.columns, strict=True):
        running += day.out - day.returned
        columns.append(_column(day.day, column, running))
    return FlowChart(
        columns=tuple(columns),
        middle=drawn.middle,
        still_out_path=_area(columns, drawn.step),
        ticks=tuple(tick for tick in drawn.ticks if tick[0] <= drawn.middle),
        out=out,
        returned=returned,
    )


def _column(day: date, column: Column, still_out: int) -> FlowColumn:
    return FlowColumn(day, column.up, column.down, column.hover, still_out)


def _area(columns: list[FlowColumn], step: int) -> str:
    top = max(1, *(abs(column.still_out) for column in columns), 1)
    points = [
        (place * step + step // 2, HEIGHT - HEIGHT * max(0, c.still_out) * 9 // (top * 10)) for place, c in enumerate(columns)
    ]
    line = " ".join(f"L{x},{y}" for x, y in points)
    return f"M{points[0][0]},{HEIGHT} {line} L{points[-1][0]},{HEIGHT} Z"


def draft_chart(answer: DraftAnswer, kind: Literal["rows", "money"], most_days: int = 92) -> TurnedChart | None:
    """Return what a draft would have changed day by day, or month by month where the past is long; None where nothing is turned."""
    parts = answer.days if len(answer.days) <= most_days else answer.months
    slices = [Slice(part.label, _turned(part.turns)) for part in parts]
    return turned_chart(slices, (lambda one: one.rows) if kind == "rows" else (lambda one: one.money))


def _turned(turns: Turns) -> Turned:
    return Turned(
        refused=_sum(turns.refused), referred=_sum(turns.referred), freed=_sum(turns.freed), otherwise=_sum(turns.otherwise)
    )


def _sum(total: Total) -> Sum:
    return Sum(total.rows, total.money)
