"""What a watch remembers: an entry per transfer, an entry per account, and the limits it works within.

Transfers of an account hang together backwards: each knows the one before it from the same sender and the one before it to the same receiver. So
"the latest transfers into an account" is a walk, and a window ends it. There are two such threads: one through all transfers, and one through those
that **count** for shapes, which are large enough to matter and between people who have not long known each other; wages, rents and the daily bread
never enter it. Everything is arrays of whole numbers; kernels allocate nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
BASKET = 1024  # transfers that one look at one transfer may put together


class Past(NamedTuple):
    """One entry per transfer."""

    sender: Column
    receiver: Column
    moment: Column  # seconds
    size: Column
    unit: Column
    marks: Column
    prior_out: Column  # the transfer before from the same sender, -1 for none
    prior_in: Column  # the transfer before to the same receiver
    prior_pair: Column  # the transfer before between the same two, the same way
    met: Column  # the first transfer between the same two, the same way
    before_out: Column  # the transfer before from the same sender, of those that count
    before_in: Column  # the transfer before to the same receiver, of those that count
    via: Column  # the transfer that this one passes on, -1 for none
    hops: Column  # how long the chain is that ends here
    match: Column  # the transfer in return, of the other kind, -1 for none
    seen: Column  # a bit per family that holds it
    parent: Column  # union-find: transfers of one scheme have one root
    many: Column  # of a root: transfers in the scheme
    since: Column  # of a root: the transfer that raised the alert first, -1 for none
    bounded: Column  # of a root: a bound was met


class People(NamedTuple):
    """One entry per account."""

    tail_out: Column  # the latest transfer from this account
    tail_in: Column  # the latest to it
    last_out: Column  # likewise of those that count
    last_in: Column
    latest: Column  # moment of the latest transfer, -1 for none
    woke: Column  # the transfer that ended a long silence, -1 for none
    since_woke: Column  # transfers since then
    first: Column  # moment of the first transfer
    ins: Column  # transfers that count
    outs: Column
    marks: Column
    stamp: Column  # who was counted already in this look
    tally: Column  # how often
    other: Column  # a second stamp
    cut: Column  # how often a walk over this account's transfers met its bound


class Pairs(NamedTuple):
    """Who has paid whom: open addressing, a power of two of places."""

    keys: Column  # sender and receiver in one word, and one more; nought for an empty place
    last: Column  # the latest transfer between them, this way
    used: Column  # [0] places taken


class Work(NamedTuple):
    """What one look needs beside the state."""

    basket: Column  # transfers put together
    trail: Column  # the way back of a search
    tried: Column  # branches tried at each step of it
    turn: Column  # [0] the number of the latest stamp, [1] whether the walk that just ended met its bound
    cuts: Column  # per family: looks that met a bound


class Limits(NamedTuple):
    """Windows, thresholds and bounds, as whole numbers. Units: windows in seconds, shares per thousand."""

    walk: int
    branch: int
    budget: int
    scheme: int
    worth: int
    new: int
    alike: int
    unknown: int
    usual: int
    fan_in: int
    fan_in_window: int
    fan_out: int
    fan_out_window: int
    equal: int
    equal_walk: int
    equal_window: int
    equal_share: int
    cycle_hops: int
    cycle_window: int
    to_and_fro: int
    scatter: int
    scatter_window: int
    gather_in: int
    gather_out: int
    gather_window: int
    stack: int
    stack_window: int
    bipartite_senders: int
    bipartite_receivers: int
    bipartite_window: int
    structuring: int
    structuring_window: int
    structuring_top: int
    structuring_low: int
    rapid_window: int
    rapid_share: int
    rapid_least: int
    rapid_most: int
    chain: int
    chain_window: int
    dormant_silence: int
    dormant_window: int
    dormant: int
    dealer: int
    dealer_window: int
    gift_window: int


_PAST = {
    "sender": np.int32, "receiver": np.int32, "moment": np.int64, "size": np.int64, "unit": np.int32, "marks": np.uint8,
    "prior_out": np.int32, "prior_in": np.int32, "prior_pair": np.int32, "met": np.int32,
    "before_out": np.int32, "before_in": np.int32, "via": np.int32, "hops": np.int16, "match": np.int32, "seen": np.int32,
    "parent": np.int32, "many": np.int32, "since": np.int32, "bounded": np.uint8,
}  # fmt: skip
_PEOPLE = {
    "tail_out": np.int32, "tail_in": np.int32, "last_out": np.int32, "last_in": np.int32, "latest": np.int64,
    "woke": np.int32, "since_woke": np.int32, "first": np.int64, "ins": np.int32, "outs": np.int32, "marks": np.uint8,
    "stamp": np.int64, "tally": np.int32, "other": np.int64, "cut": np.int32,
}  # fmt: skip
_NONE = (
    "prior_out", "prior_in", "prior_pair", "met", "before_out", "before_in", "via", "match", "since",
    "tail_out", "tail_in", "last_out", "last_in", "latest", "woke", "first",
)  # fmt: skip


def empty_past(room: int) -> Past:
    """Return room for so many transfers."""
    return Past(**_columns(_PAST, room))


def empty_people(room: int) -> People:
    """Return room for so many accounts."""
    return People(**_columns(_PEOPLE, room))


def empty_pairs(room: int) -> Pairs:
    """Return room for half as many pairs as places; `room` is a power of two."""
    return Pairs(np.zeros(room, np.int64), np.full(room, -1, np.int32), np.zeros(1, np.int64))


def empty_work(families: int) -> Work:
    """Return what looks need."""
    return Work(
        np.empty(BASKET, np.int32),
        np.empty(16, np.int32),
        np.empty(16, np.int32),
        np.zeros(2, np.int64),
        np.zeros(families, np.int64),
    )


def longer_past(past: Past, room: int) -> Past:
    """Return the same with more room."""
    return Past(**_longer(_PAST, past._asdict(), room))


def longer_people(people: People, room: int) -> People:
    """Return the same with more room."""
    return People(**_longer(_PEOPLE, people._asdict(), room))


def _columns(kinds: dict[str, Any], room: int) -> dict[str, Column]:
    return {name: np.full(room, -1 if name in _NONE else 0, kind) for name, kind in kinds.items()}


def _longer(kinds: dict[str, Any], held: dict[str, Column], room: int) -> dict[str, Column]:
    made = _columns(kinds, room)
    for name, column in held.items():
        made[name][: len(column)] = column
    return made
