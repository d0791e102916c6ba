"""Engines: who decides the rows of a replay as it happened when the kernel does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import duckdb
from sqlglot import exp, parse_one

from skarb.core.errors import ConfigurationError, NotFound
from skarb.lake.spark import open_feeds
from skarb.oversight.replay.lived import looks_at_totals
from skarb.oversight.replay.model import Comparison, Question
from skarb.oversight.replay.read import Rows
from skarb.oversight.replay.spans import editions_between
from skarb.oversight.replay.statements import Source, by_statements

Engine = Literal["kernel", "duckdb", "spark"]
Progress = Callable[[int], None]

_JOINED = """
SELECT r.day, r.value, r.value_usd, c.* EXCLUDE (case_no, case_id), v.name AS venue, b.name AS book
FROM rows r JOIN cases c USING (case_no) JOIN books b ON b.number = r.book LEFT JOIN names v ON v.number = r.venue
"""
_TOTALS = "a law that looks at totals is replayed by the kernel, which lives through the rows in order; leave --engine out"


def with_duckdb(connection: duckdb.DuckDBPyConnection, question: Question, progress: Progress | None = None) -> Comparison:
    """Decide every row of a lake by itself, in DuckDB.

    Raises: ConfigurationError if a law looks at totals.
    """
    if looks_at_totals(connection, (question.law, question.draft), question.first_day, question.last_day):
        raise ConfigurationError(_TOTALS)
    rows = Rows(connection, question.first_day, question.last_day)
    joined = parse_one(_JOINED, dialect="duckdb").subquery("facts")  # type: ignore[attr-defined]
    source = Source("duckdb", joined, {"venue": "venue", "book": "book"})
    return by_statements(question, source, rows.days, lambda asked: connection.execute(asked).fetchall(), progress)


def with_spark(feed: Path, question: Question, progress: Progress | None = None) -> Comparison:
    """Decide every row of the feeds in a folder by itself, in Spark.

    Raises: NotFound, Unavailable; ConfigurationError if a law looks at totals.
    """
    with open_feeds(feed) as run:
        low, high = run("SELECT min(day), max(day) FROM facts")[0]
        if low is None:
            raise NotFound(f"the feeds in {feed} hold no rows")
        days = max(low, question.first_day), min(high, question.last_day)
        if any(edition.features for law in (question.law, question.draft) for edition in editions_between(law, *days)):
            raise ConfigurationError(_TOTALS)
        source = Source("spark", exp.to_table("facts"), {"venue": "venue", "book": "book"})
        return by_statements(question, source, days, run, progress)
