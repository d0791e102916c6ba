"""Following money, measured: ten million transfers between half a million accounts, with heavy tails, on one core.

A fifth of the transfers leaves for two hundred foreign platforms, a little less comes back; foreigners use the platforms, too, and pay each other, so
money travels abroad before it returns. The figures are of the whole question: transfers are looked at, followed, what is left is added up from
the lots, and the sums are held to conservation. Making the transfers, and compiling, are left out.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from skarb.bench.machine import hash_us, machine, peak_mib
from skarb.core.errors import ensure
from skarb.oversight.flows import Transfers, fifo, haircut
from skarb.oversight.flows.places import ABROAD, HOME

ROWS = 10_000_000
ACCOUNTS = 500_000
PLATFORMS = 200
PLAIN = 300_000  # transfers that plain Python follows
RUNS = 5


def bench(rows: int = ROWS) -> dict[str, object]:
    """Return transfers per second by each rule, what they agree on, and others on the same transfers."""
    asked = market(rows, ACCOUNTS)
    small = _first(asked, 1000)
    fifo(small, "numba")
    haircut(small, "numba")
    before = peak_mib()
    fifo_per_s, fifo_per_cpu_s, first = _median(rows, lambda: fifo(asked, "numba"))
    haircut_per_s, haircut_per_cpu_s, (mixed, _) = _median(rows, lambda: haircut(asked, "numba"))
    peak = peak_mib()
    every = replace(asked, sides=np.full(len(asked.sides), ABROAD, np.uint8))
    worst, _, _ = _median(rows, lambda: fifo(every, "numba"), 1)
    for one in (first, mixed):
        ensure(one.invested == one.returned + one.spent + one.still, "what went abroad came back, was spent or is still out")
    peers = _peers(asked)
    return {
        "fifo_per_s": fifo_per_s,
        "haircut_per_s": haircut_per_s,
        "fifo_per_cpu_s": fifo_per_cpu_s,
        "haircut_per_cpu_s": haircut_per_cpu_s,
        "fifo_every_account_followed_per_s": worst,
        "conservation": {
            "invested": first.invested,
            "fifo": {
                "returned": first.returned,
                "still_out": first.still,
                "difference": first.invested - first.returned - first.still,
            },
            "haircut": {
                "returned": mixed.returned,
                "still_out": mixed.still,
                "difference": mixed.invested - mixed.returned - mixed.still,
            },
        },
        "reference_rows": min(rows, PLAIN),
        "reference_equal": _equal(_first(asked, PLAIN)),
        "peak_mib": peak,
        "peak_mib_before": before,
        "peers": peers,
        "times_faster_than": {name.removesuffix("_per_s"): round(fifo_per_s / rate, 2) for name, rate in peers.items()}
        | {f"haircut_{name.removesuffix('_per_s')}": round(haircut_per_s / rate, 2) for name, rate in peers.items()},
        "conditions": {
            "rows": rows,
            "accounts": ACCOUNTS,
            "runs": RUNS,
            "pieces_moved": first.moved,
            "lots": len(first.outward),
            "hash_us": hash_us(),
            "left_out": "making the transfers, compiling",
            "threads": 1,
        },
        "machine": machine(),
    }


def market(rows: int, accounts: int, seed: int = 7) -> Transfers:
    """Return made-up transfers of one asset: platforms and foreigners are the first quarter of the accounts, all others are at home."""
    rng = np.random.default_rng(seed)
    home = accounts // 4

    def some(low: int, high: int, count: int) -> Any:
        return (low + (high - low) * rng.random(count) ** 3).astype(np.int32)

    chance = rng.random(rows)
    sources, targets = some(home, accounts, rows), some(home, accounts, rows)
    kinds = (
        (0.00, 0.18, (home, accounts), (0, PLATFORMS)),
        (0.18, 0.29, (0, PLATFORMS), (home, accounts)),
        (0.29, 0.38, (PLATFORMS, home), (0, PLATFORMS)),
        (0.38, 0.46, (0, PLATFORMS), (PLATFORMS, home)),
        (0.46, 0.52, (PLATFORMS, home), (PLATFORMS, home)),
        (0.52, 0.54, (PLATFORMS, home), (home, accounts)),
    )
    for low, high, payer, payee in kinds:
        chosen = (chance >= low) & (chance < high)
        count = int(chosen.sum())
        sources[chosen], targets[chosen] = some(*payer, count), some(*payee, count)
    amounts = np.clip(np.round(np.exp(rng.normal(5, 2, rows)) * 100), 1, 10**11).astype(np.int64)
    sides = np.full(accounts, HOME, np.uint8)
    sides[:home] = ABROAD
    return Transfers(sources, targets, amounts, sides, np.zeros(accounts, np.int32))


def _first(asked: Transfers, rows: int) -> Transfers:
    return replace(asked, sources=asked.sources[:rows], targets=asked.targets[:rows], amounts=asked.amounts[:rows])


def _median(rows: int, do: Callable[[], Any], runs: int = RUNS) -> tuple[float, float, Any]:
    """Return how many rows went through in a second, by the clock and by the time that the core was ours, and the last answer."""
    rates, worked, answer = [], [], None
    for _ in range(runs):
        answer = None  # so that two answers never lie in memory at once
        started, began = time.perf_counter(), time.process_time()
        answer = do()
        rates.append(rows / (time.perf_counter() - started))
        worked.append(rows / (time.process_time() - began))
    return statistics.median(rates), statistics.median(worked), answer


def _peers(asked: Transfers) -> dict[str, float]:
    """Return what others take: plain Python for the same haircut, DuckDB for net positions, which say nothing about whose money is where."""
    part = _first(asked, PLAIN)
    lists = [one.tolist() for one in (part.sources, part.targets, part.amounts)]
    sides = part.sides.tolist()
    started = time.perf_counter()
    _plain_haircut(lists, sides)
    found = {"plain_python_haircut_per_s": len(part) / (time.perf_counter() - started)}
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        columns = pa.table({"s": asked.sources, "t": asked.targets, "a": asked.amounts})
        connection.register("given", columns)
        connection.execute("CREATE TABLE e AS SELECT * FROM given")
        net = "SELECT count(*) FROM (SELECT k, sum(v) FROM (SELECT s k, -a v FROM e UNION ALL SELECT t, a FROM e) GROUP BY k)"
        found["duckdb_net_position_per_s"], _, _ = _median(len(asked), lambda: connection.execute(net).fetchall(), 3)
    return found


def _plain_haircut(rows: list[list[int]], sides: list[int]) -> tuple[int, int, int]:
    """Follow by shares of balances in plain Python; return what left, what came back, what is out."""
    balance: dict[int, int] = {}
    followed: dict[int, int] = {}
    invested = returned = 0
    for source, target, amount in zip(*rows, strict=True):
        if sides[source] == HOME:
            if sides[target] == ABROAD:
                invested += amount
                balance[target] = balance.get(target, 0) + amount
                followed[target] = followed.get(target, 0) + amount
            continue
        if source == target:
            continue
        held = max(balance.get(source, 0), amount)
        share = followed.get(source, 0) * amount // held
        balance[source] = held - amount
        followed[source] = followed.get(source, 0) - share
        if sides[target] == ABROAD:
            balance[target] = balance.get(target, 0) + amount
            followed[target] = followed.get(target, 0) + share
        else:
            returned += share
    return invested, returned, sum(followed.values())


def _plain_fifo(rows: list[list[int]], sides: list[int]) -> tuple[int, int, int]:
    """Follow by the order of arrival in plain Python; return what left, what came back, what is out."""
    queues: dict[int, deque[tuple[bool, int]]] = {}
    invested = returned = 0
    for source, target, amount in zip(*rows, strict=True):
        if sides[source] == HOME:
            if sides[target] == ABROAD:
                invested += amount
                queues.setdefault(target, deque()).append((True, amount))
            continue
        if source == target:
            continue
        queue = queues.setdefault(source, deque())
        left = amount
        while left:
            ours, part = queue.popleft() if queue else (False, left)
            if part > left:
                queue.appendleft((ours, part - left))
                part = left
            left -= part
            if sides[target] == ABROAD:
                queues.setdefault(target, deque()).append((ours, part))
            elif ours:
                returned += part
    return invested, returned, sum(part for queue in queues.values() for ours, part in queue if ours)


def _equal(part: Transfers) -> bool:
    """Tell whether both kernels say what plain Python says; the tests hold them to a slow reading lot by lot."""
    lists, sides = [one.tolist() for one in (part.sources, part.targets, part.amounts)], part.sides.tolist()
    first, (mixed, _) = fifo(part, "numba"), haircut(part, "numba")
    same = _plain_haircut(lists, sides) == (mixed.invested, mixed.returned, mixed.still)
    return same and _plain_fifo(lists, sides) == (first.invested, first.returned, first.still)
