"""What changed from one version of a screening list to the next, and the next version made from it.

A publisher changes a handful of entries a day out of thousands, so versions are kept as changes and only what changed is screened again.
"""

from __future__ import annotations

from datetime import date

import msgspec

from skarb.core.errors import ensure
from skarb.core.facts import Regime
from skarb.core.screening_list import Listed, ScreeningList


class ListChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of a list, told by what differs from the version before."""

    list: str
    regime: Regime
    publisher: str
    version: str
    published: date
    since: str  # hash of the version before
    sha256: str  # of this version, whole
    count: int  # entries of this version
    removed: tuple[str, ...] = ()
    entries: tuple[Listed, ...] = ()  # added, or with another content


class EntryChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of entries, in the order of the lists they stand in."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def compare(before: ScreeningList, after: ScreeningList) -> EntryChanges:
    """Return which entries came, went, or say something else."""
    old = {listed.entry: listed for listed in before.entries}
    new = {listed.entry: listed for listed in after.entries}
    return EntryChanges(
        added=tuple(entry for entry in new if entry not in old),
        removed=tuple(entry for entry in old if entry not in new),
        changed=tuple(entry for entry, listed in new.items() if entry in old and old[entry] != listed),
    )


def change_of(before: ScreeningList, after: ScreeningList) -> ListChange:
    """Return a version as what differs from the one before."""
    changes = compare(before, after)
    fresh = {*changes.added, *changes.changed}
    change = ListChange(
        list=after.list,
        regime=after.regime,
        publisher=after.publisher,
        version=after.version,
        published=after.published,
        since=before.sha256,
        sha256=after.sha256,
        count=len(after.entries),
        removed=changes.removed,
        entries=tuple(listed for listed in after.entries if listed.entry in fresh),
    )
    ensure(apply(before, change).sha256 == change.sha256, "a change leads from one version of a list to the next")
    return change


def apply(before: ScreeningList, change: ListChange) -> ScreeningList:
    """Return the version that a change leads to. The order of entries may differ from the publisher's; the hash does not look at it."""
    entries = {listed.entry: listed for listed in before.entries} | {listed.entry: listed for listed in change.entries}
    for entry in change.removed:
        del entries[entry]
    return ScreeningList(
        list=change.list,
        regime=change.regime,
        publisher=change.publisher,
        version=change.version,
        published=change.published,
        entries=tuple(entries.values()),
    )
