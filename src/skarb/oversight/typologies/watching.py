"""The kernel of a watch: one transfer after another, every family looks at each.

Whatever the batches are, the same transfers are looked at in the same order, so the same schemes are seen.
"""

from __future__ import annotations

from skarb.oversight.typologies.deals import deal, rapid, structuring, wake
from skarb.oversight.typologies.shapes import bipartite, cycle, equal_fan, fan, follow, hub, scatter, scatter_late, stack, to_and_fro
from skarb.oversight.typologies.state import Limits, Past, People, Work


def watch(past: Past, people: People, work: Work, limits: Limits, begin: int, end: int) -> None:
    """Look at the transfers of these rows, whose contents are in place."""
    for row in range(begin, end):
        look(past, people, work, limits, row)


def look(past: Past, people: People, work: Work, limits: Limits, row: int) -> None:
    """Note one transfer and let every family look at it; what one pays himself has no shape."""
    past.parent[row], past.many[row], past.hops[row] = row, 1, 1
    sender, receiver = past.sender[row], past.receiver[row]
    if sender == receiver:
        return
    note(past, people, row, sender, receiver)
    follow(past, people, work, limits, row)
    cycle(past, people, work, limits, row)
    to_and_fro(past, people, work, limits, row)
    scatter(past, people, work, limits, row)
    scatter_late(past, people, work, limits, row)
    hub(past, people, work, limits, row, sender)
    hub(past, people, work, limits, row, receiver)
    stack(past, people, work, limits, row)
    bipartite(past, people, work, limits, row)
    fan(past, people, work, limits, row, True)
    fan(past, people, work, limits, row, False)
    equal_fan(past, people, work, limits, row)
    structuring(past, people, work, limits, row, True)
    structuring(past, people, work, limits, row, False)
    rapid(past, people, work, limits, row)
    deal(past, people, work, limits, row)
    for account in (sender, receiver):
        wake(past, people, work, limits, row, account)
        people.latest[account] = past.moment[row]


def note(past: Past, people: People, row: int, sender: int, receiver: int) -> None:
    """Hang a transfer before the others of its sender and its receiver."""
    past.before_out[row], past.before_in[row] = people.last_out[sender], people.last_in[receiver]
    people.last_out[sender], people.last_in[receiver] = row, row
    people.outs[sender] += 1
    people.ins[receiver] += 1
    for account in (sender, receiver):
        if people.first[account] < 0:
            people.first[account] = past.moment[row]
