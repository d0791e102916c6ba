"""All balances of a book at a height, and the tree over them.

The leaves are the accounts in the order of address and asset. The ledger is made again from the journal up to the batch asked for, so the
balances of any past height can be had, and nothing is kept for it.
"""

from __future__ import annotations

from functools import cached_property
from itertools import takewhile

import numpy as np

from skarb.core.errors import NotFound
from skarb.core.transfer import AccountFlag
from skarb.journal import merkle
from skarb.journal.chain import Envelope, openings_of
from skarb.journal.leaves import balance_leaf
from skarb.journal.memory import Memory, recover
from skarb.journal.seal import Progress
from skarb.ledger import Balance, Ledger, Result
from skarb.store import Store

_CREATED = Result.created.value


class Balances:
    """The accounts of a book after a batch."""

    def __init__(self, book: str, memory: Memory, names: list[tuple[str, str]], seed: bytes) -> None:
        self.book = book
        self.memory = memory
        self._seed = seed
        self._accounts = sorted(zip(names, _balances(memory.ledger), strict=True), key=lambda one: one[0])

    @property
    def size(self) -> int:
        """How many accounts there are."""
        return len(self._accounts)

    @cached_property
    def nodes(self) -> merkle.Nodes:
        """The complete subtrees of the tree."""
        return merkle.grown(merkle.leaf_hash(self.leaf(index)) for index in range(self.size))

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return merkle.root(self.size, self.nodes)

    def leaf(self, index: int) -> bytes:
        """Return the leaf of an account."""
        (address, asset), balance = self._accounts[index]
        return balance_leaf(self.book, self.memory.sequence, address, asset, balance, self._seed)

    def find(self, address: str, asset: str) -> int:
        """Return the place of an account.

        Raises: NotFound, naming the assets that are kept at the address.
        """
        assets = []
        for index, ((one, of), _) in enumerate(self._accounts):
            if (one, of) == (address, asset):
                return index
            if one == address:
                assets.append(of)
        height = f"book {self.book!r} at batch {self.memory.sequence}"
        if assets:
            raise NotFound(f"{height} has no account {address!r} in {asset}; it has one in {', '.join(assets)}")
        raise NotFound(
            f"{height} has no account {address!r}; addresses are like client/<party>, own/<institution>, outside/<party>"
        )


def balances_at(store: Store, book: str, height: int, seed: bytes, progress: Progress | None = None) -> Balances:
    """Make the balances after a batch; `seed` is the one after it.

    Raises: Damaged if the journal up to there is not what was written.
    """
    names: list[tuple[str, str]] = []

    def learn(envelope: Envelope) -> None:
        for opening, result in zip(openings_of(envelope), envelope.account_results, strict=True):
            if result == _CREATED:
                names.append((opening.address, opening.asset))

    def count(done: int) -> None:
        if progress is not None:
            progress("make the balances", done, height)

    memory = recover(takewhile(lambda entry: entry.sequence <= height, store.read()), book, learn, count)
    return Balances(book, memory, names, seed)


def _balances(ledger: Ledger) -> list[Balance]:
    """Return the balance of every account in the order in which they were opened."""
    table = ledger.balances()
    sides = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
    lows = [table[f"{side}_lo"].tolist() for side in sides]
    highs = [table[f"{side}_hi"].tolist() if np.any(table[f"{side}_hi"]) else [0] * len(table) for side in sides]
    sums = [[low + (high << 64) for low, high in zip(*pair, strict=True)] for pair in zip(lows, highs, strict=True)]
    flags = [AccountFlag(one) for one in table["flags"].tolist()]
    return [Balance(*row) for row in zip(*sums, table["ledger"].tolist(), table["code"].tolist(), flags, strict=True)]
