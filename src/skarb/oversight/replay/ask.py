"""Ask: one question put to a lake, whichever way it is answered best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from skarb.oversight.replay.happened import as_happened
from skarb.oversight.replay.keep import Keep
from skarb.oversight.replay.lived import Lived, Unfunded, looks_at_totals
from skarb.oversight.replay.model import Answer, Comparison, Mode, Question

Numbers = npt.NDArray[np.int64]
Progress = Callable[[int], None]
Changed = Callable[
    [Numbers, list[Answer], list[Answer]], None
]  # told positions, answers before and after of changed rows, some at a time


def replay(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    mode: Mode = "as-happened",
    progress: Progress | None = None,
    changed: Changed | None = None,
    keep: Keep | None = None,
    unfunded: Unfunded | None = None,
) -> Comparison:
    """Return what a draft changes about everything in a lake, and tell of every changed row, and of every unfunded one, if asked to.

    A position is the `rowid` of a row in the lake's table `rows`. `progress` is told how far the reading has come, as a number of rows; to tell
    of changed rows they may be read twice. With `keep`, a replay that was stopped goes on where it was.
    Raises: ConfigurationError if the rows cannot be told apart by so much at once, or a law does with totals what cannot be replayed.
    """
    if mode == "as-happened" and not looks_at_totals(
        connection, (question.law, question.draft), question.first_day, question.last_day
    ):
        happened = as_happened(connection, question, progress, keep)
        if changed:
            for positions, before, after in happened.changes(progress):
                changed(positions, *_in_words(happened.counted.answers.known, before, after))
        return happened.comparison
    lived = Lived(connection, question, actual=mode == "as-happened")

    def tell(positions: Any, before: Any, after: Any) -> None:
        if changed:
            changed(positions, *_in_words(lived.answers.known, before, after))

    return lived.run(progress, tell if changed else None, keep, unfunded)


def _in_words(known: list[Answer], before: Numbers, after: Numbers) -> tuple[list[Answer], list[Answer]]:
    return [known[number] for number in before.tolist()], [known[number] for number in after.tolist()]
