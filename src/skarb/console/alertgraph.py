"""Geometry of a scheme: people in columns in the order in which money reaches them, an arrow for each two who pay."""

from __future__ import annotations

from dataclasses import dataclass

from skarb.app.alertmodel import AlertView

WIDTH, ROW, MARGIN, RADIUS = 1000, 64, 56, 15


@dataclass(frozen=True)
class Node:
    """A person, at a place of the drawing."""

    number: int
    x: int
    y: int


@dataclass(frozen=True)
class Arrow:
    """Everything that one paid another."""

    sender: int
    receiver: int
    path: str
    transfers: int
    weight: int  # of the line, in tenths


@dataclass(frozen=True)
class Graph:
    """A drawing in whole units."""

    width: int
    height: int
    radius: int
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def graph_of(alert: AlertView) -> Graph:
    """Return the drawing of a scheme."""
    column: dict[int, int] = {}
    together: dict[tuple[int, int], int] = {}
    for move in alert.moves:
        column.setdefault(move.sender, 0)
        column.setdefault(move.receiver, column[move.sender] + 1)
        together[move.sender, move.receiver] = together.get((move.sender, move.receiver), 0) + 1
    # Who is paid by his own column, or from further on, and pays nobody, is where the money ends: he stands last.
    ends = {receiver for sender, receiver in together if column[sender] >= column[receiver]} - {sender for sender, _ in together}
    column.update(dict.fromkeys(ends, max(column.values()) + 1))
    columns: dict[int, list[int]] = {}
    for number, place in column.items():
        columns.setdefault(place, []).append(number)
    tallest, last = max(map(len, columns.values())), max(columns)
    height = 2 * MARGIN + ROW * max(2, tallest - 1)
    spot: dict[int, tuple[int, int]] = {}
    for place, numbers in sorted(columns.items()):
        x = WIDTH // 2 if last == 0 else MARGIN + (WIDTH - 2 * MARGIN) * place // last
        for row, number in enumerate(numbers):
            spot[number] = x, height * (2 * row + 1) // (2 * len(numbers))
    arrows = tuple(
        Arrow(sender, receiver, _path(spot[sender], spot[receiver]), count, min(40, 12 + 4 * (count - 1)))
        for (sender, receiver), count in together.items()
    )
    return Graph(WIDTH, height, RADIUS, tuple(Node(number, *at) for number, at in sorted(spot.items())), arrows)


def _path(begin: tuple[int, int], end: tuple[int, int]) -> str:
    """Return a curve from the edge of one circle to the edge of another; what goes back bends more, so that it is seen."""
    (x, y), (to_x, to_y) = begin, end
    across, down = to_x - x, to_y - y
    far = max(1, int((across * across + down * down) ** 0.5))
    bend = 26 if across > 0 else 90
    over_x, over_y = (x + to_x) // 2 + down * bend // far, (y + to_y) // 2 - across * bend // far
    from_x, from_y = _edge(x, y, over_x, over_y)
    tip_x, tip_y = _edge(to_x, to_y, over_x, over_y)
    return f"M{from_x},{from_y} Q{over_x},{over_y} {tip_x},{tip_y}"


def _edge(x: int, y: int, to_x: int, to_y: int) -> tuple[int, int]:
    across, down = to_x - x, to_y - y
    far = max(1, int((across * across + down * down) ** 0.5))
    reach = RADIUS + 4
    return x + across * reach // far, y + down * reach // far
