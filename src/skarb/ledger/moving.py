"""The effects on balances, each beside its reverse, and the record that remembers them. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import CLOSED, CLOSING_CREDIT, CLOSING_DEBIT, HOLD, OPEN, POST, SETTLE
from skarb.ledger.books import (
    CREDITS_PENDING,
    CREDITS_POSTED,
    DEBITS_PENDING,
    DEBITS_POSTED,
    NEVER_PENDING,
    PENDING,
    TRANSFERS,
    Books,
    Row,
    Rows,
    Words,
)
from skarb.ledger.slots import find_account, find_transfer, occupy
from skarb.ledger.wide import ZERO, Word, add_wide, subtract_wide


def add_to(sums: Words, row: Row, column: Row, lo: Word, hi: Word) -> None:
    """Add an amount to one of the four sums of an account; known to fit."""
    sums[row, column], sums[row, column + 1], _ = add_wide(sums[row, column], sums[row, column + 1], lo, hi)


def take_from(sums: Words, row: Row, column: Row, lo: Word, hi: Word) -> None:
    """Subtract an amount from one of the four sums of an account."""
    sums[row, column], sums[row, column + 1] = subtract_wide(sums[row, column], sums[row, column + 1], lo, hi)


def move(sums: Words, debit: Row, credit: Row, lo: Word, hi: Word) -> None:
    """Post an amount from one account to the other."""
    add_to(sums, debit, DEBITS_POSTED, lo, hi)
    add_to(sums, credit, CREDITS_POSTED, lo, hi)


def move_back(sums: Words, debit: Row, credit: Row, lo: Word, hi: Word) -> None:
    """Undo `move`."""
    take_from(sums, debit, DEBITS_POSTED, lo, hi)
    take_from(sums, credit, CREDITS_POSTED, lo, hi)


def hold(books: Books, debit: Row, credit: Row, row: Row) -> None:
    """Hold the amount of a pending transfer, and close the accounts that it closes."""
    transfer = books.transfers[row]
    lo, hi = transfer["amount_lo"], transfer["amount_hi"]
    add_to(books.balances, debit, DEBITS_PENDING, lo, hi)
    add_to(books.balances, credit, CREDITS_PENDING, lo, hi)
    if transfer["flags"] & CLOSING_DEBIT != 0:
        books.accounts[debit]["flags"] |= CLOSED
    if transfer["flags"] & CLOSING_CREDIT != 0:
        books.accounts[credit]["flags"] |= CLOSED
    books.status[row] = PENDING


def release(books: Books, debit: Row, credit: Row, row: Row, status: np.uint8) -> None:
    """Undo `hold`, because the transfer was posted, voided, expired or taken back.

    A closing transfer can only be voided, expire or be taken back: a closed account posts nothing.
    """
    transfer = books.transfers[row]
    lo, hi = transfer["amount_lo"], transfer["amount_hi"]
    take_from(books.balances, debit, DEBITS_PENDING, lo, hi)
    take_from(books.balances, credit, CREDITS_PENDING, lo, hi)
    if transfer["flags"] & CLOSING_DEBIT != 0:
        books.accounts[debit]["flags"] &= OPEN
    if transfer["flags"] & CLOSING_CREDIT != 0:
        books.accounts[credit]["flags"] &= OPEN
    books.status[row] = status


def record_transfer(
    books: Books, event: np.void, place: Row, timestamp: Word, lo: Word, hi: Word, base: Row, placed: Rows
) -> int:
    """Write a transfer with the amount that it really moves, and return its row."""
    row = books.counts[TRANSFERS]
    books.transfers[row] = event
    transfer = books.transfers[row]
    transfer["amount_lo"] = lo
    transfer["amount_hi"] = hi
    transfer["timestamp"] = timestamp
    books.status[row] = NEVER_PENDING
    occupy(books.transfer_slots, place, event["id_lo"], event["id_hi"], row, ZERO)
    placed[row - base] = place
    books.counts[TRANSFERS] = row + 1
    return row  # type: ignore[no-any-return]


def undo_transfer(books: Books, place: Row) -> None:
    """Take back the latest transfer with everything it did."""
    row = books.counts[TRANSFERS] - 1
    transfer = books.transfers[row]
    debit = find_account(books, transfer["debit_lo"], transfer["debit_hi"])
    credit = find_account(books, transfer["credit_lo"], transfer["credit_hi"])
    flags, lo, hi = transfer["flags"], transfer["amount_lo"], transfer["amount_hi"]
    if flags & SETTLE != 0:
        if flags & POST != 0:
            move_back(books.balances, debit, credit, lo, hi)
        hold(books, debit, credit, find_transfer(books, transfer["pending_lo"], transfer["pending_hi"]))
    elif flags & HOLD != 0:
        release(books, debit, credit, row, NEVER_PENDING)
    else:
        move_back(books.balances, debit, credit, lo, hi)
    books.counts[TRANSFERS] = row
    books.transfer_slots[place] = ZERO
