"""Columns: a batch of instructions as bytes and places, read and hashed by kernels, with no object for each."""

from skarb.core.columns.names import Names, grown
from skarb.core.columns.sheet import (
    FIELD_NAMES,
    FIELD_STOPS,
    FIELDS,
    WORTH_COLUMNS,
    Sheet,
    amounts_of,
    content_of,
    keys_of,
    listed,
    texts_of,
)

__all__ = [
    "FIELDS",
    "FIELD_NAMES",
    "FIELD_STOPS",
    "WORTH_COLUMNS",
    "Names",
    "Sheet",
    "amounts_of",
    "content_of",
    "grown",
    "keys_of",
    "listed",
    "texts_of",
]
