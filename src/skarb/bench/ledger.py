"""The ledger, measured: transfers decided, chained and on disk before their answer.

Ten thousand accounts with floors pay each other in random pairs, ids random over 128 bits, in batches of 8,192. Nothing is left out between the
records and the durable answer: limits and holds are checked, the chain is computed, the write is flushed. Figures are medians of
several runs; a ratio compares runs of the same minute.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from skarb.app.files import now
from skarb.bench.ledger_cold import Made, cold
from skarb.bench.ledger_peers import peers
from skarb.bench.ledgers.postgresql import server_in
from skarb.bench.machine import hash_us, machine
from skarb.core.errors import Unavailable, ensure
from skarb.core.transfer import TRANSFER, TransferFlag
from skarb.intake.transfers import read_transfers
from skarb.journal import LedgerBook, NewAccount, open_book, open_ledger
from skarb.ledger import Result
from skarb.ledger.books import Records
from skarb.ledger.past import Behind
from skarb.store import Location, location_of

BATCH = 8192
ACCOUNTS = 10_000
RUNS = 5
_ASSET = "BYN"
_FLOOR = -(10**15)
_CHUNKS = 20  # of the long run, each timed by itself
_QUESTIONS = 2000  # about balances at past moments
_PATIENCE = 20.0  # seconds that a server may take to start
_HOT = 16  # accounts that get nine transfers of ten in the hot run
_Make = Callable[["_Load", int], Records]


def bench(
    batches: int = 60,
    single: int = 3000,
    callers: int = 2000,
    each: int = 50,
    long: int = 20_000_000,
    others: bool = True,
    cold_batches: int = 240,
) -> dict[str, object]:
    """Return the figures of the ledger, and with `others` those of other ledgers in the same run.

    Units: transfers per second unless the name says otherwise.
    """
    left_out: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="skarb-bench-") as name, _databases(Path(name), left_out) as database:
        folder = Path(name)
        rates: dict[str, list[float]] = {}
        speeds = []
        for run in range(RUNS):
            speeds.append(hash_us())
            places: dict[str, tuple[Location, _Make]] = {
                "sqlite": (folder / f"plain-{run}.book", _plain),
                "segments": (folder / f"plain-{run}.segments", _plain),
                "hot": (folder / f"hot-{run}.book", _hot),
                "pending": (folder / f"pending-{run}.book", _half_pending),
            }
            if database is not None:
                places["postgres"] = (location_of(f"{database}#plain_{run}"), _plain)
            for kind, (place, make) in places.items():
                rates.setdefault(kind, []).append(_bulk(place, batches, make))
        figures: dict[str, object] = {
            f"{store}_per_s": statistics.median(rates[store]) for store in ("sqlite", "segments", "postgres") if store in rates
        }
        figures |= {
            "sqlite_runs": [
                {"per_s": round(rate), "hash_us": speed} for rate, speed in zip(rates["sqlite"], speeds, strict=True)
            ],
            "hot_ratio": _ratio(rates["hot"], rates["sqlite"]),
            "pending_ratio": _ratio(rates["pending"], rates["sqlite"]),
            "json_bulk_per_s": statistics.median(_json(folder / f"json-{run}.book", batches // 4) for run in range(RUNS)),
            "single_async_per_s": statistics.median(_callers(folder / f"async-{run}.book", callers, each) for run in range(3)),
            "single_per_s": _single(folder / "single.book", single),
            "recover_per_s": statistics.median(_recover(folder / f"plain-{run}.book") for run in range(RUNS)),
        }
        figures |= cold(lambda name: _made(folder / f"{name}.segments"), cold_batches)
        figures |= _long(folder / "long.book", long)
        if others:
            figures |= peers(folder / "peers")
    ratios = {
        name.removeprefix("peer_").removesuffix("_per_s"): round(float(statistics.median(rates["sqlite"])) / rate, 1)
        for name, rate in figures.items()
        if name.startswith("peer_") and isinstance(rate, float)
    }
    conditions = {
        "accounts": ACCOUNTS,
        "batch": BATCH,
        "transfers": batches * BATCH,
        "runs": RUNS,
        "callers": callers,
        "stores": "SQLite with synchronous=FULL; segment files with fdatasync; PostgreSQL with synchronous_commit=on",
        "on": "128-bit ids and amounts, a floor on every account, holds, closing, SHA-256 chain, flushed before the answer",
        "off": "the Merkle tree is made from the journal when a proof is asked for; the index of the past follows only the long run",
        "long": f"{long:,} transfers in one book with the index of the past behind it; its rates first and last, then its next opening",
        "cold": f"{cold_batches * BATCH:,} transfers in each of two segment books, one in memory, one put away; repeats of its first ones",
    }
    more = {"stores_left_out": left_out, "times_faster_than": ratios}
    return figures | more | {"conditions": conditions, "machine": machine()}


@contextmanager
def _databases(folder: Path, left_out: list[tuple[str, str]]) -> Iterator[str | None]:
    """Start a database server if there is one; else say why not."""
    with ExitStack() as stack:
        try:
            url: str | None = stack.enter_context(server_in(folder, _PATIENCE))
        except Unavailable as error:
            left_out.append(("postgres", str(error)))
            url = None
        yield url


class _Load:
    """An open ledger and what it takes to make transfers for it; the same ones for the same seed."""

    def __init__(self, path: Location, seed: int) -> None:
        self.book = open_ledger(path, clock=now, name="benchmark")
        accounts = [NewAccount(f"client/{number}", _ASSET, floor=_FLOOR) for number in range(ACCOUNTS)]
        ensure(bool((self.book.open_accounts(accounts) == Result.created).all()), "every account of the benchmark is opened")
        ids = b"".join([self.book.account(one.address, _ASSET) for one in accounts])
        self.accounts: NDArray[np.uint64] = np.frombuffer(ids, "<u8").reshape(-1, 2)
        self.random = np.random.default_rng(seed)

    def transfers(self, credits_: NDArray[np.int64]) -> Records:
        """Return transfers to some accounts, each from a random other one."""
        count = len(credits_)
        debits = (credits_ + self.random.integers(1, ACCOUNTS, count)) % ACCOUNTS
        records = np.zeros(count, TRANSFER)
        for half, name in enumerate(("lo", "hi")):
            records[f"id_{name}"] = self.random.integers(1, 1 << 63, count)
            records[f"debit_{name}"], records[f"credit_{name}"] = self.accounts[debits, half], self.accounts[credits_, half]
        records["amount_lo"] = self.random.integers(1, 1000, count)
        records["ledger"], records["code"] = self.book.asset(_ASSET), 1
        return records


def _plain(load: _Load, count: int) -> Records:
    return load.transfers(load.random.integers(0, ACCOUNTS, count))


def _hot(load: _Load, count: int) -> Records:
    """Nine of ten go to few accounts."""
    few, many = load.random.integers(0, _HOT, count), load.random.integers(0, ACCOUNTS, count)
    return load.transfers(np.where(load.random.random(count) < 0.9, few, many))


def _half_pending(load: _Load, count: int) -> Records:
    """Every second one is a hold, and the one after it posts all of it."""
    records = _plain(load, count)
    holds, posts = records[0::2], records[1::2]
    holds["flags"] = TransferFlag.pending
    posts["flags"] = TransferFlag.post_pending_transfer
    for half in ("lo", "hi"):
        posts[f"pending_{half}"] = holds[f"id_{half}"]
        for side in ("debit", "credit"):
            posts[f"{side}_{half}"] = holds[f"{side}_{half}"]
        posts[f"amount_{half}"] = holds[f"amount_{half}"]
    return records


def _bulk(path: Location, batches: int, make: _Make) -> float:
    """Return the rate from records in memory to the last durable answer, the next batch being decided while one is written."""
    load = _Load(path, seed=1)
    with load.book as book:
        work = [make(load, BATCH) for _ in range(batches)]
        return _timed(batches * BATCH, partial(_post_all, book, work))


def _long(path: Path, count: int) -> dict[str, object]:
    """Post many transfers to one book that can be asked about any moment meanwhile, close it, and open it again.

    Whether it has become slower is asked in the last quarter: a new book takes as many, in turns with the long one, so that both meet the
    machine as it is just then. Putting transfers away and taking snapshots is part of the long one's time.
    """
    load = _Load(path, seed=6)
    chunk, last = max(1, count // BATCH // _CHUNKS), _CHUNKS // 4
    rates: list[float] = []
    fresh: list[float] = []

    def post(into: _Load) -> float:
        work = [_plain(into, BATCH) for _ in range(chunk)]
        return _timed(chunk * BATCH, partial(_post_all, into.book, work))

    with load.book as book, Behind(book.ledger) as behind:
        rates += [post(load) for _ in range(_CHUNKS - last)]
        waiting = _seconds(behind.wait)
        queryable = book.ledger.transfers / (waiting + sum(chunk * BATCH / rate for rate in rates))
        for turn in range(last):
            rates.append(post(load))
            other = _Load(path.with_name(f"{path.stem}-fresh-{turn}.book"), seed=turn)
            with other.book, Behind(other.book.ledger):
                fresh.append(post(other))
        known = behind.wait()
        answers = []
        for place, account in enumerate(load.random.integers(0, ACCOUNTS, _QUESTIONS).tolist()):
            row, moment = (
                behind.row(load.accounts[account].tobytes()),
                int(known.changes["moment"][known.length * place // _QUESTIONS]),
            )
            answers.append(_seconds(partial(known.totals, row, recorded=moment)))
        transfers = book.ledger.transfers
        closing = time.perf_counter()
    closed = time.perf_counter() - closing
    opening = _seconds(lambda: open_book(path).close())
    return {
        "queryable_per_s": queryable,
        "flat_ratio_20m": statistics.harmonic_mean(rates[-last:]) / statistics.harmonic_mean(fresh),
        "long_runs_per_s": [round(rate) for rate in rates],
        "fresh_runs_per_s": [round(rate) for rate in fresh],
        "balance_at_ms": statistics.median(answers) * 1000,
        "balance_at_99_ms": statistics.quantiles(answers, n=100)[98] * 1000,
        "close_20m_s": closed,
        "recover_20m_s": opening,
        "long_transfers": transfers,
    }


def _made(path: Path) -> Made:
    """Open a ledger, and return it with what makes batches for it."""
    load = _Load(path, seed=7)
    return load.book, lambda: _plain(load, BATCH)


def _post_all(book: LedgerBook, work: Sequence[Records]) -> Sequence[NDArray[np.uint8]]:
    return [answer.result() for answer in [book.post_async(one) for one in work]]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _json(path: Path, batches: int) -> float:
    """Return the rate from lines of JSON to the last durable answer."""
    load = _Load(path, seed=3)
    with load.book as book:
        texts = [
            b"\n".join(
                msgspec.json.encode(
                    {
                        "id": f"transfer-{batch}-{row:06}",
                        "debit": f"client/{debit}",
                        "credit": f"client/{(debit + 1 + row) % ACCOUNTS}",
                        "asset": _ASSET,
                        "amount": str(amount),
                        "code": 7,
                    }
                )
                for row, (debit, amount) in enumerate(load.random.integers(1, ACCOUNTS - BATCH, (BATCH, 2)).tolist())
            )
            for batch in range(batches)
        ]
        return _timed(
            batches * BATCH,
            lambda: [
                answer.result() for answer in [book.post_async(read_transfers(text, book.chart, worth=True)) for text in texts]
            ],
        )


def _callers(path: Path, callers: int, each: int) -> float:
    """Return the rate of asyncio callers that each hand in one transfer and wait for its durable answer."""
    load = _Load(path, seed=4)
    with load.book as book:
        records = _plain(load, callers * each)
        group = book.group()

        async def caller(number: int) -> list[np.uint8]:
            return [await group.post(records[row].tobytes()) for row in range(number * each, (number + 1) * each)]

        async def everybody() -> list[list[np.uint8]]:
            return await asyncio.gather(*[caller(number) for number in range(callers)])

        return _timed(callers * each, lambda: [np.array(one) for one in asyncio.run(everybody())])


def _single(path: Path, count: int) -> float:
    """Return the rate of transfers that are each a batch of their own, one durable write each."""
    load = _Load(path, seed=5)
    with load.book as book:
        records = _plain(load, count)
        return _timed(count, lambda: [book.post(records[row : row + 1]) for row in range(count)])


def _timed(count: int, work: Callable[[], Sequence[NDArray[np.uint8]]]) -> float:
    started = time.perf_counter()
    answers = work()
    took = time.perf_counter() - started
    ensure(all(bool((codes == Result.created).all()) for codes in answers), "every transfer of the benchmark is created")
    return count / took


def _recover(path: Path) -> float:
    """Return the rate of opening a book: chain checked, every transfer posted again and compared."""
    started = time.perf_counter()
    with open_book(path) as book:
        return book.ledger.transfers / (time.perf_counter() - started)


def _ratio(some: list[float], others: list[float]) -> float:
    return statistics.median([one / other for one, other in zip(some, others, strict=True)])
