"""What an account may not exceed: TigerBeetle's two flags, and a floor and a ceiling of any value. Part of the kernel.

Holds count: an outgoing hold is money that is gone, an incoming one is money that may come. So a limit that held when a hold was
made still holds when it is posted, and posting asks no more.
"""

from __future__ import annotations

import numpy as np

from skarb.ledger.bits import CEILING, CEILING_NEGATIVE, CREDITS_LIMITED, DEBITS_LIMITED, FLOOR, FLOOR_NEGATIVE, LIMIT_PADDING
from skarb.ledger.books import CREDITS_PENDING, CREDITS_POSTED, DEBITS_PENDING, DEBITS_POSTED, Books, Row, Words
from skarb.ledger.results import Result
from skarb.ledger.wide import ZERO, Word, add_wide, less_wide


def exceeds_flags(books: Books, debit: Row, credit: Row, lo: Word, hi: Word) -> int:
    """Check debits against credits and credits against debits; sums are known to fit."""
    sums = books.balances
    if books.accounts[debit]["flags"] & DEBITS_LIMITED != 0:
        out_lo, out_hi = outgoing(sums, debit, lo, hi)
        if less_wide(sums[debit, CREDITS_POSTED], sums[debit, CREDITS_POSTED + 1], out_lo, out_hi):
            return Result.exceeds_credits
    if books.accounts[credit]["flags"] & CREDITS_LIMITED != 0:
        in_lo, in_hi = incoming(sums, credit, lo, hi)
        if less_wide(sums[credit, DEBITS_POSTED], sums[credit, DEBITS_POSTED + 1], in_lo, in_hi):
            return Result.exceeds_debits
    return Result.created


def exceeds_limits(books: Books, debit: Row, credit: Row, lo: Word, hi: Word) -> int:
    """Check the floor of the debit account and the ceiling of the credit account."""
    if books.accounts[debit]["limits"] & FLOOR != 0 and falls_below_floor(books, debit, lo, hi):
        return Result.exceeds_floor
    if books.accounts[credit]["limits"] & CEILING != 0 and rises_above_ceiling(books, credit, lo, hi):
        return Result.exceeds_ceiling
    return Result.created


def falls_below_floor(books: Books, row: Row, lo: Word, hi: Word) -> bool:
    """Tell whether credits - debits - outgoing holds - amount < floor, by adding on both sides instead of subtracting."""
    sums, account = books.balances, books.accounts[row]
    have_lo, have_hi = sums[row, CREDITS_POSTED], sums[row, CREDITS_POSTED + 1]
    need_lo, need_hi = outgoing(sums, row, lo, hi)
    if account["limits"] & FLOOR_NEGATIVE != 0:
        have_lo, have_hi, over = add_wide(have_lo, have_hi, account["floor_lo"], account["floor_hi"])
        return not over and less_wide(have_lo, have_hi, need_lo, need_hi)
    need_lo, need_hi, over = add_wide(need_lo, need_hi, account["floor_lo"], account["floor_hi"])
    return over or less_wide(have_lo, have_hi, need_lo, need_hi)


def rises_above_ceiling(books: Books, row: Row, lo: Word, hi: Word) -> bool:
    """Tell whether credits + incoming holds + amount - debits > ceiling."""
    sums, account = books.balances, books.accounts[row]
    room_lo, room_hi = sums[row, DEBITS_POSTED], sums[row, DEBITS_POSTED + 1]
    come_lo, come_hi = incoming(sums, row, lo, hi)
    if account["limits"] & CEILING_NEGATIVE != 0:
        come_lo, come_hi, over = add_wide(come_lo, come_hi, account["ceiling_lo"], account["ceiling_hi"])
        return over or less_wide(room_lo, room_hi, come_lo, come_hi)
    room_lo, room_hi, over = add_wide(room_lo, room_hi, account["ceiling_lo"], account["ceiling_hi"])
    return not over and less_wide(room_lo, room_hi, come_lo, come_hi)


def outgoing(sums: Words, row: Row, lo: Word, hi: Word) -> tuple[Word, Word]:
    """Return debits posted and pending plus an amount; known to fit."""
    lo, hi, _ = add_wide(lo, hi, sums[row, DEBITS_PENDING], sums[row, DEBITS_PENDING + 1])
    lo, hi, _ = add_wide(lo, hi, sums[row, DEBITS_POSTED], sums[row, DEBITS_POSTED + 1])
    return lo, hi


def incoming(sums: Words, row: Row, lo: Word, hi: Word) -> tuple[Word, Word]:
    """Return credits posted and pending plus an amount; known to fit."""
    lo, hi, _ = add_wide(lo, hi, sums[row, CREDITS_PENDING], sums[row, CREDITS_PENDING + 1])
    lo, hi, _ = add_wide(lo, hi, sums[row, CREDITS_POSTED], sums[row, CREDITS_POSTED + 1])
    return lo, hi


def limits_make_sense(account: np.void) -> bool:
    """Tell whether every bit of `limits` has a meaning and every limit given has its bit."""
    limits = account["limits"]
    if limits & LIMIT_PADDING != 0:
        return False
    if limits & FLOOR == 0 and (limits & FLOOR_NEGATIVE != 0 or account["floor_lo"] != ZERO or account["floor_hi"] != ZERO):
        return False
    has_ceiling = limits & CEILING_NEGATIVE != 0 or account["ceiling_lo"] != ZERO or account["ceiling_hi"] != ZERO
    return limits & CEILING != 0 or not has_ceiling


def floor_above_ceiling(account: np.void) -> bool:
    """Tell whether no balance could satisfy both limits."""
    limits = account["limits"]
    if limits & FLOOR == 0 or limits & CEILING == 0:
        return False
    floor_lo, floor_hi = account["floor_lo"], account["floor_hi"]
    ceiling_lo, ceiling_hi = account["ceiling_lo"], account["ceiling_hi"]
    if limits & FLOOR_NEGATIVE != 0:
        # Below zero the larger magnitude is the lower number; a ceiling of zero or more is above every negative floor.
        return limits & CEILING_NEGATIVE != 0 and less_wide(floor_lo, floor_hi, ceiling_lo, ceiling_hi)
    if limits & CEILING_NEGATIVE != 0:
        return bool(floor_lo != ZERO or floor_hi != ZERO or ceiling_lo != ZERO or ceiling_hi != ZERO)
    return less_wide(ceiling_lo, ceiling_hi, floor_lo, floor_hi)
