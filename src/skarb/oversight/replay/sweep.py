"""Sweep: one parameter tried with many values over everything that happened, the rows being read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from skarb.core.errors import ConfigurationError
from skarb.oversight.replay.happened import Counted
from skarb.oversight.replay.lived import looks_at_totals
from skarb.oversight.replay.model import Comparison
from skarb.rulebook import Rulebook


@dataclass(frozen=True)
class Step:
    """One value that was tried, and what it changes."""

    value: str
    comparison: Comparison


def sweep(
    connection: duckdb.DuckDBPyConnection,
    law: Rulebook,
    tried: Sequence[tuple[str, Rulebook]],
    first_day: int,
    last_day: int,
    progress: Callable[[int], None] | None = None,
) -> list[Step]:
    """Return what each of some laws changes about what happened between two days, with the facts as they were decided.

    `tried` are values of a parameter, each with the law that has it (`Rulebook.with_parameter`).
    Raises: ConfigurationError if a law looks at totals, or the rows cannot be told apart by so many values at once.
    """
    laws = [law, *(one for _, one in tried)]
    if looks_at_totals(connection, laws, first_day, last_day):
        raise ConfigurationError(
            "a law that looks at totals is replayed value by value: skarb replay --draft, one draft for each value"
        )
    counted = Counted(connection, laws, first_day, last_day, progress=progress)
    before = counted.answer(law)
    return [Step(value, counted.compare(before, counted.answer(one))) for value, one in tried]
