"""Haircut: every unit of a balance is the same mixture, so each payment carries the same share of what is followed. A kernel.

The share is exact and rounded down: the remainder, less than one smallest unit a payment, stays where the payment came from. Where several
vintages are followed at once, the oldest first, shares are differences of rounded running sums; so they add up to what one mixture alone gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.flows.places import ABROAD, HOME
from skarb.oversight.flows.portion import portion

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Whole = Any

NOWHERE, AT_HOME, SPENT_ON, MORE = 0, 1, 3, 4
"""Pools behind those of the accounts: an empty one that money from home is taken from, what came home, what was spent; `MORE` is how many places."""


def haircut(
    sources: Places,
    targets: Places,
    amounts: Numbers,
    sides: npt.NDArray[np.uint8],
    pools: Numbers,
    carried: Numbers,
    sums: Numbers,
    block: Places,
) -> None:
    """Move the money of all transfers.

    Shape: `pools` two words for each account and `MORE`, the balance and how much of it is followed; `carried` takes what each transfer carried of it
    out of a pool abroad, `sums` what went abroad and what was paid without having been seen; `block` is paper to write on.

    Nobody can guess which transfers cross the border, so there is no branch that depends on it: those that stay at home are left out first, block
    by block, and of the others a choice between two values is made.
    """
    invested, unknown = sums[0], sums[1]
    others = sides.shape[0]
    for begin in range(0, sources.shape[0], block.shape[0]):
        kept = 0
        for place in range(min(block.shape[0], sources.shape[0] - begin)):
            source, target = sources[begin + place], targets[begin + place]
            block[kept] = place
            kept += ((sides[source] == ABROAD) | (sides[target] == ABROAD)) & (source != target)
        for place in range(kept):
            row = begin + block[place]
            source, target, amount = sources[row], targets[row], amounts[row]
            here, there = sides[source], sides[target]
            payer = source if here == ABROAD else others + NOWHERE
            payee = target if there == ABROAD else others + AT_HOME + there
            balance, followed = pools[payer, 0], pools[payer, 1]
            held = max(balance, amount)
            unknown += held - balance if here == ABROAD else amount - amount
            share = portion(followed, amount, held)
            pools[payer, 0] = held - amount if here == ABROAD else amount - amount
            pools[payer, 1] = followed - share
            carried[row] = share
            invested += amount if here == HOME else amount - amount
            pools[payee, 0] += amount
            pools[payee, 1] += amount if here == HOME else share
    sums[0], sums[1] = invested, unknown


def vintages(
    sources: Places,
    targets: Places,
    amounts: Numbers,
    sides: npt.NDArray[np.uint8],
    places: Places,
    of: Places,
    balances: Numbers,
    mixtures: Numbers,
    returns: Numbers,
    used: Numbers,
    start: Whole,
) -> Whole:
    """Move the money of transfers from `start` on, vintage by vintage; return the first transfer not moved.

    Shape: `places` the row of each account abroad in `balances` and `mixtures`, which has a column for each vintage; `of` the vintage of each
    transfer, -1 for none; `returns` takes vintage, transfer and amount of what left the foreign side, and `used[0]` how many there are.
    """
    count = mixtures.shape[1]
    for row in range(start, sources.shape[0]):
        source, target = sources[row], targets[row]
        here, there = sides[source], sides[target]
        amount = amounts[row]
        if here != ABROAD:
            if there == ABROAD:
                balances[places[target]] += amount
                if here == HOME:
                    mixtures[places[target], of[row]] += amount
            continue
        if source == target:
            continue
        if used[0] + count > returns.shape[0]:
            return row
        pool = places[source]
        balance = balances[pool]
        whole = balance <= amount
        running, before = amount - amount, amount - amount
        for vintage in range(count):
            followed = mixtures[pool, vintage]
            if followed == 0:
                continue
            running += followed
            upto = running if whole else portion(running, amount, balance)
            share = upto - before
            before = upto
            if share == 0:
                continue
            mixtures[pool, vintage] = followed - share
            if there == ABROAD:
                mixtures[places[target], vintage] += share
            else:
                place = used[0]
                returns[place, 0], returns[place, 1], returns[place, 2] = vintage, row, share
                used[0] = place + 1
        balances[pool] = balance - amount if not whole else balance - balance
        if there == ABROAD:
            balances[places[target]] += amount
    return sources.shape[0]
