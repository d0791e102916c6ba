"""What a ledger has put away: transfers that nobody needs in memory until somebody asks for them by their id.

When the tail of the books is longer than a limit, it leaves them as one piece, between two batches. Holds that are open stay. The piece is
written down by a second thread and let go of when that is done; until then it is asked like what is written. Before a batch is posted, every
id and every pending id in it is looked for among what was put away, and what is found comes along with the batch as a guest of the books
(`books`), so that the kernel sees what it would have seen had nothing left. Answers never depend on what was put away, or when.

*Shelves* keep what was put away and give it back; this module knows no files. A hold that left while it was open was kept in the books,
too: how it ended is put away later, in `settled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from skarb.core.errors import InputError, ensure
from skarb.core.transfer import TRANSFER
from skarb.ledger import growing
from skarb.ledger.bits import SETTLE
from skarb.ledger.books import (
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

LIMIT = 4_000_000  # transfers and spent ids that stay in memory unless somebody says otherwise
RECORD_WORDS = TRANSFER.itemsize // 8
STATUS = RECORD_WORDS  # the column of a row that says what became of a hold
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
            shelves.settled.put([np.delete(table_of(leaving, closed), np.s_[2:STATUS], axis=1)])
        if shelves.spent.count == counts[SPENT_BEFORE]:
            shelves.spent.put([leaving.spent[: counts[SPENT]]])
        if shelves.expiries.count == counts[EXPIRIES_BEFORE]:
            shelves.expiries.put([leaving.expiries[: counts[EXPIRIES]].view(np.uint64)])
        if shelves.transfers.count == counts[BEFORE]:
            starts = range(kept, count, _AT_ONCE)
            shelves.transfers.put(table_of(leaving, slice(start, min(start + _AT_ONCE, count))) for start in starts)

    # ── coming back ──────────────────────────────────────────────────────────────────────────────────────────

    def invite(self, books: Books, run: Kernel, events: Records) -> Books:
        """Return the books, with room for a batch, and with all that it asks for and that was put away as guests."""
        if self.leaving is None and not (self.shelves.transfers.count or self.shelves.spent.count):
            return growing.room_for_transfers(books, run, len(events))
        words = events.view(np.uint64).reshape(-1, RECORD_WORDS)
        settling = np.flatnonzero(events["flags"] & np.uint16(SETTLE))
        rows, spent = self.known(np.concatenate([words[:, :2], words[settling, 8:10]]), books, run)
        count, more = len(events), len(rows) + len(spent)
        books = growing.room_for_transfers(books, run, count + more)
        if not more:
            return books
        first, first_spent = int(books.counts[TRANSFERS]) + count, int(books.counts[SPENT]) + count
        books.transfers[first : first + len(rows)] = records_of(rows)
        books.status[first : first + len(rows)] = rows[:, STATUS]
        books.spent[first_spent : first_spent + len(spent)] = spent
        books = books._replace(guest_slots=np.zeros(1 << (2 * more).bit_length(), np.uint64))
        run.index_guests(books, first, len(rows), first_spent, len(spent))
        return books

    def transfer(self, key: Words, books: Books, run: Kernel) -> np.void | None:
        """Return the record of a transfer that was put away, or None."""
        rows, _ = self.known(key.reshape(1, 2), books, run)
        return records_of(rows)[0] if len(rows) else None

    def known(self, ids: Words, books: Books, run: Kernel) -> tuple[Words, Words]:
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
        return np.concatenate([table_of(self.leaving, near[there & (near >= 0)]), self.settled(rows, books, run)]), ids[spent]

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


def table_of(books: Books, rows: Rows | slice) -> Words:
    """Return rows of the books as rows of a shelf."""
    status = books.status[rows]
    table = np.empty((len(status), RECORD_WORDS + 1), np.uint64)
    table[:, :STATUS] = books.transfers.view(np.uint64).reshape(-1, RECORD_WORDS)[rows]
    table[:, STATUS] = status
    return table


def records_of(rows: Words) -> Records:
    """Return rows of a shelf as transfers."""
    return np.ascontiguousarray(rows[:, :STATUS]).view(TRANSFER).reshape(-1)
