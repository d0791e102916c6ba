"""Find the entries in segment files, also while somebody appends to the last of them, and say what is damaged.

Every file but the last must be whole. At the end of the last file there may be a record that a crash cut short, or one that is
being written: it is passed over when nothing further on proves that it was once complete.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from skarb.store.disk import Disk
from skarb.store.errors import Damaged
from skarb.store.records import HEADER_SIZE, MARK_SIZE, Header, Read, is_whole, pack_mark, proof_after, read_header

SEGMENT = re.compile(r"[0-9]{20}\.segment")
MARKER, LOCK = "book", "lock"  # the file that says what the folder is, and the one that its writer locks


@dataclass
class Segment:
    """One file and what is known of it so far."""

    path: Path
    first: int  # the entry it begins with
    places: array[int] = field(default_factory=lambda: array("Q"))  # of the records, in order
    end: int = 0  # of the last of them
    head: bytes = b""  # after the last of them
    marked: bool = True  # whether the last of them has its mark

    @property
    def next(self) -> int:
        """The entry that comes after those known."""
        return self.first + len(self.places)

    def add(self, header: Header, *, marked: bool = True) -> None:
        """Learn of the next record."""
        self.places.append(self.end)
        self.end += header.size
        self.head, self.marked = header.head, marked


class Segments:
    """The files of one book, known as far as they were read."""

    def __init__(self, folder: Path, disk: Disk, alone: Callable[[], AbstractContextManager[bool]]) -> None:
        self.folder, self._disk = folder, disk
        self._alone = alone  # whether nobody else writes; it stays so while the context lasts
        self.files: list[Segment] = []
        self.complete = False  # a writer that has begun knows of every record; the files say nothing new to him
        self._open_file: tuple[Path, bool, int] | None = None  # the one that was used last, and whether for writing

    def list(self) -> None:
        """Look which files there are.

        Raises: Damaged if the first of them is missing.
        """
        found = sorted(file for file in self.folder.iterdir() if SEGMENT.fullmatch(file.name))
        segments = [Segment(file, int(file.stem)) for file in found]
        if segments and segments[0].first != 1:
            raise Damaged(f"{self.folder}: the first segment is {segments[0].path.name}, expected one that begins with entry 1")
        self.files = segments

    def last(self) -> tuple[int, bytes] | None:
        """Return sequence and head of the last entry."""
        last = self.newest()
        if last is None:
            return None
        if not last.places and len(self.files) > 1:
            last = self.files[-2]
            self.scan(last, closed=True)
        return (last.next - 1, last.head) if last.places else None

    def holding(self, sequence: int) -> Segment | None:
        """Return the segment that holds an entry, or None if there is no such entry."""
        if sequence < 1 or (not self.files and self.newest() is None):
            return None
        number = bisect_right(self.files, sequence, key=lambda segment: segment.first) - 1
        segment = self.files[number]
        if sequence >= segment.next:
            if number + 1 < len(self.files):
                self.scan(segment, closed=True)
            elif (last := self.newest()) is not segment:
                return self.holding(sequence) if last is not None else None
        return segment if sequence < segment.next else None

    def newest(self) -> Segment | None:
        """Look for records that were not known yet, in new segments, too, and return the last segment."""
        if self.complete:
            return self.files[-1] if self.files else None
        if not self.files:
            self.list()
        while self.files:
            last = self.files[-1]
            self.scan(last, closed=False)
            following = self.folder / f"{last.next:020}.segment"
            if not last.places or not following.exists():
                return last
            self.scan(last, closed=True)
            self.files.append(Segment(following, last.next, head=last.head))
        return None

    def scan(self, segment: Segment, *, closed: bool) -> None:
        """Learn of the records of a segment that were not known yet; a closed one has another after it and must be whole."""
        file = self.open(segment.path)
        while (found := self._next(segment, file, closed)) is not None:
            segment.add(found[0], marked=found[1])
        if closed:
            following = next((other.first for other in self.files if other.first > segment.first), segment.next)
            if self._disk.size(file) != segment.end or segment.next != following:
                raise self.damaged(segment, segment.end, f"entry {segment.next} is missing before {following:020}.segment")

    def _next(self, segment: Segment, file: int, closed: bool) -> tuple[Header, bool] | None:
        """Return the next record of a segment and whether it is marked, or None where the records end."""
        at = segment.end
        read = partial(self._disk.read, file)
        data = read(HEADER_SIZE, at)
        header = read_header(data, at)
        if header is None:
            if not any(data):
                return None
            if closed or (self._proof(file, at) is not None and (header := read_header(read(HEADER_SIZE, at), at)) is None):
                raise self.damaged(segment, at, f"the header of entry {segment.next} is not what was written")
            if header is None:
                return None  # a write that was cut short, or that is under way
        if header.sequence != segment.next or (segment.head and header.previous != segment.head):
            raise self.damaged(segment, at, f"entry {header.sequence} does not continue entry {segment.next - 1}")
        if self._is_marked(read, at, header):
            return header, True
        if read_header(read(HEADER_SIZE, at + header.size), at + header.size) is not None:
            return header, True  # the next one proves as much; a crash may have lost the mark that was not flushed alone
        if closed:
            raise self.damaged(
                segment, at + header.size - MARK_SIZE, f"the mark of entry {header.sequence} is not what was written"
            )
        return self._at_the_end(segment, read, header)

    def _at_the_end(self, segment: Segment, read: Read, header: Header) -> tuple[Header, bool] | None:
        """Judge the very last record, which has no mark: under way, cut short, or whole and left so by a crash."""
        at = segment.end
        with self._alone() as alone:
            if self._is_marked(read, at, header):
                return header, True
            if not alone:
                return None
            again = read_header(read(HEADER_SIZE, at), at)  # a writer that failed took it back before he let go of the lock
            if again is None:
                return None
            if is_whole(again, read(again.length, at + HEADER_SIZE)):
                return again, False
            if any(read(MARK_SIZE, at + again.size - MARK_SIZE)):
                raise self.damaged(segment, at, f"entry {again.sequence} and its mark are not what was written")
            return None

    def _is_marked(self, read: Read, at: int, header: Header) -> bool:
        return read(MARK_SIZE, at + header.size - MARK_SIZE) == pack_mark(at, header.check)

    def _proof(self, file: int, at: int) -> int | None:
        return proof_after(partial(self._disk.read, file), at, self._disk.written(file, at))

    def must_end(self, last: Segment | None) -> None:
        """Hold the book to its end: nothing that was once acknowledged lies behind it.

        Raises: Damaged
        """
        if last is None or self.complete:
            return
        file = self.open(last.path)
        known = -1
        while (proof := self._proof(file, last.end)) is not None:
            if last.end == known:
                raise self.damaged(last, last.end, f"entry {last.next} is missing, yet it was written: see byte {proof}")
            known = last.end
            self.scan(last, closed=False)

    def open(self, path: Path, *, write: bool = False) -> int:
        """Open a file, or go on with the one that was used last."""
        if self._open_file is None or self._open_file[0] != path or (write and not self._open_file[1]):
            self.close()
            self._open_file = path, write, self._disk.open(path, write=write)
        return self._open_file[2]

    def close(self) -> None:
        """Let go of the open file."""
        if self._open_file is not None:
            self._disk.close(self._open_file[2])
            self._open_file = None

    def damaged(self, segment: Segment, at: int, what: str) -> Damaged:
        """Return the error for something that is not as it was written."""
        return Damaged(f"{segment.path}, byte {at}: {what}; run skarb verify")
