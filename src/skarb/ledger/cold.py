"""What a ledger has put away: transfers that nobody needs in memory until somebody asks for them by their id.

When the tail of the books is longer than a limit, it leaves them as one piece, between two batches. Holds that are open stay. The piece is
written down by a second thread and let go of when that is done; until then it is asked like what is written. Before a batch is posted, every
id and every pending id in it is looked for among what was put away, and what is found comes along with the batch as a guest of the books
(`books`), so that the kernel sees what it would have seen had nothing left. Answers never depend on what was put away, or when.

*Shelves* keep what was put away and give it back; this module knows no files. A hold that left while it was open was kept in the books,
too: how it ended is put away later, in `settled`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from skarb.core.errors import InputError, ensure
from skarb.core.transfer import TRANSFER
from skarb.ledger import growing
from skarb.ledger.bits import SETTLE
from skarb.ledger.books import (
    ACCOUNTS,
    BEFORE,
    EXPIRIES,
    EXPIRIES_BEFORE,
    KEPT,
    LATEST,
    PENDING,
    SPENT,
    SPENT_BEFORE,
    TRANSFERS,
    Books,
    Records,
    Rows,
    Words,
)
from skarb.ledger.engine import Kernel
from skarb.ledger.leaving import Leaving
from skarb.ledger.model import Marks

LIMIT = 4_000_000  # transfers and spent ids that stay in memory unless somebody says otherwise
RECORD_WORDS = TRANSFER.itemsize // 8
STATUS = RECORD_WORDS  # the column of a row that says what became of a hold
_MAGIC = b"SKARB-LEDGER-1\0\0"
_CANONICAL = struct.Struct("<16s5Q")  # magic, moment of the latest event, accounts, transfers, spent ids, expiries
_AT_ONCE = 1 << 16  # rows that are copied at once


class Shelf(Protocol):
    """Rows of words that never change, counted from 0; where they have an id, it stands in the first two words."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def put(self, pieces: Iterable[Words]) -> None:
        """Add rows; they are found and durable when this returns. Raises: OSError, and then nothing was added."""

    def find(self, ids: Words) -> Rows:
        """Return the place of the row of each id, or -1."""

    def rows(self, places: Rows) -> Words:
        """Return the rows at some places. Raises: Unavailable if they are not what was put there."""

    def scan(self, first: int, last: int) -> Iterator[Words]:
        """Yield the rows from one place up to another, in order. Raises: Unavailable, as `rows`."""


class Shelves(NamedTuple):
    """All shelves of one ledger."""

    transfers: Shelf  # record and status as they were when it left
    spent: Shelf  # id
    settled: Shelf  # id and status of a hold that was open when its row left
    expiries: Shelf  # as in the books


WIDTHS = {"transfers": RECORD_WORDS + 1, "spent": 2, "settled": 3, "expiries": 3}  # words


