"""Trace: run a kernel over transfers, make room for it, and hold its answer to conservation."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.core.errors import InputError, ensure
from skarb.oversight.flows import looking, origin, portion, portion_wide
from skarb.oversight.flows import lots as queue
from skarb.oversight.flows import pools as mixing
from skarb.oversight.flows.model import Numbers, Pieces, Places, Trace, Transfers
from skarb.oversight.flows.places import ABROAD, FULL, HOME

WORTH_COMPILING = 100_000  # transfers
_MOST_TRANSFERS = 2**31 - 2
_ROOM = 1 << 12
BLOCK = 1 << 10  # transfers that a kernel looks at at once
MOST = 1 << 62  # of all amounts together: then no balance can pass it


def kernel_for(transfers: Transfers, kind: Kind | None = None, vintages: int = 1) -> Functions:
    """Return the kernels that suit some transfers: compiled where there are many, with whole numbers of any size where words are too small."""
    if transfers.amounts.dtype == object:
        return kernels("wide")
    return kernels(choose_kind(len(transfers) * vintages >= WORTH_COMPILING, kind))


def fifo(transfers: Transfers, kind: Kind | None = None) -> Trace:
    """Follow what goes abroad by the order in which it got there.

    Raises: InputError for a transfer that cannot be followed.
    """
    kernel = kernel_for(transfers, kind)
    outward, homeward = look(transfers, kernel)
    amounts = transfers.amounts
    ends = np.full((len(transfers.sides), 2), -1, np.int32)
    made = np.empty(outward, np.int32)
    lots = np.zeros((max(_ROOM, outward // 4), 2), amounts.dtype)
    returns = np.zeros((max(_ROOM, homeward * 5 // 4), 2), amounts.dtype)
    state = np.zeros(queue.STATE, amounts.dtype)
    block = np.empty(BLOCK, np.int32)
    while (
        kernel["fifo"](transfers.sources, transfers.targets, amounts, transfers.sides, ends, lots, made, returns, state, block)
        == FULL
    ):
        if state[queue.SPARE] == 0 and state[queue.TOP] == len(lots):
            lots = _longer(lots)
        if state[queue.RETURNS] == len(returns):
            returns = _longer(returns)
    out = np.zeros(outward, amounts.dtype)
    kernel["remaining"](lots, state[queue.TOP], out)
    used = returns[: int(state[queue.RETURNS])]
    pieces = Pieces((used[:, 0] >> 32).astype(np.int32), (used[:, 0] & 0xFFFFFFFF).astype(np.int32), used[:, 1].copy())
    invested, returned, spent = (int(state[one]) for one in (queue.INVESTED, queue.HOMEWARD, queue.GONE_FOR_GOOD))
    found = Trace(
        "fifo", invested, returned, spent, total(out), int(state[queue.UNKNOWN]), made, pieces, out, int(state[queue.MOVED])
    )
    return _conserved(found)


def haircut(transfers: Transfers, kind: Kind | None = None) -> tuple[Trace, npt.NDArray[Any]]:
    """Follow what goes abroad as a share of each balance; return with it what each transfer carried of it.

    Raises: InputError for a transfer that cannot be followed.
    """
    kernel = kernel_for(transfers, kind)
    look(transfers, kernel)
    amounts = transfers.amounts
    pools = np.zeros((len(transfers.sides) + mixing.MORE, 2), amounts.dtype)
    carried, sums = np.zeros(len(transfers), amounts.dtype), np.zeros(2, amounts.dtype)
    block = np.empty(BLOCK, np.int32)
    kernel["haircut"](transfers.sources, transfers.targets, amounts, transfers.sides, pools, carried, sums, block)
    others = len(transfers.sides)
    returned, spent = int(pools[others + mixing.AT_HOME, 1]), int(pools[others + mixing.SPENT_ON, 1])
    out = pools[:others, 1]
    nothing = Pieces(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, amounts.dtype))
    found = Trace("haircut", int(sums[0]), returned, spent, total(out), int(sums[1]), np.empty(0, np.int32), nothing, out)
    return _conserved(found), carried


class TooManyPieces(Exception):
    """Vintages come back in more pieces than there is room for."""


def haircut_by(transfers: Transfers, vintages: Places, count: int, kind: Kind | None = None, most: int = MOST) -> Trace:
    """Follow what goes abroad as shares of balances, each vintage apart; `vintages` says to which of `count` a transfer belongs.

    `most` pieces are kept, or four for each payment where that is more.
    Raises: InputError for a transfer that cannot be followed, TooManyPieces.
    """
    kernel = kernel_for(transfers, kind, count)
    _, homeward = look(transfers, kernel)
    amounts = transfers.amounts
    abroad = transfers.sides == ABROAD
    places = (np.cumsum(abroad) - 1).astype(np.int32)
    balances = np.zeros(max(1, int(abroad.sum())), amounts.dtype)
    mixtures = np.zeros((len(balances), max(1, count)), amounts.dtype)
    returns, used, row = np.zeros((max(_ROOM, homeward * 2, 4 * count), 3), amounts.dtype), np.zeros(1, np.int64), 0
    while True:
        arrays = transfers.sources, transfers.targets, amounts, transfers.sides, places, vintages
        row = int(kernel["vintages"](*arrays, balances, mixtures, returns, used, row))
        if row == len(transfers):
            break
        if used[0] > max(most, 4 * homeward):
            raise TooManyPieces
        returns = _longer(returns)
    held = returns[: int(used[0])]
    pieces = Pieces(held[:, 0].astype(np.int32), held[:, 1].astype(np.int32), held[:, 2].copy())
    outward = (transfers.sides[transfers.sources] == HOME) & abroad[transfers.targets]
    home = transfers.sides[transfers.targets[pieces.rows]] == HOME
    returned, spent = total(pieces.amounts[home]), total(pieces.amounts[~home])
    out = mixtures.sum(axis=0)
    found = Trace("haircut", total(amounts[outward]), returned, spent, total(out), 0, np.empty(0, np.int32), pieces, out)
    return _conserved(found)


def look(transfers: Transfers, kernel: Functions | None = None) -> tuple[int, int]:
    """Return how many transfers leave and how many come back or are spent.

    Raises: InputError for the first one that cannot be followed.
    """
    kernel = kernel or kernel_for(transfers)
    count, accounts = len(transfers), len(transfers.sides)
    if count > _MOST_TRANSFERS:
        raise InputError(f"transfers: given {count:,}, expected at most {_MOST_TRANSFERS:,}; follow shorter stretches of time")
    if count == 0:
        return 0, 0
    for side, what in ((transfers.sources, "debited"), (transfers.targets, "credited")):
        if side.min() < 0 or side.max() >= accounts:
            row = int(np.flatnonzero((side < 0) | (side >= accounts))[0])
            raise _wrong(row, f"account {side[row]}", f"a known account that is {what}, below {accounts:,}")
    amounts = transfers.amounts
    if amounts.min() <= 0:
        row = int(np.flatnonzero(amounts <= 0)[0])
        raise _wrong(row, f"the amount {amounts[row]}", "one above zero")
    if amounts.dtype != object and int(amounts.max()) * count >= MOST and sum(map(int, amounts)) >= MOST:
        raise InputError(
            "transfers: given amounts that together reach 2^62, expected fewer or coarser units; amounts as Python's own whole numbers may be larger"
        )
    assets = transfers.assets
    if assets.min() != assets.max():
        row = int(kernel["find_mixed"](transfers.sources, transfers.targets, assets))
        if row >= 0:
            given = f"assets {assets[transfers.sources[row]]} and {assets[transfers.targets[row]]}"
            raise _wrong(row, given, "two accounts of one asset")
    counts = np.zeros(2, np.int64)
    kernel["count_border"](transfers.sources, transfers.targets, transfers.sides, counts)
    return int(counts[0]), int(counts[1])


def _wrong(row: int, given: str, expected: str) -> InputError:
    return InputError(f"transfer {row + 1}: given {given}, expected {expected}; nothing was followed")


def total(amounts: npt.NDArray[Any]) -> int:
    """Return the sum of amounts that together stay below 2^62, or of whole numbers of any size."""
    return int(amounts.sum()) if len(amounts) else 0


def _conserved(found: Trace) -> Trace:
    ensure(
        found.invested == found.returned + found.spent + found.still,
        f"what went abroad ({found.invested}) came back ({found.returned}), was spent ({found.spent}) or is still out ({found.still})",
    )
    return found


def _longer(array: Numbers) -> Numbers:
    return np.concatenate([array, np.zeros_like(array)])


@cache
def kernels(kind: str) -> Functions:
    """Return the functions of the kernels: for `numba`, `python`, or `wide` numbers."""
    if kind == "wide":
        return _wide()
    modules = [looking, queue, portion, mixing, origin]
    if kind != "numba":
        return interpreted(modules)
    woven = ("portion",)
    return compiled(
        modules,
        ("count_border", "find_mixed", "find_lowest", "fifo", "remaining", "haircut", "vintages", "origins"),
        beside=("skarb.oversight.flows.places",),
        woven=woven,
    )


def _wide() -> Functions:
    """Return the same functions over Python's own whole numbers; only the portion is reckoned in another way."""
    from types import FunctionType

    functions = interpreted([looking, queue, origin])
    names = {**vars(mixing), "portion": portion_wide.portion}
    for name in ("haircut", "vintages"):
        functions[name] = FunctionType(getattr(mixing, name).__code__, names, name)
    return functions
