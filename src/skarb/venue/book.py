"""The order book: the best price first, at one price who came first; trades are made at the price of the order that rested.

No clock, no float, no account: who may trade and what it costs is decided before an order gets here.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """What a message asks for."""

    limit = 0  # rests until it is filled or cancelled
    immediate = 1  # or cancel: what does not trade at once is gone
    cancel = 2
    move = 3  # to another price, with what is left, behind all who rest there; may trade
    fill_or_kill = 4  # all of it at once, or nothing
    post_only = 5  # only if it would not trade


class Message(NamedTuple):
    """One message. Units: price in ticks, quantity in lots; side 0 buys, 1 sells."""

    kind: Kind
    id: int
    side: int
    price: int
    quantity: int


class Trade(NamedTuple):
    """One trade, at the price of the order that rested."""

    maker: int
    taker: int
    price: int
    quantity: int


class Level(NamedTuple):
    """What rests at one price."""

    price: int
    quantity: int
    orders: int


class _Side:
    """The orders of one side. Prices are kept so that the best one is the last: sells with their sign turned."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.prices: list[int] = []
        self.levels: dict[
            int, dict[int, int]
        ] = {}  # price with sign → orders in the order in which they came, with what is left of them

    def add(self, order: int, price: int, quantity: int) -> None:
        key = self.sign * price
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = {}
            insort(self.prices, key)
        level[order] = quantity

    def remove(self, order: int, price: int) -> int:
        """Take an order out; return what was left of it."""
        key = self.sign * price
        level = self.levels[key]
        quantity = level.pop(order)
        if not level:
            del self.levels[key]
            del self.prices[bisect_left(self.prices, key)]
        return quantity

    def reaches(self, limit: int) -> bool:
        """Tell whether somebody who pays or takes `limit` would trade."""
        return bool(self.prices) and self.prices[-1] >= self.sign * limit

    def within(self, limit: int, enough: int) -> bool:
        """Tell whether so many lots rest at prices not worse than a limit."""
        found = 0
        for key in reversed(self.prices):
            if key < self.sign * limit or found >= enough:
                break
            found += sum(self.levels[key].values())
        return found >= enough


class OrderBook:
    """The book of one instrument."""

    def __init__(self) -> None:
        self._sides = (_Side(1), _Side(-1))
        self._resting: dict[int, tuple[int, int]] = {}  # order → side and price

    def __len__(self) -> int:
        """Return how many orders rest."""
        return len(self._resting)

    def __contains__(self, order: int) -> bool:
        """Tell whether an order rests."""
        return order in self._resting

    def take(self, message: Message) -> list[Trade]:
        """Do what a message asks for; return the trades. To cancel or move what does not rest does nothing."""
        kind, order, side, price, quantity = message
        if kind in (Kind.cancel, Kind.move):
            if order not in self._resting:
                return []
            side, old = self._resting.pop(order)
            quantity = self._sides[side].remove(order, old)
            if kind is Kind.cancel:
                return []
        others = self._sides[1 - side]
        if kind is Kind.post_only and others.reaches(price):
            return []
        if kind is Kind.fill_or_kill and not others.within(price, quantity):
            return []
        trades, left = self._match(order, others, price, quantity)
        if left and kind not in (Kind.immediate, Kind.fill_or_kill):
            self._sides[side].add(order, price, left)
            self._resting[order] = side, price
        return trades

    def depth(self, side: int, levels: int) -> list[Level]:
        """Return what rests on a side, the best price first."""
        kept = self._sides[side]
        best = kept.prices[: -levels - 1 : -1]
        return [Level(kept.sign * key, sum(kept.levels[key].values()), len(kept.levels[key])) for key in best]

    def _match(self, taker: int, others: _Side, limit: int, quantity: int) -> tuple[list[Trade], int]:
        """Trade with what rests at prices not worse than a limit; return the trades and what is left."""
        trades = []
        while quantity and others.reaches(limit):
            price = others.sign * others.prices[-1]
            level = others.levels[others.prices[-1]]
            maker = next(iter(level))
            traded = min(quantity, level[maker])
            trades.append(Trade(maker, taker, price, traded))
            quantity -= traded
            if traded == level[maker]:
                others.remove(maker, price)
                del self._resting[maker]
            else:
                level[maker] -= traded
        return trades, quantity
