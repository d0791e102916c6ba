"""The tree of a book kept up to date behind its writer, so that a proof after a long day costs milliseconds.

A second thread reads the batches that are on disk, as anybody may, and adds them to the tree; whatever came in the meantime it adds together. The
writer is asked for nothing and waits for nothing, but leaves are made in the interpreter, which two threads of one process share. So it is
off unless somebody wants it; `skarb proof tree --follow` does the same in a process of its own.
"""

from __future__ import annotations

from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from skarb.core.errors import Conflict, InputError, Unavailable
from skarb.journal.book import Book
from skarb.journal.tree import laws_of, open_tree
from skarb.store import open_store


class TreeBehind:
    """Follows one book until it is closed; close it before the book, which is not sealed while somebody reads."""

    def __init__(self, book: Book) -> None:
        """Start to follow.

        Raises: InputError for a book in a database; Conflict if somebody follows the book already.
        """
        if not isinstance(book.path, Path):
            raise InputError(f"{book.path} lies in a database; the tree for proofs is kept beside files and folders only")
        if book.follower is not None:
            raise Conflict(f"{book.path} is followed already; ask the one who follows it")
        self._book, self._path = book, book.path
        self._wanted, self._height = book.sequence, 0
        self._closed = False
        self._failure: BaseException | None = None
        self._changed = Condition()
        book.follower = self._told
        self._thread = Thread(target=self._work, name="tree", daemon=True)
        self._thread.start()

    def wait(self) -> int:
        """Return the last batch in the tree once all that are on disk by now are in it.

        Raises: Unavailable if the tree could not be kept; the book is whole.
        """
        with self._changed:
            wanted = self._wanted
            self._changed.wait_for(lambda: self._failure is not None or self._height >= wanted)
        self._check()
        return self._height

    def close(self) -> None:
        """Add the rest and follow no longer.

        Raises: as `wait`.
        """
        self._book.follower = None
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _told(self, sequence: int) -> None:
        with self._changed:
            self._wanted = sequence
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            store = open_store(self._path)
            try:
                law = laws_of(store)
                while True:
                    with self._changed:
                        self._changed.wait_for(lambda: self._closed or self._height < self._wanted)
                        if self._height >= self._wanted:
                            return
                    with open_tree(self._path, store, self._book.name, law) as tree:
                        height = tree.height
                    with self._changed:
                        self._height = height
                        self._changed.notify_all()
            finally:
                store.close()
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _check(self) -> None:
        if self._failure is not None:
            raise Unavailable(
                f"the tree beside {self._path} could not be kept up to date: {self._failure}; the book is whole, and the tree is made when "
                "a proof is asked for"
            ) from self._failure
