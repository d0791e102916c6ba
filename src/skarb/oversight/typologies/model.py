"""What a watch over transfers takes and gives: columns of transfers in, alerts out.

A **family** is a shape that money takes when somebody hides where it comes from or where it goes. An **alert** is one scheme as it was seen: its
exact transfers, what they have in common, and nothing more. It accuses nobody and decides nothing; an officer reads it beside the provision it
serves.

Source: the eight patterns of AMLworld (Altman et al., 2023), the red flags of the FATF, and the patterns that a law pack names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError

Family = Literal[
    "fan_in",
    "fan_out",
    "cycle",
    "scatter_gather",
    "gather_scatter",
    "stack",
    "bipartite",
    "structuring",
    "rapid_in_out",
    "dormant",
    "dealer",
    "gift_sale",
    "chain",
]
FAMILIES: tuple[Family, ...] = get_args(Family)  # the position of a family is its bit
# Marks of a transfer: what moves is a token; the parties call it a gift; it is one half of a deal that an institution made for both at once.
TOKEN, GIFT, DEAL = 1, 2, 4
LICENSED = 1  # mark of an account: its holder may deal for others
LEGAL = 0  # the unit of sizes that are values in the legal currency; any other unit is an asset of its own

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Transfers:
    """Transfers as columns, in the order of time.

    Shape: one entry per transfer. Units: `moment` seconds since 1970; `size` whole units of what `unit` says, minor units of the legal currency
    for `LEGAL`. Accounts and institutions are numbers from nought.
    """

    sender: Numbers
    receiver: Numbers
    moment: Numbers
    size: Numbers
    unit: Numbers
    marks: Numbers
    sent_by: Numbers  # institution of the sender
    received_by: Numbers  # institution of the receiver

    def __len__(self) -> int:
        return len(self.sender)

    def part(self, rows: slice | Numbers) -> Transfers:
        """Return some of the transfers."""
        return Transfers(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Flow:
    """Transfers with the names behind their numbers."""

    transfers: Transfers
    accounts: Sequence[str]
    institutions: Sequence[str]
    references: Sequence[str]  # one per transfer: where it stands, in a journal or a file
    amounts: Sequence[str] = ()  # one per transfer, as people write it; may be missing
    licensed: Numbers = field(default_factory=lambda: np.empty(0, np.int64))  # accounts whose holders may deal for others

    def ordered(self) -> Flow:
        """Return the same in the order of time; what happens at one moment stays in the order of the source."""
        order = np.argsort(self.transfers.moment, kind="stable")
        if bool((order == np.arange(len(order))).all()):
            return self
        amounts = [self.amounts[row] for row in order] if self.amounts else ()
        references = [self.references[row] for row in order]
        return Flow(self.transfers.part(order), self.accounts, self.institutions, references, amounts, self.licensed)


@dataclass(frozen=True)
class Alert:
    """One scheme as it was seen.

    Units: moments in seconds since 1970, `delay` in seconds from the first transfer of the scheme to the one that raised the alert; ratios of
    `features` are per thousand.
    """

    family: Family  # the one that covers most of it
    families: tuple[Family, ...]  # all that saw it
    score: int  # 0 to 1000
    points: dict[str, int]  # what the score is made of
    features: dict[str, int]
    rows: tuple[int, ...]  # the transfers, by position in the stream
    centre: int  # the account that takes part in most of them
    institutions: tuple[int, ...]
    first: int
    last: int
    delay: int
    bounded: bool  # something about it was too large to be followed to its end


def check_order(moments: Numbers, after: int) -> None:
    """Hold a stream to the order of time.

    Raises: InputError naming the transfer that came too late.
    """
    if len(moments) == 0:
        return
    steps = np.flatnonzero(np.diff(moments) < 0)
    late = int(steps[0]) + 1 if len(steps) else 0 if moments[0] < after else -1
    if late >= 0:
        before = int(moments[late - 1]) if late else after
        raise InputError(
            f"transfer {late} of the batch: given moment {int(moments[late])}, expected at least {before}, the moment of the one before; "
            "a watch sees transfers in the order of time, so sort the source first"
        )
