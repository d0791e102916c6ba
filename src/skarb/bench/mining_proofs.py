"""Proof of liabilities, measured: a Merkle sum tree over a million balances, a proof made and checked, and a whole publication.

Each case runs in a process of its own, so that its peak memory is its own, with the users' hashes in memory before the clock starts; the kernel is
compiled before that. `publish` begins with ids as text: salts, order, hashes and tree.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from skarb.bench.machine import peak_mib
from skarb.core.errors import ensure
from skarb.custody.liabilities import Owed, plant
from skarb.custody.sumtree import HASH_BYTES, SumTree, build, is_included

LEAVES, RUNS, PROOFS = 1 << 20, 5, 2000
_LIMIT_S = 600


def bench() -> dict[str, object]:
    """Return the figures. Units: as the names say."""
    tree, plain, publication = _run("tree"), _run("plain"), _run("publish")
    return {
        "sum_tree_s": round(tree["seconds"], 3),
        "sum_tree_cpu_s": round(tree["cpu_s"], 3),
        "sum_tree_mib": round(tree["peak_mib"]),
        "sum_tree_plain_s": round(plain["seconds"], 3),  # the same tree by hashlib, in the same run
        "sum_tree_plain_mib": round(plain["peak_mib"]),
        "sum_proof_us": round(tree["proof_us"], 1),
        "sum_proof_bytes": round(tree["proof_bytes"]),
        "sum_publish_s": round(publication["seconds"], 2),
        "sum_publish_mib": round(publication["peak_mib"]),
    }


def tree_case(count: int = LEAVES, runs: int = RUNS) -> dict[str, float]:
    """Build the tree, then make and check proofs all over it; medians."""
    draw = np.random.default_rng(1)
    balances, users = draw.integers(0, 1 << 40, count), draw.bytes(HASH_BYTES * count)
    build(balances[:65536], users[: HASH_BYTES * 65536])
    took, used = [], []
    tree: SumTree | None = None
    for _ in range(runs):
        tree = None  # one at a time
        started, cpu = time.perf_counter(), time.process_time()
        tree = build(balances, users)
        took.append(time.perf_counter() - started)
        used.append(time.process_time() - cpu)
    ensure(tree is not None and tree.root.sum == int(balances.sum()), "the root tells the total")
    places = range(0, count, max(1, count // PROOFS))
    rounds = []
    for _ in range(runs):
        started = time.perf_counter()
        root = tree.root  # type: ignore[union-attr]
        counted = [
            is_included(at, int(balances[at]), users[HASH_BYTES * at : HASH_BYTES * at + HASH_BYTES], tree.path(at), root, count)  # type: ignore[union-attr]
            for at in places
        ]
        rounds.append((time.perf_counter() - started) / len(places) * 1e6)
        ensure(all(counted), "every balance is counted")
    return {
        "seconds": statistics.median(took),
        "cpu_s": statistics.median(used),
        "proof_us": statistics.median(rounds),
        "proof_bytes": 48.0 * (count - 1).bit_length(),
    }


def publish_case(count: int = LEAVES) -> dict[str, float]:
    """Salt, shuffle and build from ids and amounts."""
    draw = np.random.default_rng(1)
    owed = [Owed(f"user-{number:08d}", units) for number, units in enumerate(draw.integers(0, 1 << 40, count).tolist())]
    build(np.zeros(65536, np.int64), bytes(HASH_BYTES * 65536))
    started = time.perf_counter()
    tree = plant("BYN", owed, b"a secret for the bench", "2026-01-01T00:00:00Z")
    took = time.perf_counter() - started
    ensure(int(tree.total.total) == sum(one.units for one in owed), "the root tells the total")
    return {"seconds": took}


def plain_case(count: int = LEAVES) -> dict[str, float]:
    """Build the same tree without a compiler."""
    draw = np.random.default_rng(1)
    balances, users = draw.integers(0, 1 << 40, count), draw.bytes(HASH_BYTES * count)
    started = time.perf_counter()
    tree = build(balances, users, "python")
    took = time.perf_counter() - started
    ensure(tree.root.sum == int(balances.sum()), "the root tells the total")
    return {"seconds": took}


CASES: dict[str, Callable[[], dict[str, float]]] = {"tree": tree_case, "plain": plain_case, "publish": publish_case}


def _run(case: str) -> dict[str, float]:
    words = [sys.executable, "-m", "skarb.bench.mining_proofs", case]
    said = subprocess.run(words, capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def main(case: str) -> None:
    """Run one case and print its figures."""
    figures = CASES[case]()
    figures["peak_mib"] = peak_mib()
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
