"""The load that every ledger is given, and the clock it is held against.

Ten thousand accounts pay each other in random pairs. A batch is made ready in the peer's own form outside the timed part; timed is the
call that ends when the peer says the batch is kept. Ids rise, which every index likes best; our own benchmark takes random ones.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple, TypeVar

from skarb.bench.machine import hash_us
from skarb.core.errors import Unavailable

_Ready = TypeVar("_Ready")


class Transfer(NamedTuple):
    """One transfer between two accounts, which are numbers from 0."""

    id: int  # from 1, rising
    debit: int
    credit: int
    amount: int


@dataclass(frozen=True)
class Load:
    """How much a ledger is given, and for how long."""

    accounts: int = 10_000
    batch: int = 8192
    seconds: float = 1.5  # timed part of one run; a batch that was begun is finished
    runs: int = 3
    file: int = 20_000  # transactions of a text ledger's file
    native: int = 400_000  # transfers of a run of a peer's own benchmark
    patience: float = 20.0  # seconds for a server to start, or to answer beyond the runs

    def transfers(self) -> Iterator[list[Transfer]]:
        """Yield batch after batch, the same ones every time."""
        rng = random.Random(self.accounts)
        last = 0
        while True:
            found = []
            for number in range(last + 1, last + self.batch + 1):
                debit = rng.randrange(self.accounts)
                credit = (debit + rng.randrange(1, self.accounts)) % self.accounts
                found.append(Transfer(number, debit, credit, rng.randrange(1, 1000)))
            last += self.batch
            yield found


class Run(NamedTuple):
    """One run: transfers per second, and how fast the core was."""

    per_s: float
    hash_us: float


class Runs(NamedTuple):
    """What a ledger did under the load."""

    runs: list[Run]
    posted: int  # transfers of all runs and of the batch before them that warms up
    amount: int  # sum of their amounts


class Measured(NamedTuple):
    """A ledger's runs and its version."""

    runs: list[Run]
    version: str

    @property
    def per_s(self) -> float:
        """The median of the runs."""
        return statistics.median(run.per_s for run in self.runs)


def measure(load: Load, prepare: Callable[[list[Transfer]], _Ready], post: Callable[[_Ready], object]) -> Runs:
    """Post batches until the time is up, several times over; the first batch only warms up."""
    batches = load.transfers()
    runs: list[Run] = []
    first = next(batches)
    post(prepare(first))
    posted, amount = len(first), sum(one.amount for one in first)
    for _ in range(load.runs):
        done, took, before = 0, 0.0, hash_us()
        while took < load.seconds:
            batch = next(batches)
            ready = prepare(batch)
            started = time.perf_counter()
            post(ready)
            took += time.perf_counter() - started
            done += len(batch)
            amount += sum(one.amount for one in batch)
        runs.append(Run(done / took, round((before + hash_us()) / 2, 2)))
        posted += done
    return Runs(runs, posted, amount)


def library(name: str, install: str) -> Any:
    """Return a peer's module; none of them is something that Skarb needs.

    Raises: Unavailable
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise Unavailable(f"{error}; to measure it: {install}") from error


def version_of(package: str) -> str:
    """Return the installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
