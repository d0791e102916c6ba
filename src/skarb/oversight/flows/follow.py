"""Follow: rows that cross the border become transfers between pots, and a kernel says what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError, ensure
from skarb.oversight.flows.definition import KINDS, Choices
from skarb.oversight.flows.model import UNVALUED, Asset, Numbers, Pieces, Places, Rows, Rule, Trace, Transfers
from skarb.oversight.flows.places import ABROAD, HOME
from skarb.oversight.flows.trace import MOST, TooManyPieces, fifo, haircut, haircut_by, kernel_for, look

OUTWARD, RETURN, WITHIN = (KINDS.index(one) for one in ("outward", "return", "within"))
_WALLET_OUT, _WALLET_BACK = (KINDS.index(one) for one in ("wallet_out", "wallet_back"))
_MOST_SHARES = 60_000_000  # pots times lots in one pot
_MOST_PIECES = 10_000_000  # each payment out of a pot takes a piece of every lot in it


@dataclass(frozen=True)
class Followed:
    """Rows, the choices made, and what became of each lot.

    Shape: `starts` the row of each lot; `pieces` name rows; amounts in the asset's scaled units, worths in minor units of the legal currency.
    Whatever its rule, each lot is its pieces and what is left, in units and in worth.
    """

    rows: Rows
    choices: Choices
    rule: Rule
    starts: Places
    pieces: Pieces
    left: npt.NDArray[Any]
    unknown_rows: int  # returns, or parts of them, of money that was not seen to go out
    trace: Trace

    @cached_property
    def worth(self) -> Numbers:
        """What each lot was worth when it left; nothing where nobody knows."""
        values = self.rows.values[self.starts]
        return np.where(values == UNVALUED, 0, values)

    @cached_property
    def worths(self) -> Numbers:
        """What each piece was worth when its lot left.

        Rounding: running sums of a lot are rounded down and their differences taken, so pieces and what is left add up to the lot.
        """
        return _worths(self)

    @cached_property
    def worth_left(self) -> Numbers:
        """What is still out of each lot, at its worth when it left."""
        left = self.worth.copy()
        np.subtract.at(left, self.pieces.lots, self.worths)
        ensure(not len(left) or left.min() >= 0, "no more comes back of a lot than it is worth")
        return left


def follow(rows: Rows, choices: Choices, rule: Rule = "fifo") -> Followed:
    """Return what became of the money that went abroad.

    Raises: InputError for a row that cannot be followed.
    """
    chosen = _chosen(rows, choices)
    if len(chosen) and int(chosen.values.max()) * len(chosen) >= MOST and sum(map(int, chosen.values)) >= MOST:
        raise InputError("rows: given values that together reach 2^62, expected fewer of them; follow shorter stretches of time")
    transfers = _transfers(chosen, choices)
    opened = 0
    if choices.opening == "inferred":
        transfers, opened = _with_opening(transfers)
    if rule == "fifo":
        trace = fifo(transfers)
    else:
        trace = _haircut(transfers)
    starts = (trace.outward - opened).astype(np.int32)
    pieces = Pieces(trace.pieces.lots, (trace.pieces.rows - opened).astype(np.int32), trace.pieces.amounts)
    _hold_lots(chosen, starts, pieces, trace.out)
    return Followed(chosen, choices, rule, starts, pieces, trace.out, _unknown(chosen, pieces), trace)


def _hold_lots(rows: Rows, starts: Places, pieces: Pieces, left: npt.NDArray[Any]) -> None:
    """Hold each lot, and so each asset, to conservation."""
    rest = rows.units[starts]
    np.subtract.at(rest, pieces.lots, pieces.amounts)
    ensure(bool((rest == left).all()), "of each lot, what came back and what is still out are what went abroad")


def _chosen(rows: Rows, choices: Choices) -> Rows:
    """Return the rows that are followed; own wallets are abroad, or left out."""
    kinds = rows.kinds.copy()
    if choices.wallets == "abroad":
        kinds[kinds == _WALLET_OUT] = OUTWARD
        kinds[kinds == _WALLET_BACK] = RETURN
    kept = (kinds == OUTWARD) | (kinds == RETURN) | (kinds == WITHIN)
    if choices.conversion == "value":
        kept &= rows.values > 0
    found = select(replace(rows, kinds=kinds), kept)
    if choices.conversion == "value":
        return replace(found, assets=np.zeros(len(found), np.int32), units=found.values, of=(Asset("", 0),))
    return found


def select(rows: Rows, kept: npt.NDArray[np.bool_]) -> Rows:
    """Return some of the rows."""
    arrays = ("kinds", "instants", "days", "assets", "units", "values", "positions", "sequences", "numbers")
    return replace(
        rows,
        **{name: getattr(rows, name)[kept] for name in arrays},
        codes={name: column[kept] for name, column in rows.codes.items()},
        target=None if rows.target is None else rows.target[kept],
    )


def _transfers(rows: Rows, choices: Choices) -> Transfers:
    """Return the rows as transfers between one account at home for each asset and the pots abroad."""
    assets = len(rows.of)
    place, person = rows.codes["place"].astype(np.int64), rows.codes["person"].astype(np.int64)
    onward = place if rows.target is None else rows.target.astype(np.int64)
    width = max(int(place.max(initial=0)), int(onward.max(initial=0))) + 1
    pots, target = ({"account": person * width + at, "person": person, "place": at}[choices.pot] for at in (place, onward))
    keys = np.concatenate([pots, target]) * assets + np.concatenate([rows.assets, rows.assets])
    distinct, numbers = np.unique(keys, return_inverse=True)
    numbers = (numbers.reshape(-1) + assets).astype(np.int32)
    here, there = numbers[: len(rows)], numbers[len(rows) :]
    home = rows.assets.astype(np.int32)
    sources = np.where(rows.kinds == OUTWARD, home, here).astype(np.int32)
    targets = np.where(rows.kinds == OUTWARD, here, np.where(rows.kinds == RETURN, home, there)).astype(np.int32)
    sides = np.full(assets + len(distinct), ABROAD, np.uint8)
    sides[:assets] = HOME
    of = np.concatenate([np.arange(assets), distinct % max(1, assets)]).astype(np.int32)
    return Transfers(sources, targets, rows.units, sides, of)


def _with_opening(transfers: Transfers) -> tuple[Transfers, int]:
    """Put into each pot, before all else, what is paid out of it without having been seen to get there."""
    lacks = _lacks(transfers)
    places = np.flatnonzero(lacks > 0).astype(np.int32)
    if not len(places):
        return transfers, 0
    # Money of nobody: it comes from a place that is neither home nor abroad, one for each asset.
    assets = int(transfers.assets.max()) + 1
    first = len(transfers.sides)
    return Transfers(
        np.concatenate([(first + transfers.assets[places]).astype(np.int32), transfers.sources]),
        np.concatenate([places, transfers.targets]),
        np.concatenate([lacks[places], transfers.amounts]),
        np.concatenate([transfers.sides, np.full(assets, 2, np.uint8)]),
        np.concatenate([transfers.assets, np.arange(assets, dtype=np.int32)]),
    ), len(places)


def _lacks(transfers: Transfers) -> npt.NDArray[Any]:
    """Return how much each pot abroad would have to hold at first, so that it never pays what it has not."""
    look(transfers)
    balances, lowest = (np.zeros(len(transfers.sides), transfers.amounts.dtype) for _ in range(2))
    kernel_for(transfers)["find_lowest"](transfers.sources, transfers.targets, transfers.amounts, balances, lowest)
    found = -lowest
    found[transfers.sides != ABROAD] = 0
    return found


def _haircut(transfers: Transfers) -> Trace:
    """Follow by shares with each lot apart: lots are numbered within the pot they begin in, so the table of shares stays small."""
    rows = np.flatnonzero((transfers.sides[transfers.sources] == HOME) & (transfers.sides[transfers.targets] == ABROAD)).astype(
        np.int32
    )
    abroad = transfers.sides == ABROAD
    moves = (abroad[transfers.sources] & abroad[transfers.targets]).any()
    pots = transfers.targets[rows]
    if moves:  # then lots of several pots meet in one
        local = np.arange(len(rows), dtype=np.int32)
    else:
        order = np.argsort(pots, kind="stable")
        begin = np.flatnonzero(np.diff(pots[order], prepend=-1))
        counts = np.diff(np.append(begin, len(rows)))
        local = np.empty(len(rows), np.int32)
        local[order] = np.arange(len(rows)) - np.repeat(begin, counts)
    width = int(local.max(initial=0)) + 1
    if width * int(abroad.sum()) > _MOST_SHARES:
        return _sums_only(transfers)
    vintages = np.full(len(transfers), -1, np.int32)
    vintages[rows] = local
    try:
        trace = haircut_by(transfers, vintages, width, most=_MOST_PIECES)
    except TooManyPieces:
        return _sums_only(transfers)
    lots = trace.pieces.lots if moves else _lot_of(pots, local, transfers.sources[trace.pieces.rows], trace.pieces.lots)
    left = transfers.amounts[rows].copy()
    np.subtract.at(left, lots, trace.pieces.amounts)
    return replace(trace, outward=rows, pieces=replace(trace.pieces, lots=lots), out=left)


def _sums_only(transfers: Transfers) -> Trace:
    """Return a haircut without telling lots apart."""
    trace, _ = haircut(transfers)
    return replace(trace, outward=np.empty(0, np.int32), out=np.empty(0, transfers.amounts.dtype))


def _lot_of(pots: Places, local: Places, paid_from: Places, vintages: Places) -> Places:
    """Return the lot that has a number within a pot."""
    keys = pots.astype(np.int64) << 32 | local
    order = np.argsort(keys)
    wanted = paid_from.astype(np.int64) << 32 | vintages
    return order[np.searchsorted(keys[order], wanted)].astype(np.int32)


def _unknown(rows: Rows, pieces: Pieces) -> int:
    """Return how many returns were not, or not wholly, paid out of what was seen to go out."""
    back = np.flatnonzero(rows.kinds == RETURN)
    paid = np.zeros(len(rows), pieces.amounts.dtype if len(pieces) else np.int64)
    np.add.at(paid, pieces.rows, pieces.amounts)
    return int((paid[back] < rows.units[back]).sum())


def _worths(found: Followed) -> Numbers:
    lots, amounts = found.pieces.lots, found.pieces.amounts
    if not len(lots):
        return np.empty(0, np.int64)
    order = np.argsort(lots, kind="stable")
    grouped = lots[order]
    running = np.cumsum(amounts[order].astype(object))
    first = np.flatnonzero(np.diff(grouped, prepend=-1))
    before = np.where(first > 0, running[first - 1], 0)
    running = running - np.repeat(before, np.diff(np.append(first, len(grouped))))
    whole, units = found.worth.astype(object)[grouped], found.rows.units.astype(object)[found.starts[grouped]]
    upto = running * whole // units
    earlier = np.concatenate([[0], upto[:-1]])
    earlier[first] = 0
    worths = np.empty(len(lots), np.int64)
    worths[order] = (upto - earlier).astype(np.int64)
    return worths
