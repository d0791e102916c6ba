"""Other ledgers, measured in the same run as ours, with what each comparison leaves out.

What is not installed, does not start or answers wrongly is left out with the reason: a peer's trouble never spoils our own figures. No
peer is something that Skarb needs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from skarb.bench.ledgers import beancount, postgresql, python_accounting, sqlite, tigerbeetle
from skarb.bench.ledgers.load import Load, Measured
from skarb.core.errors import Unavailable

Measurement = Callable[[Path, Load], Measured]

PEERS: Mapping[str, Measurement] = {
    "tigerbeetle_native": tigerbeetle.own_benchmark,
    "tigerbeetle_python": tigerbeetle.through_python,
    "postgresql_copy": postgresql.copy,
    "sqlite_rows": sqlite.rows,
    "beancount": beancount.loaded,
    "python_accounting": python_accounting.journal_entries,
}

LEAVES_OUT: Mapping[str, str] = {
    "all": (
        "Their ids rise, which suits every index; ours are random over 128 bits. Their batches are made ready in the peer's own form outside "
        "the timed part, as ours are; one batch is answered before the next is sent, while ours decides the next one as one is written."
    ),
    "tigerbeetle_native": (
        "Its own benchmark with its client in Zig and rising ids. It keeps every field of a transfer searchable and the history of balances, "
        "checksums each block and survives damaged sectors, bounds its memory, holds more than fits into it, and is made to be replicated; "
        "Skarb checks here limits with holds, chains every batch by SHA-256, and makes its indexes later from the journal."
    ),
    "tigerbeetle_python": (
        "As tigerbeetle_native, and most of the time is spent in the Python client, which turns objects into records and answers into "
        "objects; Skarb is given arrays of records. The server is another process."
    ),
    "postgresql_copy": (
        "64-bit amounts, no limits, no holds, no chain, no index but that of the ids; duplicates fail the whole batch instead of being told "
        "one by one. In return the rows can be queried by SQL at once, by many users, over a network, which also costs."
    ),
    "sqlite_rows": (
        "64-bit amounts, no limits, no holds, no chain; duplicates fail the whole batch. In return every transfer is a row, found by either "
        "account at once, and the balances are on disk too."
    ),
    "beancount": (
        "A text ledger: the whole file is read, booked and checked in memory, the opening of its accounts included; nothing is made durable, "
        "no id is checked. In return it knows lots and costs, several currencies, and plugins, and its file is read by people."
    ),
    "python_accounting": (
        "Each entry is a transaction of its own with several statements through an object mapper, on SQLite as it comes; 500 accounts. In "
        "return it knows taxes, periods, clearing and financial statements, and hashes its rows. It is fair to compare with single posts only."
    ),
}


def peers(folder: Path, load: Load | None = None, only: Mapping[str, Measurement] = PEERS) -> dict[str, object]:
    """Return transfers per second of the ledgers that can be had here, as `peer_<name>_per_s`, medians of short runs.

    `peers_left_out` names the others, each with the reason; `peers_leave_out` says what the comparisons leave out.
    """
    given = load or Load()
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {}
    versions: dict[str, str] = {}
    runs: dict[str, object] = {}
    left_out: list[tuple[str, str]] = []
    for name, measurement in only.items():
        measured = _measured(folder, name, measurement, given)
        if isinstance(measured, str):
            left_out.append((name, measured))
            continue
        figures[f"peer_{name}_per_s"] = measured.per_s
        versions[name] = measured.version
        runs[name] = [{"per_s": round(one.per_s), "hash_us": one.hash_us} for one in measured.runs]
    words = {name: LEAVES_OUT[name] for name in ("all", *versions) if name in LEAVES_OUT}
    return figures | {"peers_runs": runs, "peers_versions": versions, "peers_left_out": left_out, "peers_leave_out": words}


def _measured(folder: Path, name: str, measurement: Measurement, load: Load) -> Measured | str:
    """Return what was measured, or why it was not."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder.absolute(), ignore_cleanup_errors=True) as place:
        try:
            return measurement(Path(place), load)
        except Unavailable as error:
            return str(error)
        except Exception as error:  # a peer may fail in any way of its own; it is told, and the others are measured
            return f"{type(error).__name__}: {error}"
