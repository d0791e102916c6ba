"""Posting or voiding a pending transfer: checks in order of precedence, and the effect. Part of the kernel.

Posting moves the amount given, or all of it when the amount is 2^128-1, and releases the rest. Voiding releases all.
"""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import BALANCING, CLOSED, CLOSING, HOLD, POST, SETTLE, TRANSFER_IMPORTED, VOID
from skarb.ledger.books import ACCOUNTS, EXPIRED, POSTED, VOIDED, Books, Row, Rows
from skarb.ledger.moving import move, record_transfer, release
from skarb.ledger.opening import has_timestamp, not_later_transfer
from skarb.ledger.repeating import differs_if_given
from skarb.ledger.results import Result
from skarb.ledger.slots import find_account, find_transfer
from skarb.ledger.wide import WORD_MAX, ZERO, Word, less_wide

SECOND = np.uint64(1_000_000_000)  # nanoseconds


def settle(books: Books, event: np.void, timestamp: Word, place: Row, base: Row, placed: Rows) -> int:
    """Post or void a pending transfer, or say why not."""
    flags = event["flags"]
    if flags & SETTLE == SETTLE or flags & (HOLD | BALANCING | CLOSING) != 0:
        return Result.flags_are_mutually_exclusive
    pending_lo, pending_hi = event["pending_lo"], event["pending_hi"]
    if pending_lo == ZERO and pending_hi == ZERO:
        return Result.pending_id_must_not_be_zero
    if pending_lo == WORD_MAX and pending_hi == WORD_MAX:
        return Result.pending_id_must_not_be_int_max
    if pending_lo == event["id_lo"] and pending_hi == event["id_hi"]:
        return Result.pending_id_must_be_different
    if event["timeout"] != 0:
        return Result.timeout_reserved_for_pending_transfer

    pending_row = find_transfer(books, pending_lo, pending_hi)
    if pending_row < 0:
        return Result.pending_transfer_not_found
    pending = books.transfers[pending_row]
    code = check_hold(event, pending)
    if code != Result.created:
        return code

    lo, hi = event["amount_lo"], event["amount_hi"]
    if flags & VOID != 0:
        in_full = lo == ZERO and hi == ZERO
    else:
        in_full = lo == WORD_MAX and hi == WORD_MAX
    if in_full:
        lo, hi = pending["amount_lo"], pending["amount_hi"]
    if less_wide(pending["amount_lo"], pending["amount_hi"], lo, hi):
        return Result.exceeds_pending_transfer_amount
    if flags & VOID != 0 and less_wide(lo, hi, pending["amount_lo"], pending["amount_hi"]):
        return Result.pending_transfer_has_different_amount

    code = check_unsettled(books, pending_row, timestamp)
    if code != Result.created:
        return code
    if flags & TRANSFER_IMPORTED != 0 and (
        not_later_transfer(books, timestamp) or has_timestamp(books.accounts, 0, books.counts[ACCOUNTS], timestamp)
    ):
        return Result.imported_event_timestamp_must_not_regress
    debit = find_account(books, pending["debit_lo"], pending["debit_hi"])
    credit = find_account(books, pending["credit_lo"], pending["credit_hi"])
    if flags & VOID == 0:  # voiding is the only thing that a closed account allows
        if books.accounts[debit]["flags"] & CLOSED != 0:
            return Result.debit_account_already_closed
        if books.accounts[credit]["flags"] & CLOSED != 0:
            return Result.credit_account_already_closed

    row = record_transfer(books, event, place, timestamp, lo, hi, base, placed)
    fill_from_hold(books.transfers[row], pending)
    if flags & POST != 0:
        release(books, debit, credit, pending_row, POSTED)
        move(books.balances, debit, credit, lo, hi)
    else:
        release(books, debit, credit, pending_row, VOIDED)
    return Result.created


def check_hold(event: np.void, pending: np.void) -> int:
    """Check that what is said of the pending transfer is so; what is left out (zero) agrees with everything."""
    if pending["flags"] & HOLD == 0:
        return Result.pending_transfer_not_pending
    if differs_if_given(event["debit_lo"], event["debit_hi"], pending["debit_lo"], pending["debit_hi"]):
        return Result.pending_transfer_has_different_debit_account_id
    if differs_if_given(event["credit_lo"], event["credit_hi"], pending["credit_lo"], pending["credit_hi"]):
        return Result.pending_transfer_has_different_credit_account_id
    if event["ledger"] != 0 and event["ledger"] != pending["ledger"]:
        return Result.pending_transfer_has_different_ledger
    if event["code"] != 0 and event["code"] != pending["code"]:
        return Result.pending_transfer_has_different_code
    return Result.created


def check_unsettled(books: Books, pending_row: Row, timestamp: Word) -> int:
    """Check that a hold was neither posted nor voided and has not run out."""
    status = books.status[pending_row]
    if status == POSTED:
        return Result.pending_transfer_already_posted
    if status == VOIDED:
        return Result.pending_transfer_already_voided
    if status == EXPIRED:
        return Result.pending_transfer_expired
    pending = books.transfers[pending_row]
    if pending["timeout"] != 0 and pending["timestamp"] + pending["timeout"] * SECOND <= timestamp:
        return Result.pending_transfer_expired
    return Result.created


def fill_from_hold(transfer: np.void, pending: np.void) -> None:
    """Complete the record of a settlement with what its hold says."""
    transfer["debit_lo"] = pending["debit_lo"]
    transfer["debit_hi"] = pending["debit_hi"]
    transfer["credit_lo"] = pending["credit_lo"]
    transfer["credit_hi"] = pending["credit_hi"]
    transfer["ledger"] = pending["ledger"]
    transfer["code"] = pending["code"]
    if transfer["user_lo"] == ZERO and transfer["user_hi"] == ZERO:
        transfer["user_lo"] = pending["user_lo"]
        transfer["user_hi"] = pending["user_hi"]
    if transfer["user_64"] == 0:
        transfer["user_64"] = pending["user_64"]
    if transfer["user_32"] == 0:
        transfer["user_32"] = pending["user_32"]
