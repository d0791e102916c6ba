"""Making a run: its legs sorted by account without comparing them, and the sums noted along the way. Part of the kernel."""

from __future__ import annotations

import numpy as np

from skarb.ledger.books import Row
from skarb.ledger.past.model import NOTED, WORDS, Changes, Small, Words
from skarb.ledger.past.summing import add_leg
from skarb.ledger.wide import ZERO

DIGIT = 11  # bits of a row that are sorted at once
_LOW = (1 << DIGIT) - 1


def is_in_order(changes: Changes, start: Row, stop: Row) -> bool:
    """Tell whether changes take effect in the order in which they were recorded."""
    place = start + 1
    while place < stop and changes[place]["effective"] >= changes[place - 1]["effective"]:
        place += 1
    return bool(place >= stop)


def cut(changes: Changes, base: Row, count: Row, order: Small, keys: Small, legs: Small) -> Row:
    """Write two legs for each change, in a given order (none: as recorded), and the account of each; return the highest account."""
    highest = np.uint32(0)
    for place in range(count):
        number = np.int64(order[place]) if len(order) > 0 else place
        change = changes[base + number]
        keys[2 * place], keys[2 * place + 1] = change["debit"], change["credit"]
        legs[2 * place], legs[2 * place + 1] = 2 * number, 2 * number + 1
        highest = max(highest, change["debit"], change["credit"])
    return np.int64(highest)


def sort_by_digit(keys: Small, legs: Small, shift: Row, counts: Small, keys_after: Small, legs_after: Small) -> None:
    """Sort legs by one digit of their accounts and leave equal ones in their order."""
    for digit in range(len(counts)):
        counts[digit] = 0
    for place in range(len(keys)):
        counts[(np.int64(keys[place]) >> shift) & _LOW] += np.uint32(1)
    total = np.uint32(0)
    for digit in range(len(counts)):
        size = counts[digit]
        counts[digit] = total
        total += size
    for place in range(len(keys)):
        key = (np.int64(keys[place]) >> shift) & _LOW
        after = np.int64(counts[key])
        keys_after[after], legs_after[after] = keys[place], legs[place]
        counts[key] += np.uint32(1)


def group(keys: Small, accounts: Small, starts: Small) -> Row:
    """Write which accounts there are in sorted keys, and where each begins; return how many."""
    found = 0
    for place in range(len(keys)):
        if place == 0 or keys[place] != keys[place - 1]:
            accounts[found] = keys[place]
            starts[found] = place
            found += 1
    starts[found] = len(keys)
    return found


def note_sums(changes: Changes, base: Row, starts: Small, legs: Small, sums: Words, running: Words) -> None:
    """Note before every 64th leg what its account has had since the run began."""
    following = 0
    for place in range(len(legs)):
        if place == starts[following]:
            following += 1
            for word in range(WORDS):
                running[word] = ZERO
        if place % NOTED == 0:
            for word in range(WORDS):
                sums[place // NOTED, word] = running[word]
        add_leg(changes, base, legs[place], running)
