"""The books: everything the ledger machine remembers, as flat arrays that grow.

Accounts and transfers are kept as the records they came in, in the order they were created, so their timestamps rise with the
row. A hash table finds the row of an id; it is derived from the records, like the queue of holds that will expire.

A ledger that may put transfers away keeps only the latest ones here. Its *ordinal* counts a transfer from the first one of the book. In
front stand the holds that were open when the rows around them were put away, with their ordinals; behind them comes the tail, row
by row in the order of creation. Whatever else a batch asks for by its id is laid behind the room for the batch, as a *guest*, and is
gone with it: what was put away never changes, so guests are only read.

Memory of a transfer in here: 128 bytes of record, 1 of status, and 16 to 32 of hash table; a spent id takes 16 and its share of the
table; a hold with a timeout 16 more until it is due, and 24 when it ran out. An account takes 160 bytes and its share of a table.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Records: TypeAlias = np.ndarray[Any, np.dtype[np.void]]  # of core.transfer.ACCOUNT or TRANSFER
Words: TypeAlias = NDArray[np.uint64]
Rows: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Row: TypeAlias = int | np.int64  # a place in one of the arrays

# Places in `Books.counts`. Plain integers would make the compiler write every function once for each.
ACCOUNTS = np.int64(0)
TRANSFERS = np.int64(1)
SPENT = np.int64(2)
DUE = np.int64(3)
EXPIRIES = np.int64(4)
KEPT = np.int64(5)  # open holds in front of the tail
BEFORE = np.int64(6)  # transfers before the tail, which is the ordinal of its first row
SPENT_BEFORE = np.int64(7)  # spent ids that were put away
EXPIRIES_BEFORE = np.int64(8)  # expiries that were put away
LATEST = np.int64(9)  # moment of the last transfer that was put away, 0 if none was
PLACES = 10

# Columns of `Books.balances`: the low word; the high word follows.
DEBITS_PENDING = np.int64(0)
DEBITS_POSTED = np.int64(2)
CREDITS_PENDING = np.int64(4)
CREDITS_POSTED = np.int64(6)

# Values of `Books.status`.
NEVER_PENDING = np.uint8(0)
PENDING = np.uint8(1)
POSTED = np.uint8(2)
VOIDED = np.uint8(3)
EXPIRED = np.uint8(4)


class Books(NamedTuple):
    """The arrays of one ledger; rows beyond the counts are room to grow."""

    counts: Rows  # how many of each there are; see the places above
    accounts: Records
    balances: Words  # four 128-bit sums per account
    account_slots: Words
    transfers: Records  # as posted: with the amount and the accounts that were really used
    status: Bytes  # what became of each hold
    transfer_slots: Words  # finds transfers and spent ids
    spent: Words  # ids of transfers that failed for a passing reason, two words each
    due_at: Words  # a heap of the moments at which holds expire
    due_row: Rows  # and of their transfers
    expiries: Rows  # the ordinals of the hold that ran out and of the transfer before which it did, and the moment
    origins: Rows  # ordinals of the holds in front, rising
    guest_slots: Words  # finds guests; of length one when there are none
