"""Opening one account: its checks in order of precedence, and taking it back. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import ACCOUNT_IMPORTED, ACCOUNT_PADDING, CREDITS_LIMITED, DEBITS_LIMITED
from skarb.ledger.books import ACCOUNTS, KEPT, LATEST, TRANSFERS, Books, Records, Row, Rows
from skarb.ledger.limits import floor_above_ceiling, limits_make_sense
from skarb.ledger.results import Result
from skarb.ledger.slots import occupy, row_at, seek
from skarb.ledger.wide import WORD_MAX, ZERO, Word


def create_account(books: Books, event: np.void, timestamp: Word, is_taken: bool, base: Row, placed: Rows) -> int:
    """Open one account or say why not; `placed` keeps the slot it took, for taking it back.

    `is_taken` says that a transfer which was put away has the moment of the event.
    """
    lo: Word = event["id_lo"]
    hi: Word = event["id_hi"]
    flags = event["flags"]
    if not limits_make_sense(event):
        return Result.reserved_field
    if flags & ACCOUNT_PADDING != 0:
        return Result.reserved_flag
    if lo == ZERO and hi == ZERO:
        return Result.id_must_not_be_zero
    if lo == WORD_MAX and hi == WORD_MAX:
        return Result.id_must_not_be_int_max
    place = seek(books.account_slots, books.accounts, books.spent, lo, hi)
    old = row_at(books.account_slots, place)
    if old >= 0:
        return compare_account(event, books.accounts[old])
    if flags & DEBITS_LIMITED != 0 and flags & CREDITS_LIMITED != 0:
        return Result.flags_are_mutually_exclusive
    if event["ledger"] == 0:
        return Result.ledger_must_not_be_zero
    if event["code"] == 0:
        return Result.code_must_not_be_zero
    if floor_above_ceiling(event):
        return Result.floor_above_ceiling
    row = books.counts[ACCOUNTS]
    if flags & ACCOUNT_IMPORTED != 0 and (
        is_taken
        or not_later(books.accounts, row, timestamp)
        or has_timestamp(books.transfers, books.counts[KEPT], books.counts[TRANSFERS], timestamp)
    ):
        return Result.imported_event_timestamp_must_not_regress

    books.accounts[row] = event
    books.accounts[row]["timestamp"] = timestamp
    for column in range(8):
        books.balances[row, column] = ZERO
    occupy(books.account_slots, place, lo, hi, row, ZERO)
    placed[row - base] = place
    books.counts[ACCOUNTS] = row + 1
    return Result.created


def undo_account(books: Books, place: Row) -> None:
    """Take back the latest account."""
    books.counts[ACCOUNTS] -= 1
    books.account_slots[place] = ZERO


def compare_account(event: np.void, old: np.void) -> int:
    """Say in what an account differs from the one that has its id."""
    if event["flags"] != old["flags"]:
        return Result.exists_with_different_flags
    if event["user_lo"] != old["user_lo"] or event["user_hi"] != old["user_hi"]:
        return Result.exists_with_different_user_data_128
    if event["user_64"] != old["user_64"]:
        return Result.exists_with_different_user_data_64
    if event["user_32"] != old["user_32"]:
        return Result.exists_with_different_user_data_32
    if event["ledger"] != old["ledger"]:
        return Result.exists_with_different_ledger
    if event["code"] != old["code"]:
        return Result.exists_with_different_code
    if event["limits"] != old["limits"]:
        return Result.exists_with_different_limits
    if event["floor_lo"] != old["floor_lo"] or event["floor_hi"] != old["floor_hi"]:
        return Result.exists_with_different_limits
    if event["ceiling_lo"] != old["ceiling_lo"] or event["ceiling_hi"] != old["ceiling_hi"]:
        return Result.exists_with_different_limits
    return Result.exists


def not_later(records: Records, count: Row, timestamp: Word) -> bool:
    """Tell whether a moment is not after the latest record."""
    return bool(count > 0 and timestamp <= records[count - 1]["timestamp"])


def not_later_transfer(books: Books, timestamp: Word) -> bool:
    """Tell whether a moment is not after the latest transfer."""
    if books.counts[TRANSFERS] > books.counts[KEPT]:
        return not_later(books.transfers, books.counts[TRANSFERS], timestamp)
    return bool(timestamp <= np.uint64(books.counts[LATEST]))


def has_timestamp(records: Records, first: Row, count: Row, timestamp: Word) -> bool:
    """Tell whether a record from the first on carries exactly this timestamp; they are in order of time."""
    low, high = np.int64(first), np.int64(count)
    while low < high:
        middle = (low + high) // 2
        if records[middle]["timestamp"] < timestamp:
            low = middle + 1
        else:
            high = middle
    return bool(low < count and records[low]["timestamp"] == timestamp)
