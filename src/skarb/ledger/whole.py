"""All that happened in a ledger, in order, wherever it lies: on the shelves, on the way there, or in the books.

Two ledgers in which the same happened are equal byte by byte, whatever each of them has put away.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from skarb.core.transfer import TRANSFER
from skarb.ledger import growing
from skarb.ledger.bits import SETTLE
from skarb.ledger.books import (
    ACCOUNTS,
    BEFORE,
    EXPIRIES,
    EXPIRIES_BEFORE,
    KEPT,
    SPENT,
    SPENT_BEFORE,
    TRANSFERS,
    Books,
    Records,
    Rows,
    Words,
)
from skarb.ledger.cold import RECORD_WORDS, STATUS, Cold, records_of, table_of
from skarb.ledger.engine import Kernel
from skarb.ledger.model import Marks

_MAGIC = b"SKARB-LEDGER-1\0\0"
_CANONICAL = struct.Struct("<16s5Q")  # magic, moment of the latest event, accounts, transfers, spent ids, expiries


class Whole:
    """All that happened in a ledger up to now, in order, wherever it lies. Stays as it is when the ledger moves on."""

    def __init__(self, books: Books, cold: Cold | None) -> None:
        self._shelves = None if cold is None else cold.shelves
        parts = [books] if cold is None or cold.leaving is None else [cold.leaving, books]
        self._parts = [part._replace(counts=part.counts.copy()) for part in parts]
        self._counts = self._parts[-1].counts

    def accounts(self) -> Records:
        """Return the accounts; keep no view of them, they move in memory when there are more."""
        return self._parts[-1].accounts[: self._counts[ACCOUNTS]]

    def __len__(self) -> int:
        """How many transfers there are."""
        return int(self._counts[BEFORE] + self._counts[TRANSFERS] - self._counts[KEPT])

    def pieces(self) -> Iterator[tuple[int, Records]]:
        """Yield the transfers piece by piece, each with the ordinal of its first one; keep none of them."""
        for first, rows in self.rows():
            yield first, records_of(rows)
        for part in self._parts:
            yield int(part.counts[BEFORE]), part.transfers[part.counts[KEPT] : part.counts[TRANSFERS]]

    def rows(self) -> Iterator[tuple[int, Words]]:
        """Yield the rows of what is on the shelf, as they were put there, each piece with its first ordinal."""
        first, last = 0, int(self._parts[0].counts[BEFORE])
        if self._shelves is not None:
            for rows in self._shelves.transfers.scan(0, last):
                yield first, rows
                first += len(rows)

    def at(self, ordinals: Rows) -> Records:
        """Return the transfers with some ordinals."""
        taken = np.empty(len(ordinals), TRANSFER)
        far = ordinals < self._parts[0].counts[BEFORE]
        if self._shelves is not None and far.any():
            taken[far] = records_of(self._shelves.transfers.rows(ordinals[far]))
        for part in self._parts:
            before, kept, count = (int(part.counts[place]) for place in (BEFORE, KEPT, TRANSFERS))
            inside = (ordinals >= before) & (ordinals < before + count - kept)
            taken[inside] = part.transfers[ordinals[inside] - before + kept]
        return taken

    def between(self, first: int, last: int) -> Records:
        """Return the transfers from one ordinal up to another."""
        return self.at(np.arange(first, last))

    def expiries(self, first: int = 0, last: int | None = None) -> Rows:
        """Return the expiries from one up to another."""
        last = int(self._counts[EXPIRIES_BEFORE] + self._counts[EXPIRIES]) if last is None else last
        far = int(self._parts[0].counts[EXPIRIES_BEFORE])
        pieces = []
        if self._shelves is not None and first < far:
            pieces += [rows.view(np.int64) for rows in self._shelves.expiries.scan(first, min(last, far))]
        for part in self._parts:
            before, count = int(part.counts[EXPIRIES_BEFORE]), int(part.counts[EXPIRIES])
            pieces.append(part.expiries[max(first - before, 0) : max(min(last - before, count), 0)])
        return np.concatenate(pieces)

    def spent(self) -> Iterator[Words]:
        """Yield the spent ids piece by piece."""
        if self._shelves is not None:
            yield from self._shelves.spent.scan(0, int(self._parts[0].counts[SPENT_BEFORE]))
        for part in self._parts:
            yield part.spent[: part.counts[SPENT]]

    def has_moment(self, moment: int) -> bool:
        """Tell whether a transfer has exactly this moment."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if int(self.between(middle, middle + 1)["timestamp"][0]) < moment:
                low = middle + 1
            else:
                high = middle
        return low < len(self) and int(self.between(low, low + 1)["timestamp"][0]) == moment


