"""Reconcile: what an institution reports beside what the other side shows, each entry matched, explained, or left over; nothing is guessed.

First by reference: an entry with the same reference on both sides, once on each, is matched, and what differs is named. Then, among entries whose
reference is not on the other side, by asset, direction and amount within some days: a pair is matched only if neither could be paired with anything
else. Whatever has more than one candidate, or a reference that occurs twice, is a tie, told as such with all that it could be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Found = Literal[
    "matched", "asset differs", "amount differs", "date differs", "amount and date differ", "only here", "only there", "tie"
]


@dataclass(frozen=True)
class Entry:
    """One flow as one side says it. Units: `units` have `decimals`; `day` legal days; `outward` seen from the institution at home."""

    reference: str
    day: int
    asset: str
    units: int
    decimals: int
    outward: bool
    where: str  # in its source


@dataclass(frozen=True)
class Pair:
    """What becomes of an entry, or of two that belong together; of a tie, all that it could be."""

    found: Found
    here: tuple[Entry, ...]
    there: tuple[Entry, ...]
    by: str = ""  # "reference", or "amount and date"


def reconcile(here: Sequence[Entry], there: Sequence[Entry], days: int = 3) -> list[Pair]:
    """Return every entry of both sides exactly once; `days` is the window of the second round."""
    found: list[Pair] = []
    ours, theirs = _by_reference(here), _by_reference(there)
    left_here, left_there = [], []
    for reference in dict.fromkeys((*ours, *theirs)):
        mine, other = ours.get(reference, []), theirs.get(reference, [])
        if reference and len(mine) == len(other) == 1:
            found.append(_compare(mine[0], other[0]))
        elif reference and mine and other:
            found.append(Pair("tie", tuple(mine), tuple(other), "reference"))
        else:
            left_here += mine
            left_there += other
    return found + _by_amount(left_here, left_there, days)


def _by_reference(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        groups[one.reference].append(one)
    return groups


def _compare(one: Entry, other: Entry) -> Pair:
    if one.asset != other.asset:
        return Pair("asset differs", (one,), (other,), "reference")  # amounts of different things are not compared
    amount = _what(one) != _what(other)
    date = one.day != other.day
    verdict: Found = (
        "amount and date differ" if amount and date else "amount differs" if amount else "date differs" if date else "matched"
    )
    return Pair(verdict, (one,), (other,), "reference")


def _what(one: Entry) -> tuple[object, ...]:
    """Return what must be the same on both sides; 1.50 and 1.5 are."""
    units, decimals = one.units, one.decimals
    while decimals and units % 10 == 0:
        units, decimals = units // 10, decimals - 1
    return one.asset, one.outward, units, decimals


def _by_amount(here: list[Entry], there: list[Entry], days: int) -> list[Pair]:
    groups: dict[tuple[object, ...], tuple[list[Entry], list[Entry]]] = defaultdict(lambda: ([], []))
    for side, entries in enumerate((here, there)):
        for one in entries:
            groups[_what(one)][side].append(one)
    found: list[Pair] = []
    for ours, theirs in groups.values():
        for mine, other in _clusters(ours, theirs, days):
            if mine and other:
                exact = len(mine) == len(other) == 1
                verdict: Found = "tie" if not exact else "matched" if mine[0].day == other[0].day else "date differs"
                found.append(Pair(verdict, tuple(mine), tuple(other), "amount and date"))
            else:
                found += [Pair("only here", (one,), ()) for one in mine] + [Pair("only there", (), (one,)) for one in other]
    return found


def _clusters(ours: list[Entry], theirs: list[Entry], days: int) -> list[tuple[list[Entry], list[Entry]]]:
    """Return entries of one amount in groups that are linked by a window of days, over both sides."""
    clusters: list[tuple[list[Entry], list[Entry]]] = []
    parent = list(range(len(ours) + len(theirs)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    ordered = sorted(range(len(theirs)), key=lambda place: theirs[place].day)
    begin = linked = 0
    for mine in sorted(range(len(ours)), key=lambda place: ours[place].day):
        day = ours[mine].day
        while begin < len(ordered) and theirs[ordered[begin]].day < day - days:
            begin += 1
        # Of those that an earlier one reached already one is enough, as they are linked.
        place = begin if begin >= linked else linked - 1
        while place < len(ordered) and theirs[ordered[place]].day <= day + days:
            parent[root(len(ours) + ordered[place])] = root(mine)
            place += 1
        linked = max(linked, place)
    groups: dict[int, tuple[list[Entry], list[Entry]]] = {}
    for place, one in enumerate((*ours, *theirs)):
        group = groups.setdefault(root(place), ([], []))
        group[place >= len(ours)].append(one)
    clusters.extend(groups.values())
    return clusters
