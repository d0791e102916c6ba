"""A year replayed, measured: two editions over every row, a law that remembers, many drafts at once, and loading.

The rows are drawn by `fill`: three thousand cases, most clients rarely and some often, under the law of Belarus. The drafts are the examples. What a
replay needs besides the rows (editions, plans, the tables of kinds) is inside the figures; making the rows is not. The first replay of a lake reads
its tables and lays out strips of them, from which those after it read: it has a figure of its own, and no part in the others.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from skarb.app.feed import feed
from skarb.app.keys import key_id, make_key, public_path, read_private
from skarb.app.lake import add
from skarb.app.law import rulebook_of
from skarb.bench.fill import fill, write_feed
from skarb.bench.machine import hash_us, machine, peak_mib
from skarb.bench.replay_peers import peers
from skarb.bench.road import make_book
from skarb.core.errors import NotFound, ensure
from skarb.journal.feed.write import Signer
from skarb.lake import open_lake
from skarb.oversight.replay import Lived, Question, as_happened, sweep
from skarb.rulebook import Rulebook
from skarb.rulebook.backdate import backdated
from skarb.rulebook.draft_folder import load_draft

ROWS = 10_000_000
PROVEN = 100_000  # rows of a real book that are added, each with its transfer
SMALL = 250_000  # rows of a lake that shows what does not grow with them
STEPS = 50
RUNS = 3
_LAW = "by"
_DRAFTS = Path(__file__).parents[3] / "examples" / "drafts"


def bench(rows: int = ROWS, others: bool = True) -> dict[str, object]:
    """Return the figures of replays over so many rows. Rates are rows per second; a sweep counts each row once for each value.

    Raises: NotFound outside a checkout, where the drafts are.
    """
    if not _DRAFTS.is_dir():
        raise NotFound(f"there are no drafts in {_DRAFTS}; skarb bench replay runs in a checkout of Skarb")
    law = rulebook_of(_LAW)
    with tempfile.TemporaryDirectory(prefix="skarb-bench-") as name:
        folder = Path(name)
        load = _load(folder, rows)
        load_mib = peak_mib()
        proven = _load_proven(folder, min(rows, PROVEN))
        fill(folder / "lake", rows)
        made_mib = peak_mib()
        with open_lake(folder / "lake") as connection:
            days: tuple[int, int] = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
            figures: dict[str, Any] = {
                "load_rows_per_s": load,
                "load_proven_rows_per_s": proven,
                "load_peak_mib": load_mib,
                **_replays(connection, law, days, rows),
            }
            figures["peak_mib"] = peak_mib()
            figures["peak_mib_before"] = made_mib
            figures |= _fixed(folder, law, figures, rows)
            if others:
                figures |= peers(connection, law, _drafted(law, "by-abroad", days[0]), days)
        size = (folder / "lake" / "lake.duckdb").stat().st_size
        strips = sum(path.stat().st_size for path in (folder / "lake" / "strips").glob("*"))
    two = figures["two_editions_rows_per_s"]
    ratios = {
        key.removeprefix("peer_").removesuffix("_rows_per_s"): round(two / rate, 1)
        for key, rate in figures.items()
        if key.startswith("peer_") and isinstance(rate, float)
    }
    conditions = {
        "rows": rows,
        "rows_loaded_proven": min(rows, PROVEN),
        "steps": STEPS,
        "runs": RUNS,
        "lake_bytes_per_row": round(size / rows, 1),
        "strips_bytes_per_row": round(strips / rows, 1),
        "left_out": "making the rows and feeds; the report and the list of changed rows. What is loaded is verified and durable",
        "hash_us": hash_us(),
    }
    return figures | {"times_faster_than": ratios, "conditions": conditions, "machine": machine()}


def _load(folder: Path, rows: int) -> float:
    make_key(folder / "key")
    private = read_private(folder / "key")
    (folder / "feed").mkdir()
    write_feed(folder / "feed", rows, Signer(key_id(private.public_key()), private.sign, None))
    rate = _rate(rows, lambda: add(folder / "fed", folder / "feed", key=public_path(folder / "key")))
    for name in ("feed", "fed"):
        shutil.rmtree(folder / name)  # the disk need not hold it twice
    return rate


def _load_proven(folder: Path, rows: int) -> float:
    """Return the rate of rows with their bodies: heads and columns are made again from them."""
    make_book(folder / "bank.book", rows)
    (folder / "proven").mkdir()
    manifest = feed(folder / "bank.book", folder / "proven", folder / "key", law=_LAW)
    ensure(manifest is not None, "a book that was just made has something to feed")
    started = time.perf_counter()
    (added,) = add(folder / "fed", folder / "proven", key=public_path(folder / "key"))
    return added.rows / (time.perf_counter() - started)


def _replays(connection: duckdb.DuckDBPyConnection, law: Rulebook, days: tuple[int, int], rows: int) -> dict[str, Any]:
    draft = _drafted(law, "by-abroad", days[0])
    first = {f"first_{key}": found[0] for key, found in _both(connection, law, days, rows, 1).items()}
    tried = [draft.with_parameter("abroad.transfer_max", f"{10 * step}", days[0]) for step in range(1, STEPS + 1)]
    found = _both(connection, law, days, rows, RUNS)

    def measure(key: str, count: int, do: Callable[[], int]) -> None:
        found.setdefault(key, []).append(count / _seconds(do, rows))

    measure("sweep_rows_per_s", rows * STEPS, lambda: sweep(connection, law, tried, *days)[0].rows)
    return {key: statistics.median(rates) for key, rates in found.items()} | first


def _both(
    connection: duckdb.DuckDBPyConnection, law: Rulebook, days: tuple[int, int], rows: int, runs: int
) -> dict[str, list[float]]:
    """Return the rates of both ways of a replay, run after run."""
    asked = [Question(law, _drafted(law, name, days[0]), *days) for name in ("by-abroad", "by-abroad-month")]
    ways: dict[str, Callable[[], int]] = {
        "two_editions_rows_per_s": lambda: as_happened(connection, asked[0]).comparison.rows,
        "as_would_have_rows_per_s": lambda: Lived(connection, asked[1], actual=False).run().rows,
    }
    return {key: [rows / _seconds(do, rows) for _ in range(runs)] for key, do in ways.items()}


def _fixed(folder: Path, law: Rulebook, figures: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return what of both ways does not grow with the rows, and what each row costs besides, by a small lake beside the large one."""
    fill(folder / "small", SMALL)
    with open_lake(folder / "small") as connection:
        days: tuple[int, int] = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
        rates = {key: statistics.median(found) for key, found in _both(connection, law, days, SMALL, RUNS).items()}
    found: dict[str, Any] = {}
    for key, rate in rates.items():
        name, small, large = key.removesuffix("_rows_per_s"), SMALL / rate, rows / figures[key]
        a_row = (large - small) / (rows - SMALL) if rows > SMALL else 0.0
        found |= {f"{name}_fixed_ms": round(1e3 * (small - a_row * SMALL)), f"{name}_ns_per_row": round(1e9 * a_row, 1)}
    return found


def _seconds(do: Callable[[], int], rows: int) -> float:
    started = time.perf_counter()
    ensure(do() == rows, "every row is replayed")
    return time.perf_counter() - started


def _drafted(law: Rulebook, name: str, day: int) -> Rulebook:
    """Return the law as if an example draft had begun on a day."""
    return backdated(load_draft(law, _DRAFTS / name), day)


def _rate(rows: int, do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return rows / (time.perf_counter() - started)