def window_of(books: Books, cold: Cold, run: Kernel, since: Marks, until: Marks) -> Books:
    """Return books that hold just what is between two marks, and the holds that were settled or ran out there."""
    (first, note), (last, notes) = since, until
    whole = Whole(books, cold)
    tail = whole.between(first, last)
    expiries = whole.expiries(note, notes)
    settles = tail[(tail["flags"] & np.uint16(SETTLE)) != 0].view(np.uint64).reshape(-1, RECORD_WORDS)[:, 8:10]
    settled = np.array(settles, order="C")
    near = np.empty(len(settled), np.int64)
    run.find_many(books, settled, near)
    far, _ = cold.known(settled, books, run)
    origins = np.unique(expiries[:, 0][expiries[:, 0] < first])
    held = [whole.at(origins), books.transfers[near[near >= 0]], records_of(far)]
    # Only those that ran out are asked for by their ordinal; the others stand behind everything and are found by their id.
    front, behind = len(held[0]), np.concatenate(held[1:])
    counts = np.zeros_like(books.counts)
    counts[[TRANSFERS, EXPIRIES, KEPT, BEFORE, EXPIRIES_BEFORE]] = front + len(tail), len(expiries), front, first, note
    counts[ACCOUNTS] = books.counts[ACCOUNTS]
    view = books._replace(
        counts=counts,
        transfers=np.concatenate([held[0], tail, behind]),
        status=np.zeros(front + len(tail) + len(behind), np.uint8),
        transfer_slots=np.zeros(1 << (2 * (front + len(tail))).bit_length(), np.uint64),
        spent=np.empty((0, 2), np.uint64),
        expiries=expiries,
        origins=origins,
        guest_slots=np.zeros(1 << (2 * len(behind)).bit_length(), np.uint64),
    )
    run.index_transfers(view)
    run.index_guests(view, front + len(tail), len(behind), 0, 0)
    return view


def canonical(books: Books, clock: int, cold: Cold | None, run: Kernel) -> Iterator[bytes | memoryview]:
    """Yield the canonical bytes of a ledger piece by piece; equal ledgers give equal bytes, whatever was put away."""
    whole, accounts = Whole(books, cold), int(books.counts[ACCOUNTS])
    spent = int(books.counts[SPENT_BEFORE] + books.counts[SPENT])
    expiries = whole.expiries()
    yield _CANONICAL.pack(_MAGIC, clock, accounts, len(whole), spent, len(expiries))
    yield growing.bytes_of(books.accounts[:accounts])
    yield growing.bytes_of(books.balances[:accounts])
    yield from (growing.bytes_of(records) for _, records in whole.pieces())
    yield from (growing.bytes_of(piece) for piece in _statuses(books, cold, run))
    yield from (growing.bytes_of(piece) for piece in whole.spent())
    yield growing.bytes_of(expiries)


def _statuses(books: Books, cold: Cold | None, run: Kernel) -> Iterator[np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    """Yield what became of each transfer, in order, piece by piece."""
    if cold is not None:
        for _, rows in Whole(books, cold).rows():
            yield cold.settled(rows, books, run)[:, STATUS].astype(np.uint8)
        if cold.leaving is not None:
            counts = cold.leaving.counts
            yield cold.settled(table_of(cold.leaving, slice(counts[KEPT], counts[TRANSFERS])), books, run)[:, STATUS].astype(
                np.uint8
            )
    yield books.status[books.counts[KEPT] : books.counts[TRANSFERS]]
