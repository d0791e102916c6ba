"""Kernels for what the law itself names: sums kept below a threshold, sleeping accounts, money in and out, dealing for others, sales called gifts."""

from __future__ import annotations

from skarb.oversight.typologies.state import BASKET, Limits, Pairs, Past, People, Work
from skarb.oversight.typologies.walking import comparable, gather_all, last_between, stamp, tell

STRUCTURING, RAPID, DORMANT, DEALER, GIFT_SALE = 7, 8, 9, 10, 11


def structuring(past: Past, people: People, work: Work, limits: Limits, row: int, incoming: bool) -> None:
    """Several sums just below the threshold, that together are above it."""
    if past.unit[row] != 0 or not limits.structuring_low <= past.size[row] < limits.structuring_top:
        return
    account = past.receiver[row] if incoming else past.sender[row]
    at = people.tail_in[account] if incoming else people.tail_out[account]
    oldest, place, steps, total = past.moment[row] - limits.structuring_window, 0, 0, 0
    while at >= 0 and past.moment[at] >= oldest:
        steps += 1
        if steps > limits.walk:
            work.cuts[STRUCTURING] += 1
            people.cut[account] += 1
            break
        if past.unit[at] == 0 and limits.structuring_low <= past.size[at] < limits.structuring_top and place < BASKET:
            work.basket[place] = at
            place += 1
            total += past.size[at]
        at = past.prior_in[at] if incoming else past.prior_out[at]
    if place >= limits.structuring and total >= limits.structuring_top:
        tell(past, work, limits, row, STRUCTURING, 0, place)


def rapid(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """What came in goes out again, nearly all of it, within hours, in few transfers; in many, sums in and out agree by chance."""
    account, window = past.sender[row], limits.rapid_window
    if (
        people.marks[account] & 1
        or people.tail_in[account] < 0
        or past.moment[people.tail_in[account]] < past.moment[row] - window
    ):
        return
    middle = gather_all(past, people, work, limits, row, account, True, window, 0)
    cut = work.turn[1]
    end = gather_all(past, people, work, limits, row, account, False, window, middle)
    if cut == 1 or work.turn[1] == 1:
        work.cuts[RAPID] += 1
        return
    if end > limits.rapid_most:
        return
    came, went = 0, 0
    for place in range(end):
        one = work.basket[place]
        if past.unit[one] != past.unit[row]:
            return
        if place < middle:
            came += past.size[one]
        else:
            went += past.size[one]
    if came < limits.rapid_least or went > came or went * 1000 < came * limits.rapid_share:
        return
    tell(past, work, limits, row, RAPID, 0, end)


def wake(past: Past, people: People, work: Work, limits: Limits, row: int, account: int) -> None:
    """An account that was silent for long is suddenly busy; called before the transfer is noted as the latest."""
    latest, now = people.latest[account], past.moment[row]
    if latest >= 0 and now - latest >= limits.dormant_silence:
        people.woke[account] = row
        people.since_woke[account] = 0
    woke = people.woke[account]
    if woke < 0:
        return
    if now - past.moment[woke] > limits.dormant_window:
        people.woke[account] = -1
        return
    people.since_woke[account] += 1
    if people.since_woke[account] < limits.dormant:
        return
    middle = gather_all(past, people, work, limits, row, account, True, now - past.moment[woke], 0)
    cut = work.turn[1]
    end = gather_all(past, people, work, limits, row, account, False, now - past.moment[woke], middle)
    if cut == 1 or work.turn[1] == 1:
        work.cuts[DORMANT] += 1
    tell(past, work, limits, row, DORMANT, 0, end)


def deal(past: Past, people: People, pairs: Pairs, work: Work, limits: Limits, row: int) -> None:
    """Tokens one way, money of that worth the other way, between two who may not deal for others: a sale, also where it is called a gift."""
    sender, receiver = past.sender[row], past.receiver[row]
    oldest = past.moment[row] - limits.gift_window
    at, steps = last_between(pairs, receiver, sender), 0
    while at >= 0 and past.moment[at] >= oldest:
        steps += 1
        if steps > limits.walk:
            work.cuts[GIFT_SALE] += 1
            people.cut[sender] += 1
            return
        other = past.marks[at] & 1 != past.marks[row] & 1
        if other and past.match[at] < 0 and past.unit[at] == past.unit[row] and comparable(past, at, row, limits):
            past.match[at] = row
            past.match[row] = at
            if (past.marks[at] | past.marks[row]) & 2:
                work.basket[0], work.basket[1] = at, row
                tell(past, work, limits, row, GIFT_SALE, 0, 2)
            dealer(past, people, work, limits, row, sender)
            dealer(past, people, work, limits, row, receiver)
            return
        at = past.prior_pair[at]


def dealer(past: Past, people: People, work: Work, limits: Limits, row: int, account: int) -> None:
    """One without a licence makes such deals with many."""
    middle = gather_all(past, people, work, limits, row, account, True, limits.dealer_window, 0)
    cut = work.turn[1]
    end = gather_all(past, people, work, limits, row, account, False, limits.dealer_window, middle)
    if cut == 1 or work.turn[1] == 1:
        work.cuts[DEALER] += 1
    kept, mark, many = 0, stamp(work), 0
    for place in range(end):
        one = work.basket[place]
        if past.match[one] < 0:
            continue
        who = past.receiver[one] if past.sender[one] == account else past.sender[one]
        if people.stamp[who] != mark:
            people.stamp[who] = mark
            many += 1
        work.basket[kept] = one
        kept += 1
    if many >= limits.dealer:
        tell(past, work, limits, row, DEALER, 0, kept)
