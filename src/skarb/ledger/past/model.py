"""What the past is made of: changes in the order in which they were recorded, and runs that sort them by account and effective moment.

A change is a transfer, a hold, its posting or voiding, or its running out: whatever changed the sums of two accounts. A run covers
a stretch of changes. Its legs, two a change, are sorted by account, then effective moment, then order; every 64 legs it notes the sums of
the account since the run began, so that the sum of any part of them is near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

CHANGE = np.dtype(
    [
        ("moment", "<u8"),  # recorded, nanoseconds since 1970; never runs back
        ("effective", "<u8"),  # nanoseconds since 1970
        ("amount_lo", "<u8"),  # posted by this change, 0 for holds
        ("amount_hi", "<u8"),
        ("held_lo", "<u8"),  # what a hold holds, or what is released of it
        ("held_hi", "<u8"),
        ("debit", "<u4"),  # row of the account in the ledger
        ("credit", "<u4"),
        ("row", "<u4"),  # of the transfer; of the hold where it ran out
        ("kind", "<u4"),  # place in CHANGES
    ]
)  # 64 bytes, what a processor fetches at once

CHANGES = ("created", "pending", "posted", "voided", "expired")
CREATED, PENDING, POSTED, VOIDED, EXPIRED = range(5)

NOTED = 64  # legs from one noted sum to the next
WORDS = 12  # of noted sums: four numbers of 192 bits
# Columns of sums, the low word; two follow. Those of credits lie SIDE words further.
HELD, MOVED, SIDE = 0, 3, 6

Changes: TypeAlias = np.ndarray[Any, np.dtype[np.void]]
Small: TypeAlias = NDArray[np.uint32]
Words: TypeAlias = NDArray[np.uint64]


class Run(NamedTuple):
    """A stretch of changes sorted by account and effective moment."""

    base: int  # its first change
    accounts: Small  # rows of the accounts it touches, rising
    starts: Small  # where the legs of each account begin, and the end
    legs: Small  # twice the change, counted from base, plus 1 on the credit side
    sums: Words  # noted before every 64th leg

    @property
    def arrays(self) -> tuple[Small, Small, Small, Words]:
        """All of it but its place."""
        return self.accounts, self.starts, self.legs, self.sums

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return sum(array.nbytes for array in self.arrays)


@dataclass(frozen=True, slots=True)
class Totals:
    """The four sums of one account. Held sums can be below zero where a release takes effect before its hold."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def posted(self) -> int:
        """Credits minus debits, holds left aside."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """What could be paid out: outgoing holds are gone already, incoming ones have not come."""
        return self.posted - self.debits_pending

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.debits_pending + other.debits_pending,
            self.debits_posted + other.debits_posted,
            self.credits_pending + other.credits_pending,
            self.credits_posted + other.credits_posted,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One change of one account, as a statement shows it."""

    number: int  # of the change
    moment: int
    effective: int
    kind: str
    row: int  # of the transfer in the ledger
    counter: int  # row of the other account
    incoming: bool  # whether the account is credited
    amount: int  # posted, held or released
    after: Totals


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a statement, in order."""

    account: int
    total: int  # lines of the whole statement
    opening: Totals  # before its first line
    before: Totals  # before the first line of this page
    lines: list[Line]  # of this page
    closing: Totals  # after its last line


def totals_of(sums: Words) -> Totals:
    """Return sums of 192 bits as whole numbers."""
    words = [int(word) for word in sums]
    low = [words[place] | words[place + 1] << 64 | words[place + 2] << 128 for place in range(0, WORDS, 3)]
    signed = [number - (1 << 192) if number >> 191 else number for number in low]
    return Totals(signed[0], signed[1], signed[2], signed[3])
