"""Kernels for shapes of flow: fans, cycles, scatter and gather, stacks, bipartite groups, chains.

Each looks at one new transfer and asks whether it completes its shape within a window. The shape's transfers are told as a scheme. The order in
which the two legs of a scatter–gather arrive does not matter; cycles and chains are followed back in time.
"""

from __future__ import annotations

from skarb.oversight.typologies.state import BASKET, Limits, Pairs, Past, People, Work
from skarb.oversight.typologies.walking import comparable, distinct, gather, last_between, stamp, tell, unusual

FAN_IN, FAN_OUT, CYCLE, SCATTER_GATHER, GATHER_SCATTER, STACK, BIPARTITE, CHAIN = 0, 1, 2, 3, 4, 5, 6, 12


def fan(past: Past, people: People, work: Work, limits: Limits, row: int, incoming: bool) -> None:
    """Many pay one, or one pays many, clearly more than is usual for him."""
    account = past.receiver[row] if incoming else past.sender[row]
    window = limits.fan_in_window if incoming else limits.fan_out_window
    need = limits.fan_in if incoming else limits.fan_out
    family = FAN_IN if incoming else FAN_OUT
    end = gather(past, people, work, limits, row, account, incoming, window, 0)
    if work.turn[1] == 1:
        work.cuts[family] += 1
        return
    if end < need or distinct(past, people, work, 0, end, incoming) < need:
        return
    if unusual(past, people, limits, row, account, incoming, end, window):
        tell(past, work, limits, row, family, 0, end)


