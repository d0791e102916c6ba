"""Charts of flows: channels as bands, curves with their bands, in whole units of a drawing, without a word of markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skarb.oversight.flows.curves import HORIZONS, Curve
from skarb.reporting.flows.model import FlowReport

WIDTH, HEIGHT = 1000, 380
_GAP, _NODE = 10, 14
_COLUMNS = (0, 470, WIDTH - _NODE)


@dataclass(frozen=True)
class Node:
    """Something that money passes: an institution, a place abroad, home or nowhere yet."""

    label: str
    kind: str  # "institution", "place", "returned", "spent" or "still"
    x: int
    y: int
    height: int
    value: int


@dataclass(frozen=True)
class Band:
    """Money between two nodes, as wide as there is of it."""

    path: str
    kind: str
    source: str
    target: str
    value: int


@dataclass(frozen=True)
class Channels:
    """Institutions on the left, places abroad in the middle, what became of the money on the right."""

    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def channels_of(report: FlowReport, most: int = 8) -> Channels | None:
    """Return the channels, or None if nothing went abroad; places beyond `most` are one."""
    whole = report.headline.invested
    if not whole:
        return None
    large = [line.label for line in sorted(report.lines["place"], key=lambda one: -one.invested)][:most]
    flows: dict[tuple[str, str], int] = {}
    for institution, place, invested, _ in report.channels:
        key = institution, place if place in large else ""
        flows[key] = flows.get(key, 0) + invested
    ends: dict[tuple[str, str], int] = {}
    for line in report.lines["place"]:
        label = line.label if line.label in large else ""
        for kind, value in (("returned", line.returned), ("spent", line.spent), ("still", line.still)):
            ends[label, kind] = ends.get((label, kind), 0) + value
    left = _stack([(one, "institution", sum(v for (a, _), v in flows.items() if a == one)) for one in _order(flows, 0)], 0, whole)
    middle = _stack([(one, "place", sum(v for (_, b), v in flows.items() if b == one)) for one in _order(flows, 1)], 1, whole)
    kinds = [kind for kind in ("returned", "spent", "still") if any(v for (_, k), v in ends.items() if k == kind)]
    right = _stack([("", kind, sum(v for (_, k), v in ends.items() if k == kind)) for kind in kinds], 2, whole)
    bands = _bands(left, middle, [(a, b, v, "out") for (a, b), v in flows.items()], whole)
    bands += _bands(middle, right, [(a, k, v, k) for (a, k), v in ends.items()], whole)
    return Channels((*left.values(), *middle.values(), *right.values()), tuple(bands))


def _order(flows: dict[tuple[str, str], int], side: int) -> list[str]:
    sums: dict[str, int] = {}
    for key, value in flows.items():
        sums[key[side]] = sums.get(key[side], 0) + value
    return sorted(sums, key=lambda one: (one == "", -sums[one], one))


def _stack(parts: Sequence[tuple[str, str, int]], column: int, whole: int) -> dict[str, Node]:
    room = HEIGHT - _GAP * max(0, len(parts) - 1)
    nodes, y = {}, 0
    for label, kind, value in parts:
        height = max(2, room * value // whole)
        nodes[label or ("" if kind == "place" else kind)] = Node(label, kind, _COLUMNS[column], y, height, value)
        y += height + _GAP
    return nodes


def _bands(left: dict[str, Node], right: dict[str, Node], flows: Sequence[tuple[str, str, int, str]], whole: int) -> list[Band]:
    used: dict[tuple[int, str], int] = {}
    made = []
    places = {name: number for number, name in enumerate(left)} | {}
    onward = {name: number for number, name in enumerate(right)}
    for source, target, value, kind in sorted(flows, key=lambda one: (places[one[0]], onward.get(one[1], 0))):
        if not value:
            continue
        a, b = left[source], right[target]
        thick_a, thick_b = max(1, a.height * value // a.value), max(1, b.height * value // b.value)
        ya, yb = a.y + used.get((0, source), 0), b.y + used.get((1, target), 0)
        used[0, source], used[1, target] = ya - a.y + thick_a, yb - b.y + thick_b
        xa, xb = a.x + _NODE, b.x
        bend = (xa + xb) // 2
        path = (
            f"M{xa},{ya} C{bend},{ya} {bend},{yb} {xb},{yb} L{xb},{yb + thick_b} "
            f"C{bend},{yb + thick_b} {bend},{ya + thick_a} {xa},{ya + thick_a} Z"
        )
        made.append(Band(path, kind, source, target, value))
    return made


@dataclass(frozen=True)
class Drawn:
    """A curve in a drawing: its line, its band, and the marks below it in days."""

    line: str
    band: str
    marks: tuple[tuple[int, str, float | None], ...]  # x, months, share back


def curve_of(curve: Curve) -> Drawn | None:
    """Return the share that is back by age as steps; None where nothing was watched for a day."""
    if not curve.total or curve.until <= 0:
        return None
    across = curve.until

    def x(age: int) -> int:
        return WIDTH * age // across

    def y(share: float) -> int:
        return HEIGHT - int(HEIGHT * max(0.0, min(1.0, share)))

    line, upper, lower = [f"M0,{HEIGHT}"], [(0, HEIGHT)], [(0, HEIGHT)]
    high, low = 0.0, 0.0
    for step in curve.steps:
        at = x(step.age)
        upper += [(at, y(high)), (at, y(1 - step.low))]
        lower += [(at, y(low)), (at, y(1 - step.high))]
        line.append(f"H{at} V{y(1 - step.share)}")
        high, low = 1 - step.low, 1 - step.high
    line.append(f"H{WIDTH}")
    upper.append((WIDTH, y(high)))
    lower.append((WIDTH, y(low)))
    band = "M" + " L".join(f"{a},{b}" for a, b in (*upper, *reversed(lower))) + " Z"
    marks = tuple((x(days), months, 1 - held.share) for months, days in HORIZONS if (held := curve.at(days)) is not None)
    return Drawn(" ".join(line), band, marks)
