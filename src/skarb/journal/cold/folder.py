"""The folder of one book's shelves: `bank.book.runs` beside `bank.book`.

Whatever lies in it that no snapshot names is left over from a writer before, and is removed. One process writes into it; a second one
keeps everything in memory instead.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from skarb.core.errors import ConfigurationError, shorten
from skarb.journal.cold.shelf import FileShelf, KeptShelf
from skarb.ledger.cold import LIMIT, WIDTHS, Shelves

LIMIT_VARIABLE = "SKARB_HOT"
KEY_WIDTH = 2  # words of an instruction's key
_WITHOUT_IDS = {"expiries"}


class KeptRuns(msgspec.Struct, frozen=True, array_like=True):
    """The folder as a snapshot names it."""

    transfers: KeptShelf
    spent: KeptShelf
    settled: KeptShelf
    expiries: KeptShelf
    keys: KeptShelf


class Runs:
    """The shelves of one book's ledger, and of the keys of its instructions."""

    def __init__(self, folder: Path, kept: KeptRuns | None, lock: int | None) -> None:
        """Open what a snapshot names, or begin with nothing; without the lock only to read.

        Raises: InputError if it is not what was written; OSError
        """
        self.folder = folder
        self.may_write = lock is not None
        self._lock = lock
        widths = WIDTHS | {"keys": KEY_WIDTH}
        shelves = {
            name: FileShelf(folder, name, width, None if kept is None else getattr(kept, name), has_ids=name not in _WITHOUT_IDS)
            for name, width in widths.items()
        }
        self.keys = shelves.pop("keys")
        self._shelves = shelves
        self.ledger = Shelves(**shelves)

    @classmethod
    def begin(cls, folder: Path) -> Self | None:
        """Begin with nothing; None if another process writes there, or nobody can."""
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            return None
        lock = lock_folder(folder)
        if lock is None:
            return None
        runs = cls(folder, None, lock)
        runs.forget_others()
        return runs

    @property
    def kept(self) -> KeptRuns:
        """What a snapshot must say to find all of this again."""
        return KeptRuns(keys=self.keys.kept, **{name: shelf.kept for name, shelf in self._shelves.items()})

    def forget_others(self) -> None:
        """Remove what is not in use; whoever still reads it keeps it until then."""
        kept = [self.keys.kept, *[shelf.kept for shelf in self._shelves.values()]]
        used = {"lock"} | {one.file for one in kept} | {run.file for one in kept for run in one.runs}
        for path in self.folder.iterdir():
            if path.name not in used:
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def lock_folder(folder: Path) -> int | None:
    """Return the lock of a folder, or None if another process has it or the folder cannot be written."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def runs_path(book: Path) -> Path:
    """Return where the runs of a book lie."""
    return book.with_name(book.name + ".runs")


def hot_limit() -> int:
    """Return how many transfers, and how many ids, a book keeps in memory.

    Raises: ConfigurationError
    """
    given = os.environ.get(LIMIT_VARIABLE, "")
    if not given:
        return LIMIT
    if not given.isdecimal() or not int(given):
        raise ConfigurationError(f"{LIMIT_VARIABLE} is {shorten(given)!r}, expected how many transfers stay in memory, above 0")
    return int(given)
