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

from collections import Counter
from hashlib import blake2b

import numpy as np

from skarb.oversight.typologies.model import FAMILIES, Alert, Numbers
from skarb.oversight.typologies.score import score_of
from skarb.oversight.typologies.settings import Settings
from skarb.oversight.typologies.state import Column, Past, People

_BACK = 64  # transfers of an account that are looked at to say what it did besides


def assemble(
    past: Past, people: People, count: int, sent_by: Column, received_by: Column, settings: Settings, least: int
) -> list[Alert]:
    """Return the alerts among so many transfers that score at least so much, highest first, then by their first transfer."""
    rows = np.flatnonzero(past.seen[:count])
    if len(rows) == 0:
        return []
    roots = _roots(past.parent[:count], rows)
    order = np.argsort(roots, kind="stable")
    rows, roots = rows[order], roots[order]
    cuts = np.flatnonzero(np.diff(roots)) + 1
    found = (
        _alert(past, people, part, int(head), sent_by, received_by, settings)
        for part, head in zip(np.split(rows, cuts), roots[np.concatenate([[0], cuts])], strict=True)
    )
    kept = [one for one in found if one.score >= least]
    return sorted(kept, key=lambda one: (-one.score, one.rows[0]))


def _roots(parent: Column, rows: Numbers) -> Numbers:
    roots = parent[rows].astype(np.int64)
    while bool((parent[roots] != roots).any()):
        roots = parent[roots].astype(np.int64)
    return roots


def _alert(past: Past, people: People, rows: Numbers, head: int, sent_by: Column, received_by: Column, settings: Settings) -> Alert:
    senders, receivers = past.sender[rows].tolist(), past.receiver[rows].tolist()
    seen = past.seen[rows]
    held = [int(((seen >> bit) & 1).sum()) for bit in range(len(FAMILIES))]
    # The family that holds most of it names it; of equals the heavier one, then the earlier in the list.
    best = max(range(len(FAMILIES)), key=lambda bit: (held[bit] > 0, held[bit], settings.families[FAMILIES[bit]].weight, -bit))
    families = tuple(name for name, many in zip(FAMILIES, held, strict=True) if many)
    institutions = tuple(sorted({*sent_by[rows].tolist(), *received_by[rows].tolist()}))
    taking_part = Counter(senders) + Counter(receivers)
    centre = min(taking_part, key=lambda who: (-taking_part[who], who))
    since = int(past.since[head])
    first, last = int(past.moment[rows[0]]), int(past.moment[rows[-1]])
    features = {
        "transfers": len(rows),
        "accounts": len(taking_part),
        "institutions": len(institutions),
        "families": len(families),
        "hours": (last - first) // 3600,
        "width": taking_part[centre],
        "depth": int(past.hops[rows].max()),
        "inside": _inside(past, people, rows, taking_part, first, last),
        "strangers": _strangers(past, rows, senders, receivers),
        "kept": _kept(past, rows, senders, receivers),
        "even": _even(past, rows),
    }
    weight = max(settings.families[name].weight for name in families)
    score, points = score_of(features, weight, settings.points)
    return Alert(
        id=_name(past, rows[0], int(sent_by[rows[0]])),
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
        bounded=bool(past.bounded[head]),
    )


def _name(past: Past, row: int, institution: int) -> str:
    """Return the name of a scheme: a digest of its first transfer and where that stands in the stream."""
    words = (int(row), int(past.sender[row]), int(past.receiver[row]), int(past.moment[row]), int(past.size[row]), institution)
    return blake2b(repr(words).encode(), digest_size=6).hexdigest()


def _inside(past: Past, people: People, rows: Numbers, accounts: Counter[int], first: int, last: int) -> int:
    """Return which share of its accounts' dealings in its time a scheme holds; who does much besides makes it small."""
    inside, all_of_them = 0, 0
    for who, many in accounts.items():
        inside += many
        all_of_them += max(many, _busy(past, people, who, first, last))
    return inside * 1000 // all_of_them


def _busy(past: Past, people: People, who: int, first: int, last: int) -> int:
    found = 0
    for at, before in ((people.tail_out[who], past.prior_out), (people.tail_in[who], past.prior_in)):
        steps = 0
        while at >= 0 and past.moment[at] >= first and steps < 4 * _BACK:
            found += past.moment[at] <= last
            at = before[at]
            steps += 1
    return int(found)


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
    near = [a[0] == b[0] and (b[1] - a[1]) * 50 <= b[1] for a, b in zip(sizes, sizes[1:], strict=False)]
    alike = sum(left or right for left, right in zip([False, *near], [*near, False], strict=True))
    return alike * 1000 // len(sizes)
