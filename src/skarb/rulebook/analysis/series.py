"""Series: does what follows begin the day after what went before has ended?

A parameter or a dated list has no days without a value between its first and its last one. A provision that ends and has a
later version is followed by it on the next day: a version has the same effect and shares an activity, and either has the same
short name (what follows the slash, up to the first full stop) or is cited from the same act and article. A provision whose
status says `superseded` must have one. Overlapping values of one name are refused when the law is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from skarb.core.time import from_day
from skarb.rulebook.analysis.findings import Finding
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import FIRST_DAY, Provision


def series(rulebook: Rulebook) -> tuple[list[Finding], Counter[str]]:
    """Return the days that lie between two values or two versions, or under both, and what was looked at."""
    pack = rulebook.pack
    found: list[Finding] = []
    proven: Counter[str] = Counter()
    dated = {name: [(value.start, value.end) for value in one.values] for name, one in pack.parameters.items()}
    dated |= {name: [(value.start, value.end) for value in one.values] for name, one in pack.lists.items()}
    for name, days in dated.items():
        holes = list(_holes(name, days))
        found += holes
        proven["series of values without a hole"] += not holes
    for one in pack.provisions.values():
        if one.end is not None:
            faults = _followed(one, [other for other in pack.provisions.values() if _is_version(one, other)])
            found += faults
            proven["provisions that end and are followed, or have no later version"] += not faults
    return found, proven


def _holes(name: str, days: Sequence[tuple[int | None, int | None]]) -> Iterator[Finding]:
    for (_, end), (start, _) in pairwise(days):
        if end is not None and start is not None and start > end + 1:
            yield Finding("hole", (name,), "days without a value between two values", (), ((end + 1, start - 1),))


def _is_version(one: Provision, other: Provision) -> bool:
    """Say whether another provision is a later version of one that ends."""
    if other.id == one.id or other.effect != one.effect or other.enabled != one.enabled or _start(other) <= _start(one):
        return False
    same_place = one.cites.article != "?" and (one.cites.act, one.cites.article) == (other.cites.act, other.cites.article)
    return (same_place or short_name(one) == short_name(other)) and not set(one.activities).isdisjoint(other.activities)


def short_name(one: Provision) -> str:
    """Return what a provision is called within its act, without the part that tells companions apart."""
    return one.id.partition("/")[2].partition(".")[0]


def _start(one: Provision) -> int:
    return FIRST_DAY if one.start is None else one.start


def _followed(one: Provision, versions: Sequence[Provision]) -> list[Finding]:
    end = one.end if one.end is not None else FIRST_DAY
    if not versions:
        if one.status != "superseded":
            return []
        says = f"it is said to be superseded, and nothing follows on {from_day(end + 1)}"
        return [Finding("unfollowed", (one.id,), says, one.activities, ((end + 1, end + 1),))]
    if any(_start(version) == end + 1 for version in versions):
        return []
    version = min(versions, key=lambda other: (abs(_start(other) - end - 1), other.id))
    shared = tuple(activity for activity in one.activities if activity in version.activities)
    if _start(version) > end + 1:
        return [Finding("hole", (one.id, version.id), "days between two versions", shared, ((end + 1, _start(version) - 1),))]
    last = end if version.end is None else min(end, version.end)
    return [Finding("overlap", (one.id, version.id), "two versions are in force at once", shared, ((_start(version), last),))]
