"""What the ledger tells about itself: balances and supply, as whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skarb.core.transfer import AccountFlag

BALANCE = np.dtype(
    [
        ("id_lo", "<u8"),
        ("id_hi", "<u8"),
        ("debits_pending_lo", "<u8"),
        ("debits_pending_hi", "<u8"),
        ("debits_posted_lo", "<u8"),
        ("debits_posted_hi", "<u8"),
        ("credits_pending_lo", "<u8"),
        ("credits_pending_hi", "<u8"),
        ("credits_posted_lo", "<u8"),
        ("credits_posted_hi", "<u8"),
        ("ledger", "<u4"),
        ("code", "<u2"),
        ("flags", "<u2"),
    ]
)  # one account in bulk; 88 bytes

AFTER = np.dtype(
    [
        (f"{side}_{total}_{half}", "<u8")
        for side in ("debit", "credit")
        for total in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
        for half in ("lo", "hi")
    ]
)  # the sums of the two accounts after a transfer; 128 bytes


class Marks(NamedTuple):
    """How far the books go at some moment: the rest of them is not there yet, or is being tried."""

    transfers: int
    expiries: int


@dataclass(frozen=True, slots=True)
class Balance:
    """The four sums of one account, in the smallest unit of its asset."""

    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    ledger: int
    code: int
    flags: AccountFlag

    @property
    def posted(self) -> int:
        """Credits minus debits, holds left aside."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """What can still be paid out: outgoing holds are gone already, incoming ones have not come."""
        return self.posted - self.debits_pending

    @property
    def closed(self) -> bool:
        """Whether the account takes no more transfers."""
        return AccountFlag.closed in self.flags


@dataclass(frozen=True, slots=True)
class Supply:
    """The sums over all accounts of one ledger number. Debits equal credits, or the books are broken."""

    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    accounts: int

    @property
    def balanced(self) -> bool:
        """Whether debits equal credits, posted and pending each."""
        return self.debits_posted == self.credits_posted and self.debits_pending == self.credits_pending
