"""A book in a folder of segment files that only grow.

An append is one write and one flush into room that was kept before, so that the flush has no new length to record. What a crash cut
short at the end of the last file has no mark and is not whole: readers pass over it, the next writer cuts it off. Whatever else is wrong is
`Damaged`, with file and place. Readers of a book that is being written see an entry once it is marked, that is, once it is on the disk.
The writer holds a lock that the system takes back when the process ends.

After a failed write or flush nobody knows what the disk has, and asking again would not tell: the system may have forgotten what it
could not write. So the entry is taken back, and the store refuses to write until it is opened again; then the last entry is written anew.

In the folder: `book` says what it is, `lock` is the writer's, `00000000000000000001.segment` begins with entry 1, `texts` and `meta` hold a
file each. Source: Linux man-pages, `fsync(2)`, `flock(2)`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skarb.core.errors import Conflict, InputError, NotAllowed, Unavailable, shorten
from skarb.store.disk import Disk, SystemDisk, write_all
from skarb.store.errors import Damaged
from skarb.store.folder import DRAFT, KIND, OWN, check_kind, is_blank, nobody_writes, release, take_lock
from skarb.store.model import Entry
from skarb.store.records import HEAD, HEADER_SIZE, MARK_SIZE, Header, is_whole, make_header, pack_mark, read_header
from skarb.store.walk import MARKER, SEGMENT, Segment, Segments

LIMIT = 64 << 20  # bytes of a segment file, unless one entry alone is larger
_NAME = re.compile(r"[0-9a-z_]{1,100}")  # of texts and notes: names of files on every system


class SegmentStore:
    """One book in one folder; see `Store` for what it promises."""

    def __init__(
        self,
        path: Path,
        *,
        write: bool,
        create: bool = False,
        still: bool = False,
        disk: Disk | None = None,
        limit: int = LIMIT,
    ) -> None:
        self.path = path
        self._disk, self._limit, self._still = disk or SystemDisk(), limit, still
        self._use = threading.RLock()  # callers of two threads share what is known and the open file
        self._failure: BaseException | None = None
        self._book = Segments(path, self._disk, self._nobody_writes)
        with _saying(path):
            if write and create and is_blank(path):
                self._disk.make_folder(path)
            else:
                check_kind(path)
            self._lock = take_lock(path) if write else None
            try:
                if write and create and is_blank(path):  # and nobody has made it meanwhile
                    self._make()
                self._book.list()
            except BaseException:
                release(self._lock)
                raise

    def begin(self) -> None:
        """Cut off what a crash left at the end, and make sure that the disk has the rest."""
        if self._lock is None:
            raise NotAllowed(f"{self.path} was opened for reading; open it for writing")
        with self._use, _saying(self.path):
            if self._book.complete:
                return
            last = self._book.newest()
            self._book.must_end(last)
            try:
                for draft in sorted(self.path.rglob(f"*{DRAFT}")):
                    self._disk.remove(draft)
                self._sync_folders()
                if last is not None:
                    self._take_up(last)
            except BaseException as error:
                self._failure = error
                raise
            self._book.complete = True

    def append(self, sequence: int, previous: bytes, head: bytes, body: bytes) -> None:
        """Write and flush one record, then mark it."""
        with self._use, _saying(self.path):
            self._must_write()
            last, before = self._book.last() or (0, bytes(HEAD))
            if (sequence, previous) != (last + 1, before) or len(head) != HEAD:
                raise Conflict(
                    f"{self.path}: given entry {sequence} after {previous.hex()[:12] or 'nothing'}…, expected {last + 1} after "
                    f"{before.hex()[:12]}…; another writer was first, open the book again"
                )
            try:
                segment = self._room(sequence, HEADER_SIZE + len(body) + MARK_SIZE)
                header, packed = make_header(sequence, previous, head, body, segment.end)
                self._write(segment, segment.end, header, (packed, body))
                segment.add(header)
            except BaseException as error:
                self._failure = error
                fate = "nothing of it is left" if self._take_back() else "whether the disk has it shows when the book is opened"
                if not isinstance(error, OSError):
                    raise
                raise Unavailable(
                    f"{self.path}: entry {sequence} could not be written, {error}; {fate}, open the book again"
                ) from error

    def read(self, from_sequence: int = 1) -> Iterator[Entry]:
        """Yield entries one by one, until there are no more and nothing lies beyond the last."""
        sequence = max(1, from_sequence)
        while True:
            entry = self.entry(sequence)
            if entry is None:
                with self._use, _saying(self.path):
                    self._book.must_end(self._book.newest())
                if (entry := self.entry(sequence)) is None:
                    return
            yield entry
            sequence += 1

    def entry(self, sequence: int) -> Entry | None:
        """Return one entry, or None."""
        with self._use, _saying(self.path):
            segment = self._book.holding(sequence)
            if segment is None:
                return None
            at = segment.places[sequence - segment.first]
            file = self._book.open(segment.path)
            header = read_header(self._disk.read(file, HEADER_SIZE, at), at)
            body = b"" if header is None else self._disk.read(file, header.length, at + HEADER_SIZE)
        if header is None or not is_whole(header, body):
            raise self._book.damaged(segment, at, f"entry {sequence} is not what was written")
        return Entry(header.sequence, header.previous, header.head, body)

    def last(self) -> tuple[int, bytes] | None:
        """Return sequence and head of the last entry."""
        with self._use, _saying(self.path):
            return self._book.last()

    def put_text(self, name: str, text: bytes) -> None:
        """Keep a text under its hash."""
        self._put_once("texts", "text", name, text, text)

    def text(self, name: str) -> bytes | None:
        """Return the text kept under a hash, or None."""
        return self._get("texts", name)

    def text_names(self) -> list[str]:
        """Return the hashes of all texts, in order."""
        with _saying(self.path):
            return sorted(file.name for file in (self.path / "texts").iterdir() if file.suffix != DRAFT)

    def put_meta(self, name: str, value: str) -> None:
        """Note something about the book that is set once."""
        self._put_once("meta", "meta", name, value.encode(), value)

    def meta(self, name: str) -> str | None:
        """Return what was noted under a name, or None."""
        value = self._get("meta", name)
        return None if value is None else value.decode("utf-8", "backslashreplace")

    def check(self) -> list[str]:
        """Return what is wrong with headers, marks and names of files; bodies are checked where they are read."""
        problems = []
        with self._use, _saying(self.path):
            for number, segment in enumerate(self._book.files):
                try:
                    self._book.scan(segment, closed=number + 1 < len(self._book.files))
                except Damaged as error:
                    problems.append(str(error))
            try:
                self._book.must_end(self._book.newest())
            except Damaged as error:
                problems += [str(error)] if str(error) not in problems else []
            strange = (file for file in sorted(self.path.iterdir()) if not (file.name in OWN or SEGMENT.fullmatch(file.name)))
            problems += [f"{file}: no file of a book has this name" for file in strange]
        return problems

    def settle(self) -> bool:
        """Give back the room that was kept for more entries."""
        with self._use, _saying(self.path):
            if not self._book.complete or self._failure is not None:
                return False
            self._book.complete = False
            last = self._book.files[-1] if self._book.files else None
            if last is not None:
                file = self._book.open(last.path, write=True)
                self._disk.cut(file, last.end)
                self._disk.sync(file)
            self._sync_folders()
            return True

    def close(self) -> None:
        """Let go of the file, then of the writer's lock."""
        with self._use:
            self._book.close()
            release(self._lock)
            self._lock, self._book.complete = None, False

    # Writing.

    def _make(self) -> None:
        for folder in (self.path / "texts", self.path / "meta"):
            self._disk.make_folder(folder)
        self._sync_folders()
        self._put_file(self.path / MARKER, KIND)
        self._disk.sync_folder(self.path.parent)
        self._book.complete = True

    def _sync_folders(self) -> None:
        for folder in (self.path / "texts", self.path / "meta", self.path):
            self._disk.sync_folder(folder)

    def _must_write(self) -> None:
        if not self._book.complete:
            raise Unavailable(f"{self.path} is readonly now: it was opened for reading, or its writer has not begun")
        if self._failure is not None:
            raise Unavailable(
                f"{self.path} must be opened again before more is written: a write failed, {self._failure}"
            ) from self._failure

    def _take_up(self, last: Segment) -> None:
        """Make the last file ready for more; an entry without a mark may have been forgotten by the system and is written anew."""
        file = self._book.open(last.path, write=True)
        self._disk.cut(file, last.end if last.marked else last.end - MARK_SIZE)
        if not last.marked:
            at = last.places[-1]
            record = self._disk.read(file, last.end - MARK_SIZE - at, at)
            header = read_header(record, at)
            if header is None or not is_whole(header, record[HEADER_SIZE:]):
                raise self._book.damaged(last, at, "the last entry changed while it was read")
            self._write(last, at, header, (record,))
            last.marked = True
        self._disk.allocate(file, max(last.end, self._limit))
        self._disk.sync(file)

    def _room(self, sequence: int, size: int) -> Segment:
        """Return the segment that the next record goes into, a new one when the last is full."""
        last = self._book.files[-1] if self._book.files else None
        if last is not None and (last.end + size <= self._limit or not last.places):
            if last.end + size > self._limit:
                self._keep(last, size)
            return last
        if last is not None:
            file = self._book.open(last.path, write=True)
            self._disk.cut(file, last.end)
            self._disk.sync(file)  # its last mark, too
        new = Segment(self.path / f"{sequence:020}.segment", sequence)
        self._keep(new, size)
        self._disk.sync_folder(self.path)
        if last is not None:
            new.head = last.head
        self._book.files.append(new)
        return new

    def _keep(self, segment: Segment, size: int) -> None:
        file = self._book.open(segment.path, write=True)
        self._disk.allocate(file, max(self._limit, segment.end + size))
        self._disk.sync(file)

    def _write(self, segment: Segment, at: int, header: Header, parts: Sequence[bytes]) -> None:
        """Write a record, flush it, and only then mark it."""
        file = self._book.open(segment.path, write=True)
        write_all(self._disk, file, parts, at)
        self._disk.sync(file)
        write_all(self._disk, file, (pack_mark(at, header.check),), at + header.size - MARK_SIZE)

    def _take_back(self) -> bool:
        """Leave nothing behind the last entry; False where not even that can be done, and then what is there has no mark."""
        try:
            if self._book.files:
                last = self._book.files[-1]
                file = self._book.open(last.path, write=True)
                self._disk.cut(file, last.end)
                self._disk.sync(file)
        except OSError:
            return False
        return True

    def _put_once(self, folder: str, what: str, name: str, value: bytes, shown: bytes | str) -> None:
        if not _NAME.fullmatch(name):
            raise InputError(f"{self.path}: {what} {name!r}: expected a name of digits, small letters and _, 100 at most")
        with self._use, _saying(self.path):
            self._must_write()
            if (kept := self._get(folder, name)) is None:
                try:
                    self._put_file(self.path / folder / name, value)
                except BaseException as error:
                    self._failure = error
                    raise
            elif kept != value:
                before = kept if isinstance(shown, bytes) else kept.decode("utf-8", "backslashreplace")
                raise Conflict(
                    f"{self.path}: {what} {name!r} is already kept as {shorten(before)}, given {shorten(shown)}; it is set once"
                )

    def _put_file(self, path: Path, content: bytes) -> None:
        """Make a small file in one step: after a crash it is there with all of its content, or not at all."""
        draft = path.with_name(path.name + DRAFT)
        file = self._disk.open(draft, write=True)
        try:
            self._disk.cut(file, 0)
            write_all(self._disk, file, (content,), 0)
            self._disk.sync(file)
        finally:
            self._disk.close(file)
        self._disk.rename(draft, path)
        self._disk.sync_folder(path.parent)

    def _get(self, folder: str, name: str) -> bytes | None:
        if not _NAME.fullmatch(name):
            return None
        with _saying(self.path):
            try:
                return (self.path / folder / name).read_bytes()
            except FileNotFoundError:
                return None

    @contextmanager
    def _nobody_writes(self) -> Iterator[bool]:
        """Say whether no other process writes, and keep it so for a moment."""
        if self._lock is not None or self._still:
            yield True
            return
        with nobody_writes(self.path) as alone:
            yield alone


@contextmanager
def _saying(path: Path) -> Iterator[None]:
    """Say what the system reports in the words of the house."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path} cannot be used now: {error}") from error
