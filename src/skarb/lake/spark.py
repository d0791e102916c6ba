"""Feeds under Spark: the same files, a cluster instead of one machine.

Whoever asks through Spark reads what institutions fed, as files; that they were verified is the lake's business (`add`). Needs the extra `spark` and
Java 17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skarb.core.errors import InputError, NotFound, Unavailable

_GLOB = frozenset("*?[]{}\\")
Run = Callable[[str], Sequence[Sequence[Any]]]

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, never another number
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "8",
}


@contextmanager
def open_feeds(folder: Path, master: str = "local[*]", memory: str = "3g") -> Iterator[Run]:
    """Make the rows of feeds known as the table `facts`, and yield what runs a statement on them.

    Shape: `facts` has a row for each instruction: its facts, day and values, and `party`, `counterparty`, `venue` and `book` in words.
    Raises: NotFound if there is no feed; InputError if the folder's name is a pattern; Unavailable without the extra or without Java.
    """
    if not any(folder.glob("book=*/recorded=*/rows-*.parquet")):
        raise NotFound(f"there is no feed in {folder}, expected book=<name>/recorded=<day>/rows-*.parquet; skarb feed writes one")
    if _GLOB & set(str(folder)):
        raise InputError(f"{folder}: Spark takes {' '.join(sorted(_GLOB))} in a path for a pattern; give the folder another name")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise Unavailable(
            "Spark is not installed; it comes with the extra: pip install 'skarb[spark]', and needs Java 17"
        ) from None
    builder = SparkSession.builder.master(master).appName("skarb").config("spark.driver.memory", memory)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise Unavailable(f"Spark does not start: {error}; it needs Java 17 (JAVA_HOME)") from None
    session.sparkContext.setLogLevel("ERROR")
    try:
        read = session.read.option("basePath", str(folder))
        rows = read.parquet(str(folder / "book=*/recorded=*/rows-*.parquet"))
        cases = (
            read.parquet(str(folder / "book=*/recorded=*/cases-*.parquet")).drop("book", "recorded").dropDuplicates(["case_id"])
        )
        kept = rows.select("case_id", "day", "value", "value_usd", "party", "counterparty", "venue", "book")
        kept.join(cases, "case_id").createOrReplaceTempView("facts")
        yield lambda statement: [tuple(row) for row in session.sql(statement).collect()]
    finally:
        session.stop()
