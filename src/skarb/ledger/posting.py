"""Creating one transfer: its checks in order of precedence, and its effect. Part of the kernel.

A transfer moves an amount at once, or holds it (pending) until it is posted in full or in part, voided, or expired. A balancing
transfer moves at most what the account has. A closing hold closes the account; voiding it opens the account again.
"""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import (
    BALANCING_CREDIT,
    BALANCING_DEBIT,
    CLOSED,
    CLOSING,
    HOLD,
    SETTLE,
    TRANSFER_IMPORTED,
    TRANSFER_PADDING,
)
from skarb.ledger.books import (
    ACCOUNTS,
    CREDITS_PENDING,
    CREDITS_POSTED,
    DEBITS_PENDING,
    DEBITS_POSTED,
    Books,
    Row,
    Rows,
    Words,
)
from skarb.ledger.limits import exceeds_flags, exceeds_limits, incoming, outgoing
from skarb.ledger.moving import hold, move, record_transfer
from skarb.ledger.opening import has_timestamp, not_later_transfer
from skarb.ledger.repeating import compare_transfer
from skarb.ledger.results import Result
from skarb.ledger.settling import SECOND, settle
from skarb.ledger.slots import ROW_BITS, SPENT_BIT, find_account, row_at, seek
from skarb.ledger.wide import WORD_MAX, ZERO, Word, add_wide, excess_wide, least_wide

TIME_MAX = np.uint64((1 << 63) - 1)


def create_transfer(books: Books, event: np.void, timestamp: Word, base: Row, placed: Rows) -> int:
    """Create one transfer or say why not; `placed` keeps the slot it took, for taking it back."""
    flags = event["flags"]
    lo: Word = event["id_lo"]
    hi: Word = event["id_hi"]
    if flags & TRANSFER_PADDING != 0:
        return Result.reserved_flag
    if lo == ZERO and hi == ZERO:
        return Result.id_must_not_be_zero
    if lo == WORD_MAX and hi == WORD_MAX:
        return Result.id_must_not_be_int_max
    place = seek(books.transfer_slots, books.transfers, books.spent, lo, hi)
    old = row_at(books.transfer_slots, place)
    if old >= 0:
        return compare_transfer(books, event, books.transfers[old])
    if books.transfer_slots[place] & SPENT_BIT != ZERO:
        return Result.id_already_failed
    if len(books.guest_slots) > 1:
        guest = books.guest_slots[seek(books.guest_slots, books.transfers, books.spent, lo, hi)]
        if guest & SPENT_BIT != ZERO:
            return Result.id_already_failed
        if guest != ZERO:
            return compare_transfer(books, event, books.transfers[np.int64(guest & ROW_BITS) - 1])
    if flags & SETTLE != 0:
        return settle(books, event, timestamp, place, base, placed)
    return post(books, event, timestamp, place, base, placed)


def post(books: Books, event: np.void, timestamp: Word, place: Row, base: Row, placed: Rows) -> int:
    """Move or hold an amount, or say why not."""
    code = check_fields(event)
    if code != Result.created:
        return code
    debit = find_account(books, event["debit_lo"], event["debit_hi"])
    if debit < 0:
        return Result.debit_account_not_found
    credit = find_account(books, event["credit_lo"], event["credit_hi"])
    if credit < 0:
        return Result.credit_account_not_found
    code = check_accounts(books, event, timestamp, debit, credit)
    if code != Result.created:
        return code
    lo, hi = balanced_amount(books, event, debit, credit)
    code = check_sums(books.balances, event["flags"], debit, credit, lo, hi)
    if code != Result.created:
        return code
    if timestamp + event["timeout"] * SECOND > TIME_MAX:
        return Result.overflows_timeout
    code = exceeds_flags(books, debit, credit, lo, hi)
    if code != Result.created:
        return code
    code = exceeds_limits(books, debit, credit, lo, hi)
    if code != Result.created:
        return code

    row = record_transfer(books, event, place, timestamp, lo, hi, base, placed)
    if event["flags"] & HOLD != 0:
        hold(books, debit, credit, row)
    else:
        move(books.balances, debit, credit, lo, hi)
    return Result.created


