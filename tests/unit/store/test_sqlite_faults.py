"""SQLite books on a disk that fails: at the operations of a short run, in every way a disk can fail.

The disk is a library loaded before the C library of the writing process (`faulty_disk.c`). It lets one operation on the book's files fail, or ends
the process there, and keeps a log of every write and every flush. From the log, images are built of what a loss of power leaves: of what was not
flushed, every sector old or new, in any order, a file of its old or its new length, a name there or not. The promises are the same after
every fault: no acknowledged entry is lost, none is there by half, and what failed is said.

Every few operations are tried here; all of them, with more images of each, with `make thorough`.

What this leaves out: sectors that are torn within 512 bytes, or written where they do not belong; a disk that lies about a flush; faults while
reading; the file `-shm`, which SQLite maps into memory, never flushes and makes again after a crash (a reader on a full disk needs 32 KiB for it
if no writer lives and the log is not empty); more than one writer, which a lock keeps
away; readers who hold the log while a writer comes after a failed flush; other systems than Linux.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.thorough import THOROUGH

from skarb.core.errors import InputError, SkarbError
from skarb.store.sqlite import SqliteStore

DRIVER = Path(__file__).with_name("sqlite_driver.py")
spec = importlib.util.spec_from_file_location("sqlite_driver", DRIVER)
assert spec is not None and spec.loader is not None
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)
ALL, Job = driver.ALL, driver.Job

EVERY = 1 if THOROUGH else 29  # operations
SEEDS = 12 if THOROUGH else 3  # images of each moment without power; the first two have nothing and all of what was not flushed
SECTOR = 512
_HEAD = struct.Struct("<4Q")


# ── the disk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Content:
    """A file as programs see it, as the disk has it, and what was written in between."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytes = b""
    waiting: list[tuple[int, bytes | None]] = field(default_factory=list)  # place and bytes; or a length and None

    def change(self, place: int, data: bytes | None) -> None:
        _apply(self.seen, place, data)
        self.waiting.append((place, data))

    def flush(self) -> None:
        self.kept, self.waiting = bytes(self.seen), []

    def partly(self, chance: Callable[[], bool]) -> bytes:
        """Return the file as the disk may have it."""
        left = bytearray(self.kept)
        for place, data in self.waiting:
            if data is None:
                if chance():
                    _apply(left, place, None)
                continue
            for start in range(place // SECTOR * SECTOR, place + len(data), SECTOR):
                if chance():
                    first, last = max(place, start), min(place + len(data), start + SECTOR)
                    _apply(left, first, data[first - place : last - place])
        return bytes(left)


def _apply(content: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del content[place:]
        content.extend(bytes(place - len(content)))
    else:
        content.extend(bytes(max(0, place + len(data) - len(content))))
        content[place : place + len(data)] = data


class Disk:
    """What the log of a failing disk tells."""

    def __init__(self, log: Path) -> None:
        self.files: list[Content] = []
        self.names: dict[str, int] = {}  # as programs see them, with the place of their file
        self.kept: dict[str, int] = {}  # since the folder was last flushed
        inodes: dict[int, Content] = {}  # numbers of files that were removed are given again
        for letter, inode, place, data in _records(log.read_bytes() if log.exists() else b""):
            if letter == "W":
                inodes[inode].change(place, data)
            elif letter == "T":
                inodes[inode].change(place, None)
            elif letter == "S":
                inodes[inode].flush()
            elif letter == "F":
                inodes[inode].waiting = []
            elif letter == "M":
                inodes[inode] = Content()
                self.names[data.decode()] = len(self.files)
                self.files.append(inodes[inode])
            elif letter == "U":
                self.names.pop(data.decode(), None)
            else:
                self.kept = dict(self.names)

    def without_power(self, book: Path, to: Path, seed: int) -> None:
        """Lay out what is left of a book: nothing of what was not flushed, all of it, or any part."""
        random_ = random.Random(seed)
        chance: Callable[[], bool] = (lambda: seed == 1) if seed < 2 else (lambda: random_.random() < 0.5)
        for name in sorted(self.names.keys() | self.kept.keys()):
            file = (self.names if chance() else self.kept).get(name)
            if file is not None:
                to.with_name(to.name + name.removeprefix(str(book))).write_bytes(self.files[file].partly(chance))


def _records(data: bytes) -> Iterator[tuple[str, int, int, bytes]]:
    place = 0
    while place < len(data):
        letter, inode, at, length = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        yield chr(letter), inode, at, data[place : place + length]
        place += length


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A process that writes books on the failing disk."""
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("a failing disk for SQLite needs Linux and a C compiler (cc was not found); apt-get install gcc")
    folder = tmp_path_factory.mktemp("disk")
    library = folder / "faulty_disk.so"
    source = Path(__file__).with_name("faulty_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"], check=True)
    process = subprocess.Popen(
        [sys.executable, DRIVER],
        env=os.environ | {"LD_PRELOAD": str(library)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield Bench(process)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(20)


class Bench:
    """Runs jobs and holds what they leave to the promises."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, path: Path, **fault: object) -> Run:
        path.parent.mkdir(exist_ok=True)
        job = Job(str(path), f"{path}.disk", f"{path}.promised", **fault)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(job._asdict()) + "\n")
        ended = int(self.process.stdout.readline())
        lines = [line.split(" ", 1) for line in Path(job.promised).read_text().splitlines()]
        return Run(path, ended, [(line[0], line[1] if len(line) > 1 else "") for line in lines])

    def operations(self, folder: Path) -> str:
        """Return what a run without faults does, one letter for each operation."""
        whole = self.run(folder / "whole" / "one.book")
        assert whole.ended == driver.DONE
        letters = "".join(letter for letter, *_ in _records(Path(f"{whole.path}.disk").read_bytes()))
        assert len(letters) == int(dict(whole.promised)["operations"])
        return letters


@dataclass
class Run:
    """What one process promised, and how it ended."""

    path: Path
    ended: int
    promised: list[tuple[str, str]]

    def texts(self) -> list[str]:
        return [name for kind, name in self.promised if kind == "text"]

    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.promised}

    @property
    def entries(self) -> int:
        return max((int(number) for kind, number in self.promised if kind == "entry"), default=0)

    def check(self, path: Path) -> None:
        """Hold a book that was left behind to its promises: as a reader finds it, and as the next writer does.

        One of which not even its making was promised may be a file that is said to be no book.
        """
        try:
            self._check(path)
        except InputError:
            if "made" in self.kinds():
                raise

    def _check(self, path: Path) -> None:
        for write in (False, True):
            if not write and (not path.exists() or "made" not in self.kinds()):
                assert "made" not in self.kinds()
                continue  # nothing was promised, not even that there is a book
            with closing(SqliteStore(path, write=write, create=True)) as store:
                if write:
                    store.begin()
                found = list(store.read())
                assert found == ALL[: len(found)]
                assert self.entries <= len(found) <= self.entries + 1
                assert store.last() == ((found[-1].sequence, found[-1].head) if found else None)
                assert store.check() == []
                assert store.meta("book") == "bank" or "named" not in self.kinds()
                kept = store.text_names()
                assert set(self.texts()) <= set(kept)
                assert all(store.text(name) == ALL[int(name[1:]) - 1].body for name in kept)
                if write:
                    for entry in ALL[len(found) :]:
                        store.append(*entry)
                    assert list(store.read()) == ALL


