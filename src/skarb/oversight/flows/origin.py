"""Where each transfer's money came from: which earlier transfers brought it, first in, first out. A kernel.

Each transfer makes one lot in the account it credits, so a lot is known by its transfer, and what has been taken from it so far says which
stretch of it a later transfer takes. Stretches of stretches lead back exactly, over any number of hops.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.oversight.flows.places import DONE, FULL

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Whole = Any

AT_ROW, HAVING_LEFT, PIECES = range(3)
ORIGIN_STATE = 3


def origins(
    sources: Places,
    targets: Places,
    amounts: Numbers,
    followed: npt.NDArray[np.bool_],
    ends: Places,
    nexts: Places,
    rest: Numbers,
    pieces: Numbers,
    state: Numbers,
) -> Whole:
    """Note for each transfer out of a followed account what brought its money; return `DONE`, or `FULL` where there is no more room.

    Shape: `pieces` a row for each stretch: the transfer that takes it, the one that brought it or -1, where it begins within that one, its amount.
    """
    row, left = state[AT_ROW], state[HAVING_LEFT]
    while row < sources.shape[0]:
        source, target = sources[row], targets[row]
        if followed[source] and source != target:
            if left == 0:
                left = amounts[row]
            while left > 0:
                place = state[PIECES]
                if place == pieces.shape[0]:
                    state[AT_ROW], state[HAVING_LEFT] = row, left
                    return FULL
                giver = ends[source, 0]
                pieces[place, 0], pieces[place, 1], pieces[place, 2], taken = row, giver, 0, left
                if giver >= 0:
                    pieces[place, 2] = amounts[giver] - rest[giver]
                    if rest[giver] <= left:
                        taken = rest[giver]
                        ends[source, 0] = nexts[giver]
                        if nexts[giver] < 0:
                            ends[source, 1] = -1
                    rest[giver] -= taken
                pieces[place, 3] = taken
                state[PIECES] = place + 1
                left -= taken
        if followed[target] and source != target:
            rest[row] = amounts[row]
            last = ends[target, 1]
            if last < 0:
                ends[target, 0] = row
            else:
                nexts[last] = row
            ends[target, 1] = row
        left = amounts[row] - amounts[row]
        row += 1
    state[AT_ROW], state[HAVING_LEFT] = row, 0
    return DONE
