"""The kernel of money that is followed: what each of two worlds has in some accounts, and whether it is enough.

Balances are whole numbers of 128 bits in two words, negative ones as their complement; `ledger.wide` adds and subtracts them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.ledger.wide import add_wide, subtract_wide
from skarb.oversight.replay.tables import Whole

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

_BELOW = np.uint64(63)  # the bit that says that a number lies below nought


class Legs(NamedTuple):
    """Transfers that touch followed accounts, in the order of the journals.

    Shape: `rows` the position of the row that each belongs to; `debits` and `credits` places of accounts, -1 for one that is not followed;
    `amounts` two words.
    """

    rows: Numbers
    debits: Places
    credits: Places
    amounts: Words


def credit(balances: Words, world: Whole, account: Whole, lo: Whole, hi: Whole) -> None:
    """Add to an account, if it is followed."""
    if account >= 0:
        lo, hi, _ = add_wide(balances[world, account, 0], balances[world, account, 1], lo, hi)
        balances[world, account, 0], balances[world, account, 1] = lo, hi


def debit(balances: Words, world: Whole, account: Whole, lo: Whole, hi: Whole) -> Whole:
    """Take from an account, if it is followed, and say whether it has not fallen below nought."""
    if account < 0:
        return True
    lo, hi = subtract_wide(balances[world, account, 0], balances[world, account, 1], lo, hi)
    balances[world, account, 0], balances[world, account, 1] = lo, hi
    return hi >> _BELOW == np.uint64(0)


def move(legs: Legs, leg: Whole, balances: Words, world: Whole) -> Whole:
    """Make a transfer, and say whether there was enough for it."""
    lo, hi = legs.amounts[leg, 0], legs.amounts[leg, 1]
    enough = debit(balances, world, legs.debits[leg], lo, hi)
    credit(balances, world, legs.credits[leg], lo, hi)
    return enough


def pay(legs: Legs, first: Whole, last: Whole, balances: Words, world: Whole) -> Whole:
    """Make all transfers of a row, or none where there is not enough for one; say which."""
    for leg in range(first, last):
        if not move(legs, leg, balances, world):
            for back in range(first, leg + 1):
                lo, hi = legs.amounts[back, 0], legs.amounts[back, 1]
                debit(balances, world, legs.credits[back], lo, hi)
                credit(balances, world, legs.debits[back], lo, hi)
            return False
    return True


def spread(
    words: Numbers,
    payers: Places,
    receivers: Places,
    lost: npt.NDArray[np.bool_],
    floored: npt.NDArray[np.bool_],
    reached: npt.NDArray[np.bool_],
) -> None:
    """Mark the accounts that may have less once some rows are lost: those that they touch, and all that is paid from an account so marked.

    Shape: a place for each transfer in the order of the journals, those of one row, which share a word, side by side and whole; `lost` the
    transfers of lost rows. `floored` and `reached` by the number of an account.
    """
    first = 0
    while first < words.shape[0]:
        last = first
        hit = False
        while last < words.shape[0] and words[last] == words[first]:
            hit = hit or lost[last] or reached[payers[last]]
            last += 1
        if hit:
            for leg in range(first, last):
                reached[payers[leg]] = floored[payers[leg]]
                reached[receivers[leg]] = floored[receivers[leg]]
        first = last
