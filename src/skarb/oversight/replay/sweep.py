"""Sweep: many drafts, of which each tries another value of one parameter say, over everything that happened."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence

import duckdb

from skarb.oversight.replay.ask import replay
from skarb.oversight.replay.happened import Counted
from skarb.oversight.replay.keep import Keep
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
    keep: Keep | None = None,
    answered: MutableMapping[int, Comparison] | None = None,
) -> list[Comparison]:
    """Return what each of some drafts changes about what was decided between two days.

    As it happened, the rows are read once for all drafts; where a law looks at totals, or as it would have happened, once for each. With `keep`,
    a sweep that was stopped goes on where it was; drafts that were `answered` then, by their place, are not replayed again, and those that
    are replayed now are entered.
    Raises: ConfigurationError if the rows cannot be told apart by so many drafts at once.
    """
    if mode == "as-would-have" or looks_at_totals(connection, (law, *drafts), first_day, last_day):
        answered = {} if answered is None else answered
        for place, one in enumerate(drafts):
            if place not in answered:
                answered[place] = replay(connection, Question(law, one, first_day, last_day), mode, progress, keep=keep)
                if keep:
                    keep.clear()  # what was counted for one draft is nothing to the next
        return [answered[place] for place in range(len(drafts))]
    counted = Counted(connection, (law, *drafts), first_day, last_day, progress=progress, keep=keep)
    before = counted.answer(law)
    return [counted.compare(before, counted.answer(one)) for one in drafts]
