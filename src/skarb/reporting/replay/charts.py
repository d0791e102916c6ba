"""Charts of a replay: what would no longer be permitted above the line, what would newly be permitted below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skarb.oversight.replay import Sum
from skarb.reporting.replay.figures import Slice, Turned
from skarb.reporting.shapes import Bar, Column, Columns, columns_of


@dataclass(frozen=True)
class Stack:
    """One column: newly referred on top of newly refused, newly permitted below the line."""

    label: str
    turned: Turned
    refused: Bar
    referred: Bar
    freed: Bar
    hover: Bar


@dataclass(frozen=True)
class TurnedChart:
    """A column for each label, of rows or of money."""

    stacks: tuple[Stack, ...]
    columns: Columns

    @property
    def ends(self) -> tuple[str, ...]:
        """The labels that are written below: the first, one in the middle, the last."""
        labels = [one.label for one in self.stacks]
        places = sorted({0, len(labels) // 2, len(labels) - 1}) if len(labels) > 4 else range(len(labels))
        return tuple(labels[place] for place in places)


def turned_chart(slices: Sequence[Slice], of: Callable[[Sum], int], most: int = 120) -> TurnedChart | None:
    """Return a chart of the latest slices, or None if nothing in them is turned. `of` says whether rows are drawn or money."""
    shown = slices[-most:]
    values = [(max(0, of(one.turned.kept)), max(0, of(one.turned.freed))) for one in shown]
    if not any(up or down for up, down in values):
        return None
    drawn = columns_of(values)
    return TurnedChart(
        tuple(_stack(one, column, max(0, of(one.turned.refused))) for one, column in zip(shown, drawn.columns, strict=True)),
        drawn,
    )


def _stack(one: Slice, column: Column, refused: int) -> Stack:
    up = column.up
    height = up.height * refused // up.value if up.value else 0
    near = Bar(up.x, up.y + up.height - height, up.width, height, refused)
    far = Bar(up.x, up.y, up.width, up.height - height, up.value - refused)
    return Stack(one.label, one.turned, near, far, column.down, column.hover)
