"""Making room in the books, and their canonical bytes.

Room is made between batches, never inside one; a hash table is at most half full. What is sealed holds only what cannot be
derived: the hash tables and the queue of deadlines are built again from it, and what was put away is only counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import numpy as np

from skarb.core.errors import InputError, ensure
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.ledger.books import (
    ACCOUNTS,
    BEFORE,
    DUE,
    EXPIRIES,
    EXPIRIES_BEFORE,
    KEPT,
    LATEST,
    PENDING,
    PLACES,
    SPENT,
    SPENT_BEFORE,
    TRANSFERS,
    Books,
    Words,
)
from skarb.ledger.engine import Kernel
from skarb.ledger.slots import ROWS_MAX

_MAGIC = b"SKARB-LEDGER-2\0\0"
_COUNTED = (ACCOUNTS, TRANSFERS, SPENT, EXPIRIES, KEPT, BEFORE, SPENT_BEFORE, EXPIRIES_BEFORE, LATEST)
_HEADER = struct.Struct(f"<16s{1 + len(_COUNTED)}Q")  # magic, moment of the latest event, counts
_DIGEST = 32
_SMALLEST = 1 << 10


def empty_books() -> Books:
    """Return books without any account."""
    return Books(
        counts=np.zeros(PLACES, np.int64),
        accounts=np.empty(0, ACCOUNT),
        balances=np.empty((0, 8), np.uint64),
        account_slots=np.zeros(_SMALLEST, np.uint64),
        transfers=np.empty(0, TRANSFER),
        status=np.empty(0, np.uint8),
        transfer_slots=np.zeros(_SMALLEST, np.uint64),
        spent=np.empty((0, 2), np.uint64),
        due_at=np.empty(0, np.uint64),
        due_row=np.empty(0, np.int64),
        expiries=np.empty((0, 3), np.int64),
        origins=np.empty(0, np.int64),
        guest_slots=np.zeros(1, np.uint64),
    )


def room_for_accounts(books: Books, kernel: Kernel, more: int) -> Books:
    """Return books that can take so many more accounts; arrays grow where they are."""
    need = int(books.counts[ACCOUNTS]) + more
    ensure(need <= ROWS_MAX, f"one ledger holds at most {ROWS_MAX} accounts")
    _lengthen(need, books.accounts, books.balances)
    if 2 * need > len(books.account_slots):
        books = books._replace(account_slots=_more_slots(books.account_slots, kernel, need))
    return books


def room_for_transfers(books: Books, kernel: Kernel, more: int) -> Books:
    """Return books that can take so many more transfers, spent ids and deadlines; arrays grow where they are."""
    transfers, spent, due, expiries = (int(books.counts[place]) for place in (TRANSFERS, SPENT, DUE, EXPIRIES))
    ensure(transfers + spent + more <= ROWS_MAX, f"one ledger holds at most {ROWS_MAX} transfers")
    _lengthen(transfers + more, books.transfers, books.status)
    _lengthen(spent + more, books.spent)
    _lengthen(due + more, books.due_at, books.due_row)
    _lengthen(expiries + due, books.expiries)
    if not has_room_for_transfers(books, more):
        books = books._replace(transfer_slots=_more_slots(books.transfer_slots, kernel, transfers + spent + more))
    return books


def has_room_for_transfers(books: Books, more: int) -> bool:
    """Tell whether the index takes so many more transfers as it is."""
    return 2 * (int(books.counts[TRANSFERS]) + int(books.counts[SPENT]) + more) <= len(books.transfer_slots)


def _lengthen(need: int, *arrays: np.ndarray[Any, Any]) -> None:
    """Make arrays a quarter longer, or as long as is needed.

    The system moves large ones without copying. Nobody else may hold a view of them; the ledger hands out copies only.
    """
    for array in arrays:
        if need > len(array):
            array.resize((max(_SMALLEST, need, len(array) + len(array) // 4), *array.shape[1:]), refcheck=False)


def _more_slots(old: Words, kernel: Kernel, need: int) -> Words:
    new = np.zeros(1 << (2 * need).bit_length(), np.uint64)
    kernel.regrow(old, new)
    return new


def _stored(books: Books) -> list[tuple[np.ndarray[Any, Any], int]]:
    accounts, transfers, spent, expiries, kept = (
        int(books.counts[place]) for place in (ACCOUNTS, TRANSFERS, SPENT, EXPIRIES, KEPT)
    )
    return [
        (books.accounts, accounts),
        (books.balances, accounts),
        (books.transfers, transfers),
        (books.status, transfers),
        (books.spent, spent),
        (books.expiries, expiries),
        (books.origins, kept),
    ]


def sealed(books: Books, clock: int) -> Iterator[bytes | memoryview]:
    """Yield what is in the books piece by piece, and the SHA-256 of it."""
    hasher = sha256()
    for piece in _written(books, clock):
        hasher.update(piece)
        yield piece
    yield hasher.digest()


def _written(books: Books, clock: int) -> Iterator[bytes | memoryview]:
    yield _HEADER.pack(_MAGIC, clock, *[int(books.counts[place]) for place in _COUNTED])
    for array, count in _stored(books):
        yield bytes_of(array[:count])


def bytes_of(array: np.ndarray[Any, Any]) -> memoryview:
    """Return the bytes of an array."""
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1).data


def unseal(data: bytes | memoryview, kernel: Kernel) -> tuple[Books, int]:
    """Rebuild the books and the moment of the latest event from sealed bytes.

    Raises: InputError if the bytes are not a whole and unchanged snapshot.
    """
    if len(data) < _HEADER.size + _DIGEST or data[: len(_MAGIC)] != _MAGIC:
        raise InputError(
            f"ledger snapshot: given {len(data)} bytes starting {bytes(data[:16]).hex()}, expected a header starting {_MAGIC.hex()}"
        )
    if sha256(memoryview(data)[:-_DIGEST]).digest() != data[-_DIGEST:]:
        raise InputError(
            "ledger snapshot: its SHA-256 does not match its content; it is cut short or was changed, take another one"
        )
    _, clock, *numbers = _HEADER.unpack_from(data)
    counts = np.zeros(PLACES, np.int64)
    counts[[*_COUNTED]] = numbers
    books = room_for_accounts(empty_books(), kernel, int(counts[ACCOUNTS]))
    books = room_for_transfers(books, kernel, int(counts[TRANSFERS] + counts[SPENT]))
    _lengthen(int(counts[EXPIRIES]), books.expiries)
    _lengthen(int(counts[KEPT]), books.origins)
    books = books._replace(counts=counts)
    position = _HEADER.size
    for array, count in _stored(books):
        part = array[:count]
        part.view(np.uint8).reshape(-1)[:] = np.frombuffer(data, np.uint8, part.nbytes, position)
        position += part.nbytes
    ensure(position == len(data) - _DIGEST, "a sealed snapshot is exactly as long as its header says")
    kernel.index_accounts(books)
    kernel.index_transfers(books)
    rebuild_deadlines(books)
    return books, clock


def rebuild_deadlines(books: Books) -> None:
    """Fill the queue of deadlines; a sorted list is a heap."""
    count = int(books.counts[TRANSFERS])
    rows = np.flatnonzero((books.status[:count] == PENDING) & (books.transfers["timeout"][:count] != 0))
    moments = books.transfers["timestamp"][rows] + books.transfers["timeout"][rows].astype(np.uint64) * np.uint64(1_000_000_000)
    order = np.lexsort((rows, moments))
    books.counts[DUE] = len(rows)
    books.due_at[: len(rows)] = moments[order]
    books.due_row[: len(rows)] = rows[order]
