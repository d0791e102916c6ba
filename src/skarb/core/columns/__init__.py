"""Columns: a batch of instructions as bytes and places, read and hashed by kernels, with no object for each."""

from skarb.core.columns.names import Names, grown
from skarb.core.columns.sheet import FIELD_NAMES, FIELD_STOPS, FIELDS, WORTH_COLUMNS, Sheet, content_of, keys_of, listed

__all__ = ["FIELDS", "FIELD_NAMES", "FIELD_STOPS", "WORTH_COLUMNS", "Names", "Sheet", "content_of", "grown", "keys_of", "listed"]
