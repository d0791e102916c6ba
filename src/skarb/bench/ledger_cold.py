"""What a book costs in memory, and what it costs that most of it is not there.

Two books hold as many transfers: one has all of them in memory, the other has put all of them away. Both then take new ones in turns, and the
second is handed in again what it has put away.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from skarb.core.errors import ensure
from skarb.journal import LedgerBook
from skarb.ledger import Result
from skarb.ledger.books import Records

Made = tuple[LedgerBook, Callable[[], Records]]  # an open book, and what makes a batch for it
_TURNS = 5
_IN_A_TURN = 12  # batches
_KEPT = 8  # batches that are handed in again


def cold(make: Callable[[str], Made], batches: int) -> dict[str, object]:
    """Return the figures for books of so many batches.

    Units: MiB of allocated memory per million transfers; the speed of posting with everything put away over that with nothing; transfers
    handed in again per second.
    """
    figures: dict[str, object] = {}
    (hot, next_hot), (other, next_other) = make("hot"), make("cold")
    with hot, other:
        tracemalloc.start()
        try:
            figures["memory_mib_per_million_hot"] = (
                _memory_mib(lambda: _fill(hot, next_hot, batches)) / hot.ledger.transfers * 1e6
            )
            old = _fill(other, next_other, batches // 2)
            other.ledger.put_away()
            half = other.ledger.transfers

            def fill_and_put_away() -> None:
                _fill(other, next_other, batches - batches // 2)
                other.ledger.put_away()

            figures["memory_mib_per_million_cold"] = _memory_mib(fill_and_put_away) / (other.ledger.transfers - half) * 1e6
        finally:
            tracemalloc.stop()
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(_TURNS):
            for book, following, kept in ((hot, next_hot, rates[0]), (other, next_other, rates[1])):
                work = [following() for _ in range(_IN_A_TURN)]
                kept.append(_rate(book, work, Result.created))
        other.ledger.put_away()
        figures["cold_ratio"] = statistics.median([one / two for one, two in zip(rates[1], rates[0], strict=True)])
        figures["cold_recall_per_s"] = _rate(other, old, Result.exists)
        figures["cold_transfers"] = other.ledger.transfers
    return figures


def _memory_mib(work: Callable[[], object]) -> float:
    """Return how much more memory is in use after some work; files that are mapped are not counted."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    work()
    gc.collect()
    return (tracemalloc.get_traced_memory()[0] - before) / (1 << 20)


def _fill(book: LedgerBook, following: Callable[[], Records], batches: int) -> list[Records]:
    """Post many batches, and return the first of them."""
    kept: list[Records] = []
    for number in range(batches):
        work = following()
        _rate(book, [work], Result.created)
        if number < _KEPT:
            kept.append(work)
    return kept


def _rate(book: LedgerBook, work: Sequence[Records], code: int) -> float:
    """Return how many transfers a second get an answer that is durable; all of them this one."""
    started = time.perf_counter()
    answers: list[NDArray[Any]] = [one.result() for one in [book.post_async(records) for records in work]]
    took = time.perf_counter() - started
    ensure(all(bool((codes == code).all()) for codes in answers), f"every transfer of the benchmark is answered with {code}")
    return sum(map(len, work)) / took
