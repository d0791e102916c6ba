"""Taking changes out of the books, in the order in which they happened. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import HOLD, POST, SETTLE
from skarb.ledger.books import BEFORE, EXPIRIES_BEFORE, KEPT, Books, Row
from skarb.ledger.past.model import CREATED, EXPIRED, PENDING, POSTED, VOIDED, Changes
from skarb.ledger.posting import TIME_MAX
from skarb.ledger.settling import SECOND
from skarb.ledger.slots import find_account, find_transfer, row_of
from skarb.ledger.wide import ZERO, Word


def gather(books: Books, first: Row, last: Row, note: Row, notes: Row, changes: Changes, place: Row, latest: Word) -> Row:
    """Write the changes of the transfers from `first` up to `last`, and of the holds that ran out until then; return the next place.

    Transfers are counted by their ordinals, as expiries are counted from the first one of the book.
    An imported transfer may say that it is older than a hold that ran out before it; it counts as recorded when that was noted.
    """
    tail, noted = books.counts[KEPT] - books.counts[BEFORE], books.counts[EXPIRIES_BEFORE]
    for ordinal in range(first, last + 1):
        while note < notes and books.expiries[note - noted, 1] <= ordinal:
            latest = np.uint64(books.expiries[note - noted, 2])  # the ledger's own clock: nothing was recorded after it
            write_expiry(books, np.int64(books.expiries[note - noted, 0]), changes[place], latest)
            note += 1
            place += 1
        if ordinal < last:
            latest = max(latest, books.transfers[ordinal + tail]["timestamp"])
            write_transfer(books, ordinal, books.transfers[ordinal + tail], changes[place], latest)
            place += 1
    return place


def write_transfer(books: Books, ordinal: Row, transfer: np.void, change: np.void, moment: Word) -> None:
    """Write what a transfer changed."""
    flags = transfer["flags"]
    effective: Word = transfer["user_64"]
    if effective == ZERO or effective > TIME_MAX:
        effective = transfer["timestamp"]
    write_sides(books, transfer, change)
    change["moment"], change["effective"], change["row"] = moment, effective, ordinal
    change["amount_lo"], change["amount_hi"] = transfer["amount_lo"], transfer["amount_hi"]
    change["held_lo"], change["held_hi"] = ZERO, ZERO
    change["kind"] = CREATED
    if flags & HOLD != 0:
        change["held_lo"], change["held_hi"] = transfer["amount_lo"], transfer["amount_hi"]
        change["amount_lo"], change["amount_hi"] = ZERO, ZERO
        change["kind"] = PENDING
    elif flags & SETTLE != 0:
        held = books.transfers[find_transfer(books, transfer["pending_lo"], transfer["pending_hi"])]
        change["held_lo"], change["held_hi"] = held["amount_lo"], held["amount_hi"]
        if flags & POST != 0:
            change["kind"] = POSTED
        else:
            change["amount_lo"], change["amount_hi"] = ZERO, ZERO
            change["kind"] = VOIDED


def write_expiry(books: Books, ordinal: Row, change: np.void, moment: Word) -> None:
    """Write what a hold changed by running out: with effect from its deadline, recorded when that was noted."""
    transfer = books.transfers[row_of(books, ordinal)]
    write_sides(books, transfer, change)
    change["moment"], change["row"] = moment, ordinal
    change["effective"] = transfer["timestamp"] + transfer["timeout"] * SECOND
    change["amount_lo"], change["amount_hi"] = ZERO, ZERO
    change["held_lo"], change["held_hi"] = transfer["amount_lo"], transfer["amount_hi"]
    change["kind"] = EXPIRED


def write_sides(books: Books, transfer: np.void, change: np.void) -> None:
    """Write which accounts a transfer touches."""
    change["debit"] = find_account(books, transfer["debit_lo"], transfer["debit_hi"])
    change["credit"] = find_account(books, transfer["credit_lo"], transfer["credit_hi"])
