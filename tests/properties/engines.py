"""Every engine, asked the same: an edition and rows of facts go in, three numbers a row come out."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from skarb.bench.columns import arrow_table
from skarb.core.compiled import Kind
from skarb.rulebook import Edition
from skarb.rulebook.coding import encode
from skarb.rulebook.masks import Masks
from skarb.rulebook.schema import Schema
from skarb.rulebook.sql import facts_used, statement
from skarb.rulebook.tables import create_table

Answer = tuple[int, int, int]  # outcome, duties, levy


def coded(fields: Schema, rows: Sequence[Any], names: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: encode(fields[name], [getattr(row, name) for row in rows]) for name in names}


def seen(edition: Edition, rows: Sequence[Any]) -> list[Any]:
    """Rows whose totals can be read by the names of the edition's features."""
    return [edition.seen(row) for row in rows]


def ask_python(edition: Edition, rows: Sequence[Any]) -> list[Answer]:
    return [(edition.decide(row), edition.duties(row), edition.levy(row)) for row in rows]


def ask_kernel(edition: Edition, rows: Sequence[Any], kind: Kind) -> list[Answer]:
    found = edition.kernel.decide(coded(edition.fields, seen(edition, rows), edition.kernel.facts), kind)
    return list(zip(found.outcomes.tolist(), found.duties.tolist(), found.levies.tolist(), strict=True))


def ask_masks(edition: Edition, rows: Sequence[Any]) -> list[int]:
    """Outcomes only, those of each activity asked together."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.activity, []).append(place)
    found = [0] * len(rows)
    for activity, own in places.items():
        columns = coded(edition.fields, seen(edition, [rows[place] for place in own]), list(edition.fields))
        outcomes = Masks(edition.fields, columns, len(own)).outcomes(edition.guards(activity, simple=False))
        for place, outcome in zip(own, outcomes.tolist(), strict=True):
            found[place] = outcome
    return found


def ask_duckdb(edition: Edition, rows: Sequence[Any], enumerated: bool) -> list[Answer]:
    names = facts_used(edition)
    connection = duckdb.connect()
    create = create_table(edition.fields, names, "duckdb", "facts", enumerated=enumerated, keys=["row"])
    connection.execute(create.sql("duckdb"))
    connection.register("given", arrow_table(edition.fields, coded(edition.fields, seen(edition, rows), names)))
    connection.execute("INSERT INTO facts SELECT * FROM given")
    query = statement(edition, "duckdb", "facts", {"row": "row"}).sql("duckdb")
    return [(one[1], one[2], one[3]) for one in connection.execute(f"{query} ORDER BY row").fetchall()]


def ask_sqlite(edition: Edition, rows: Sequence[Any]) -> list[Answer]:
    names = facts_used(edition)
    connection = sqlite3.connect(":memory:")
    connection.execute(create_table(edition.fields, names, "sqlite", "facts").sql("sqlite"))
    marks = ", ".join("?" * len(names))
    connection.executemany(
        f"INSERT INTO facts VALUES ({marks})", ([getattr(row, name) for name in names] for row in seen(edition, rows))
    )
    return connection.execute(statement(edition, "sqlite", "facts").sql("sqlite")).fetchall()


# -- Spark ---------------------------------------------------------------------------------------------------------------------


def lacks_spark() -> str:
    """Why no Spark can be asked here; "" when one can."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "pyspark is not installed (the extra `spark`)"
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if java is None:
        return "there is no java"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = said.partition('"')[2].partition(".")[0].partition('"')[0]
    return "" if version.isdecimal() and int(version) >= 17 else f"java is {version or 'unknown'}, expected 17 or newer"


def spark_session() -> Any:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session
