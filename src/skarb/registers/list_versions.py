"""Versions of screening lists, told again from what was recorded: the first one whole, later ones as changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from skarb.core.errors import NotFound, shorten
from skarb.core.list_change import apply
from skarb.core.screening_list import ListStamp, ScreeningList
from skarb.registers.chain import Recording

_SHORTEST = 8  # signs of a hash that name a version


class ListVersion(NamedTuple):
    """A version of a screening list as it was recorded."""

    stamp: ListStamp
    recorded_at: datetime
    source: str
    written: int  # entries written down for it: all of them, or those that differ from the version before


def versions_in(recordings: Iterable[Recording]) -> Iterator[ListVersion]:
    """Yield every version of every list, in the order of recording."""
    for recording in recordings:
        for found in recording.lists:
            written = len(found.entries)
            yield ListVersion(_stamp(found, written), recording.recorded_at, recording.source, written)
        for change in recording.list_changes:
            written = len(change.entries) + len(change.removed)
            yield ListVersion(_stamp(change, change.count), recording.recorded_at, recording.source, written)


def version_in(recordings: Iterable[Recording], name: str, version: str) -> ScreeningList:
    """Return a version of a list, named by its version or by the beginning of its hash; of several the last recorded.

    Raises: NotFound if there is none.
    """
    current: ScreeningList | None = None
    wanted: ScreeningList | None = None
    for recording in recordings:
        for found in recording.lists:
            if found.list == name:
                current = found
                wanted = found if _named(found, version) else wanted
        for change in recording.list_changes:
            if change.list == name and current is not None:
                current = apply(current, change)
                wanted = current if _named(change, version) else wanted
    if wanted is None:
        raise NotFound(
            f"no version {shorten(version)!r} of the list {shorten(name)!r} was recorded; skarb screen lists names all"
        )
    return wanted


def _named(found: Any, version: str) -> bool:
    """Tell whether a version, be it whole or a change, is meant."""
    return version == found.version or (len(version) >= _SHORTEST and found.sha256.startswith(version))


def _stamp(version: Any, count: int) -> ListStamp:
    return ListStamp(
        list=version.list,
        regime=version.regime,
        publisher=version.publisher,
        version=version.version,
        published=version.published,
        sha256=version.sha256,
        count=count,
    )
