"""Every country that ships: its own cases, and rows near them, get the same outcome, duties and levy from every engine."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.thorough import THOROUGH

from skarb.bench.columns import arrow_table, facts_of, near_cases
from skarb.core.facts import Facts
from skarb.rulebook import Edition, Rulebook, load
from skarb.rulebook.cases import make_facts
from skarb.rulebook.sql import statement

spec = importlib.util.spec_from_file_location("engines", Path(__file__).with_name("engines.py"))
assert spec is not None and spec.loader is not None
engines = importlib.util.module_from_spec(spec)
spec.loader.exec_module(engines)

COUNTRIES = sorted(one.name for one in files("skarb.jurisdictions").iterdir() if (one / "country.yaml").is_file())


def days_with_cases(rulebook: Rulebook) -> Iterator[tuple[Edition, list[Facts]]]:
    """The newest edition and some older ones (all when thorough), each with the facts of all the country's cases on its first day."""
    cases = [*rulebook.pack.cases, *rulebook.pack.edition_cases]
    step = 1 if THOROUGH else 1 + len(rulebook.boundaries) // 3
    for day in sorted({rulebook.boundaries[-1], *rulebook.boundaries[1::step]}):
        yield rulebook.edition(day), [make_facts(rulebook, {**case.facts, "day": day}) for case in cases]


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_means_the_same_to_every_engine(country: str) -> None:
    rulebook = load(files("skarb.jurisdictions") / country)
    for edition, rows in days_with_cases(rulebook):
        fast = engines.ask_python(edition, rows)
        assert engines.ask_kernel(edition, rows, "numba") == fast
        assert engines.ask_duckdb(edition, rows, enumerated=True) == fast
        assert engines.ask_sqlite(edition, rows) == fast
        again = Edition.from_normal(edition.normal)
        assert (again.hash, [again.decision(row) for row in rows[::7]]) == (
            edition.hash,
            [edition.decision(row) for row in rows[::7]],
        )


@pytest.fixture(scope="module")
def newest() -> tuple[Edition, list[Facts]]:
    """The reference country's newest edition, the largest there is, with the facts of its cases."""
    rulebook = load(files("skarb.jurisdictions") / "by")
    cases = [*rulebook.pack.cases, *rulebook.pack.edition_cases]
    day = rulebook.boundaries[-1]
    return rulebook.edition(day), [make_facts(rulebook, {**case.facts, "day": day}) for case in cases]


def test_rows_near_the_cases_are_decided_alike(newest: tuple[Edition, list[Facts]]) -> None:
    edition, cases = newest
    rows = 200_000 if THOROUGH else 3_000
    columns = near_cases(edition, cases, rows, seed=7)
    facts = facts_of(edition, columns, rows)
    fast = engines.ask_python(edition, facts)
    assert len(set(fast)) > 100
    assert engines.ask_kernel(edition, facts, "numba") == fast
    assert engines.ask_kernel(edition, facts[:300], "python") == fast[:300]
    assert engines.ask_duckdb(edition, facts, enumerated=True) == fast
    assert engines.ask_duckdb(edition, facts, enumerated=False) == fast


@pytest.mark.slow
def test_spark_decides_a_million_rows_as_the_kernel_does(newest: tuple[Edition, list[Facts]], tmp_path: Path) -> None:
    if not (THOROUGH or os.environ.get("SKARB_SPARK")):
        pytest.skip("starting Spark takes half a minute; SKARB_SPARK=1 runs it")
    if reason := engines.lacks_spark():
        pytest.skip(reason)
    edition, cases = newest
    columns = near_cases(edition, cases, 1_000_000, seed=8)
    pq.write_table(arrow_table(edition.fields, columns), tmp_path / "facts.parquet")
    session = engines.spark_session()
    try:
        session.read.parquet(str(tmp_path / "facts.parquet")).createOrReplaceTempView("facts")
        query = statement(edition, "spark", "facts", {"row": "row"}).sql("spark")
        session.sql(query).write.parquet(str(tmp_path / "answers.parquet"))
    finally:
        session.stop()
    found = pq.read_table(tmp_path / "answers.parquet").sort_by("row")
    kernel = edition.kernel.decide(columns)
    for name, numbers in (("outcome", kernel.outcomes), ("duties", kernel.duties), ("levy", kernel.levies)):
        assert int((found[name].to_numpy() != numbers).sum()) == 0, name
