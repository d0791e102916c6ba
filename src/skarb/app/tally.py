"""What is counted while a market lives: answers by provision, value abroad and back, refusals, referrals that wait.

Everything here is derived from the journals, batch by batch, and can be thrown away and counted again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from skarb.core.decision import Decision, Outcome, Verdict
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.journal import Envelope, outcome_of
from skarb.journal.chain import facts_of, instructions_of, rulings_of
from skarb.journal.law import Law
from skarb.journal.receipts import codes_by_row

LATEST = 500  # refusals kept at hand; older ones are in the journal

LawOf = Callable[[str, str, int], Law]  # book, SHA-256 of an edition, legal day → what its numbers mean


class Answered(NamedTuple):
    """One instruction as the journal answers it, and where that stands."""

    book: str
    sequence: int
    row: int
    instruction: Instruction
    facts: Facts
    decision: Decision
    outcome: Outcome
    codes: tuple[str, ...]


@dataclass
class BookTally:
    """Counts of one book."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    height: int = 0
    recorded_at: datetime | None = None
    last: datetime | None = None  # instant of the latest instruction that was no approval


@dataclass
class Tally:
    """Counts of a market. Fed batch by batch, in the order of each book."""

    books: dict[str, BookTally] = field(default_factory=dict)
    provisions: Counter[tuple[str, Verdict, bool]] = field(
        default_factory=Counter
    )  # (provision, verdict, assumed) → instructions
    out: Counter[tuple[int, str]] = field(
        default_factory=Counter
    )  # (legal day, venue) → value that went abroad, legal minor units
    back: Counter[tuple[int, str]] = field(default_factory=Counter)
    abroad: dict[str, str] = field(default_factory=dict)  # venue → country
    refusals: deque[Answered] = field(default_factory=lambda: deque(maxlen=LATEST))
    by_provision: dict[str, deque[Answered]] = field(default_factory=dict)  # the latest refusals of each provision
    referrals: dict[tuple[str, str], Answered] = field(default_factory=dict)  # (book, id) → waiting, oldest first
    instructions: int = 0
    now: datetime | None = None  # of the latest instruction

    def take(self, answered: Iterable[Answered], sequence: int, recorded_at: int, book: str) -> None:
        """Count one batch."""
        tally = self.books.setdefault(book, BookTally())
        tally.height = sequence
        tally.recorded_at = datetime.fromtimestamp(recorded_at / 1_000_000_000, UTC)
        for one in answered:
            self._count(one, tally)

    def _count(self, one: Answered, tally: BookTally) -> None:
        i, decision = one.instruction, one.decision
        self.instructions += 1
        self.now = i.at if self.now is None else max(self.now, i.at)
        if i.approves is None:
            tally.last = i.at if tally.last is None else max(tally.last, i.at)
        else:
            self.referrals.pop((one.book, i.approves), None)
        tally.outcomes[one.outcome] += 1
        self.provisions[decision.provision, decision.verdict, decision.assumed] += 1
        if decision.verdict == "refuse":
            self.refusals.append(one)
            self.by_provision.setdefault(decision.provision, deque(maxlen=20)).append(one)
        elif decision.verdict == "refer":
            self.referrals[one.book, i.id] = one
        elif one.outcome == "posted":
            self._follow_abroad(one)

    def _follow_abroad(self, one: Answered) -> None:
        """Count value that leaves for, or comes back from, a provider abroad."""
        i, facts = one.instruction, one.facts
        where = i.venue or i.counterparty
        if where is None or facts.value is None:
            return
        if "foreign_provider" not in (facts.counterparty_licence, facts.venue_licence):
            return
        country = facts.venue_country if i.venue is not None else facts.counterparty_country
        if i.activity in ("token_transfer_out", "fiat_pay", "token_pay"):
            self.out[facts.day, where] += facts.value
        elif i.activity == "token_transfer_in":
            self.back[facts.day, where] += facts.value
        else:
            return
        self.abroad[where] = country


def answered(envelope: Envelope, law: LawOf) -> list[Answered]:
    """Return the rows of a batch as the journal answers them."""
    codes = codes_by_row(envelope.rows, envelope.owners, envelope.results)
    found = []
    rows = zip(instructions_of(envelope), facts_of(envelope), rulings_of(envelope), strict=True)
    for row, (instruction, facts, ruling) in enumerate(rows):
        edition = law(envelope.book, envelope.editions[ruling.edition], facts.day)
        decision = edition.ruling(ruling.outcome, ruling.duties, ruling.levy)
        posted = codes.distinct[codes.numbers[row]]
        outcome = outcome_of(decision, posted)
        found.append(Answered(envelope.book, envelope.sequence, row, instruction, facts, decision, outcome, posted))
    return found