def copied(path: Path, to: Path) -> Path:
    for suffix in ("", "-wal", "-journal"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            shutil.copy(file, to.with_name(to.name + suffix))
    return to


def faults(operations: str, start: int) -> list[int]:
    """Return the operations to try: those on names, and every few others, each kind of fault beginning at another one."""
    return [at for at, letter in enumerate(operations) if letter in "MUD" or at % EVERY == start % EVERY]


# ── tests ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_touches_the_disk_in_every_way(bench: Bench, tmp_path: Path) -> None:
    operations = bench.operations(tmp_path)
    path = tmp_path / "whole" / "one.book"
    assert set(operations) == set("WTSMUD")
    assert len(operations) > 100
    disk = Disk(Path(f"{path}.disk"))
    assert {Path(name).name for name in disk.names} == {"one.book"}
    assert bytes(disk.files[disk.names[str(path)]].seen) == path.read_bytes(), "the log says what really happened"


@pytest.mark.parametrize("fault", ["cut", "torn"])
def test_without_power_at_any_moment_nothing_acknowledged_is_lost(bench: Bench, tmp_path: Path, fault: str) -> None:
    for at in faults(bench.operations(tmp_path), len(fault)):
        run = bench.run(tmp_path / f"{at}" / "one.book", at=at, fault=fault)
        assert run.ended == driver.KILLED
        run.check(copied(run.path, tmp_path / f"{at}-seen.book"))  # the process is dead, the machine is not
        disk = Disk(Path(f"{run.path}.disk"))
        for seed in range(SEEDS):
            left = tmp_path / f"{at}-{seed}.book"
            disk.without_power(run.path, left, seed)
            try:
                run.check(left)
            except (AssertionError, SkarbError) as error:
                raise AssertionError(f"operation {at}, image {seed}: {error}") from error


@pytest.mark.parametrize("fault", ["error", "full", "half"])
@pytest.mark.parametrize("dead", [False, True], ids=["once", "from then on"])
def test_an_error_at_any_operation_is_said_and_leaves_the_book_whole(
    bench: Bench, tmp_path: Path, fault: str, dead: bool
) -> None:
    """Or it was one that takes nothing from the promises, such as one while the log is copied back; and the book stays readable."""
    said = 0
    for at in faults(bench.operations(tmp_path), len(fault) + dead):
        run = bench.run(tmp_path / f"{at}" / "one.book", at=at, fault=fault, dead=dead)
        assert run.ended in (driver.DONE, driver.SAID), f"operation {at}: {run.promised[-1]}"
        assert run.ended == driver.SAID or run.entries == len(ALL)
        assert run.ended == driver.DONE or run.promised[-1][1].startswith("unavailable"), run.promised[-1]
        said += run.ended == driver.SAID
        run.check(copied(run.path, tmp_path / f"{at}-seen.book"))
        disk = Disk(Path(f"{run.path}.disk"))
        for seed in range(2):
            disk.without_power(run.path, tmp_path / f"{at}-{seed}.book", seed)
            run.check(tmp_path / f"{at}-{seed}.book")
    assert said


@pytest.mark.parametrize("fault", ["error", "forgotten", "lost flush", "cut"])
def test_what_the_system_forgot_is_written_anew_by_the_next_writer(bench: Bench, tmp_path: Path, fault: str) -> None:
    """After an error, a process killed within a failed flush, or one killed anywhere: a later loss of power makes no hole."""
    for at in faults(bench.operations(tmp_path), len(fault)):
        path = tmp_path / f"{at}" / "one.book"
        bench.run(path, at=at, fault=fault)
        run = bench.run(path, rest=True)
        assert run.ended == driver.DONE, run.promised[-1]
        disk = Disk(Path(f"{path}.disk"))
        for seed in range(SEEDS):
            disk.without_power(path, tmp_path / f"{at}-{seed}.book", seed)
            with closing(SqliteStore(tmp_path / f"{at}-{seed}.book", write=False)) as store:
                assert list(store.read()) == ALL, f"operation {at}, image {seed}"


def test_short_writes_are_finished(bench: Bench, tmp_path: Path) -> None:
    for at in faults(bench.operations(tmp_path), 5):
        run = bench.run(tmp_path / f"{at}" / "one.book", at=at, fault="short")
        assert run.ended == driver.DONE
        run.check(run.path)
