"""A feature as a column: the totals that a hundred million instructions are shown, in one pass over them.

The same numbers that a `Tally` gives one by one. Rows stand in the order of the journal; as long as nobody's days run back, which is how
instructions come, nothing is sorted. Where somebody's do, periods of the calendar are told apart first, and windows that move along are
counted one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Kind, choose_kind, compiled, interpreted
from skarb.core.errors import ensure
from skarb.rulebook import adding
from skarb.rulebook.adding import COLUMNS, HEAD, IN_ORDER, LATEST, NONE
from skarb.rulebook.coding import MISSING
from skarb.rulebook.feature import Counted, limit_of, window_days
from skarb.rulebook.tally import Added, Tally
from skarb.rulebook.windows import periods_of

Column = NDArray[np.int64]
Flags = NDArray[np.bool_]
WORTH_COMPILING = 20_000  # rows

ensure(adding.MISSING == MISSING, "a missing value looks the same in every column")


def totals_column(
    what: Counted,
    keys: NDArray[np.integer[Any]],
    days: NDArray[np.integer[Any]],
    values: NDArray[np.integer[Any]] | None,
    counts: Flags,
    posted: Flags,
    *,
    including: bool,
    kind: Kind | None = None,
) -> Column:
    """Return what each row is shown, `MISSING` where it cannot be known.

    Shape: one item per row in the order of the journal. `keys` say whose total it is, small numbers from 0; `days` the legal days; `values` what is
    added up, None where instructions are counted; `counts` which rows count by their own facts; `posted` which of them were posted.
    """
    rows = len(keys)
    own = np.ones(rows, np.int64) if values is None else np.ascontiguousarray(values, np.int64)
    whose, own_days = np.ascontiguousarray(keys, np.int64), np.ascontiguousarray(days, np.int64)
    run = _kernel(choose_kind(rows >= WORTH_COMPILING, kind))
    out, limit, window = np.empty(rows, np.int64), limit_of(what.sum), window_days(what.window)
    flags = np.ascontiguousarray(counts, np.bool_), np.ascontiguousarray(posted, np.bool_)
    if window:
        known, following = _nothing(whose), np.empty(rows, np.int64)
        late = run["add_up_days"](whose, own_days, own, *flags, including, limit, window, known, following, out)
        return out if late == IN_ORDER else _one_by_one(what, whose, own_days, own, *flags, including)
    periods = periods_of(what.window, own_days)
    if run["add_up_periods"](whose, periods, own, *flags, including, limit, _nothing(whose), out) != IN_ORDER:
        span = int(periods.max() - periods.min()) + 1
        _, apart = np.unique(whose * span + (periods - periods.min()), return_inverse=True)
        run["add_up_periods"](apart, periods, own, *flags, including, limit, _nothing(apart), out)
    return out


def _nothing(keys: Column) -> Column:
    """Return what is known of each key before the first row."""
    known = np.zeros((int(keys.max(initial=-1)) + 1, COLUMNS), np.int64)
    known[:, LATEST], known[:, HEAD] = MISSING, NONE
    return known


def _one_by_one(
    what: Counted, keys: Column, days: Column, values: Column, counts: Flags, posted: Flags, including: bool
) -> Column:
    tally = Tally(Counted(what.sum, what.over, what.window, None))
    found = []
    for key, day, number, counted, kept in zip(
        *[column.tolist() for column in (keys, days, values, counts, posted)], strict=True
    ):
        value = None if number == MISSING else number
        total = tally.before(key, day)
        if including and counted:
            total = None if total is None or value is None else total + value
        found.append(MISSING if total is None else tally.bounded(total))
        if counted and kept:
            tally.add(Added(key, day, value))
    return np.array(found, np.int64)


@cache
def _kernel(kind: Kind) -> dict[str, Callable[..., Any]]:
    entries = ("add_up_periods", "add_up_days")
    return compiled([adding], entries, woven=("add", "show")) if kind == "numba" else interpreted([adding])
