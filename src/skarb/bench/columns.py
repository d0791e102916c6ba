"""Whole files of facts, decided by the engines that read columns, under the largest law there is.

The rows lie near the country's own cases: one of them, with some facts changed, so that every branch of the law is gone. Every engine gives outcome,
duties and levy of every row, and what differs from the kernel is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.rulebook import Edition, load
from skarb.rulebook.cases import facts_for, make_facts
from skarb.rulebook.coding import MISSING, codes_of, decode, encode
from skarb.rulebook.schema import Schema
from skarb.rulebook.sql import facts_used, statement
from skarb.rulebook.tables import create_table

Columns = Mapping[str, npt.NDArray[Any]]

CHANGED, MISSED = 0.03, 0.02  # how often a fact is changed, or missing


def bench(rows: int = 1_000_000, tabled: int = 200_000, looped: int = 20_000, country: str = "by") -> dict[str, object]:
    """Return rows per second of each engine, by the clock and by the time its processors took, and how many differ from the kernel's.

    `tabled` rows are given to DuckDB and `looped` to the generated functions.
    """
    rulebook = load(files("skarb.jurisdictions") / country)
    day = rulebook.boundaries[-1]
    edition = rulebook.edition(day)
    given = [*(one.facts for one in rulebook.pack.cases), *(one.facts for one in rulebook.pack.edition_cases)]
    cases = [make_facts(rulebook, {**one, "day": day}) for one in given]
    columns = near_cases(edition, cases, rows, seed=1)
    figures: dict[str, object] = {"provisions": len(edition.provisions), "facts": len(columns), "rows": rows}

    started = time.perf_counter()
    kernel = edition.kernel
    figures["plan_s"] = time.perf_counter() - started
    started = time.perf_counter()
    kernel.decide({name: column[:1] for name, column in columns.items()}, "numba")
    figures["kernel_load_s"] = time.perf_counter() - started
    answers = kernel.decide(columns, "numba")
    right = np.column_stack([answers.outcomes, answers.duties, answers.levies])
    figures |= _rates("kernel", rows, lambda: kernel.decide(columns, "numba"))
    halves = [{name: column[part] for name, column in columns.items()} for part in (slice(0, rows // 2), slice(rows // 2, rows))]
    with ThreadPoolExecutor(2) as pool:
        figures |= _rates("kernel_2_threads", rows, lambda: list(pool.map(kernel.decide, halves)))

    facts = facts_of(edition, columns, looped)
    loop = [(edition.decide(one), edition.duties(one), edition.levy(one)) for one in facts]
    figures["python_wrong"] = int((np.array(loop) != right[:looped]).any(axis=1).sum())
    figures |= _rates("python", looped, lambda: [(edition.decide(one), edition.duties(one), edition.levy(one)) for one in facts])
    for name, enumerated in (("duckdb_enum", True), ("duckdb_text", False)):
        rates, found = _duckdb(name, edition, {name: column[:tabled] for name, column in columns.items()}, enumerated)
        figures |= rates
        figures[f"{name}_wrong"] = int((found != right[:tabled]).any(axis=1).sum())
    return figures


def near_cases(edition: Edition, cases: Sequence[Any], rows: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Return columns of facts that lie near some cases."""
    chance = np.random.default_rng(seed)
    picked = chance.integers(0, len(cases), rows)
    columns = {}
    for name in facts_used(edition):
        field = edition.fields[name]
        column: npt.NDArray[Any] = encode(field, [getattr(edition.seen(case), name) for case in cases])[picked]
        other: npt.NDArray[Any]
        match field.type.base:
            case "code":
                other = chance.integers(0, len(codes_of(field)), rows)
            case "flag":
                other = chance.integers(0, 2, rows)
            case "day":
                other = column
            case _:
                other = np.clip(column[chance.integers(0, rows, rows)] + chance.integers(-1, 2, rows), field.low, field.high)
        column = np.where(chance.random(rows) < CHANGED, other, column).astype(column.dtype)
        if field.optional:
            column[chance.random(rows) < MISSED] = MISSING
        columns[name] = column
    return columns


def facts_of(edition: Edition, columns: Columns, rows: int) -> list[Any]:
    """Return the first rows as facts."""
    values = zip(*(decode(edition.fields[name], column[:rows]) for name, column in columns.items()), strict=True)
    return [facts_for(edition, dict(zip(columns, one, strict=True))) for one in values]


def arrow_table(fields: Schema, columns: Columns) -> pa.Table:
    """Return columns of small numbers as the texts, truths and numbers they stand for, with the place of the row in front."""
    made = {"row": pa.array(range(len(next(iter(columns.values())))), pa.int64())}
    for name, column in columns.items():
        match fields[name].type.base:
            case "code":
                made[name] = pa.DictionaryArray.from_arrays(pa.array(column.astype("i4")), pa.array(codes_of(fields[name])))
            case "flag":
                made[name] = pa.array(column.astype(bool))
            case _:
                made[name] = pa.array(column, mask=column == MISSING)
    return pa.table(made)


def _duckdb(engine: str, edition: Edition, columns: Columns, enumerated: bool) -> tuple[dict[str, float], npt.NDArray[np.int64]]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    create = create_table(edition.fields, columns, "duckdb", "facts", enumerated=enumerated, keys=["row"])
    connection.execute(create.sql("duckdb"))
    connection.register("given", arrow_table(edition.fields, columns))
    connection.execute("INSERT INTO facts SELECT * FROM given")
    query = statement(edition, "duckdb", "facts", {"row": "row"}).sql("duckdb")
    found = connection.execute(f"{query} ORDER BY row").fetchnumpy()
    sums = f"SELECT sum(outcome), bit_xor(duties), sum(levy) FROM ({query})"
    rates = _rates(engine, len(found["row"]), lambda: connection.execute(sums).fetchall())
    return rates, np.column_stack([found["outcome"], found["duties"], found["levy"]])


def _rates(engine: str, rows: int, run: Callable[[], object], runs: int = 3) -> dict[str, float]:
    """Return rows per second of the best of several runs; on a machine that others use, the processors' seconds say more than the clock's."""
    took = []
    for _ in range(runs):
        clock, processors = time.perf_counter(), time.process_time()
        run()
        took.append((time.perf_counter() - clock, time.process_time() - processors))
    return {
        f"{engine}_rows_per_s": rows / min(clock for clock, _ in took),
        f"{engine}_rows_per_cpu_s": rows / max(min(processors for _, processors in took), 1e-9),
    }
