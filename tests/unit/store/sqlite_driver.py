"""Writes a short SQLite book again and again, each time in a process of its own on a disk that fails somewhere else.

Run as a script with `faulty_disk` loaded before the C library: each line of standard input is a `Job` in JSON, each line of standard output how its
process ended. What a process has promised by then stands in a file beside the book, outside of the failing disk.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

from skarb.core.errors import SkarbError
from skarb.store import sqlite
from skarb.store.model import Entry
from skarb.store.sqlite import SqliteStore

FAULTS = ("", "cut", "torn", "error", "full", "short", "half", "forgotten", "lost flush")  # in the order of the library's
SIZES = (0, 40, 700, 30_000, 3, 9_000, 50_000, 20_000)  # of bodies; some fill overflow pages
CHECKPOINT = 6  # pages of the log, so that a short run has checkpoints
DONE, SAID, STRANGE, UNREADABLE, KILLED = 0, 3, 4, 5, 137  # how a process ends


class Job(NamedTuple):
    """One run on a failing disk."""

    book: str
    log: str  # of the disk
    promised: str
    at: int = -1  # the operation that fails
    fault: str = ""
    dead: bool = False  # whether every later operation fails, too
    rest: bool = False  # open what is there, write what is missing and end without closing, instead of writing a new book


def entries() -> list[Entry]:
    """Return what is written, always the same."""
    found, previous = [], bytes(32)
    for number, size in enumerate(SIZES, 1):
        body = Random(number).randbytes(size)
        found.append(Entry(number, previous, previous := sha256(previous + body).digest(), body))
    return found


ALL = entries()


def run(path: Path, promise: int, *, rest: bool = False) -> None:
    """Write a whole book, opening it again in the middle; each promise is one line."""

    def keep(*words: object) -> None:
        os.write(promise, (" ".join(map(str, words)) + "\n").encode())

    half = len(ALL) // 2
    for part in (ALL,) if rest else (ALL[:half], ALL[half:]):
        with closing(SqliteStore(path, write=True, create=True)) as store:
            keep("made")
            store.begin()
            store.put_meta("book", "bank")
            keep("named")
            last = (store.last() or (0, b""))[0]
            for entry in part:
                if entry.sequence <= last:
                    continue
                if entry.sequence % 4 == 1:
                    store.put_text(f"t{entry.sequence}", entry.body)
                    keep("text", f"t{entry.sequence}")
                store.append(*entry)
                keep("entry", entry.sequence)
            if rest:
                os._exit(DONE)
            store.settle()


def work(job: Job, disk: ctypes.CDLL) -> int:
    """Do one job and return how it ended."""
    promise = os.open(job.promised, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if job.rest:
        sqlite.CHECKPOINT = 1_000  # so that what is written last stays in the log
    disk.disk_watch(job.book.encode(), job.log.encode(), job.at, FAULTS.index(job.fault), int(job.dead))
    try:
        run(Path(job.book), promise, rest=job.rest)
    except SkarbError as error:
        os.write(promise, f"said {error.code}: {error}\n".encode())
        return SAID if _is_readable(Path(job.book), Path(job.promised)) else UNREADABLE
    except BaseException as error:
        os.write(promise, f"strange {error!r}\n".encode())
        return STRANGE
    os.write(promise, f"operations {disk.disk_operations()}\n".encode())
    return DONE


def _is_readable(path: Path, promised: Path) -> bool:
    """Say whether a reader still finds what was promised, while the disk goes on failing."""
    count = sum(line.startswith("entry ") for line in promised.read_text().splitlines())
    if not count:
        return True
    try:
        with closing(SqliteStore(path, write=False)) as store:
            return list(store.read())[:count] == ALL[:count]
    except SkarbError:
        return False


def main() -> None:
    """Fork for each job, so that the interpreter starts once."""
    sqlite.CHECKPOINT = CHECKPOINT
    disk = ctypes.CDLL(None)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(work(Job(**json.loads(line)), disk))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
