"""Find the store that keeps a book, loading its driver only then."""

from __future__ import annotations

from pathlib import Path

from skarb.core.errors import InputError, NotFound
from skarb.store.model import Store

SQLITE_SUFFIX = ".book"


def open_store(path: Path, *, write: bool = False, create: bool = False, still: bool = False) -> Store:
    """Open the store of one book.

    A writer holds the lock from here on and may `begin` when he has read enough; until then an existing file is not touched. A
    file that is `still` is read without locks and without any trace; nobody may be writing it.
    Shape: a file is SQLite; other kinds are added here.
    Raises: NotFound if there is no book and none may be created; InputError if the file is not a book; Unavailable if
    another writer has it.
    """
    from skarb.store.sqlite import SqliteStore

    if path.is_dir():
        raise InputError(f"{path} is a directory; a book is a file such as {path / ('market' + SQLITE_SUFFIX)}")
    if not path.exists():
        if not (write and create):
            raise NotFound(f"there is no book at {path}; give the path of an existing book, or create one")
        if not path.parent.is_dir():
            raise NotFound(f"the directory {path.parent} for the new book does not exist; create it first")
    return SqliteStore(path, write=write, create=create, still=still)


def book_files(path: Path) -> list[Path]:
    """Return the files beside a book that hold parts of it: while it is open, and after a crash."""
    return [found for suffix in ("-wal", "-journal") if _size(found := path.with_name(path.name + suffix))]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
