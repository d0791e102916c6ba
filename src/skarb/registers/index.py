"""Entries by subject, ready for asking what held on a day.

Of the wordings of one entry (same key) the last recorded counts. A state is the latest begun of those that cover the day
and were not withdrawn; spells are all that cover it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Generic, TypeVar

from skarb.core.time import to_day
from skarb.registers.model import Entry

E = TypeVar("E", bound=Entry)


class Index(Generic[E]):
    """The entries of one register by their subject (the first of their key fields)."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._wordings: dict[str, dict[tuple[object, ...], E]] = {}

    def add(self, entry: E) -> E | None:
        """Write an entry down; return the earlier wording that it replaces."""
        wordings = self._wordings.setdefault(getattr(entry, self._subject), {})
        earlier = wordings.get(entry.key())
        wordings[entry.key()] = entry
        return earlier

    def wording(self, entry: E) -> E | None:
        """Return the present wording of an entry, found by its key."""
        return self._wordings.get(getattr(entry, self._subject), {}).get(entry.key())

    def subjects(self) -> Iterable[str]:
        """Return everything that has an entry."""
        return self._wordings.keys()

    def spells(self, subject: str, day: int) -> list[E]:
        """Return the entries of a subject that cover a legal day."""
        wordings = self._wordings.get(subject)
        return [entry for entry in wordings.values() if _covers(entry, day)] if wordings else []

    def state(self, subject: str, day: int) -> E | None:
        """Return the entry that says how a subject is on a legal day."""
        wordings = self._wordings.get(subject)
        if not wordings:
            return None
        begun = [entry for entry in wordings.values() if not entry.withdrawn and to_day(entry.valid_from) <= day]
        latest = max(begun, key=lambda entry: entry.valid_from, default=None)
        return latest if latest is not None and _covers(latest, day) else None

    def history(self, subject: str) -> list[E]:
        """Return the present wording of all entries of a subject, in the order of their first day."""
        return sorted(self._wordings.get(subject, {}).values(), key=lambda entry: entry.valid_from)


def _covers(entry: Entry, day: int) -> bool:
    last: date | None = entry.valid_to
    return not entry.withdrawn and to_day(entry.valid_from) <= day and (last is None or day <= to_day(last))
