"""An id that was used before: the same transfer again, or another one. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import BALANCING, POST, SETTLE, VOID
from skarb.ledger.books import Books
from skarb.ledger.results import Result
from skarb.ledger.slots import find_transfer
from skarb.ledger.wide import WORD_MAX, ZERO, less_wide


def compare_transfer(books: Books, event: np.void, old: np.void) -> int:
    """Say in what a transfer differs from the one that has its id."""
    if event["flags"] != old["flags"]:
        return Result.exists_with_different_flags
    if event["pending_lo"] != old["pending_lo"] or event["pending_hi"] != old["pending_hi"]:
        return Result.exists_with_different_pending_id
    if event["timeout"] != old["timeout"]:
        return Result.exists_with_different_timeout
    if event["flags"] & SETTLE != 0:
        pending = books.transfers[find_transfer(books, old["pending_lo"], old["pending_hi"])]
        return compare_settlement(event, old, pending)

    if event["debit_lo"] != old["debit_lo"] or event["debit_hi"] != old["debit_hi"]:
        return Result.exists_with_different_debit_account_id
    if event["credit_lo"] != old["credit_lo"] or event["credit_hi"] != old["credit_hi"]:
        return Result.exists_with_different_credit_account_id
    if event["flags"] & BALANCING != 0:
        # The amount is only the most that may move: any that allows what really moved is the same request.
        if less_wide(event["amount_lo"], event["amount_hi"], old["amount_lo"], old["amount_hi"]):
            return Result.exists_with_different_amount
    elif event["amount_lo"] != old["amount_lo"] or event["amount_hi"] != old["amount_hi"]:
        return Result.exists_with_different_amount
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
    return Result.exists


def compare_settlement(event: np.void, old: np.void, pending: np.void) -> int:
    """Say in what a posting or voiding transfer differs; what it leaves out (zero) was taken from the pending one."""
    if differs_if_given(event["debit_lo"], event["debit_hi"], old["debit_lo"], old["debit_hi"]):
        return Result.exists_with_different_debit_account_id
    if differs_if_given(event["credit_lo"], event["credit_hi"], old["credit_lo"], old["credit_hi"]):
        return Result.exists_with_different_credit_account_id

    amount_lo, amount_hi = event["amount_lo"], event["amount_hi"]
    in_full = event["flags"] & VOID != 0 and amount_lo == ZERO and amount_hi == ZERO
    in_full = in_full or (event["flags"] & POST != 0 and amount_lo == WORD_MAX and amount_hi == WORD_MAX)
    if in_full:
        amount_lo, amount_hi = pending["amount_lo"], pending["amount_hi"]
    if amount_lo != old["amount_lo"] or amount_hi != old["amount_hi"]:
        return Result.exists_with_different_amount

    user_lo, user_hi = event["user_lo"], event["user_hi"]
    if user_lo == ZERO and user_hi == ZERO:
        user_lo, user_hi = pending["user_lo"], pending["user_hi"]
    if user_lo != old["user_lo"] or user_hi != old["user_hi"]:
        return Result.exists_with_different_user_data_128
    user_64 = event["user_64"] if event["user_64"] != 0 else pending["user_64"]
    if user_64 != old["user_64"]:
        return Result.exists_with_different_user_data_64
    user_32 = event["user_32"] if event["user_32"] != 0 else pending["user_32"]
    if user_32 != old["user_32"]:
        return Result.exists_with_different_user_data_32
    if event["ledger"] != 0 and event["ledger"] != old["ledger"]:
        return Result.exists_with_different_ledger
    if event["code"] != 0 and event["code"] != old["code"]:
        return Result.exists_with_different_code
    return Result.exists


def differs_if_given(lo: np.uint64, hi: np.uint64, old_lo: np.uint64, old_hi: np.uint64) -> bool:
    """Tell whether an id that is not left out (zero) is another one."""
    return bool((lo != ZERO or hi != ZERO) and (lo != old_lo or hi != old_hi))
