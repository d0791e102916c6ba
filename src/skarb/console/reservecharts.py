"""Geometry of the pages about bills, audit and the reserve: who pays the levy, what was declared of what was expected, what risk leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skarb.app.reservemodel import AuditView, Declared, MinerSum, MonthSum, ReserveView
from skarb.reporting import reserve
from skarb.reporting.lines import Area, Curve, Scale, Sheet, sheet
from skarb.reporting.reserve import Violation
from skarb.reporting.shapes import HEIGHT, WIDTH, length
from skarb.reporting.words import Said

_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def lorenz_chart(miners: Sequence[MinerSum]) -> Sheet | None:
    """Return how much of the levy, and of the energy, the smaller of the miners have, each in its own order; None where nothing is levied."""
    levy, energy = ([getattr(one, name) for one in miners] for name in ("levy_minor", "energy_wh"))
    if not sum(levy) or not sum(energy):
        return None
    equal, of_levy = [(0.0, 0.0), (1.0, 1.0)], _cumulated(levy)
    even = [(x, x) for x, _ in of_levy]
    curves = [Curve("equal", equal, "c5"), Curve("energy", _cumulated(energy), "c0"), Curve("levy", of_levy, "c1")]
    return sheet(curves, [Area(of_levy, even, "outer")], x_ticks=_QUARTERS, y_range=(0.0, 1.0))


def _cumulated(values: Sequence[int]) -> list[tuple[float, float]]:
    ordered, whole = sorted(values), sum(values)
    return [(count / len(ordered), sum(ordered[:count]) / whole) for count in range(len(ordered) + 1)]


@dataclass(frozen=True)
class Dot:
    """A site in a month, at its place in the drawing."""

    of: Declared
    x: int
    y: int


@dataclass(frozen=True)
class Scatter:
    """What was declared over what was expected, both on scales on which ten times is equally far; bands are polygons."""

    dots: tuple[Dot, ...]
    bands: tuple[tuple[str, str], ...]  # style, path; the widest first
    middle: str
    x_ticks: tuple[tuple[int, float], ...]
    y_ticks: tuple[tuple[int, float], ...]


def scatter_chart(audit: AuditView) -> Scatter | None:
    """Return the drawing, or None while nothing was expected."""
    points = [one for one in audit.points if one.high_sat and one.paid_sat]
    if not points or not audit.band[0]:
        return None
    middles = [(one.low_sat + one.high_sat) / 2e8 for one in points]
    paid = [one.paid_sat / 1e8 for one in points]
    least, low, high, most = audit.band
    across = Scale(min(middles) * 0.7, max(middles) * 1.4, WIDTH, True)
    up = Scale(min(across.low * least, *paid) * 0.95, max(across.high * most, *paid) * 1.05, HEIGHT, True)

    def at(x: float, y: float) -> str:
        return f"{across.at(x)},{HEIGHT - up.at(y)}"

    def band(below: float, above: float) -> str:
        ends = (across.low, across.high)
        return "M" + " L".join([*(at(x, x * below) for x in ends), *(at(x, x * above) for x in reversed(ends))]) + " Z"

    return Scatter(
        tuple(Dot(one, across.at(x), HEIGHT - up.at(y)) for one, x, y in zip(points, middles, paid, strict=True)),
        (("outer", band(least, most)), ("inner", band(low, high))),
        f"M{at(across.low, across.low)} L{at(across.high, across.high)}",
        tuple((across.at(value), value) for value in across.ticks()),
        tuple((HEIGHT - up.at(value), value) for value in up.ticks()),
    )


def value_chart(view: ReserveView, words: Said) -> dict[str, Any]:
    """Return the coins of today at past prices, the least they were forecast to be worth, and the days on which it was less."""
    violations = [Violation(*one) for one in view.violations]
    return reserve.value_chart(view.value, view.bound, violations, words)


def month_bars(months: Sequence[MonthSum]) -> tuple[tuple[MonthSum, int, int], ...]:
    """Return what came in by month, newest first, with the lengths of its coins and of its money."""
    most_sat, most_minor = (max((getattr(one, name) for one in months), default=0) for name in ("sat", "minor"))
    return tuple((one, length(one.sat, most_sat), length(one.minor, most_minor)) for one in reversed(months))