class Cold:
    """Takes away what is too much, and brings back what is asked for. For the thread of its ledger."""

    def __init__(self, shelves: Shelves, limit: int = LIMIT) -> None:
        self.shelves = shelves
        self.limit = max(1, limit)
        self._settled = 0  # rows on that shelf before what leaves
        self._leaving: Leaving[Books] = Leaving(self._put)

    @property
    def leaving(self) -> Books | None:
        """What left the books and is not written yet; nothing in it changes."""
        return self._leaving.what

    @property
    def failure(self) -> BaseException | None:
        """Why what left could not be written."""
        return self._leaving.failure

    # ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────

    def is_too_much(self, books: Books) -> bool:
        """Tell whether the tail should leave the books now."""
        length = _length(books)  # rather let the tail become longer than wait
        return length > (2 * self.limit if self._leaving.busy else self.limit)

    def take(self, books: Books, run: Kernel) -> Books:
        """Take the tail of the books away and return what stays; waits for what left before.

        What could not be written stays in memory and is tried again with the next tail; the books are right all the same.
        """
        if not self._leaving.finish():
            self._leaving.again()
            return books
        self._settled = self.shelves.settled.count
        self._leaving.start(books)
        return _without_tail(books, run)

    @property
    def busy(self) -> bool:
        """Whether something is being written just now."""
        return self._leaving.busy

    def finish(self) -> bool:
        """Return when what left is written, or could not be; True if nothing is left to be written."""
        return self._leaving.finish()

    def tidy(self) -> None:
        """Let go of what left if it is written by now."""
        self._leaving.tidy()

    def _put(self, leaving: Books) -> None:
        """Write what left, except what an earlier try has written."""
        shelves, counts = self.shelves, leaving.counts
        kept, count = int(counts[KEPT]), int(counts[TRANSFERS])
        if shelves.settled.count == self._settled:
            closed = np.flatnonzero(leaving.status[:kept] != PENDING)
            shelves.settled.put([np.delete(_table(leaving, closed), np.s_[2:STATUS], axis=1)])
        if shelves.spent.count == counts[SPENT_BEFORE]:
            shelves.spent.put([leaving.spent[: counts[SPENT]]])
        if shelves.expiries.count == counts[EXPIRIES_BEFORE]:
            shelves.expiries.put([leaving.expiries[: counts[EXPIRIES]].view(np.uint64)])
        if shelves.transfers.count == counts[BEFORE]:
            starts = range(kept, count, _AT_ONCE)
            shelves.transfers.put(_table(leaving, slice(start, min(start + _AT_ONCE, count))) for start in starts)

    # ── coming back ──────────────────────────────────────────────────────────────────────────────────────────

    def invite(self, books: Books, run: Kernel, events: Records) -> Books:
        """Return the books, with room for a batch, and with all that it asks for and that was put away as guests."""
        if self.leaving is None and not (self.shelves.transfers.count or self.shelves.spent.count):
            return growing.room_for_transfers(books, run, len(events))
        words = events.view(np.uint64).reshape(-1, RECORD_WORDS)
        settling = np.flatnonzero(events["flags"] & np.uint16(SETTLE))
        rows, spent = self._known(np.concatenate([words[:, :2], words[settling, 8:10]]), books, run)
        count, more = len(events), len(rows) + len(spent)
        books = growing.room_for_transfers(books, run, count + more)
        if not more:
            return books
        first, first_spent = int(books.counts[TRANSFERS]) + count, int(books.counts[SPENT]) + count
        books.transfers[first : first + len(rows)] = _records(rows)
        books.status[first : first + len(rows)] = rows[:, STATUS]
        books.spent[first_spent : first_spent + len(spent)] = spent
        books = books._replace(guest_slots=np.zeros(1 << (2 * more).bit_length(), np.uint64))
        run.index_guests(books, first, len(rows), first_spent, len(spent))
        return books

    def transfer(self, key: Words, books: Books, run: Kernel) -> np.void | None:
        """Return the record of a transfer that was put away, or None."""
        rows, _ = self._known(key.reshape(1, 2), books, run)
        return _records(rows)[0] if len(rows) else None

    def _known(self, ids: Words, books: Books, run: Kernel) -> tuple[Words, Words]:
        """Return the rows of transfers that left and are not in the books, and the spent ids, among some ids."""
        near = np.full(len(ids), -1, np.int64)
        if self.leaving is not None:
            run.find_many(self.leaving, ids, near)
        far = self.shelves.transfers.find(ids)
        spent = (near < -1) | (self.shelves.spent.find(ids) >= 0)
        there = (near >= 0) | (far >= 0)
        if there.any():
            own = np.empty(len(ids), np.int64)
            run.find_many(books, ids, own)
            there &= own == -1
        rows = self.shelves.transfers.rows(far[there & (near < 0)])
        if self.leaving is None:
            return self.settled(rows, books, run), ids[spent]
        return np.concatenate([_table(self.leaving, near[there & (near >= 0)]), self.settled(rows, books, run)]), ids[spent]

    def settled(self, rows: Words, books: Books, run: Kernel) -> Words:
        """Return rows from the shelf with what became of holds that were open when they were put there."""
        places = np.flatnonzero(rows[:, STATUS] == PENDING)
        if not len(places):
            return rows
        rows = rows.copy()
        for at in (books, self.leaving):
            if at is not None and len(places):
                own = np.empty(len(places), np.int64)
                run.find_many(at, rows[places, :2], own)
                rows[places[own >= 0], STATUS] = at.status[own[own >= 0]]
                places = places[own < 0]
        found = self.shelves.settled.find(rows[places, :2])
        ensure((found >= 0).all(), "a hold that is not in the books any more was settled, and it is known how")
        rows[places, STATUS] = self.shelves.settled.rows(found)[:, 2]
        return rows

    # ── all of it, in order ──────────────────────────────────────────────────────────────────────────────────

    def window(self, books: Books, run: Kernel, since: Marks, until: Marks) -> Books:
        """Return books that hold just what is between two marks, and the holds that were settled or ran out there."""
        (first, note), (last, notes) = since, until
        whole = Whole(books, self)
        tail = whole.between(first, last)
        expiries = whole.expiries(note, notes)
        settles = tail[(tail["flags"] & np.uint16(SETTLE)) != 0].view(np.uint64).reshape(-1, RECORD_WORDS)[:, 8:10]
        settled = np.array(settles, order="C")
        near = np.empty(len(settled), np.int64)
        run.find_many(books, settled, near)
        far, _ = self._known(settled, books, run)
        origins = np.unique(expiries[:, 0][expiries[:, 0] < first])
        held = [whole.at(origins), books.transfers[near[near >= 0]], _records(far)]
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
            yield first, _records(rows)
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
            taken[far] = _records(self._shelves.transfers.rows(ordinals[far]))
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


