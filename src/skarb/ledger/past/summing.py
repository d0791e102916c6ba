"""Adding up what an account had, in sums of 192 bits, so that no order of effects is too much for them. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.books import Row
from skarb.ledger.past.model import CREATED, HELD, MOVED, NOTED, PENDING, SIDE, WORDS, Changes, Small, Words
from skarb.ledger.wide import WORD_MAX, Word, add_wide, subtract_wide

ONE = np.uint64(1)


def add_all(changes: Changes, stop: Row, effective: Word, table: Words) -> None:
    """Add all changes up to an effective moment to the sums of the accounts, one row of the table each."""
    for place in range(stop):
        change = changes[place]
        if change["effective"] <= effective:
            add_side(change, 0, table[change["debit"]])
            add_side(change, SIDE, table[change["credit"]])


def add_long(sums: Words, column: Row, lo: Word, hi: Word) -> None:
    """Add an amount to a sum."""
    sums[column], sums[column + 1], over = add_wide(sums[column], sums[column + 1], lo, hi)
    if over:
        sums[column + 2] += ONE


def take_long(sums: Words, column: Row, lo: Word, hi: Word) -> None:
    """Subtract an amount from a sum, below zero if need be."""
    before_lo, before_hi = sums[column], sums[column + 1]
    sums[column], sums[column + 1] = subtract_wide(before_lo, before_hi, lo, hi)
    if before_hi < hi or (before_hi == hi and before_lo < lo):
        sums[column + 2] += WORD_MAX


def add_sums(sums: Words, noted: Words, place: Row) -> None:
    """Add sums that were noted."""
    for column in range(0, WORDS, 3):
        add_long(sums, column, noted[place, column], noted[place, column + 1])
        sums[column + 2] += noted[place, column + 2]


def add_leg(changes: Changes, base: Row, leg: np.uint32, sums: Words) -> None:
    """Add what one change did to one of its accounts."""
    add_side(changes[base + np.int64(leg >> np.uint32(1))], np.int64(leg & np.uint32(1)) * SIDE, sums)


def add_side(change: np.void, side: Row, sums: Words) -> None:
    """Add what a change did on one side."""
    add_long(sums, side + MOVED, change["amount_lo"], change["amount_hi"])
    if change["kind"] == PENDING:
        add_long(sums, side + HELD, change["held_lo"], change["held_hi"])
    elif change["kind"] != CREATED:
        take_long(sums, side + HELD, change["held_lo"], change["held_hi"])


def add_legs(changes: Changes, base: Row, legs: Small, start: Row, stop: Row, sums: Words) -> None:
    """Add legs one by one."""
    for place in range(start, stop):
        add_leg(changes, base, legs[place], sums)


def add_part(changes: Changes, base: Row, legs: Small, noted: Words, start: Row, stop: Row, sums: Words) -> None:
    """Add the legs of one account from its first one in a run, using what was noted on the way."""
    noted_at: Row = (stop - 1) // NOTED * NOTED  # before the last leg, so it is a note of this account
    if noted_at > start:
        add_sums(sums, noted, noted_at // NOTED)
        start = noted_at
    add_legs(changes, base, legs, start, stop, sums)


def find_account_in(accounts: Small, account: Row) -> Row:
    """Return the place of an account in a run, or -1."""
    low, high = 0, len(accounts)
    while low < high:
        middle = (low + high) // 2
        if accounts[middle] < account:
            low = middle + 1
        else:
            high = middle
    return low if low < len(accounts) and accounts[low] == account else -1


def first_after(changes: Changes, base: Row, legs: Small, start: Row, stop: Row, effective: Word) -> Row:
    """Return the first of an account's legs that takes effect after a moment."""
    while start < stop:
        middle = (start + stop) // 2
        if changes[base + np.int64(legs[middle] >> np.uint32(1))]["effective"] <= effective:
            start = middle + 1
        else:
            stop = middle
    return start


def add_run(
    changes: Changes,
    base: Row,
    accounts: Small,
    starts: Small,
    legs: Small,
    noted: Words,
    account: Row,
    effective: Word,
    sums: Words,
) -> None:
    """Add what a run says of an account up to an effective moment."""
    found = find_account_in(accounts, account)
    if found >= 0:
        start, stop = np.int64(starts[found]), np.int64(starts[found + 1])
        if effective != WORD_MAX:
            stop = np.int64(first_after(changes, base, legs, start, stop, effective))
        add_part(changes, base, legs, noted, start, stop, sums)


def add_rest(changes: Changes, start: Row, stop: Row, account: Row, effective: Word, sums: Words) -> None:
    """Add what changes that are in no run yet say of an account."""
    for place in range(start, stop):
        change = changes[place]
        if change["debit"] == account and change["effective"] <= effective:
            add_side(change, 0, sums)
        elif change["credit"] == account and change["effective"] <= effective:
            add_side(change, SIDE, sums)


def legs_of(changes: Changes, start: Row, stop: Row, account: Row, legs: Small) -> Row:
    """Write the legs of an account in changes that are in no run yet; return how many."""
    found = 0
    for place in range(start, stop):
        change = changes[place]
        if change["debit"] == account or change["credit"] == account:
            legs[found] = 2 * (place - start) + (change["credit"] == account)
            found += 1
    return found
