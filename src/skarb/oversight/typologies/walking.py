"""Kernels that walk: over the latest transfers of an account, and from what was found to a scheme.

Every walk ends at its window or at its bound. A bound that was met is counted, for the family and for the account, so that nothing is left out in
silence. Plain functions over arrays; `core.compiled` says how they are run.
"""

from __future__ import annotations

from skarb.oversight.typologies.state import BASKET, Column, Limits, Pairs, Past, People, Work


def comparable(past: Past, one: int, other: int, limits: Limits) -> bool:
    """Say whether two sizes could be the same money; what cannot be compared is as the limits say."""
    if past.unit[one] != past.unit[other]:
        return limits.unknown == 1
    a, b = past.size[one], past.size[other]
    if a > b:
        a, b = b, a
    return bool(a * 1000 >= b * limits.alike)


def stamp(work: Work) -> int:
    """Return a number that no earlier look has used."""
    work.turn[0] += 1
    return int(work.turn[0])


def place_of(pairs: Pairs, sender: int, receiver: int) -> int:
    """Return the place of a pair, or the empty one where it belongs."""
    sender, receiver = int(sender), int(receiver)
    key = (sender << 32 | receiver) + 1
    mask = len(pairs.keys) - 1
    # Multiplied within the lower half of the word, so that compiler and interpreter agree on every bit.
    mixed = (sender * 0x9E3779B1 + receiver * 0x85EBCA6B) & 0xFFFFFFFF
    place = (mixed ^ mixed >> 15) & mask
    while pairs.keys[place] != 0 and pairs.keys[place] != key:
        place = (place + 1) & mask
    return place


def last_between(pairs: Pairs, sender: int, receiver: int) -> int:
    """Return the latest transfer from one to the other, or -1."""
    return int(pairs.last[place_of(pairs, sender, receiver)])


def refill(old: Pairs, new: Pairs) -> None:
    """Put all pairs into a larger table."""
    for at in range(len(old.keys)):
        key = old.keys[at]
        if key != 0:
            place = place_of(new, int(key - 1) >> 32, int(key - 1) & 0xFFFFFFFF)
            new.keys[place], new.last[place] = key, old.last[at]
    new.used[0] = old.used[0]


def gather_all(
    past: Past, people: People, work: Work, limits: Limits, row: int, account: int, incoming: bool, window: int, begin: int
) -> int:
    """Put the account's latest transfers of one direction into the basket from a place on; return where they end.

    `turn[1]` says whether the bound ended the walk.
    """
    at, place = (people.tail_in[account] if incoming else people.tail_out[account]), begin
    work.turn[1] = 0
    oldest = past.moment[row] - window
    while at >= 0 and past.moment[at] >= oldest:
        if place - begin == limits.walk or place == BASKET:
            work.turn[1] = 1
            people.cut[account] += 1
            break
        work.basket[place] = at
        place += 1
        at = past.prior_in[at] if incoming else past.prior_out[at]
    return place


def gather(
    past: Past, people: People, work: Work, limits: Limits, row: int, account: int, incoming: bool, window: int, begin: int
) -> int:
    """The same with the transfers that count for shapes."""
    at, place = (people.last_in[account] if incoming else people.last_out[account]), begin
    work.turn[1] = 0
    oldest = past.moment[row] - window
    while at >= 0 and past.moment[at] >= oldest:
        if place - begin == limits.walk or place == BASKET:
            work.turn[1] = 1
            people.cut[account] += 1
            break
        work.basket[place] = at
        place += 1
        at = past.before_in[at] if incoming else past.before_out[at]
    return place


def distinct(past: Past, people: People, work: Work, begin: int, end: int, senders: bool) -> int:
    """Return how many different people stand on one side of the transfers in the basket."""
    mark, found = stamp(work), 0
    for place in range(begin, end):
        one = work.basket[place]
        who = past.sender[one] if senders else past.receiver[one]
        if people.stamp[who] != mark:
            people.stamp[who] = mark
            found += 1
    return found


def unusual(past: Past, people: People, limits: Limits, row: int, account: int, incoming: bool, now: int, window: int) -> bool:
    """Say whether an account has clearly more transfers that count in a window than it used to have; a newcomer has no custom to go by."""
    before = int(people.ins[account] if incoming else people.outs[account]) - now
    lived = past.moment[row] - window - people.first[account]
    if before <= 0 or lived <= 0:
        return True
    return bool(now * 1000 * lived >= limits.usual * before * window)


def root(past: Past, one: int) -> int:
    """Return the root of a transfer's scheme."""
    while past.parent[one] != one:
        past.parent[one] = past.parent[past.parent[one]]
        one = past.parent[one]
    return one


def unite(past: Past, limits: Limits, one: int, other: int) -> None:
    """Make one scheme of two, unless it would grow beyond its bound; the root is the earliest transfer."""
    a, b = root(past, one), root(past, other)
    if a == b:
        return
    if a > b:
        a, b = b, a
    if past.many[a] + past.many[b] > limits.scheme:
        past.bounded[a] = 1
        past.bounded[b] = 1
        return
    past.parent[b] = a
    past.many[a] += past.many[b]
    past.bounded[a] |= past.bounded[b]
    if past.since[a] < 0 or (past.since[b] >= 0 and past.since[b] < past.since[a]):
        past.since[a] = past.since[b]


def tell(past: Past, work: Work, limits: Limits, row: int, family: int, begin: int, end: int) -> None:
    """Say that the transfers in the basket are a scheme of a family, seen with the transfer of this row."""
    if end <= begin:
        return
    bit = 1 << family
    fresh = 0
    for place in range(begin, end):
        one = work.basket[place]
        if past.seen[one] & bit == 0:
            past.seen[one] |= bit
            fresh += 1
    if fresh == 0:
        return
    anchor = work.basket[begin]
    for place in range(begin, end):
        unite(past, limits, anchor, work.basket[place])
        head = root(past, work.basket[place])
        if past.since[head] < 0:
            past.since[head] = row


def count_between(
    past: Past, people: People, accounts: Column, firsts: Column, lasts: Column, steps_max: int, found: Column
) -> None:
    """Count the transfers of each account between two moments, its latest ones as far as the bound goes."""
    for place in range(len(accounts)):
        who, first, last = accounts[place], firsts[place], lasts[place]
        for incoming in (False, True):
            at, steps = (people.tail_in[who] if incoming else people.tail_out[who]), 0
            while at >= 0 and past.moment[at] >= first and steps < steps_max:
                if past.moment[at] <= last:
                    found[place] += 1
                at = past.prior_in[at] if incoming else past.prior_out[at]
                steps += 1
