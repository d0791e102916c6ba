"""Find the store that keeps a book, loading its driver only then."""

from __future__ import annotations

import os
from pathlib import Path

from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.store.location import BookUrl, Location
from skarb.store.model import Store
from skarb.store.walk import LOCK, MARKER

SQLITE_SUFFIX = ".book"
SEGMENTS_SUFFIX = ".segments"


def open_store(path: Location, *, write: bool = False, create: bool = False, still: bool = False) -> Store:
    """Open the store of one book.

    A writer holds the lock from here on and may `begin` when he has read enough; until then an existing file is not touched. A
    file that is `still` is read without locks and without any trace; nobody may be writing it.
    Shape: a URL is a schema in PostgreSQL; a folder, or a new path ending in `.segments`, holds segment files; any other file is SQLite.
    Raises: NotFound if there is no book and none may be created; InputError if it is not a book; Unavailable if
    another writer has it, or the database cannot be reached; ConfigurationError if an extra is missing.
    """
    if isinstance(path, BookUrl):
        return _open_postgres(path, write=write, create=create)
    if not path.exists():
        if not (write and create):
            raise NotFound(f"there is no book at {path}; give the path of an existing book, or create one")
        if not path.parent.is_dir():
            raise NotFound(f"the directory {path.parent} for the new book does not exist; create it first")
    if path.is_dir() or (not path.exists() and path.suffix == SEGMENTS_SUFFIX):
        return _open_segments(path, write=write, create=create, still=still)
    from skarb.store.sqlite import SqliteStore

    return SqliteStore(path, write=write, create=create, still=still)


def find_book(path: Location) -> None:
    """Make sure that a book is said to be at a place, without looking into it.

    Raises: NotFound or InputError if there is none; for a database all that opening it raises.
    """
    if isinstance(path, BookUrl):
        open_store(path).close()
    elif not path.exists():
        raise NotFound(f"there is no book at {path}; give the path of an existing book")
    elif path.is_dir():
        _check_folder(path)
    elif not path.is_file():
        raise InputError(f"{path} is not a file; give the file of a book")


def book_files(path: Location) -> list[Path]:
    """Return the files beside a book that hold parts of it: while it is open, and after a crash."""
    if isinstance(path, BookUrl):
        return []
    return [found for suffix in ("-wal", "-journal") if _size(found := path.with_name(path.name + suffix))]


def parts_of(path: Path) -> dict[str, Path]:
    """Return the files that make up a closed book, by name within its folder and in order; a book of one file has one named ""."""
    if not path.is_dir():
        return {"": path}
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    return {name: found[name] for name in sorted(found) if name != LOCK}


def _open_segments(path: Path, *, write: bool, create: bool, still: bool) -> Store:
    if os.name != "posix":
        raise ConfigurationError(f"{path}: segment files need a POSIX system; keep the book in a file such as {_file_in(path)}")
    if path.suffix != SEGMENTS_SUFFIX:
        _check_folder(path)
    from skarb.store.segments import SegmentStore

    return SegmentStore(path, write=write, create=create, still=still)


def _check_folder(path: Path) -> None:
    if path.suffix != SEGMENTS_SUFFIX and not (path / MARKER).is_file():
        raise InputError(
            f"{path} is a directory; a book is a file such as {_file_in(path)} or a folder ending in {SEGMENTS_SUFFIX}"
        )


def _file_in(path: Path) -> Path:
    return path / ("market" + SQLITE_SUFFIX)


def _open_postgres(path: BookUrl, *, write: bool, create: bool) -> Store:
    try:
        from skarb.store.postgres import PostgresStore
    except ImportError as error:
        raise ConfigurationError(
            f"{path} lies in PostgreSQL, and the driver is not installed ({error}); install it with pip install 'skarb[postgres]'"
        ) from error
    return PostgresStore(path, write=write, create=create)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
