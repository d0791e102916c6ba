"""Running totals at the desk: what the law is shown of everything posted so far, kept while instructions are taken in turn.

Tallies are made from the journal when the law of the day first asks; from then on every posted instruction is counted as it goes by. Instructions
that no law's total concerns are not touched at all.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import ensure
from skarb.core.instruction import Instruction
from skarb.desk.entries import Entries
from skarb.journal import Batch, Book
from skarb.journal.counting import Counting, Totals, fill
from skarb.ledger import Ledger, Result
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.tally import Added, Tally

_CREATED = Result.created.value


class RunningTotals:
    """The tallies of a book, and which instructions they concern."""

    def __init__(self, book: Book, rulebook: Rulebook) -> None:
        self._book, self._rulebook = book, rulebook
        self.counting = Counting()

    def width(self, day: int, activity: str) -> int:
        """Return how many totals the facts of an activity have on a day."""
        edition = self._rulebook.edition(day)
        return len(edition.features) if activity in edition.asked else 0

    def concern(self, day: int, activity: str) -> bool:
        """Say whether the law of a day looks at totals for an activity, or whether it counts in those that it looked at already."""
        return self.width(day, activity) > 0 or bool(self.counting.concerned(activity))

    def learn(self, day: int, activity: str) -> Edition:
        """Return the edition of a day after making the tallies that it asks for, from all that was handed to the journal."""
        edition = self._rulebook.edition(day)
        if activity in edition.asked:
            self.counting.learn(edition, self._tell)
        return edition

    def _tell(self, tallies: list[Tally]) -> None:
        self._book.flush()
        fill(tallies, self._book.envelopes(), self._book.edition)

    def shown(self, facts: Any, instruction: Instruction) -> Totals:
        """Return the totals that an instruction is shown now."""
        return self.counting.totals(self._rulebook.edition(facts.day), facts, instruction)

    def asked(self, facts: Any, instruction: Instruction) -> list[tuple[Tally, Hashable]]:
        """Return whose totals in which tallies an instruction is shown."""
        edition = self._rulebook.edition(facts.day)
        return [(one.tally, one.tally.key(instruction)) for one in self.counting.asked(edition, facts.activity)]

    def added(self, facts: Any, instruction: Instruction) -> list[tuple[Tally, Added]]:
        """Return what an instruction adds to which tallies, once it is posted."""
        concerned = self.counting.concerned(facts.activity)
        return [(one, one.added(facts, instruction)) for one in concerned if one.counts(facts)]


class _Waiting(NamedTuple):
    """A permitted instruction of which nobody knows yet whether the ledger takes it."""

    row: int
    adds: list[tuple[Tally, Added]]


class Turn:
    """One batch while its instructions are taken in turn."""

    def __init__(self, ledger: Ledger, totals: RunningTotals, at: int) -> None:
        self._ledger, self._totals, self._at = ledger, totals, at
        self._waiting: list[_Waiting] = []
        self._open: set[tuple[int, Hashable]] = set()  # tallies and keys that those who wait may change
        self._opened: list[NDArray[np.uint8]] = []
        self._codes: list[NDArray[np.uint8]] = []  # what was rehearsed, as answered
        self._openings = self._transfers = 0  # how many of them were opened and rehearsed

    def totals(self, facts: Any, instruction: Instruction, entries: Entries) -> Totals:
        """Return the totals that an instruction is shown after all those before it in the batch."""
        if self._open:
            asked = self._totals.asked(facts, instruction)
            if any((id(tally), key) in self._open for tally, key in asked):
                self._rehearse(entries)
        return self._totals.shown(facts, instruction)

    def wait(self, row: int, facts: Any, instruction: Instruction) -> None:
        """Remember a permitted instruction until it is known whether the ledger takes it."""
        adds = self._totals.added(facts, instruction)
        if adds:
            self._waiting.append(_Waiting(row, adds))
            self._open.update((id(tally), added.key) for tally, added in adds)

    def end(self, entries: Entries) -> NDArray[np.uint8]:
        """Take back what was rehearsed and open the accounts that are still to be opened; return what all were answered."""
        self._ledger.forget()
        self._open_accounts(entries)
        return np.concatenate(self._opened)

    def settle(self, batch: Batch) -> None:
        """Count those who still wait, once everything is posted."""
        codes = np.frombuffer(batch.results, np.uint8)
        rehearsed = np.concatenate([np.zeros(0, np.uint8), *self._codes])
        ensure(bool((codes[: len(rehearsed)] == rehearsed).all()), "what was rehearsed is what was posted")
        self._count(codes, np.frombuffer(batch.owners, "<u4"))

    def give_up(self) -> None:
        """Take back what was rehearsed."""
        self._ledger.forget()

    def _rehearse(self, entries: Entries) -> None:
        self._open_accounts(entries)
        part = entries.posting(self._transfers)
        codes = self._ledger.rehearse(part.transfers, self._at)
        self._codes.append(codes)
        self._transfers += len(codes)
        self._count(codes, part.owners)

    def _open_accounts(self, entries: Entries) -> None:
        records = entries.accounts(self._openings)
        self._opened.append(self._ledger.open_accounts(records, self._at))
        self._openings += len(records)

    def _count(self, codes: NDArray[np.uint8], owners: NDArray[np.uint32]) -> None:
        """Count everybody who waits but those of whom the ledger did not take a transfer."""
        failed = set(owners[codes != _CREATED].tolist())
        for row, adds in self._waiting:
            if row not in failed:
                for tally, added in adds:
                    tally.add(added)
        self._waiting.clear()
        self._open.clear()
