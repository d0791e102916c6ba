"""Beancount: a ledger that is a text file, loaded and checked as a whole.

It is licensed under the GPL, so it is no part of any extra; it is measured where somebody installed it.
"""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path

from skarb.bench.ledgers.load import Load, Measured, Run, library, version_of
from skarb.bench.machine import hash_us
from skarb.core.errors import ensure


def loaded(folder: Path, load: Load) -> Measured:
    """Measure how fast a file of transactions is read, booked and checked, its cache being off."""
    loader = library("beancount.loader", "pip install beancount (GPL-2.0)")
    loader.initialize(False)
    book = folder / "book.beancount"
    book.write_text(_text(load), encoding="utf-8")
    runs = []
    for _ in range(load.runs):
        before, started = hash_us(), time.perf_counter()
        entries, errors, _ = loader.load_file(str(book))
        took = time.perf_counter() - started
        ensure(not errors and len(entries) == load.accounts + load.file, "the file is read whole and without errors")
        del entries  # or the collector walks over them in the next run
        gc.collect()
        runs.append(Run(load.file / took, round((before + hash_us()) / 2, 2)))
    return Measured(runs, version_of("beancount"))


def _text(load: Load) -> str:
    lines = [f"2026-01-01 open Assets:Client:C{number} BYN" for number in range(load.accounts)]
    for one in next(replace(load, batch=load.file).transfers()):
        lines += [
            f'2026-09-01 * "{one.id}"',
            f"  Assets:Client:C{one.debit}  -{one.amount} BYN",
            f"  Assets:Client:C{one.credit}  {one.amount} BYN",
        ]
    return "\n".join(lines) + "\n"
