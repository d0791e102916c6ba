"""Cases: the distinct facts of a lake, as columns and, one by one, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skarb.core.errors import ensure
from skarb.core.facts import Facts
from skarb.lake import fact_fields
from skarb.rulebook.coding import MISSING, decode, dtype_of
from skarb.rulebook.schema import Field


class Cases(Sequence[Facts]):
    """The distinct facts by number, with day and values at nought or missing; put into words where somebody looks at one."""

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]], count: int) -> None:
        """Take the facts as columns, laid out as `rulebook.coding` says."""
        self.columns, self._count = columns, count
        self._known: dict[int, Facts] = {}

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Facts: ...

    @overload
    def __getitem__(self, place: slice) -> list[Facts]: ...

    def __getitem__(self, place: int | slice) -> Facts | list[Facts]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = Facts(day=0, **{name: column[place] for name, column in self._words.items()})
        return found

    @cached_property
    def _words(self) -> Mapping[str, list[Any]]:
        return {field.name: decode(field, self.columns[field.name]) for field in fact_fields()}


def read_cases(connection: duckdb.DuckDBPyConnection) -> Cases:
    """Return the cases of a lake."""
    names = ", ".join(field.name for field in fact_fields())
    found = connection.sql(f"SELECT case_no, {names} FROM cases ORDER BY case_no").to_arrow_table()
    ensure(found["case_no"].to_pylist() == list(range(len(found))), "the cases of a lake are numbered without gaps")
    return Cases({field.name: _column(field, found[field.name]) for field in fact_fields()}, len(found))


def _column(field: Field, column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of the table as numbers: an ENUM's position is a code's number."""
    whole = column.combine_chunks()
    if pa.types.is_dictionary(whole.type):
        whole = whole.indices
    if field.type.base == "flag":
        whole = whole.cast(pa.uint8())
    filled = whole.fill_null(MISSING) if whole.null_count else whole
    return np.ascontiguousarray(filled.to_numpy(zero_copy_only=False).astype(dtype_of(field)))
