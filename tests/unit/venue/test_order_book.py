"""The order book: each kind of order by hand, and all of them against a plain list that is searched."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.venue import Kind, Message, OrderBook, Trade
from skarb.venue.book import Level

BUY, SELL = 0, 1


def book_of(*messages: tuple[Kind, int, int, int, int]) -> OrderBook:
    book = OrderBook()
    for one in messages:
        book.take(Message(*one))
    return book


def test_the_best_price_comes_first_and_then_who_came_first() -> None:
    book = book_of((Kind.limit, 1, SELL, 11, 5), (Kind.limit, 2, SELL, 10, 5), (Kind.limit, 3, SELL, 10, 5))
    assert book.take(Message(Kind.limit, 4, BUY, 11, 12)) == [Trade(2, 4, 10, 5), Trade(3, 4, 10, 5), Trade(1, 4, 11, 2)]
    assert book.depth(SELL, 9) == [Level(11, 3, 1)] and book.depth(BUY, 9) == [] and len(book) == 1


@pytest.mark.parametrize(
    ("kind", "quantity", "traded", "rests"),
    [
        (Kind.limit, 8, 5, 3),
        (Kind.immediate, 8, 5, 0),
        (Kind.fill_or_kill, 8, 0, 0),
        (Kind.fill_or_kill, 5, 5, 0),
        (Kind.post_only, 8, 0, 0),
    ],
)
def test_what_becomes_of_the_rest(kind: Kind, quantity: int, traded: int, rests: int) -> None:
    book = book_of((Kind.limit, 1, SELL, 10, 5), (Kind.limit, 2, SELL, 12, 5))
    trades = book.take(Message(kind, 3, BUY, 10, quantity))
    assert sum(one.quantity for one in trades) == traded and sum(one.quantity for one in book.depth(BUY, 9)) == rests


def test_who_moves_goes_behind_and_may_trade() -> None:
    book = book_of(
        (Kind.limit, 1, BUY, 9, 5), (Kind.limit, 2, BUY, 8, 4), (Kind.limit, 3, SELL, 10, 3), (Kind.post_only, 4, SELL, 11, 1)
    )
    assert book.take(Message(Kind.move, 1, SELL, 8, 99)) == [], "side and quantity of a move are those of the order"
    assert book.take(Message(Kind.immediate, 5, SELL, 8, 6)) == [Trade(2, 5, 8, 4), Trade(1, 5, 8, 2)]
    assert book.take(Message(Kind.move, 1, BUY, 10, 0)) == [Trade(3, 1, 10, 3)] and 1 not in book
    assert book.take(Message(Kind.move, 1, BUY, 10, 0)) == book.take(Message(Kind.cancel, 77, BUY, 0, 0)) == []
    assert book.take(Message(Kind.cancel, 4, BUY, 0, 0)) == [] and len(book) == 0


@dataclass
class Order:
    """An order of the plain list."""

    id: int
    side: int
    price: int
    left: int


class Plain:
    """The same rules over one list in the order of arrival."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def take(self, message: Message) -> list[Trade]:
        kind, number, side, price, quantity = message
        if kind in (Kind.cancel, Kind.move):
            own = next((one for one in self.orders if one.id == number), None)
            if own is None:
                return []
            self.orders.remove(own)
            if kind is Kind.cancel:
                return []
            side, quantity = own.side, own.left
        better = -1 if side == BUY else 1
        near = sorted(
            (one for one in self.orders if one.side != side and better * (one.price - price) >= 0),
            key=lambda one: -better * one.price,
        )
        if kind is Kind.post_only and near:
            return []
        if kind is Kind.fill_or_kill and sum(one.left for one in near) < quantity:
            return []
        trades = []
        for one in near:
            traded = min(quantity, one.left)
            if traded:
                trades.append(Trade(one.id, number, one.price, traded))
                one.left -= traded
                quantity -= traded
        self.orders = [one for one in self.orders if one.left]
        if quantity and kind not in (Kind.immediate, Kind.fill_or_kill):
            self.orders.append(Order(number, side, price, quantity))
        return trades


def messages() -> st.SearchStrategy[list[tuple[Kind, int, int, int, int]]]:
    return st.lists(
        st.tuples(st.sampled_from(Kind), st.integers(0, 30), st.integers(0, 1), st.integers(1, 6), st.integers(1, 9)), max_size=80
    )


@given(messages())
def test_all_kinds_agree_with_a_plain_list(asked: list[tuple[Kind, int, int, int, int]]) -> None:
    book, plain = OrderBook(), Plain()
    for number, (kind, named, side, price, quantity) in enumerate(asked):
        own = named if kind in (Kind.cancel, Kind.move) else 100 + number
        message = Message(kind, 100 + own if own == named else own, side, price, quantity)
        assert book.take(message) == plain.take(message)
    for side in (BUY, SELL):
        rest = [one for one in plain.orders if one.side == side]
        assert sum(one.quantity for one in book.depth(side, 99)) == sum(one.left for one in rest)
        assert [one.price for one in book.depth(side, 99)] == sorted({one.price for one in rest}, reverse=side == BUY)
    assert len(book) == len(plain.orders)