def check_shelves(books: Books, cold: Cold | None) -> None:
    """Check that there is what the books say was put away, and nothing more.

    Raises: InputError
    """
    names = {"transfers": BEFORE, "spent": SPENT_BEFORE, "expiries": EXPIRIES_BEFORE}
    for name, place in names.items():
        there, wanted = 0 if cold is None else getattr(cold.shelves, name).count, int(books.counts[place])
        if there != wanted:
            raise InputError(
                f"ledger snapshot: {wanted} rows of {name} were put away, given {there}; use those it was taken with"
            )


def _statuses(books: Books, cold: Cold | None, run: Kernel) -> Iterator[np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    """Yield what became of each transfer, in order, piece by piece."""
    if cold is not None:
        for _, rows in Whole(books, cold).rows():
            yield cold.settled(rows, books, run)[:, STATUS].astype(np.uint8)
        if cold.leaving is not None:
            counts = cold.leaving.counts
            yield cold.settled(_table(cold.leaving, slice(counts[KEPT], counts[TRANSFERS])), books, run)[:, STATUS].astype(
                np.uint8
            )
    yield books.status[books.counts[KEPT] : books.counts[TRANSFERS]]


def _length(books: Books) -> int:
    counts = books.counts
    return int(counts[TRANSFERS] - counts[KEPT] + counts[SPENT] + counts[EXPIRIES])


def _without_tail(books: Books, run: Kernel) -> Books:
    """Return books with the open holds only, and the same accounts."""
    counts = books.counts.copy()
    kept, count = int(counts[KEPT]), int(counts[TRANSFERS])
    open_rows = np.flatnonzero(books.status[:count] == PENDING)
    origins = np.where(open_rows < kept, 0, open_rows - kept + counts[BEFORE])
    held = open_rows < kept
    origins[held] = books.origins[open_rows[held]]
    if count > kept:
        counts[LATEST] = books.transfers[count - 1]["timestamp"]
    counts[BEFORE] += count - kept
    counts[SPENT_BEFORE] += counts[SPENT]
    counts[EXPIRIES_BEFORE] += counts[EXPIRIES]
    counts[KEPT] = counts[TRANSFERS] = len(open_rows)
    counts[SPENT] = counts[EXPIRIES] = 0
    fresh = growing.empty_books()._replace(
        counts=counts, accounts=books.accounts, balances=books.balances, account_slots=books.account_slots, origins=origins
    )
    fresh = growing.room_for_transfers(fresh, run, 0)
    fresh.transfers[: len(open_rows)] = books.transfers[open_rows]
    fresh.status[: len(open_rows)] = PENDING
    run.index_transfers(fresh)
    growing.rebuild_deadlines(fresh)
    return fresh


def _table(books: Books, rows: Rows | slice) -> Words:
    """Return rows of the books as rows of a shelf."""
    status = books.status[rows]
    table = np.empty((len(status), RECORD_WORDS + 1), np.uint64)
    table[:, :STATUS] = books.transfers.view(np.uint64).reshape(-1, RECORD_WORDS)[rows]
    table[:, STATUS] = status
    return table


def _records(rows: Words) -> Records:
    return np.ascontiguousarray(rows[:, :STATUS]).view(TRANSFER).reshape(-1)
