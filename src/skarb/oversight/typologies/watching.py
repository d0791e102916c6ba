"""The kernel of a watch: one transfer after another, every family looks at each.

Whatever the batches are, the same transfers are looked at in the same order, so the same schemes are seen.
"""

from __future__ import annotations

from skarb.oversight.typologies.deals import deal, rapid, structuring, wake
from skarb.oversight.typologies.shapes import (
    bipartite,
    cycle,
    equal_fan,
    fan,
    follow,
    hub,
    scatter,
    scatter_late,
    stack,
    to_and_fro,
)
from skarb.oversight.typologies.state import Limits, Pairs, Past, People, Work
from skarb.oversight.typologies.walking import place_of


def watch(past: Past, people: People, pairs: Pairs, work: Work, limits: Limits, begin: int, end: int) -> None:
    """Look at the transfers of these rows, whose contents are in place."""
    for row in range(begin, end):
        look(past, people, pairs, work, limits, row)


def look(past: Past, people: People, pairs: Pairs, work: Work, limits: Limits, row: int) -> None:
    """Note one transfer and let every family look at it.

    What one pays himself has no shape. The account of a licensed dealer is a pool in which every client's money meets;
    shapes through it mean nothing, and neither do the halves of a deal that an institution made for both sides at once.
    """
    past.parent[row], past.many[row], past.hops[row] = row, 1, 1
    sender, receiver = int(past.sender[row]), int(past.receiver[row])
    if sender == receiver:
        return
    note(past, people, pairs, row, sender, receiver)
    licensed = people.marks[sender] & 1 or people.marks[receiver] & 1 or past.marks[row] & 4
    if not licensed and counts(past, limits, row):
        note_counted(past, people, row, sender, receiver)
        follow(past, people, work, limits, row)
        cycle(past, people, work, limits, row)
        scatter(past, people, work, limits, row)
        scatter_late(past, people, work, limits, row)
        hub(past, people, work, limits, row, sender)
        hub(past, people, work, limits, row, receiver)
        stack(past, people, work, limits, row)
        bipartite(past, people, work, limits, row)
        fan(past, people, work, limits, row, True)
        fan(past, people, work, limits, row, False)
    if not licensed:
        to_and_fro(past, pairs, work, limits, row)
        deal(past, people, pairs, work, limits, row)
        equal_fan(past, people, work, limits, row)
    structuring(past, people, work, limits, row, True)
    structuring(past, people, work, limits, row, False)
    if not past.marks[row] & 4:
        rapid(past, people, work, limits, row)
    for account in (sender, receiver):
        wake(past, people, work, limits, row, account)
        people.latest[account] = past.moment[row]


def counts(past: Past, limits: Limits, row: int) -> bool:
    """Say whether a transfer counts for shapes: large enough, where its value is known, and between two who have not long known each other."""
    if past.unit[row] == 0 and past.size[row] < limits.worth:
        return False
    return bool(past.moment[row] - past.moment[past.met[row]] <= limits.new)


def note(past: Past, people: People, pairs: Pairs, row: int, sender: int, receiver: int) -> None:
    """Hang a transfer before the others of its sender, of its receiver, and of both."""
    past.prior_out[row], past.prior_in[row] = people.tail_out[sender], people.tail_in[receiver]
    people.tail_out[sender], people.tail_in[receiver] = row, row
    place = place_of(pairs, sender, receiver)
    last = pairs.last[place]
    if pairs.keys[place] == 0:
        pairs.keys[place] = (sender << 32 | receiver) + 1
        pairs.used[0] += 1
    pairs.last[place] = row
    past.prior_pair[row] = last
    past.met[row] = row if last < 0 else past.met[last]


def note_counted(past: Past, people: People, row: int, sender: int, receiver: int) -> None:
    """Hang a transfer before the others that count."""
    past.before_out[row], past.before_in[row] = people.last_out[sender], people.last_in[receiver]
    people.last_out[sender], people.last_in[receiver] = row, row
    people.outs[sender] += 1
    people.ins[receiver] += 1
    for account in (sender, receiver):
        if people.first[account] < 0:
            people.first[account] = past.moment[row]
