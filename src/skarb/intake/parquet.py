"""Parquet files as rows of cells.

Types are kept exact: texts, whole numbers, decimals and instants with a zone become text; a column of floats is refused
where an amount is read from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skarb.core.errors import FieldError, InputError, shorten
from skarb.intake.container import Container
from skarb.intake.model import Nested, Number, Rows, Stamp

MAGIC = b"PAR1"


class ParquetTable:
    """An open Parquet file."""

    def __init__(self, container: Container) -> None:
        self._name = container.name
        source: Any = pa.BufferReader(container.whole()) if container.gzipped else str(container.path.absolute())
        try:
            self._file = pq.ParquetFile(source, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.expected: int = self._file.metadata.num_rows

    def check(self) -> None:
        """Read every page once, so that damage is found before anything is used.

        Raises: InputError
        """
        try:
            for part in self._file.iter_batches(batch_size=1 << 16):
                part.validate(full=True)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged(error) from None

    def rows(self, columns: Sequence[str], batch: int) -> Iterator[Rows]:
        """Yield rows with the cells of the named columns, in that order."""
        number = 1
        for part in self._file.iter_batches(batch_size=batch, columns=[name for name in columns if name in self.columns]):
            made = {name: _texts(part.column(place)) for place, name in enumerate(part.schema.names)}
            nothing = [""] * part.num_rows
            cells: list[list[str] | FieldError] = [
                list(row) for row in zip(*(made.get(name, nothing) for name in columns), strict=True)
            ]
            yield Rows(number, cells)
            number += part.num_rows

    def _damaged(self, error: Exception) -> InputError:
        return InputError(
            f"{self._name}: this is not a whole Parquet file ({shorten(str(error), 160)}); nothing of it was used; fetch it again"
        )


def _texts(column: Any) -> list[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    values = column.to_pylist()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ["" if value is None else value for value in values]
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return Stamp(value.isoformat())
    if isinstance(value, float):
        return Number(repr(value))
    return Nested(shorten(value)) if isinstance(value, (list, dict, bytes)) else str(value)
