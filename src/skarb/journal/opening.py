"""Open a book: read what is there, from a snapshot on where one belongs to it, and be its one writer or one of its readers."""

from __future__ import annotations

from pathlib import Path

from skarb.core.errors import ConfigurationError, InputError
from skarb.core.garbage import undisturbed
from skarb.core.time import Clock
from skarb.journal.book import Book
from skarb.journal.cold import hot_limit, runs_path
from skarb.journal.memory import NO_MARKS, Memory, Observer, recover
from skarb.journal.model import GENESIS
from skarb.journal.seal import Progress, Seal, write_seal
from skarb.journal.snapshot import belongs, map_snapshot, read_snapshot, snapshot_path
from skarb.store import Damaged, KeepsSnapshot, Location, Store, open_store


def open_book(
    path: Location,
    *,
    clock: Clock | None = None,
    name: str | None = None,
    observer: Observer | None = None,
    progress: Progress | None = None,
) -> Book:
    """Open a book and recover everything it knows; with a clock for writing, without one for reading.

    A writer creates the book if there is none and a `name` is given. The observer is shown every batch that is there; without one a
    snapshot beside the book, if it belongs to it, spares reading what it holds.
    Raises: NotFound; InputError if the file is another book; Unavailable if there is a writer already; Damaged, with
    the batch, if the journal is not what was written: nothing is changed then, and `verify` says more.
    """
    store = open_store(path, write=clock is not None, create=clock is not None and name is not None)
    try:
        kept = _name(store, name, clock is not None)
        limit, folder = (None if clock is None else hot_limit()), runs_path(store.path)
        known = _snapshot(store, kept, folder, limit) if observer is None else None
        snapshot_at = NO_MARKS if known is None else known.marks
        if known is None:
            known = Memory.beginning(folder, limit)
        memory = _recover(store, kept, observer, progress, known)
        if clock is not None:
            if isinstance(path, Path):
                write_seal(path, Seal(state="open", book=kept, sequence=memory.sequence, head=memory.head.hex()))
            store.begin()
        return Book(store, kept, clock, memory, snapshot_at)
    except BaseException:
        store.close()
        raise


def _snapshot(store: Store, name: str, folder: Path | None, limit: int | None) -> Memory | None:
    if isinstance(store.path, Path):
        data: bytes | memoryview | None = map_snapshot(snapshot_path(store.path))
    else:
        data = store.snapshot() if isinstance(store, KeepsSnapshot) else None
    known = read_snapshot(data, name, folder, limit)
    return known if known is not None and belongs(known, store.entry(known.sequence)) else None


def _recover(store: Store, name: str, observer: Observer | None, progress: Progress | None, known: Memory) -> Memory:
    total = (store.last() or (0, GENESIS))[0]
    count = None if progress is None else lambda done: progress("recover the book", done, total)
    try:
        with undisturbed():
            return recover(store.read(known.sequence + 1), name, observer, count, known)
    except Damaged as error:
        raise Damaged(f"{store.path}: {error}; nothing was changed, run skarb verify to see all of it") from error


def _name(store: Store, wanted: str | None, write: bool) -> str:
    kept = store.meta("book")
    if kept is None:
        if not write or wanted is None or store.last() is not None:
            raise InputError(f"{store.path} does not say which book it is; it was never finished, or its notes were changed")
        store.begin()  # also where an earlier making was cut short between the tables and the name
        store.put_meta("book", wanted)
        return wanted
    if wanted not in (None, kept):
        raise ConfigurationError(f"{store.path} is the book {kept!r}, not {wanted!r}; give its own name or another path")
    return kept
