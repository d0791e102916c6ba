"""Windows of days: which period of the calendar a legal day falls in, as a whole number, one by one or a column at a time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skarb.core.time import from_day

Days = npt.NDArray[np.integer]
Numbers = npt.NDArray[np.int64]


@lru_cache(maxsize=1 << 16)
def period_of(window: str, day: int) -> int:
    """Return the number of the period of the calendar that a day falls in; of a window that moves along, the day itself.

    Units: years and months are counted from the year 0, days from 1970-01-01.
    """
    date = from_day(day)
    match window:
        case "year":
            return date.year
        case "quarter":
            return date.year * 4 + (date.month - 1) // 3
        case "month":
            return date.year * 12 + date.month - 1
    return day


def periods_of(window: str, days: Days) -> Numbers:
    """Return the same for a column of days."""
    if window not in ("year", "quarter", "month") or not len(days):
        return days.astype(np.int64)
    first = int(days.min())
    every = np.arange(first, int(days.max()) + 1, dtype="M8[D]")  # there are few different days
    months: Numbers = every.astype("M8[M]").astype(np.int64) + 1970 * 12
    return (months // {"year": 12, "quarter": 3, "month": 1}[window])[days - first]
