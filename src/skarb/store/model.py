"""What a store is: an append-only list of entries, texts under their hash, and a few words about the book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from skarb.store.location import Location


class Entry(NamedTuple):
    """One batch as it lies in the store."""

    sequence: int  # from 1, without gaps
    previous: bytes  # head of the entry before, 32 zero bytes for the first
    head: bytes  # SHA-256(previous || body), computed by the journal
    body: bytes


class Store(Protocol):
    """The journal of one book, for one writer and any number of readers."""

    @property
    def path(self) -> Location:
        """The file, folder or URL of the book."""

    def begin(self) -> None:
        """Start to write; until then nothing of a book that was there is touched, though its writer's lock is held.

        Raises: NotAllowed if the book was opened for reading.
        """

    def append(self, sequence: int, previous: bytes, head: bytes, body: bytes) -> None:
        """Add one entry; it is on disk when this returns.

        Raises: Conflict if the entry does not continue the last one; Unavailable if it could not be written.
        """

    def read(self, from_sequence: int = 1) -> Iterator[Entry]:
        """Yield entries in order, a few at a time, also while a writer appends.

        Raises: Damaged where the stored bytes cannot be read.
        """

    def entry(self, sequence: int) -> Entry | None:
        """Return one entry, or None if it is not there.

        Raises: Damaged
        """

    def last(self) -> tuple[int, bytes] | None:
        """Return sequence and head of the last entry without reading its body, or None for an empty book."""

    def put_text(self, name: str, text: bytes) -> None:
        """Keep a text under its hash; putting the same one again does nothing.

        Raises: Conflict if another text is kept under that name.
        """

    def text(self, name: str) -> bytes | None:
        """Return the text kept under a hash, or None."""

    def text_names(self) -> list[str]:
        """Return the hashes of all texts, in order."""

    def put_meta(self, name: str, value: str) -> None:
        """Note something about the book that is set once, such as its name.

        Raises: Conflict if it was set to something else before.
        """

    def meta(self, name: str) -> str | None:
        """Return what was noted under a name, or None."""

    def check(self) -> list[str]:
        """Return what the store itself finds wrong with its structure, in words; an empty list means nothing."""

    def settle(self) -> bool:
        """Write nothing more: True when everything now lies in the file or folder and nothing beside it.

        A book that somebody is reading just now may answer False, one in a database always does. The writer's lock is kept until `close`.
        """

    def close(self) -> None:
        """Let go of the book and of the writer's lock."""


@runtime_checkable
class KeepsSnapshot(Protocol):
    """A store that has room for a snapshot of what follows from the journal; others have it in a file beside the book."""

    def put_snapshot(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Keep a snapshot instead of the one before, in one step.

        Raises: Conflict if another writer was first; Unavailable if it could not be kept, the one before stays then.
        """

    def snapshot(self) -> bytes | None:
        """Return the snapshot that is kept, or None."""
