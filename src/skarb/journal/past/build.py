"""Taking up the kept past of a book, making it again from the journal, and comparing the two.

The journal is read, checked and posted again as in recovery; the index follows in another thread. A kept index whose head is in the journal
saves the sorting of what it has; if it reaches the last head, the journal is not read at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skarb.core.errors import InputError, NotFound
from skarb.core.garbage import undisturbed
from skarb.journal.ahead import ahead
from skarb.journal.chain import openings_of
from skarb.journal.model import GENESIS, Opening
from skarb.journal.past.keep import INDEX, load, remove, save
from skarb.journal.past.model import BookPast, Heights
from skarb.journal.replay import linked, opened, replay
from skarb.ledger import Ledger, Result
from skarb.ledger.past import Behind, Past, Run
from skarb.ledger.past.index import SHAPE, Shape
from skarb.store import Damaged, Location, Store, open_store

Progress = Callable[[int, int], None]  # batches done, of how many
_CREATED = Result.created.value


def past_folder(book: Location) -> Path:
    """Return where the past of a book is kept.

    Raises: InputError for a book in a database, beside which there is no place.
    """
    if not isinstance(book, Path):
        raise InputError(f"{book} lies in a database; no past is kept beside it, the commands make it from the journal each time")
    return book.with_name(book.name + ".past")


def open_past(book: Location, progress: Progress | None = None, shape: Shape = SHAPE) -> tuple[BookPast, list[str]]:
    """Return the past of a book up to its last batch, and notes on what had to be done for it; the next one finds it kept.

    Raises: NotFound, InputError, Damaged as `open_book` does.
    """
    folder, notes = past_folder(book) if isinstance(book, Path) else None, list[str]()
    store = open_store(book)
    try:
        last = store.last() or (0, GENESIS)
        try:
            kept = None if folder is None else load(folder, _name(store), shape)
            if kept is not None:
                _must_belong(store, kept)
        except Damaged as error:
            kept = None
            notes.append(f"the kept past was not used and is made again: {error}")
        if kept is not None and (kept.sequence, kept.head) == last:
            return kept, notes
        anew = kept is None
        past = _made(store, Past(shape=shape) if kept is None else kept.past, progress)
    finally:
        store.close()
    if folder is None:
        return past, [f"its past up to batch {past.sequence:,} was made from the journal; beside a database none is kept"]
    try:
        save(folder, past, anew=anew)
        notes.append(f"its past up to batch {past.sequence:,} is kept in {folder.name} and found there next time")
    except OSError as error:
        notes.append(f"its past could not be kept in {folder}: {error.strerror or error}; it is made again next time")
    return past, notes


def rebuild(book: Location, progress: Progress | None = None, shape: Shape = SHAPE) -> tuple[BookPast, int]:
    """Remove what is kept, make it again from the journal and keep it; return it and how many files were removed.

    Raises: NotFound, InputError, Damaged as `open_book` does; nothing is removed then.
    """
    folder = past_folder(book)
    past = _fresh(book, progress, shape)
    removed = remove(folder)
    save(folder, past, anew=True)
    return past, removed


def compare(book: Location, progress: Progress | None = None, shape: Shape = SHAPE) -> tuple[BookPast, list[str]]:
    """Make the past again and say where the kept one differs from it; nothing is written.

    Raises: NotFound if nothing is kept; otherwise as `rebuild`.
    """
    folder = past_folder(book)
    if not (folder / INDEX).exists():
        open_store(book).close()  # a book that is not there is the better thing to say
        raise NotFound(f"{folder} keeps no past of this book; make it with skarb rebuild {book}")
    fresh = _fresh(book, progress, shape)
    try:
        kept = load(folder, fresh.book, shape)
    except Damaged as error:
        return fresh, [str(error)]
    return fresh, [] if kept is None else _differences(kept, fresh)


def _differences(kept: BookPast, fresh: BookPast) -> list[str]:
    if kept.sequence > fresh.sequence:
        return [f"it goes up to batch {kept.sequence}, the journal ends with batch {fresh.sequence}"]
    found = []
    length = kept.known.length
    if length != fresh.heights.changes(kept.sequence):
        found.append(f"up to batch {kept.sequence} it has {length} changes, expected {fresh.heights.changes(kept.sequence)}")
    size = min(length, fresh.known.length)
    different = np.flatnonzero(kept.known.changes[:size] != fresh.known.changes[:size])
    if len(different):
        found.append(f"{len(different)} changes differ, the first one is change {int(different[0])}")
    for level, (runs, made) in enumerate(zip(kept.known.runs, fresh.known.runs, strict=True)):
        for run, other in zip(runs, made, strict=False):
            if not _same(run, other):
                found.append(f"the run of size {level} over the changes from {run.base} on differs")
    if any(not np.array_equal(one, two[: len(one)]) for one, two in zip(kept.heights, fresh.heights, strict=True)):
        found.append("what it says of batches differs from the journal")
    if list(kept.openings) != list(fresh.openings[: len(kept.openings)]):
        found.append("its accounts are not those that the journal opened")
    return found


def _same(run: Run, other: Run) -> bool:
    mine: list[NDArray[Any]] = [*run.arrays]
    theirs: list[NDArray[Any]] = [*other.arrays]
    return run.base == other.base and all(map(np.array_equal, mine, theirs))


def _fresh(book: Location, progress: Progress | None, shape: Shape) -> BookPast:
    store = open_store(book)
    try:
        return _made(store, Past(shape=shape), progress)
    finally:
        store.close()


def _made(store: Store, past: Past, progress: Progress | None) -> BookPast:
    """Post the journal again and let the index follow, from where it is."""
    ledger, openings, sequence, head = Ledger(), list[Opening](), 0, GENESIS
    heights = [(0, 0, 0)]
    total = (store.last() or (0, GENESIS))[0]
    name = _name(store)
    try:
        with undisturbed(), Behind(ledger, past) as behind:
            for entry, envelope in ahead(opened(ahead(linked(store.read())), name)):
                for one in replay(ledger, envelope):
                    raise Damaged(
                        f"batch {entry.sequence}, {one.what} {one.row}: the journal states result {one.given}, the ledger {one.expected}"
                    )
                if len(envelope.accounts):
                    results = np.frombuffer(envelope.account_results, np.uint8).tolist()
                    openings += [one for one, code in zip(openings_of(envelope), results, strict=True) if code == _CREATED]
                heights.append((envelope.recorded_at, *ledger.marks))
                sequence, head = entry.sequence, entry.head
                if progress is not None:
                    progress(sequence, total)
            made = behind.close()
    except Damaged as error:
        raise Damaged(f"{store.path}: {error}; run skarb verify to see all of it") from error
    columns = np.array(heights, np.uint64).T
    return BookPast(name, sequence, head, made, openings, Heights(columns[0], columns[1], columns[2]))


def _must_belong(store: Store, kept: BookPast) -> None:
    """Check that the journal has the head that the kept past names.

    Raises: Damaged
    """
    entry = store.entry(kept.sequence) if kept.sequence else None
    head = GENESIS if kept.sequence == 0 else entry.head if entry is not None else None
    if head != kept.head:
        there = "it has no such batch" if head is None else f"its head is {head.hex()}"
        raise Damaged(f"it belongs to a journal whose batch {kept.sequence} has the head {kept.head.hex()}; in this one {there}")


def _name(store: Store) -> str:
    name = store.meta("book")
    if name is None:
        raise Damaged(f"{store.path} does not say which book it is; it was never finished, or its notes were changed")
    return name
