"""Sweep: many drafts, of which each tries another value of one parameter say, over everything that happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from skarb.oversight.replay.ask import replay
from skarb.oversight.replay.happened import Counted
from skarb.oversight.replay.lived import looks_at_totals
from skarb.oversight.replay.model import Comparison, Mode, Question
from skarb.rulebook import Rulebook


def sweep(
    connection: duckdb.DuckDBPyConnection,
    law: Rulebook,
    drafts: Sequence[Rulebook],
    first_day: int,
    last_day: int,
    mode: Mode = "as-happened",
    progress: Callable[[int], None] | None = None,
) -> list[Comparison]:
    """Return what each of some drafts changes about what was decided between two days.

    As it happened, the rows are read once for all drafts; where a law looks at totals, or as it would have happened, once for each.
    Raises: ConfigurationError if the rows cannot be told apart by so many drafts at once.
    """
    if mode == "as-would-have" or looks_at_totals(connection, (law, *drafts), first_day, last_day):
        return [replay(connection, Question(law, one, first_day, last_day), mode, progress) for one in drafts]
    counted = Counted(connection, (law, *drafts), first_day, last_day, progress=progress)
    before = counted.answer(law)
    return [counted.compare(before, counted.answer(one)) for one in drafts]
