"""Assemble: transfers that belong to one scheme become one alert, with the signs that its score is made of.

    transfers, accounts, institutions    how many take part
    families      how many families saw it
    hours         from first to last
    width         transfers of the account that takes part in most
    depth         the longest chain in it
    inside        share of what its accounts did between its first and its last transfer that lies in it
    strangers     share of its pairs that had never dealt with each other before it
    kept          among accounts in its middle: share of what came in that went out again, at most everything; 0 where sizes cannot be compared
    even          share of its transfers whose size is one that another of them has, too, or nearly

Shares are per thousand and rounded down.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skarb.oversight.typologies.model import FAMILIES, Alert, Numbers
from skarb.oversight.typologies.score import score_of
from skarb.oversight.typologies.settings import Settings
from skarb.oversight.typologies.state import Column, Past, People

_BACK = 256  # transfers of an account, each way, that are looked at to say what it did besides


class Seen(NamedTuple):
    """What a watch has seen."""

    past: Past
    people: People
    transfers: int
    sent_by: Column
    received_by: Column
    count_between: Callable[..., None]  # the kernel


class _Part(NamedTuple):
    """The transfers of one scheme."""

    rows: Numbers
    head: int  # its root
    accounts: Counter[int]  # who takes part in how many of them
    busy: int  # transfers of all of them in its time, each counted for each


def assemble(seen: Seen, settings: Settings, least: int) -> list[Alert]:
    """Return the alerts that score at least so much, highest first, then by their first transfer."""
    kept = [one for part in _parts(seen) if (one := _alert(seen, part, settings)).score >= least]
    return sorted(kept, key=lambda one: (-one.score, one.rows[0]))


def _parts(seen: Seen) -> list[_Part]:
    """Return the transfers of every scheme."""
    past = seen.past
    rows = np.flatnonzero(past.seen[: seen.transfers])
    if len(rows) == 0:
        return []
    roots = _roots(past.parent[: seen.transfers], rows)
    order = np.argsort(roots, kind="stable")
    rows, roots = rows[order], roots[order]
    cuts = np.flatnonzero(np.diff(roots)) + 1
    groups = np.split(rows, cuts)
    heads = roots[np.concatenate([[0], cuts])].tolist()
    # What a full scheme could not take in may be left alone; one transfer has no shape.
    groups, heads = (
        [one for one in groups if len(one) > 1],
        [head for one, head in zip(groups, heads, strict=True) if len(one) > 1],
    )
    if not groups:
        return []
    taking_part = [Counter(past.sender[one].tolist()) + Counter(past.receiver[one].tolist()) for one in groups]
    lengths = [len(one) for one in taking_part]
    busy = np.zeros(sum(lengths), np.int64)
    accounts = np.array([who for one in taking_part for who in one], np.int64)
    firsts, lasts = (np.repeat(past.moment[[int(one[end]) for one in groups]], lengths) for end in (0, -1))
    seen.count_between(past, seen.people, accounts, firsts, lasts, _BACK, busy)
    own = np.array([many for one in taking_part for many in one.values()], np.int64)
    sums = np.add.reduceat(np.maximum(busy, own), np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64))
    return [_Part(*one) for one in zip(groups, heads, taking_part, sums.tolist(), strict=True)]


def _roots(parent: Column, rows: Numbers) -> Numbers:
    roots = parent[rows].astype(np.int64)
    while bool((parent[roots] != roots).any()):
        roots = parent[roots].astype(np.int64)
    return roots


def _alert(all_seen: Seen, part: _Part, settings: Settings) -> Alert:
    past, rows, taking_part = all_seen.past, part.rows, part.accounts
    sent_by, received_by = all_seen.sent_by, all_seen.received_by
    senders, receivers = past.sender[rows].tolist(), past.receiver[rows].tolist()
    seen = past.seen[rows]
    held = [int(((seen >> bit) & 1).sum()) for bit in range(len(FAMILIES))]
    # The family that holds most of it names it; of equals the heavier one, then the earlier in the list.
    best = max(range(len(FAMILIES)), key=lambda bit: (held[bit] > 0, held[bit], settings.families[FAMILIES[bit]].weight, -bit))
    families = tuple(name for name, many in zip(FAMILIES, held, strict=True) if many)
    institutions = tuple(sorted({*sent_by[rows].tolist(), *received_by[rows].tolist()}))
    centre = min(taking_part, key=lambda who: (-taking_part[who], who))
    since = int(past.since[part.head])
    first, last = int(past.moment[rows[0]]), int(past.moment[rows[-1]])
    features = {
        "transfers": len(rows),
        "accounts": len(taking_part),
        "institutions": len(institutions),
        "families": len(families),
        "hours": (last - first) // 3600,
        "width": taking_part[centre],
        "depth": int(past.hops[rows].max()),
        "inside": sum(taking_part.values()) * 1000 // part.busy,
        "strangers": _strangers(past, rows, senders, receivers),
        "kept": _kept(past, rows, senders, receivers),
        "even": _even(past, rows),
    }
    weight = max(settings.families[name].weight for name in families)
    score, points = score_of(features, weight, settings.points)
    return Alert(
        family=FAMILIES[best],
        families=families,
        score=score,
        points=points,
        features=features,
        rows=tuple(rows.tolist()),
        centre=centre,
        institutions=institutions,
        first=first,
        last=last,
        delay=int(past.moment[since]) - first if since >= 0 else 0,
        bounded=bool(past.bounded[part.head]),
    )


def _strangers(past: Past, rows: Numbers, senders: list[int], receivers: list[int]) -> int:
    """Return which share of its pairs had no transfer the same way before the scheme began."""
    firsts: dict[tuple[int, int], int] = {}
    for row, sender, receiver in zip(rows.tolist(), senders, receivers, strict=True):
        firsts.setdefault((sender, receiver), row)
    fresh = sum(int(past.prior_pair[row]) < 0 for row in firsts.values())
    return fresh * 1000 // len(firsts)


def _kept(past: Past, rows: Numbers, senders: list[int], receivers: list[int]) -> int:
    """Return how much of what reached the accounts in the middle left them again, where all of it is of one unit."""
    if len(set(past.unit[rows].tolist())) > 1:
        return 0
    sizes = past.size[rows].tolist()
    came: Counter[int] = Counter()
    went: Counter[int] = Counter()
    for sender, receiver, size in zip(senders, receivers, sizes, strict=True):
        went[sender] += size
        came[receiver] += size
    middle = came.keys() & went.keys()
    larger = sum(max(came[who], went[who]) for who in middle)
    return sum(min(came[who], went[who]) for who in middle) * 1000 // larger if larger else 0


def _even(past: Past, rows: Numbers) -> int:
    """Return which share of the sizes have another within a fiftieth of them."""
    sizes = sorted(zip(past.unit[rows].tolist(), past.size[rows].tolist(), strict=True))
    near = [a[0] == b[0] and (b[1] - a[1]) * 50 <= b[1] for a, b in itertools.pairwise(sizes)]
    alike: int = sum(left or right for left, right in zip([False, *near], [*near, False], strict=True))
    return alike * 1000 // len(sizes)
