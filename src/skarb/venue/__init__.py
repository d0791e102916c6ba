"""A venue's order book: orders meet by price and then by time, in whole ticks and lots; the same messages make the same trades."""

from skarb.venue.book import Kind, Message, OrderBook, Trade

__all__ = ["Kind", "Message", "OrderBook", "Trade"]
