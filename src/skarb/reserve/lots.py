"""Lots: what came in when and at what cost, and which of it is left.

Every inflow and the proceeds of every sale are a lot. What leaves is taken from the oldest lots of its asset, in the order in which they were
posted; nothing else is offered, so nobody chooses a gain. A part of a lot costs the same share of its cost: after `t` of `n` units were taken, the
floor of cost × t / n has gone with them, so parts add up to the whole to the kopeck however they were cut. Moves between places take
nothing but their fee.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from skarb.core.errors import ensure

DisposalKind = Literal["sell", "pay", "fee"]


class Lot(NamedTuple):
    """What came in at once. Units: smallest units, kopecks."""

    lot: str
    day: int  # legal day
    asset: str
    units: int
    cost_byn: int


class Taken(NamedTuple):
    """A part of a lot that left."""

    lot: str
    units: int
    cost_byn: int


class Disposal(NamedTuple):
    """What left at once, and from which lots."""

    id: str
    day: int
    kind: DisposalKind
    asset: str
    units: int
    value_byn: int  # what it brought or was worth; nothing for a fee
    taken: tuple[Taken, ...]

    @property
    def cost_byn(self) -> int:
        """What it had cost."""
        return sum(one.cost_byn for one in self.taken)

    @property
    def gain_byn(self) -> int:
        """What was gained, or below zero lost."""
        return self.value_byn - self.cost_byn


@dataclass
class _Open:
    """A lot of which something is left."""

    lot: Lot
    taken: int = 0

    def take(self, units: int) -> Taken:
        before, self.taken = self._gone(), self.taken + units
        return Taken(self.lot.lot, units, self._gone() - before)

    def left(self) -> Lot:
        return self.lot._replace(units=self.lot.units - self.taken, cost_byn=self.lot.cost_byn - self._gone())

    def _gone(self) -> int:
        return self.lot.cost_byn * self.taken // self.lot.units


class Lots:
    """All lots of a book, fed in the order of its journal."""

    def __init__(self) -> None:
        self.disposals: list[Disposal] = []
        self._open: dict[str, deque[_Open]] = {}
        self._units: dict[str, int] = {}

    def add(self, lot: Lot) -> None:
        """Take in a lot."""
        ensure(lot.units > 0 and lot.cost_byn >= 0, "a lot is something")
        self._open.setdefault(lot.asset, deque()).append(_Open(lot))
        self._units[lot.asset] = self.units(lot.asset) + lot.units

    def units(self, asset: str) -> int:
        """Return how much of an asset is left in all lots."""
        return self._units.get(asset, 0)

    def dispose(self, name: str, day: int, kind: DisposalKind, asset: str, units: int, value_byn: int = 0) -> Disposal:
        """Take units from the oldest lots. The ledger was asked before whether they are there."""
        ensure(0 < units <= self.units(asset), "nothing leaves that is not in a lot")
        queue, taken, wanted = self._open[asset], list[Taken](), units
        while wanted:
            oldest = queue[0]
            part = min(wanted, oldest.lot.units - oldest.taken)
            taken.append(oldest.take(part))
            wanted -= part
            if oldest.taken == oldest.lot.units:
                queue.popleft()
        self._units[asset] -= units
        made = Disposal(name, day, kind, asset, units, value_byn, tuple(taken))
        self.disposals.append(made)
        return made

    def left(self) -> list[Lot]:
        """Return what is left of each lot, by asset and in the order in which it will go."""
        return [one.left() for asset in sorted(self._open) for one in self._open[asset]]
