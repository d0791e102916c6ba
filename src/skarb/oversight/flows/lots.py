"""First in, first out: money leaves an account in the order in which it came in (Clayton's case, 1816). A kernel.

Money at home is not followed, so it needs no lots. What crosses the border outwards becomes a lot that is told from all others for as long as
any of it is abroad, wherever it goes there; what crosses it homewards is taken from the oldest lots of the account that pays. Money of which
nothing is known, because an account pays more than it was seen to get, is a lot without a number.

A lot is two words side by side: what is left of it, and its number with the place of the next lot of the same account. Room for lots and for
returns is made outside: the kernel stops where there is none, even within a transfer, and goes on from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.flows.places import ABROAD, DONE, FULL, HOME

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Whole = Any  # a word of 64 bits where compiled, a whole number where interpreted

# What stands where in the state.
ROW, LEFT, SPARE, TOP, RETURNS, OUTWARD, INVESTED, HOMEWARD, GONE_FOR_GOOD, UNKNOWN, MOVED, SEEN = range(12)
STATE = 12


def fifo(
    sources: Places,
    targets: Places,
    amounts: Numbers,
    sides: npt.NDArray[np.uint8],
    ends: Places,
    lots: Numbers,
    outward: Places,
    returns: Numbers,
    state: Numbers,
    block: Places,
) -> Whole:
    """Move the money of all transfers from `state[ROW]` on; return `DONE`, or `FULL` where there is no more room.

    Shape: `ends` the first and the last lot of each account, -1 for none; `outward` takes the transfer that made each lot, `returns` a row for each
    piece that left the foreign side: lot and transfer in one word, then the amount; `block` is paper to write on.

    Transfers are taken block by block: those that stay at home are left out, and what the others will touch is read beforehand, all at once, so
    that memory is waited for once and not at every step.
    """
    row, left, spare, top, used = state[ROW], state[LEFT], state[SPARE], state[TOP], state[RETURNS]
    made, invested, homeward, lost = state[OUTWARD], state[INVESTED], state[HOMEWARD], state[GONE_FOR_GOOD]
    unknown, moved = state[UNKNOWN], state[MOVED]
    answer, begin, seen = DONE, row, row - row
    while begin < sources.shape[0] and answer == DONE:
        kept = 0
        for place in range(min(block.shape[0], sources.shape[0] - begin)):
            source, target = sources[begin + place], targets[begin + place]
            block[kept] = place
            kept += ((sides[source] == ABROAD) | (sides[target] == ABROAD)) & (source != target)
        for place in range(kept):
            row = begin + block[place]
            seen ^= lots[max(0, ends[sources[row], 0]), 0] ^ lots[max(0, ends[targets[row], 1]), 0]
        for place in range(kept):
            row = begin + block[place]
            source, target = sources[row], targets[row]
            here, there = sides[source], sides[target]
            if left == 0:
                left = amounts[row]
            while left > 0:
                if (spare == 0 and top == lots.shape[0]) or used == returns.shape[0]:
                    answer = FULL
                    break
                taken, number, emptied = left, np.int64(0), np.int64(-1)
                if here == ABROAD:
                    moved += 1
                    first = np.int64(ends[source, 0])
                    if first < 0:
                        unknown += left
                    else:
                        word = lots[first, 1]
                        number = word >> 32
                        if lots[first, 0] <= left:
                            taken, emptied = lots[first, 0], first
                            following = (word & 0xFFFFFFFF) - 1
                            ends[source, 0] = following
                            if following < 0:
                                ends[source, 1] = -1
                        else:
                            lots[first, 0] -= left
                elif here == HOME:
                    outward[made] = row
                    made += 1
                    number = np.int64(made)
                    invested += left
                left -= taken
                if there == ABROAD:
                    last = np.int64(ends[target, 1])
                    if last >= 0 and lots[last, 1] >> 32 == number:
                        lots[last, 0] += taken  # what follows money of the same lot joins it
                    else:
                        slot = emptied
                        if slot >= 0:
                            emptied = np.int64(-1)
                        elif spare > 0:
                            slot = spare - 1
                            spare = lots[slot, 1]
                        else:
                            slot = top
                            top += 1
                        lots[slot, 0], lots[slot, 1] = taken, number << 32
                        if last < 0:
                            ends[target, 0] = slot
                        else:
                            lots[last, 1] |= slot + 1
                        ends[target, 1] = slot
                elif number > 0:
                    returns[used, 0], returns[used, 1] = (number - 1) << 32 | row, taken
                    used += 1
                    if there == HOME:
                        homeward += taken
                    else:
                        lost += taken
                if emptied >= 0:
                    lots[emptied, 0], lots[emptied, 1] = 0, spare
                    spare = emptied + 1
            if answer == FULL:
                break
        if answer == DONE:
            begin += block.shape[0]
            row = begin
    state[SEEN] = seen  # that what was read beforehand is not left out
    state[ROW], state[LEFT], state[SPARE], state[TOP], state[RETURNS] = row, left, spare, top, used
    state[OUTWARD], state[INVESTED], state[HOMEWARD], state[GONE_FOR_GOOD] = made, invested, homeward, lost
    state[UNKNOWN], state[MOVED] = unknown, moved
    return answer


def remaining(lots: Numbers, top: Whole, still: Numbers) -> None:
    """Add up what is left of each lot, place by place; places that are free hold nothing."""
    for place in range(top):
        if lots[place, 0] > 0:
            number = lots[place, 1] >> 32
            if number > 0:
                still[number - 1] += lots[place, 0]
