"""Following money, read slowly: queues of Python's own numbers, sharing nothing with the kernels."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

HOME, ABROAD, GONE = range(3)


@dataclass
class Followed:
    """Lots by the transfer that made them, and what left the foreign side: (lot, transfer, amount)."""

    invested: int = 0
    returned: int = 0
    spent: int = 0
    still: dict = field(default_factory=lambda: defaultdict(int))
    pieces: list = field(default_factory=list)


def fifo(rows, sides):
    """Rows are (source, target, amount)."""
    found = Followed()
    queues = defaultdict(deque)
    for number, (source, target, amount) in enumerate(rows):
        if sides[source] == ABROAD:
            if source == target:
                continue
            parts = take(queues[source], amount)
        elif sides[source] == HOME and sides[target] == ABROAD:
            parts = [(number, amount)]
            found.invested += amount
        else:
            parts = [(None, amount)]
        for lot, part in parts:
            if sides[target] == ABROAD:
                queues[target].append((lot, part))
            elif lot is not None:
                found.pieces.append((lot, number, part))
                if sides[target] == HOME:
                    found.returned += part
                else:
                    found.spent += part
    for queue in queues.values():
        for lot, part in queue:
            if lot is not None:
                found.still[lot] += part
    return found


def take(queue, amount):
    parts = []
    while amount:
        if not queue:
            parts.append((None, amount))
            break
        lot, part = queue.popleft()
        if part > amount:
            queue.appendleft((lot, part - amount))
            part = amount
        parts.append((lot, part))
        amount -= part
    return parts


def haircut(rows, sides, vintages=None):
    """Return invested, returned, spent, still and the pieces by vintage; without vintages all money is of one."""
    balance, mixed = defaultdict(int), defaultdict(lambda: defaultdict(int))
    invested = returned = spent = 0
    pieces = []
    for number, (source, target, amount) in enumerate(rows):
        vintage = 0 if vintages is None else vintages[number]
        if sides[source] != ABROAD:
            if sides[target] == ABROAD:
                balance[target] += amount
                if sides[source] == HOME:
                    mixed[target][vintage] += amount
                    invested += amount
            continue
        if source == target:
            continue
        held = max(balance[source], amount)
        running = before = 0
        for one in sorted(mixed[source]):
            running += mixed[source][one]
            upto = running * amount // held
            share, before = upto - before, upto
            if not share:
                continue
            running_part = mixed[source][one]
            mixed[source][one] = running_part - share
            if sides[target] == ABROAD:
                mixed[target][one] += share
                continue
            pieces.append((one, number, share))
            if sides[target] == HOME:
                returned += share
            else:
                spent += share
        balance[source] = held - amount
        if sides[target] == ABROAD:
            balance[target] += amount
    still = sum(sum(one.values()) for one in mixed.values())
    return invested, returned, spent, still, pieces
