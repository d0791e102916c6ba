"""Do again what a batch did to the ledger, and compare the answers.

The ledger is a deterministic machine: the same records in the same order, at the same recorded time, get the same result
codes. Recovery rebuilds all balances this way and verification proves that the journal's answers are the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.chain import Envelope, head_of, open_envelope
from skarb.journal.model import GENESIS
from skarb.ledger import Ledger
from skarb.store import Damaged, Entry


class Difference(NamedTuple):
    """A result code that the journal states and the ledger does not give."""

    what: str  # "account" or "transfer"
    row: int  # in Batch.accounts or Batch.transfers
    given: int  # in the journal
    expected: int  # from the ledger


def replay(ledger: Ledger, envelope: Envelope) -> list[Difference]:
    """Open the accounts and post the transfers of one batch; return where the result codes differ, at most a hundred."""
    differences: list[Difference] = []
    if len(envelope.accounts):
        results = ledger.open_accounts(np.frombuffer(envelope.accounts, ACCOUNT), envelope.recorded_at)
        differences += _compare("account", envelope.account_results, results)
    if len(envelope.transfers):
        results = ledger.post(np.frombuffer(envelope.transfers, TRANSFER), envelope.recorded_at)
        differences += _compare("transfer", envelope.results, results)
    return differences


def _compare(what: str, given: memoryview, expected: npt.NDArray[np.uint8]) -> list[Difference]:
    stated = np.frombuffer(given, np.uint8)
    rows = np.flatnonzero(stated != expected)[:100].tolist()
    return [Difference(what, row, int(stated[row]), int(expected[row])) for row in rows]


def linked(entries: Iterable[Entry], after: int = 0, head: bytes = GENESIS) -> Iterator[Entry]:
    """Yield entries after checking that each continues the one before and that its bytes give its head.

    `after` is the number and `head` the head of the entry before the first one. Raises: Damaged at the first one that does not.
    """
    for sequence, entry in enumerate(entries, after + 1):
        if entry.sequence != sequence:
            raise Damaged(f"batch {sequence} is missing, the next one there is {entry.sequence}")
        if entry.previous != head:
            raise Damaged(
                f"batch {sequence} continues {entry.previous.hex()}, expected the head {head.hex()} of the batch before"
            )
        head = head_of(head, entry.body)
        if entry.head != head:
            raise Damaged(
                f"batch {sequence} has the head {entry.head.hex()}, its bytes give {head.hex()}: half-written or changed"
            )
        yield entry


def opened(entries: Iterable[Entry], book: str, recorded_at: int = 0) -> Iterator[tuple[Entry, Envelope]]:
    """Yield entries with their columns after checking that they belong to the book, in this place and in the order of time.

    Raises: Damaged at the first one that does not.
    """
    for entry in entries:
        try:
            envelope = open_envelope(entry.body)
        except Damaged as error:
            raise Damaged(f"batch {entry.sequence}: {error}") from error
        if (envelope.book, envelope.sequence) != (book, entry.sequence):
            raise Damaged(f"batch {entry.sequence} of {book!r} says that it is batch {envelope.sequence} of {envelope.book!r}")
        if envelope.recorded_at < recorded_at:
            raise Damaged(
                f"batch {entry.sequence} was recorded at {envelope.recorded_at} ns, the one before it at {recorded_at} ns"
            )
        recorded_at = envelope.recorded_at
        yield entry, envelope
