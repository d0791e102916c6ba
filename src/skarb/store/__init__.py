"""Where journals are kept: a small interface, and the only room that knows database drivers.

A store keeps the batches of one book in order, the texts they refer to and a few words about the book. It promises that
an append has reached the disk when it returns, that one book has one writer, and that nothing is changed or removed.
It does not know what a batch means.
"""

from skarb.store.errors import Damaged
from skarb.store.location import BookUrl, Location, location_of
from skarb.store.model import Entry, KeepsSnapshot, Store
from skarb.store.open import SEGMENTS_SUFFIX, SQLITE_SUFFIX, book_files, find_book, open_store, parts_of

__all__ = [
    "SEGMENTS_SUFFIX",
    "SQLITE_SUFFIX",
    "BookUrl",
    "Damaged",
    "Entry",
    "KeepsSnapshot",
    "Location",
    "Store",
    "book_files",
    "find_book",
    "location_of",
    "open_store",
    "parts_of",
]
