"""Segment files on a disk that fails: at every single operation of a run, in every way a disk can fail.

The disk here keeps two things apart, as a system does: what programs read, and what has reached the disk. After a loss of power only the
second is left, with any part of what was under way. The promises are the same after every fault: no acknowledged entry is lost, none
is there by half, or the book says loudly that it is damaged.
"""

import errno
import os
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import pytest
from tests.thorough import THOROUGH

from skarb.core.errors import SkarbError, Unavailable
from skarb.store.disk import SystemDisk
from skarb.store.model import Entry
from skarb.store.records import HEADER_MAGIC, MARK_MAGIC
from skarb.store.segments import SegmentStore

SECTOR = 512
MAGICS = (HEADER_MAGIC, MARK_MAGIC)
LIMIT = 4_096  # bytes of a segment, so that a short run has several
SIZES = (0, 10, 700, 1_500, 3, 6_000, 40, 2_000, 1_200, 900)  # of bodies; one is larger than a segment
SEEDS = 20 if THOROUGH else 4


class PowerLoss(BaseException):
    """The machine is off; nothing more is done, not even cleaning up."""


@dataclass
class Content:
    """A file as programs see it, as the disk has it, and what was written in between."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytes = b""
    waiting: list[tuple[int, bytes]] = field(default_factory=list)  # writes, in order


class Fast(SystemDisk):
    """Real files without flushes, to look at what was left."""

    def sync(self, file: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


class FaultyDisk(SystemDisk):
    """Real files for what programs see, and an account of what would be left without power.

    At the operation with number `at` the fault happens: `cut` (no power before it), `torn` (no power in the middle of it), an error with nothing
    or half of it done, or a short write that succeeds. With `dead` every operation after an error fails, too.
    """

    def __init__(
        self, root: Path, at: int = -1, fault: str = "", *, dead: bool = False, chance: random.Random | None = None
    ) -> None:
        self.root, self.at, self.fault, self.dead = root, at, fault, dead
        self.chance = chance or random.Random(0)
        self.done = 0  # operations that change something
        self.log: list[str] = []
        self.files: dict[int, Content] = {}  # by inode: names come and go
        self.names: dict[Path, int] = {}  # names that are on the disk, with what they stand for
        self.folders: set[Path] = set()
        self.failed = False
        self.off = False  # the process is dead, or the machine has no power: nothing more is done

    # What changes something.

    def write(self, file: int, parts: Sequence[bytes | memoryview], at: int) -> int:
        data = b"".join(parts)
        if self._happens("write"):
            half = data[: self.chance.randrange(len(data)) if data else 0]
            if self.fault == "torn":
                self._write(file, data, at)
                self._lose_power()
            if self.fault == "short":
                self._write(file, half or data[:1], at)
                return len(half) or 1
            if self.fault != "error":
                self._write(file, half, at)
            raise OSError(errno.ENOSPC if self.fault == "full" else errno.EIO, "the disk failed")
        self._write(file, data, at)
        return len(data)

    def allocate(self, file: int, size: int) -> None:
        if self._happens("allocate"):
            if self.fault == "torn":
                super().allocate(file, size)
                self._lose_power()
            raise OSError(errno.ENOSPC if self.fault == "full" else errno.EIO, "no room")
        super().allocate(file, size)
        content = self._content(file)
        content.seen.extend(bytes(max(0, size - len(content.seen))))

    def cut(self, file: int, size: int) -> None:
        if self._happens("cut"):
            if self.fault == "torn":
                self._cut(file, size)
                self._lose_power()
            raise OSError(errno.EIO, "the disk failed")
        self._cut(file, size)

    def sync(self, file: int) -> None:
        content = self._content(file)
        if self._happens("sync"):
            if self.fault == "torn":
                self._lose_power()
            # As on Linux: what could not be written is forgotten, and the next flush says that all is well.
            content.kept, content.waiting = self._partly(content), []
            if self.fault == "forgotten":
                self._lose_power()
            raise OSError(errno.EIO, "the flush failed")
        content.kept, content.waiting = bytes(content.seen), []

    def make_folder(self, path: Path) -> None:
        self._step("make_folder", lambda: SystemDisk.make_folder(self, path))

    def sync_folder(self, path: Path) -> None:
        if self._happens("sync_folder"):
            if self.fault == "torn":
                self._lose_power()
            raise OSError(errno.EIO, "the flush failed")
        self._keep_names(path)

    def rename(self, old: Path, new: Path) -> None:
        self._step("rename", lambda: SystemDisk.rename(self, old, new))

    def remove(self, path: Path) -> None:
        self._step("remove", lambda: SystemDisk.remove(self, path))

    def open(self, path: Path, *, write: bool = False) -> int:
        new = write and not path.exists()
        if new and self._happens(f"make {path.name}"):
            if self.fault == "torn":
                super().close(super().open(path, write=True))
                self._lose_power()
            raise OSError(errno.ENOSPC, "no room for a name")
        file = super().open(path, write=write)
        if new:
            self.files[os.fstat(file).st_ino] = Content()
        return file

    # The account.

    def _happens(self, what: str) -> bool:
        number, self.done = self.done, self.done + 1
        self.log.append(what)
        if self.off:
            raise PowerLoss
        if self.failed and self.dead:
            raise OSError(errno.EIO, "the disk is gone")
        if number != self.at:
            return False
        self.failed = True
        if self.fault == "cut":
            self._lose_power()
        return True

    def _lose_power(self) -> NoReturn:
        self.off = True
        raise PowerLoss

    def _step(self, what: str, work: Callable[[], None]) -> None:
        if self._happens(what):
            if self.fault == "torn":
                work()
                self._lose_power()
            raise OSError(errno.EIO, "the disk failed")
        work()

    def _content(self, file: int) -> Content:
        return self.files.setdefault(os.fstat(file).st_ino, Content())

    def _write(self, file: int, data: bytes, at: int) -> None:
        os.pwrite(file, data, at)
        content = self._content(file)
        content.seen.extend(bytes(max(0, at + len(data) - len(content.seen))))
        content.seen[at : at + len(data)] = data
        content.waiting.append((at, data))

    def _cut(self, file: int, size: int) -> None:
        os.ftruncate(file, size)
        content = self._content(file)
        del content.seen[size:]
        content.seen.extend(bytes(size - len(content.seen)))

    def _keep_names(self, folder: Path) -> None:
        self.names = {path: inode for path, inode in self.names.items() if path.parent != folder}
        self.names |= {path: path.stat().st_ino for path in folder.iterdir() if path.is_file()}
        self.folders |= {path for path in folder.iterdir() if path.is_dir()}

    def _partly(self, content: Content) -> bytes:
        """Return a file as the disk may have it: every sector old or new, in any order, and of any length it had in between."""
        new = bytes(content.seen)
        size = self.chance.choice((len(content.kept), len(new)))
        left = bytearray(content.kept[:size].ljust(size, b"\0"))
        for at, data in content.waiting:
            first = at // SECTOR
            for sector in range(first, (at + max(1, len(data)) - 1) // SECTOR + 1):
                if self.chance.random() < 0.5:
                    start, stop = max(at, sector * SECTOR), min(at + len(data), (sector + 1) * SECTOR, size)
                    if start < stop:
                        left[start:stop] = data[start - at : stop - at]
        return bytes(left)

    def after_power_loss(self, to: Path) -> None:
        """Lay out what the disk has: a name stands for what it did when its folder was last flushed, or for what it does now."""
        seen = {path: path.stat().st_ino for path in self.root.rglob("*") if path.is_file()}
        if self.root not in self.folders and self.chance.random() < 0.5:
            return
        to.mkdir()
        for folder in sorted(path for path in self.root.rglob("*") if path.is_dir()):
            if folder in self.folders or self.chance.random() < 0.5:
                (to / folder.relative_to(self.root)).mkdir()
        for path in sorted(seen.keys() | self.names.keys()):
            inode = self.chance.choice((seen.get(path), self.names.get(path)))
            target = to / path.relative_to(self.root)
            if inode is not None and target.parent.is_dir():
                target.write_bytes(self._partly(self.files.get(inode, Content())))


def head_of(previous: bytes, body: bytes) -> bytes:
    return sha256(previous + body).digest()


def bodies() -> list[bytes]:
    return [random.Random(number).randbytes(size) for number, size in enumerate(SIZES)]


def entries(many: Iterable[bytes]) -> list[Entry]:
    found, previous = [], bytes(32)
    for number, body in enumerate(many, 1):
        found.append(Entry(number, previous, previous := head_of(previous, body), body))
    return found


ALL = entries(bodies())


@dataclass
class Acknowledged:
    """What the store has promised so far."""

    entries: list[Entry] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    named: bool = False
    made: bool = False


def run(disk: FaultyDisk, path: Path, given: Acknowledged, *, settle: bool = True) -> None:
    """Write a whole book, opening it again in the middle."""
    half = len(ALL) // 2
    for part in (ALL[:half], ALL[half:]):
        with closing(SegmentStore(path, write=True, create=True, disk=disk, limit=LIMIT)) as store:
            given.made = True
            store.begin()
            store.put_meta("book", "bank")
            given.named = True
            for entry in part:
                if entry.sequence % 4 == 1:
                    store.put_text(f"t{entry.sequence}", entry.body)
                    given.texts.append(f"t{entry.sequence}")
                store.append(*entry)
                given.entries.append(entry)
            if settle:
                store.settle()


def check(path: Path, given: Acknowledged, *, more: int = 1) -> None:
    """Hold a book that was left behind to its promises: as a reader finds it, and as the next writer does."""
    if not given.made:
        return  # nothing was promised, not even that there is a book
    for write in (False, True):
        with closing(SegmentStore(path, write=write, disk=Fast(), limit=LIMIT)) as store:
            found = list(store.read())
            assert found[: len(given.entries)] == given.entries
            assert len(found) <= len(given.entries) + more
            assert found == ALL[: len(found)]
            assert store.last() == ((found[-1].sequence, found[-1].head) if found else None)
            assert store.check() == []
            assert store.meta("book") in (("bank",) if given.named else ("bank", None))
            for name in given.texts:
                assert store.text(name) == ALL[int(name[1:]) - 1].body
            assert all(store.text(name) == ALL[int(name[1:]) - 1].body for name in store.text_names())
            if write:
                store.begin()
                assert list(store.read()) == found
                for entry in ALL[len(found) :]:
                    store.append(*entry)
                assert list(store.read()) == ALL
    with closing(SegmentStore(path, write=False, limit=LIMIT)) as store:
        assert list(store.read()) == ALL


def operations(tmp_path: Path) -> list[str]:
    """Return what a run without faults does to the disk, in order."""
    disk = FaultyDisk(tmp_path / "plain.segments")
    run(disk, tmp_path / "plain.segments", Acknowledged())
    return disk.log


def test_a_run_touches_the_disk_in_every_way(tmp_path: Path) -> None:
    kinds = {what.split()[0] for what in operations(tmp_path)}
    assert kinds == {"write", "allocate", "cut", "sync", "make_folder", "sync_folder", "rename", "make"}
    files = sorted((tmp_path / "plain.segments").glob("*.segment"))
    assert len(files) > 3
    assert sum(file.stat().st_size for file in files) == sum(96 + size + 24 for size in SIZES)


@pytest.mark.parametrize("fault", ["cut", "torn"])
def test_without_power_at_any_moment_nothing_acknowledged_is_lost(tmp_path: Path, fault: str) -> None:
    count = len(operations(tmp_path))
    lost = 0
    for at in range(count):
        path = tmp_path / f"{at}.segments"
        disk, given = FaultyDisk(path, at, fault), Acknowledged()
        with pytest.raises(PowerLoss):
            run(disk, path, given)
        for seed in range(SEEDS):
            disk.chance = random.Random(seed)
            left = tmp_path / f"{at}-{seed}.segments"
            disk.after_power_loss(left)
            try:
                check(left, given)
            except AssertionError as error:
                raise AssertionError(f"operation {at} ({disk.log[-1]}), seed {seed}: {error}") from error
            lost += 1
    assert lost == count * SEEDS


@pytest.mark.parametrize("fault", ["error", "half", "full"])
@pytest.mark.parametrize("dead", [False, True], ids=["once", "from then on"])
def test_an_error_at_any_operation_is_said_and_leaves_the_book_whole(tmp_path: Path, fault: str, dead: bool) -> None:
    """What the caller was told could not be written is not there for readers, unless the disk did not even let it be taken back."""
    count = len(operations(tmp_path))
    for at in range(count):
        path = tmp_path / f"{at}.segments"
        disk, given = FaultyDisk(path, at, fault, dead=dead), Acknowledged()
        with pytest.raises(Unavailable):
            run(disk, path, given)
        check_copy(path, tmp_path / f"{at}-seen.segments", given, more=int(dead))
        for seed in range(2):
            disk.chance = random.Random(seed)
            left = tmp_path / f"{at}-{seed}.segments"
            disk.after_power_loss(left)
            check(left, given)


def check_copy(path: Path, to: Path, given: Acknowledged, more: int) -> None:
    """Check what programs see, without touching it."""
    import shutil

    if path.exists():
        shutil.copytree(path, to)
        check(to, given, more=more)


@pytest.mark.parametrize("fault", ["error", "forgotten", "cut"])
def test_what_the_system_forgot_is_written_anew_by_the_next_writer(tmp_path: Path, fault: str) -> None:
    """After an error, a process killed within a failed flush, or one killed anywhere: a later loss of power makes no hole."""
    for at, what in enumerate(operations(tmp_path)):
        if fault == "forgotten" and what != "sync":
            continue
        path = tmp_path / f"{at}.segments"
        disk, given = FaultyDisk(path, at, fault), Acknowledged()
        with suppress(Unavailable, PowerLoss):
            run(disk, path, given)
        disk.off, disk.at = False, -1
        with closing(SegmentStore(path, write=True, create=True, disk=disk, limit=LIMIT)) as store:
            store.begin()
            found = list(store.read())
            assert found[: len(given.entries)] == given.entries
            for entry in ALL[len(found) :]:
                store.append(*entry)
        disk.after_power_loss(tmp_path / f"{at}-left.segments")
        with closing(SegmentStore(tmp_path / f"{at}-left.segments", write=False)) as store:
            assert list(store.read()) == ALL, f"operation {at} ({what})"


def test_a_store_whose_write_failed_refuses_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "one.segments"
    with closing(SegmentStore(path, write=True, create=True, limit=LIMIT)) as store:
        store.append(*ALL[0])
    disk = FaultyDisk(path)
    with closing(SegmentStore(path, write=True, disk=disk, limit=LIMIT)) as store:
        store.begin()
        store.append(*ALL[1])
        disk.at, disk.fault = disk.done + 1, "error"  # the flush of the next entry
        with pytest.raises(Unavailable, match=r"entry 3 could not be written.*nothing of it is left, open the book again"):
            store.append(*ALL[2])
        for write in (lambda: store.append(*ALL[2]), lambda: store.put_text("a", b""), lambda: store.put_meta("a", "")):
            with pytest.raises(Unavailable, match="must be opened again"):
                write()
        assert list(store.read()) == ALL[:2]
        assert not store.settle()
        with closing(SegmentStore(path, write=False)) as reader:
            assert list(reader.read()) == ALL[:2]


def test_short_writes_are_finished(tmp_path: Path) -> None:
    for at, what in enumerate(operations(tmp_path)):
        if what == "write":
            path = tmp_path / f"{at}.segments"
            run(FaultyDisk(path, at, "short"), path, Acknowledged())
            with closing(SegmentStore(path, write=False)) as store:
                assert list(store.read()) == ALL


def test_a_reader_never_sees_an_entry_that_is_not_flushed(tmp_path: Path) -> None:
    """Readers look in the middle of every operation of the writer."""
    path, given = tmp_path / "one.segments", Acknowledged()

    class Watched(FaultyDisk):
        def _happens(self, what: str) -> bool:
            if given.made:
                with closing(SegmentStore(path, write=False)) as reader:
                    assert list(reader.read()) == given.entries
            return super()._happens(what)

    run(Watched(path), path, given)
    assert given.entries == ALL


@pytest.mark.parametrize("settled", [True, False])
def test_a_flipped_byte_is_damage_or_changes_nothing_acknowledged(tmp_path: Path, settled: bool) -> None:
    """Any byte of any segment, with the book closed or left by a crash: the entries are what they were, or the store says Damaged."""
    path = tmp_path / "one.segments"
    run(FaultyDisk(path), path, Acknowledged(), settle=settled)
    for file in sorted(path.glob("*.segment")):
        data = bytearray(file.read_bytes())
        for at in [
            at for at in range(len(data)) if at % 37 == 0 or any(data[max(0, at - 96) : at + 24].count(m) for m in MAGICS)
        ]:
            data[at] ^= 1 << at % 8
            file.write_bytes(data)
            with closing(SegmentStore(path, write=False)) as store:
                try:
                    assert list(store.read()) == ALL
                except SkarbError as error:
                    assert error.code == "verification"
                    assert f"{file}, byte" in str(error) or ".segment" in str(error)
            data[at] ^= 1 << at % 8
        file.write_bytes(data)