def equal_fan(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Many pay one the very same sum over a long time, hardly anybody of them twice; that they know each other does not matter."""
    if past.unit[row] == 0 and past.size[row] < limits.worth:
        return
    account, oldest = past.receiver[row], past.moment[row] - limits.equal_window
    at, place, steps = people.tail_in[account], 0, 0
    mark, found = stamp(work), 0
    while at >= 0 and past.moment[at] >= oldest:
        steps += 1
        if steps > limits.equal_walk:
            work.cuts[FAN_IN] += 1
            people.cut[account] += 1
            break
        if past.size[at] == past.size[row] and past.unit[at] == past.unit[row]:
            work.basket[place] = at
            place += 1
            if people.stamp[past.sender[at]] != mark:
                people.stamp[past.sender[at]] = mark
                found += 1
        at = past.prior_in[at]
    if found >= limits.equal and found * 1000 >= place * limits.equal_share:
        tell(past, work, limits, row, FAN_IN, 0, place)


def hub(past: Past, people: People, work: Work, limits: Limits, row: int, account: int) -> None:
    """One who collects from several pays out to several."""
    if people.last_in[account] < 0 or people.last_out[account] < 0:
        return
    window = limits.gather_window
    middle = gather(past, people, work, limits, row, account, True, window, 0)
    cut = work.turn[1]
    end = gather(past, people, work, limits, row, account, False, window, middle)
    if cut == 1 or work.turn[1] == 1:
        work.cuts[GATHER_SCATTER] += 1
        return
    if middle < limits.gather_in or end - middle < limits.gather_out:
        return
    if past.moment[work.basket[middle - 1]] > past.moment[work.basket[middle]]:
        return  # all was paid out before anything came in
    if distinct(past, people, work, 0, middle, True) < limits.gather_in:
        return
    if distinct(past, people, work, middle, end, False) < limits.gather_out:
        return
    if unusual(past, people, limits, row, account, True, middle, window):
        tell(past, work, limits, row, GATHER_SCATTER, 0, end)


def scatter(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """One pays several, each of whom passes it on to the same one; the new transfer is of the second leg."""
    target, window = past.receiver[row], limits.scatter_window
    end = gather(past, people, work, limits, row, target, True, window, 0)
    if work.turn[1] == 1:
        work.cuts[SCATTER_GATHER] += 1
        return
    if end < limits.scatter:
        return
    mark, best, many = stamp(work), -1, 0
    for place in range(end):
        leg = work.basket[place]
        once = stamp(work)
        at, steps = people.last_in[past.sender[leg]], 0
        while at >= 0 and past.moment[at] >= past.moment[row] - window and steps < limits.branch:
            origin = past.sender[at]
            if origin != target and people.other[origin] != once and comparable(past, at, leg, limits):
                people.other[origin] = once
                if people.stamp[origin] != mark:
                    people.stamp[origin] = mark
                    people.tally[origin] = 0
                people.tally[origin] += 1
                if people.tally[origin] > many:
                    best, many = origin, people.tally[origin]
            at = past.before_in[at]
            steps += 1
    if many >= limits.scatter:
        _tell_legs(past, people, work, limits, row, best, end)


def _tell_legs(past: Past, people: People, work: Work, limits: Limits, row: int, origin: int, legs: int) -> None:
    """Tell both legs of a scatter–gather from one origin; the second legs lie at the beginning of the basket."""
    end, mark = legs, stamp(work)
    for place in range(legs):
        leg, held = work.basket[place], False
        at, steps = people.last_in[past.sender[leg]], 0
        while at >= 0 and past.moment[at] >= past.moment[row] - limits.scatter_window and steps < limits.branch:
            if past.sender[at] == origin and comparable(past, at, leg, limits) and end + 1 < BASKET:
                work.basket[end] = at
                end += 1
                held = True
            at = past.before_in[at]
            steps += 1
        if held:
            work.basket[end] = leg
            end += 1
            people.stamp[past.sender[leg]] = mark
    middlemen = 0
    for place in range(legs, end):
        who = past.sender[work.basket[place]]
        if people.stamp[who] == mark:
            people.stamp[who] = 0
            middlemen += 1
    if middlemen >= limits.scatter:
        tell(past, work, limits, row, SCATTER_GATHER, legs, end)


def scatter_late(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """The same when the new transfer is of the first leg: what its receiver had paid out already counts."""
    middleman, window = past.receiver[row], limits.scatter_window
    if people.last_out[middleman] < 0 or past.moment[people.last_out[middleman]] < past.moment[row] - window:
        return
    at, tries = people.last_out[middleman], 0
    while at >= 0 and past.moment[at] >= past.moment[row] - window and tries < limits.branch:
        if past.receiver[at] != past.sender[row] and comparable(past, at, row, limits):
            end = gather(past, people, work, limits, row, past.receiver[at], True, window, 0)
            if work.turn[1] == 0 and end >= limits.scatter:
                _tell_legs(past, people, work, limits, row, past.sender[row], end)
        at = past.before_out[at]
        tries += 1


def cycle(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Money comes back to where it set out, over at most so many hops, each no earlier than the one before, at comparable sizes."""
    start, goal, oldest = past.sender[row], past.receiver[row], past.moment[row] - limits.cycle_window
    last = people.last_out[goal]
    if last < 0 or past.moment[last] < oldest or people.last_in[start] < 0:
        return
    trail, tried, depth, steps = work.trail, work.tried, 0, 0
    trail[0], tried[0] = people.last_in[start], 0
    while depth >= 0:
        at = trail[depth]
        if at < 0 or past.moment[at] < oldest or tried[depth] == limits.branch:
            depth -= 1
            if depth >= 0:
                trail[depth] = past.before_in[trail[depth]]
                tried[depth] += 1
            continue
        steps += 1
        if steps > limits.budget:
            work.cuts[CYCLE] += 1
            people.cut[start] += 1
            return
        later = row if depth == 0 else trail[depth - 1]
        fits = at < later and past.sender[at] != start and comparable(past, at, later, limits)
        if fits and past.sender[at] == goal:
            for place in range(depth + 1):
                work.basket[place] = trail[depth - place]
            work.basket[depth + 1] = row
            tell(past, work, limits, row, CYCLE, 0, depth + 2)
            return
        if fits and depth + 2 < limits.cycle_hops:
            depth += 1
            trail[depth], tried[depth] = people.last_in[past.sender[at]], 0
        else:
            trail[depth] = past.before_in[at]
            tried[depth] += 1 if at < later else 0


def to_and_fro(past: Past, pairs: Pairs, work: Work, limits: Limits, row: int) -> None:
    """Two pay each other, again and again, whatever the sizes: the shortest cycle, repeated."""
    sender, receiver, oldest = past.sender[row], past.receiver[row], past.moment[row] - limits.cycle_window
    back = last_between(pairs, receiver, sender)
    if back < 0 or past.moment[back] < oldest:
        return
    place, at = 0, row
    while at >= 0 and past.moment[at] >= oldest and place < limits.walk:
        work.basket[place] = at
        place += 1
        at = past.prior_pair[at]
    while back >= 0 and past.moment[back] >= oldest and place < 2 * limits.walk:
        work.basket[place] = back
        place += 1
        back = past.prior_pair[back]
    if place >= limits.to_and_fro:
        tell(past, work, limits, row, CYCLE, 0, place)


def follow(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Note which transfer this one passes on, and tell a chain that is long enough."""
    at, steps, best = people.last_in[past.sender[row]], 0, -1
    oldest = past.moment[row] - limits.chain_window
    while at >= 0 and past.moment[at] >= oldest and steps < limits.branch:
        if (
            past.sender[at] != past.receiver[row]
            and comparable(past, at, row, limits)
            and (best < 0 or past.hops[at] > past.hops[best])
        ):
            best = at
        at = past.before_in[at]
        steps += 1
    past.via[row] = best
    past.hops[row] = 1 if best < 0 else min(past.hops[best] + 1, 30000)
    if past.hops[row] >= limits.chain:
        at, place = row, 0
        while at >= 0 and place < limits.walk:
            work.basket[place] = at
            place += 1
            at = past.via[at]
        tell(past, work, limits, row, CHAIN, 0, place)


def stack(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Several middlemen pass on to one what each was paid by another; `follow` has seen what they pass on."""
    if past.via[row] < 0:
        return
    account = past.receiver[row]
    found = gather(past, people, work, limits, row, account, True, limits.stack_window, 0)
    if work.turn[1] == 1:
        work.cuts[STACK] += 1
        return
    if found < limits.stack:
        return
    end, mark, middlemen, origins = found, stamp(work), 0, 0
    for place in range(found):
        leg = work.basket[place]
        source = past.via[leg]
        if source < 0 or end + 2 > BASKET:
            continue
        work.basket[end], work.basket[end + 1] = leg, source
        end += 2
        if people.stamp[past.sender[leg]] != mark:
            people.stamp[past.sender[leg]] = mark
            middlemen += 1
        if people.other[past.sender[source]] != mark:
            people.other[past.sender[source]] = mark
            origins += 1
    if middlemen >= limits.stack and origins >= limits.stack:
        tell(past, work, limits, row, STACK, found, end)


def bipartite(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Several senders pay the same several receivers."""
    sender, window = past.sender[row], limits.bipartite_window
    oldest = past.moment[row] - window
    own = gather(past, people, work, limits, row, sender, False, window, 0)
    cut = work.turn[1]
    mine = stamp(work)
    for place in range(own):
        people.stamp[past.receiver[work.basket[place]]] = mine
    others = gather(past, people, work, limits, row, past.receiver[row], True, window, own)
    if cut == 1 or work.turn[1] == 1:
        work.cuts[BIPARTITE] += 1
        return
    if own < limits.bipartite_receivers or others - own < limits.bipartite_senders:
        return
    end, allies, looked = others, 1, stamp(work)
    people.other[sender] = looked
    for place in range(own, others):
        ally = past.sender[work.basket[place]]
        if people.other[ally] == looked:
            continue
        people.other[ally] = looked
        shared, begin, steps = 0, end, 0
        at, once = people.last_out[ally], stamp(work)
        while at >= 0 and past.moment[at] >= oldest and steps < limits.branch:
            who = past.receiver[at]
            if people.stamp[who] == mine and end < BASKET:
                work.basket[end] = at
                end += 1
                if people.tally[who] != once % 2147483647:
                    people.tally[who] = once % 2147483647
                    shared += 1
            at = past.before_out[at]
            steps += 1
        if shared >= limits.bipartite_receivers:
            allies += 1
        else:
            end = begin
    if allies < limits.bipartite_senders:
        return
    mark, stop = stamp(work), end
    for place in range(others, stop):
        people.other[past.receiver[work.basket[place]]] = mark
    for place in range(own):
        if people.other[past.receiver[work.basket[place]]] == mark and end < BASKET:
            work.basket[end] = work.basket[place]
            end += 1
    tell(past, work, limits, row, BIPARTITE, others, end)
