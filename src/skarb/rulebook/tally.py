"""A tally: the running total of one feature, kept instruction by instruction in the order of the journal.

Every key has a sum for each period of the calendar, or for each day where the window moves along; nothing is ever dropped, because
an instruction may come late and look back. Sums are Python's whole numbers and so never overflow; only what the law is shown stops at the
feature's limit.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from skarb.core.instruction import Instruction
from skarb.rulebook.feature import Counted, limit_of, window_days
from skarb.rulebook.python import compile_condition
from skarb.rulebook.tree import FALSE, narrow
from skarb.rulebook.windows import period_of

_SIDES: dict[str, Callable[[Instruction], str | None]] = {
    "actor": lambda i: i.party,
    "counterparty": lambda i: i.counterparty,
    "venue": lambda i: i.venue,
    "wallet": lambda i: i.wallet,
    "asset": lambda i: i.asset,
    "operator": lambda i: "",  # a book is one institution's, so this is the total of the whole book
}


class Added(NamedTuple):
    """What an instruction adds to a tally."""

    key: Hashable
    period: int
    value: int | None


class Tally:
    """The totals of everybody in one feature."""

    def __init__(self, what: Counted) -> None:
        self.what = what
        self._sums: dict[Hashable, dict[int, int | None]] = {}  # key → period → sum, None once something without a value counts
        self._days = window_days(what.window)
        self._limit = limit_of(what.sum)
        self._of = None if what.of is None else compile_condition(what.of)
        self._sides = [_SIDES[one] for one in what.over]

    def concerns(self, activity: str) -> bool:
        """Say whether instructions of an activity can count at all."""
        of = self.what.of
        return of is None or narrow(of, {"activity": frozenset({activity})}) != FALSE

    def counts(self, facts: Any) -> bool:
        """Say whether an instruction with these facts counts, once it is posted."""
        return self._of is None or self._of(facts)

    def key(self, instruction: Instruction) -> Hashable:
        """Return whose total an instruction belongs to; nobody named is somebody, too."""
        return tuple([side(instruction) for side in self._sides])

    def added(self, facts: Any, instruction: Instruction) -> Added:
        """Return what an instruction that counts adds, once it is posted."""
        return Added(self.key(instruction), period_of(self.what.window, facts.day), self._value(facts))

    def add(self, one: Added) -> None:
        """Count a posted instruction."""
        periods = self._sums.setdefault(one.key, {})
        known = periods.get(one.period, 0)
        periods[one.period] = None if known is None or one.value is None else known + one.value

    def total(self, key: Hashable, facts: Any, *, itself: bool) -> int | None:
        """Return the total that an instruction is shown: all that was added before and, with `itself`, what it would add."""
        total = self.before(key, facts.day)
        if total is not None and itself and self.counts(facts):
            value = self._value(facts)
            total = None if value is None else total + value
        return None if total is None else self.bounded(total)

    def bounded(self, total: int) -> int:
        """Return a total as it is shown: no more than its limit."""
        return max(-self._limit, min(total, self._limit))

    def before(self, key: Hashable, day: int) -> int | None:
        """Return what was added for a key in the window of a day, None if nobody knows."""
        periods = self._sums.get(key, {})
        if not self._days:
            return periods.get(period_of(self.what.window, day), 0)
        first, total = day - self._days + 1, 0
        if len(periods) <= self._days:
            found = [value for period, value in periods.items() if first <= period <= day]
        else:
            found = [periods.get(period, 0) for period in range(first, day + 1)]
        for value in found:
            if value is None:
                return None
            total += value
        return total

    def _value(self, facts: Any) -> int | None:
        return getattr(facts, self.what.sum) if self.what.sum else 1
