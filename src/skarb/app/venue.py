"""Messages to a venue, from a file, matched again: the same messages make the same trades and the same book, at any message."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path

import numpy as np

from skarb.core.errors import InputError, NotFound, shorten
from skarb.venue import Kind, Message, OrderBook, Trade

COLUMNS = ("op", "id", "side", "price", "qty")
_MOST = 1 << 53  # of any number: all programs agree on those below


def read_messages(path: Path) -> Iterator[Message]:
    """Yield the messages of a CSV file, plain or gzip.

    Raises: NotFound, InputError naming the row.
    """
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError):
        raise InputError(f"{path.name}: given bytes that are no text, or cut; expected CSV in UTF-8, plain or gzip") from None
    if text and not text.endswith("\n"):
        raise InputError(f"{path.name}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    rows = csv.reader(StringIO(text, newline=""))
    try:
        header = next(rows, [])
        if tuple(header) != COLUMNS:
            raise InputError(f"{path.name} row 1: given columns {shorten(','.join(header))!r}, expected {','.join(COLUMNS)}")
        for number, row in enumerate(rows, 2):
            yield _message(row, f"{path.name} row {number}")
    except csv.Error as error:
        raise InputError(f"{path.name} line {rows.line_num}: given {error}, expected comma-separated values") from None


def _message(row: list[str], where: str) -> Message:
    if len(row) != len(COLUMNS) or not all(one.isascii() and one.isdecimal() and len(one) < 17 for one in row):
        raise InputError(f"{where}: given {shorten(','.join(row))!r}, expected {len(COLUMNS)} whole numbers from 0 on")
    op, order, side, price, quantity = map(int, row)
    if op >= len(Kind):
        kinds = ", ".join(f"{kind.value} {kind.name.replace('_', ' ')}" for kind in Kind)
        raise InputError(f"{where}, op: given {op}, expected one of {kinds}")
    if side > 1:
        raise InputError(f"{where}, side: given {side}, expected 0 for a purchase or 1 for a sale")
    if max(order, price, quantity) >= _MOST:
        raise InputError(f"{where}: given {max(order, price, quantity)}, expected numbers below {_MOST}")
    kind = Kind(op)
    if kind not in (Kind.cancel, Kind.move) and not quantity:
        raise InputError(f"{where}, qty: given 0, expected at least one lot")
    return Message(kind, order, side, price, quantity)


def matched(messages: Iterable[Message], stop: int | None = None) -> tuple[OrderBook, list[Trade], int]:
    """Return the book and the trades after all messages, or after the first `stop` of them, and how many were taken.

    Raises: InputError for a new order under the id of one that rests.
    """
    book, trades, count = OrderBook(), list[Trade](), 0
    for message in messages:
        if count == stop:
            break
        count += 1
        if message.kind not in (Kind.cancel, Kind.move) and message.id in book:
            raise InputError(f"message {count}, id: given {message.id} of an order that rests, expected an id of its own")
        trades += book.take(message)
    return book, trades, count


def trades_hash(trades: Iterable[Trade]) -> str:
    """Return the SHA-256 over maker, taker, price and quantity of all trades as little-endian words of 64 bits."""
    return sha256(np.array(list(trades), "<i8").reshape(-1, 4).tobytes()).hexdigest()