def check_fields(event: np.void) -> int:
    """Check what can be seen from the transfer alone."""
    debit_lo, debit_hi = event["debit_lo"], event["debit_hi"]
    credit_lo, credit_hi = event["credit_lo"], event["credit_hi"]
    if debit_lo == ZERO and debit_hi == ZERO:
        return Result.debit_account_id_must_not_be_zero
    if debit_lo == WORD_MAX and debit_hi == WORD_MAX:
        return Result.debit_account_id_must_not_be_int_max
    if credit_lo == ZERO and credit_hi == ZERO:
        return Result.credit_account_id_must_not_be_zero
    if credit_lo == WORD_MAX and credit_hi == WORD_MAX:
        return Result.credit_account_id_must_not_be_int_max
    if debit_lo == credit_lo and debit_hi == credit_hi:
        return Result.accounts_must_be_different
    if event["pending_lo"] != ZERO or event["pending_hi"] != ZERO:
        return Result.pending_id_must_be_zero
    if event["flags"] & HOLD == 0:
        if event["timeout"] != 0:
            return Result.timeout_reserved_for_pending_transfer
        if event["flags"] & CLOSING != 0:
            return Result.closing_transfer_must_be_pending
    if event["ledger"] == 0:
        return Result.ledger_must_not_be_zero
    if event["code"] == 0:
        return Result.code_must_not_be_zero
    return Result.created


def check_accounts(books: Books, event: np.void, timestamp: Word, debit: Row, credit: Row) -> int:
    """Check the transfer against the two accounts and against the order of time."""
    debtor, creditor = books.accounts[debit], books.accounts[credit]
    if debtor["ledger"] != creditor["ledger"]:
        return Result.accounts_must_have_the_same_ledger
    if event["ledger"] != debtor["ledger"]:
        return Result.transfer_must_have_the_same_ledger_as_accounts
    if event["flags"] & TRANSFER_IMPORTED != 0:
        if not_later_transfer(books, timestamp):
            return Result.imported_event_timestamp_must_not_regress
        if has_timestamp(books.accounts, 0, books.counts[ACCOUNTS], timestamp):
            return Result.imported_event_timestamp_must_not_regress
        if timestamp <= debtor["timestamp"]:
            return Result.imported_event_timestamp_must_postdate_debit_account
        if timestamp <= creditor["timestamp"]:
            return Result.imported_event_timestamp_must_postdate_credit_account
        if event["timeout"] != 0:
            return Result.imported_event_timeout_must_be_zero
    if debtor["flags"] & CLOSED != 0:
        return Result.debit_account_already_closed
    if creditor["flags"] & CLOSED != 0:
        return Result.credit_account_already_closed
    return Result.created


def balanced_amount(books: Books, event: np.void, debit: Row, credit: Row) -> tuple[Word, Word]:
    """Return the amount asked for, or as much of it as a balancing transfer may move."""
    sums = books.balances
    lo: Word = event["amount_lo"]
    hi: Word = event["amount_hi"]
    if event["flags"] & BALANCING_DEBIT != 0:
        used_lo, used_hi = outgoing(sums, debit, ZERO, ZERO)
        free_lo, free_hi = excess_wide(sums[debit, CREDITS_POSTED], sums[debit, CREDITS_POSTED + 1], used_lo, used_hi)
        lo, hi = least_wide(lo, hi, free_lo, free_hi)
    if event["flags"] & BALANCING_CREDIT != 0:
        used_lo, used_hi = incoming(sums, credit, ZERO, ZERO)
        free_lo, free_hi = excess_wide(sums[credit, DEBITS_POSTED], sums[credit, DEBITS_POSTED + 1], used_lo, used_hi)
        lo, hi = least_wide(lo, hi, free_lo, free_hi)
    return lo, hi


def check_sums(sums: Words, flags: int, debit: Row, credit: Row, lo: Word, hi: Word) -> int:
    """Check that no sum of an account, and no sum with holds, grows beyond 128 bits."""
    if flags & HOLD != 0:
        if overflows(sums, debit, DEBITS_PENDING, lo, hi):
            return Result.overflows_debits_pending
        if overflows(sums, credit, CREDITS_PENDING, lo, hi):
            return Result.overflows_credits_pending
    if overflows(sums, debit, DEBITS_POSTED, lo, hi):
        return Result.overflows_debits_posted
    if overflows(sums, credit, CREDITS_POSTED, lo, hi):
        return Result.overflows_credits_posted
    used_lo, used_hi = outgoing(sums, debit, ZERO, ZERO)
    if add_wide(used_lo, used_hi, lo, hi)[2]:
        return Result.overflows_debits
    used_lo, used_hi = incoming(sums, credit, ZERO, ZERO)
    if add_wide(used_lo, used_hi, lo, hi)[2]:
        return Result.overflows_credits
    return Result.created


def overflows(sums: Words, row: Row, column: Row, lo: Word, hi: Word) -> bool:
    """Tell whether an amount does not fit into one of the four sums of an account."""
    return add_wide(sums[row, column], sums[row, column + 1], lo, hi)[2]
