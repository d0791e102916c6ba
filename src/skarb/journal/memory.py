"""What a book knows in memory; all of it follows from the journal."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skarb.core.errors import Unavailable
from skarb.core.transfer import ACCOUNT
from skarb.journal.ahead import ahead
from skarb.journal.chain import Envelope, openings_of
from skarb.journal.chart import Chart
from skarb.journal.cold import Runs
from skarb.journal.index import IdIndex
from skarb.journal.model import GENESIS, Opening
from skarb.journal.replay import linked, opened, replay
from skarb.ledger import Ledger, Result
from skarb.ledger.cold import Cold
from skarb.store import Damaged, Entry

Observer = Callable[[Envelope], None]  # is shown every batch of the journal, in order
Count = Callable[[int], None]  # is told how many batches were read

_TOGETHER = 32_768  # ids that recovery adds to the index at once


def _from_zero() -> array[int]:
    return array("q", [0])


class Marks(NamedTuple):
    """How much a book knows: what a snapshot of it holds."""

    transfers: int
    put_away: int  # rows


NO_MARKS = Marks(0, 0)


@dataclass
class Memory:
    """Balances, ids and the end of the chain."""

    ledger: Ledger = field(default_factory=Ledger)
    index: IdIndex = field(default_factory=IdIndex)
    stops: array[int] = field(default_factory=_from_zero)  # of batch n: the position after its last instruction
    chart: Chart = field(default_factory=Chart)
    assets: dict[str, int] = field(default_factory=dict)  # the number of each asset in the ledger, by code
    recorded_at: int = 0  # of the last batch, nanoseconds
    sequence: int = 0  # of the last batch
    head: bytes = GENESIS  # after it
    runs: Runs | None = None  # where it puts away what is too much

    @classmethod
    def beginning(cls, folder: Path | None, limit: int | None) -> Memory:
        """Return what is known of a book before its first batch; with a folder and a limit, not more stays in memory."""
        if folder is None or limit is None:
            return cls()
        runs = Runs(folder)
        return cls(ledger=Ledger(cold=Cold(runs.ledger, limit)), index=IdIndex(runs.keys, limit), runs=runs)

    @property
    def marks(self) -> Marks:
        """How much is known, and how much of it was put away."""
        away = 0 if self.runs is None else self.runs.ledger.transfers.count + self.runs.ledger.spent.count + self.runs.keys.count
        return Marks(self.ledger.transfers, away)

    @property
    def is_leaving(self) -> bool:
        """Whether something is being put away just now."""
        return self.ledger.is_leaving or self.index.is_leaving

    def finish_leaving(self) -> None:
        """Return when nothing is on its way out of memory. Raises: Unavailable if it could not be written."""
        self.ledger.finish_leaving()
        self.index.finish_leaving()

    def close(self) -> None:
        """Let go of what was put away."""
        with suppress(Unavailable):
            self.finish_leaving()
        if self.runs is not None:
            self.runs.close()

    @property
    def instructions(self) -> int:
        """How many instructions there are."""
        return self.stops[-1]

    def place(self, position: int) -> tuple[int, int]:
        """Return the batch and the row of an instruction."""
        sequence = bisect_right(self.stops, position)
        return sequence, position - self.stops[sequence - 1]

    def note_openings(self, openings: Sequence[Opening], accounts: bytes | memoryview, results: bytes | memoryview) -> None:
        """Learn from a batch which accounts there are, and which number their assets have; what is known already may come again.

        Raises: Damaged if an asset had another number before.
        """
        self.note_assets(openings, accounts)
        heads = np.frombuffer(accounts, np.uint8).reshape(-1, ACCOUNT.itemsize)[:, :16].tobytes()
        ids = [heads[place : place + 16] for place in range(0, len(heads), 16)]
        if any(bytes(results)):
            created = [place for place, code in enumerate(bytes(results)) if code == Result.created]
            openings, ids = [openings[place] for place in created], [ids[place] for place in created]
        self.chart.learn(openings, ids)

    def note_assets(self, openings: Sequence[Opening], accounts: bytes | memoryview) -> None:
        """Learn which number an asset has from the accounts that were opened in it.

        Raises: Damaged if an asset had another number before.
        """
        numbers = np.frombuffer(accounts, ACCOUNT)["ledger"].tolist()
        called = [opening.asset for opening in openings]
        for asset, number in dict.fromkeys(zip(called, numbers, strict=True)):
            if self.assets.setdefault(asset, number) != number:
                address = next(
                    one.address for one, other in zip(openings, numbers, strict=True) if (one.asset, other) == (asset, number)
                )
                raise Damaged(f"account {address!r} calls {asset} asset {number}, it was {self.assets[asset]} before")


def recover(
    entries: Iterable[Entry],
    book: str,
    observer: Observer | None = None,
    progress: Count | None = None,
    memory: Memory | None = None,
) -> Memory:
    """Read the journal, check its chain, post everything again and return what a book must know.

    `memory` is what is known already, from a snapshot; then the entries are those after it.

    Reading and hashing run ahead in a second thread, taking batches apart in a third; a fourth enters the ids behind.
    Raises: Damaged at the first batch that does not continue the chain or whose results are not the ledger's.
    """
    memory = memory or Memory()
    keys = bytearray()
    entered: list[Future[None]] = []
    with ThreadPoolExecutor(1, thread_name_prefix="skarb-ids") as behind:
        for entry, envelope in ahead(opened(ahead(linked(entries, memory.sequence, memory.head)), book, memory.recorded_at)):
            _do_again(memory, envelope)
            memory.sequence, memory.head, memory.recorded_at = entry.sequence, entry.head, envelope.recorded_at
            memory.stops.append(memory.stops[-1] + envelope.rows)
            keys += envelope.keys
            if len(keys) >= _TOGETHER * 16:
                entered.append(behind.submit(memory.index.add, keys))
                keys = bytearray()
            if observer is not None:
                observer(envelope)
            if progress is not None:
                progress(envelope.sequence)
        entered.append(behind.submit(memory.index.add, keys))
    for one in entered:
        one.result()
    return memory


def _do_again(memory: Memory, envelope: Envelope) -> None:
    if len(envelope.accounts):
        try:
            memory.note_openings(openings_of(envelope), envelope.accounts, envelope.account_results)
        except (Damaged, ValueError) as error:
            raise Damaged(f"batch {envelope.sequence}: {error}") from error
    for difference in replay(memory.ledger, envelope):
        raise Damaged(
            f"batch {envelope.sequence}, {difference.what} {difference.row}: the journal states result {difference.given}, "
            f"the ledger gives {difference.expected}"
        )
