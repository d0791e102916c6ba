"""A watch: a state machine that is fed transfers in batches of any size and knows the schemes it has seen.

Batch and stream are the same thing here: a whole file is one batch, a market is many small ones, and both give the same alerts.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from skarb.core.compiled import Functions, Kind, choose_kind, compiled, interpreted
from skarb.oversight.typologies import deals, shapes, walking, watching
from skarb.oversight.typologies.assemble import Seen, assemble
from skarb.oversight.typologies.model import FAMILIES, LICENSED, Alert, Numbers, Transfers, check_order
from skarb.oversight.typologies.settings import Settings
from skarb.oversight.typologies.state import empty_pairs, empty_past, empty_people, empty_work, longer_past, longer_people

# The interpreter takes two seconds for so many; machine code is loaded in one, but it takes more than a minute to be made.
WORTH_COMPILING = 100_000  # transfers
SIZE_MAX = 1 << 50  # larger sizes are taken as this; a product with a thousand still fits a word


class Watch:
    """Sees transfers, remembers schemes."""

    def __init__(self, settings: Settings, *, expected: int = 0, kind: Kind | None = None) -> None:
        """Start with nothing seen; `expected` is about how many transfers will come."""
        self.settings = settings
        self._kernel = kernels(choose_kind(expected >= WORTH_COMPILING, kind))
        self._past, self._people = empty_past(max(1024, expected)), empty_people(1024)
        self._pairs = empty_pairs(1024)
        self._work = empty_work(len(FAMILIES))
        self._sent_by, self._received_by = (np.empty(0, np.int32) for _ in range(2))
        self._seen, self._accounts, self._latest = 0, 0, -(1 << 62)

    def __len__(self) -> int:
        return self._seen

    def license(self, accounts: Numbers) -> None:
        """Note accounts whose holders may deal for others."""
        if len(accounts):
            self._room(0, int(accounts.max()) + 1)
            self._people.marks[accounts] |= LICENSED

    def feed(self, transfers: Transfers) -> None:
        """See further transfers, in the order of time.

        Raises: InputError if one is earlier than what was seen before it.
        """
        count = len(transfers)
        if count == 0:
            return
        check_order(transfers.moment, self._latest)
        begin, end = self._seen, self._seen + count
        self._room(end, int(max(transfers.sender.max(), transfers.receiver.max())) + 1)
        for name in ("sender", "receiver", "moment", "unit", "marks"):
            getattr(self._past, name)[begin:end] = getattr(transfers, name)
        self._past.size[begin:end] = np.minimum(transfers.size, SIZE_MAX)
        self._sent_by = np.concatenate([self._sent_by, transfers.sent_by.astype(np.int32)])
        self._received_by = np.concatenate([self._received_by, transfers.received_by.astype(np.int32)])
        self._kernel["watch"](self._past, self._people, self._pairs, self._work, self.settings.limits, begin, end)
        self._seen, self._latest = end, int(transfers.moment[-1])

    def alerts(self, least: int | None = None) -> list[Alert]:
        """Return the schemes seen so far that score at least so much, by default what the settings ask for; highest first."""
        seen = Seen(self._past, self._people, self._seen, self._sent_by, self._received_by, self._kernel["count_between"])
        return assemble(seen, self.settings, self.settings.least if least is None else least)

    def seen(self) -> Numbers:
        """Return, for each transfer, the families that hold it, a bit each, whatever the score."""
        return self._past.seen[: self._seen].astype(np.int64)

    def bounds_met(self) -> dict[str, int]:
        """Return how many looks of each family ended at a bound instead of at their window."""
        return {name: int(count) for name, count in zip(FAMILIES, self._work.cuts, strict=True) if count}

    def busy_accounts(self, most: int = 20) -> list[tuple[int, int]]:
        """Return the accounts that were too busy to be followed to the end, and how often that was so; the most frequent first."""
        cut = self._people.cut[: self._accounts]
        busiest = np.argsort(-cut, kind="stable")[:most]
        return [(int(one), int(cut[one])) for one in busiest if cut[one]]

    def memory(self) -> int:
        """Return how many bytes the state takes that grows with what is seen."""
        columns = (*self._past, *self._people, *self._pairs)
        return sum(column.nbytes for column in columns)

    def _room(self, transfers: int, accounts: int) -> None:
        if transfers > len(self._past.sender):
            self._past = longer_past(self._past, max(transfers, 2 * len(self._past.sender)))
        if accounts > len(self._people.marks):
            self._people = longer_people(self._people, max(accounts, 2 * len(self._people.marks)))
        self._accounts = max(self._accounts, accounts)
        pairs = int(self._pairs.used[0]) + transfers - self._seen
        if transfers and 2 * pairs > len(self._pairs.keys):
            larger = empty_pairs(1 << (2 * pairs).bit_length())
            self._kernel["refill"](self._pairs, larger)
            self._pairs = larger


@cache
def kernels(kind: str) -> Functions:
    """Return the functions of a watch."""
    modules = [walking, shapes, deals, watching]
    if kind != "numba":
        return interpreted(modules)
    return compiled(
        modules,
        ("watch", "refill", "count_between"),
        beside=("skarb.oversight.typologies.state",),
        woven=("comparable", "stamp", "place_of"),
    )
