"""The figures of whole files come with the differences, and there are none."""

from __future__ import annotations

from skarb.bench.columns import bench


def test_every_engine_answers_as_the_kernel() -> None:
    figures = bench(rows=1_500, tabled=1_000, looped=500, country="zz")
    assert {name: found for name, found in figures.items() if name.endswith("_wrong")} == {
        "python_wrong": 0,
        "duckdb_enum_wrong": 0,
        "duckdb_text_wrong": 0,
    }
    rates = [found for name, found in figures.items() if name.endswith(("rows_per_s", "rows_per_cpu_s"))]
    assert len(rates) == 10
    assert all(isinstance(rate, float) and rate > 0 for rate in rates)
