"""Facts folded: what many instructions of a batch have in common is kept once.

Most instructions of a batch differ in nothing that the law sees but their value and what was posted before them. So the distinct facts stand
in the batch with `value`, `value_usd` and all totals left missing; columns say for each instruction which of them are its own, its two values
and its totals: as many as those facts have, mostly none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import force_setattr, replace

from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.store import Damaged

MISSING = -(1 << 63)  # stands in a column of values where there is none
CASE_BYTES = 4
VALUE_BYTES = 8

_Column = bytes | memoryview
_Values = npt.NDArray[np.int64]


class Folded(NamedTuple):
    """The facts of some instructions as `Batch` keeps them, field by field."""

    facts: list[Facts]
    cases: bytes
    values: bytes
    dollars: bytes
    totals: bytes = b""


def fold(facts: Iterable[Facts]) -> Folded:
    """Return the distinct facts in the order of their first appearance, and the columns of every row."""
    numbers: dict[Facts, int] = {}
    cases: list[int] = []
    values: list[int] = []
    dollars: list[int] = []
    totals: list[int] = []
    for one in facts:
        case = replace(one, value=None, value_usd=None, totals=(None,) * len(one.totals))
        cases.append(numbers.setdefault(case, len(numbers)))
        totals += [MISSING if total is None else total for total in one.totals]
        for column, value in ((values, one.value), (dollars, one.value_usd)):
            ensure(value is None or abs(value) <= LEGAL_VALUE_MAX, "a value of facts lies within the limits of its type")
            column.append(MISSING if value is None else value)
    columns = np.array(cases, "<u4"), np.array(values, "<i8"), np.array(dollars, "<i8"), np.array(totals, "<i8")
    return Folded(list(numbers), *[column.tobytes() for column in columns])


def unfold(
    distinct: Sequence[Facts],
    cases: _Column,
    values: _Column,
    dollars: _Column,
    totals: _Column = b"",
    rows: Sequence[int] | None = None,
) -> list[Facts]:
    """Return the whole facts of each row, or only of some rows.

    Raises: Damaged if such a row names facts that are not there, or has a value that is none.
    """
    every = np.frombuffer(cases, "<u4")
    which, worth, worth_usd = every, np.frombuffer(values, "<i8"), np.frombuffer(dollars, "<i8")
    if rows is not None:
        chosen = np.asarray(rows, np.int64)
        which, worth, worth_usd = which[chosen], worth[chosen], worth_usd[chosen]
    _check(distinct, which, worth, worth_usd, rows)
    shown = _shown(distinct, every, totals, rows)
    copies: list[Callable[[], Facts]] = [one.__copy__ for one in distinct]  # type: ignore[attr-defined]  # half of copy.copy
    found = []
    for case, value, value_usd, before in zip(which.tolist(), worth.tolist(), worth_usd.tolist(), shown, strict=False):
        one = copies[case]()
        if value != MISSING:
            force_setattr(one, "value", value)  # nobody else has seen this copy yet
        if value_usd != MISSING:
            force_setattr(one, "value_usd", value_usd)
        if before:
            force_setattr(one, "totals", before)
        found.append(one)
    return found


def _shown(
    distinct: Sequence[Facts], cases: npt.NDArray[np.uint32], totals: _Column, rows: Sequence[int] | None
) -> Iterable[tuple[int | None, ...]]:
    """Return the totals of some rows, or of all."""
    widths = [len(one.totals) for one in distinct]
    if not any(widths) and not len(totals):
        return repeat(())
    if len(cases) and cases.max() >= len(distinct):
        raise Damaged(f"a row has the facts {cases.max()}, expected one of the {len(distinct)} of its batch")
    stops = np.cumsum(np.array(widths, np.int64)[cases])
    column = np.frombuffer(totals, "<i8")
    expected = int(stops[-1]) if len(stops) else 0
    if len(column) != expected:
        raise Damaged(f"the batch has {len(column)} totals, expected {expected} to go with its facts")
    numbers = [None if one == MISSING else one for one in column.tolist()]
    chosen = range(len(cases)) if rows is None else rows
    return [
        tuple(numbers[stop - widths[cases[row]] : stop])
        for row, stop in zip(chosen, stops[np.asarray(chosen, np.int64)].tolist(), strict=True)
    ]


def _check(
    distinct: Sequence[Facts], which: npt.NDArray[np.uint32], values: _Values, dollars: _Values, rows: Sequence[int] | None
) -> None:
    def row(wrong: npt.NDArray[np.bool_]) -> int:
        place = int(wrong.argmax())
        return place if rows is None else rows[place]

    if (wrong := which >= len(distinct)).any():
        raise Damaged(f"row {row(wrong)} has the facts {which[wrong][0]}, expected one of the {len(distinct)} of its batch")
    for name, column in (("value", values), ("value_usd", dollars)):
        if (wrong := (np.clip(column, -LEGAL_VALUE_MAX, LEGAL_VALUE_MAX) != column) & (column != MISSING)).any():
            limit = f"at most {LEGAL_VALUE_MAX} minor units, or none"
            raise Damaged(f"row {row(wrong)} has the {name} {column[wrong][0]}, expected {limit}")
