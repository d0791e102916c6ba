"""A draft as if it had begun on another day, so that it can be tried on what happened before it was thought of.

All days that the draft itself writes (of provisions, ends, values and lists) are moved by the same distance; all days of the law it amends stay.
Conditions have no days of their own, so they mean from the new first day on what the draft says.
"""

from __future__ import annotations

from dataclasses import replace

from skarb.rulebook.amend import ended, with_codes, with_value
from skarb.rulebook.draft import Draft
from skarb.rulebook.history import Rulebook
from skarb.rulebook.model import CodeList, ParameterSeries, Provision


def backdated(draft: Draft, day: int) -> Rulebook:
    """Return the law as it would be had the draft begun on a day.

    Units: days since 1970-01-01.
    Raises: ConfigurationError later, when an edition is asked for, if what the draft builds upon had no value on that day yet.
    """
    if day == draft.since:
        return draft.rulebook
    moved, pack = _Moved(draft, day - draft.since), draft.rulebook.pack
    return Rulebook(
        replace(
            pack,
            provisions={name: moved.provision(one) if name in draft.provisions else one for name, one in pack.provisions.items()},
            parameters={name: moved.values(one) if name in draft.values else one for name, one in pack.parameters.items()},
            lists={name: moved.codes(one) if name in draft.values else one for name, one in pack.lists.items()},
        ),
        draft.rulebook.facts,
        draft.base,
        day,
    )


class _Moved:
    """The days of a draft, moved."""

    def __init__(self, draft: Draft, distance: int) -> None:
        self.draft, self.distance = draft, distance
        self.base = draft.base.pack

    def day(self, day: int | None) -> int | None:
        return None if day is None else day + self.distance

    def provision(self, one: Provision) -> Provision:
        """Move a new text whole; of a provision that the draft only ends, move the end."""
        old = self.base.provisions.get(one.id)
        if old is not None and one == replace(old, end=one.end, when=one.when, needs=one.needs):
            return one if one.end is None else replace(one, end=ended(old, one.end + self.distance).end)
        return replace(one, start=self.day(one.start), end=self.day(one.end))

    def values(self, series: ParameterSeries) -> ParameterSeries:
        """Give an old parameter its new values on the moved days."""
        old = self.base.parameters.get(series.name)
        known = {(one.start, one.value) for one in old.values} if old is not None else set()
        new = [replace(one, start=self.day(one.start), end=self.day(one.end)) for one in series.values]
        if old is None:
            return replace(series, values=tuple(new))
        for before, after in zip(series.values, new, strict=True):
            if (before.start, before.value) not in known:
                old = with_value(old, after)
        return old

    def codes(self, codes: CodeList) -> CodeList:
        """Give an old list its new codes on the moved days."""
        old = self.base.lists.get(codes.name)
        known = {(one.start, one.codes) for one in old.values} if old is not None else set()
        new = [replace(one, start=self.day(one.start), end=self.day(one.end)) for one in codes.values]
        if old is None:
            return replace(codes, values=tuple(new))
        for before, after in zip(codes.values, new, strict=True):
            if (before.start, before.codes) not in known:
                old = with_codes(old, after)
        return old
