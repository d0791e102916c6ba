"""Rates of exchange out of files, for what inflows cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skarb.core.errors import InputError, NotFound
from skarb.registers.rate_files import read_rates
from skarb.registers.rates import RateBook

MAX_AGE_DAYS = 10  # how long a rate is carried over, as the law's own registers do
_PIVOTS = ("USD", "EUR")


def rates_of(files: Sequence[Path], max_age_days: int = MAX_AGE_DAYS) -> RateBook:
    """Return the rates in files of any shape that registers take; each file is its own source.

    Raises: NotFound, InputError
    """
    book = RateBook(max_age_days, tuple(one.name for one in files), _PIVOTS)
    for path in files:
        if not path.is_file():
            raise NotFound(f"there is no file {path} with rates")
        found = read_rates(path.read_bytes(), path.name, source=path.name)
        if found.problems:
            raise InputError("\n".join(map(str, found.problems[:20])))
        for series in found.series:
            book.add(series)
    return book
