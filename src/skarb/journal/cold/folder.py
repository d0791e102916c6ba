"""The folder of one book's shelves: `bank.book.runs` beside `bank.book`.

Nothing is touched before something is put away. Whatever lies in the folder that no snapshot names is left over from a writer before, and is
removed then. One process writes into it; a second one, or one that may only read, keeps everything in memory instead.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from errno import EACCES
from hashlib import sha256
from pathlib import Path
from threading import Lock

import msgspec

from skarb.core.errors import ConfigurationError, shorten
from skarb.journal.cold.shelf import FileShelf, KeptShelf
from skarb.ledger.cold import LIMIT, WIDTHS, Shelves
from skarb.store import Location

LIMIT_VARIABLE = "SKARB_HOT"
FOLDER_VARIABLE = "SKARB_RUNS"
KEY_WIDTH = 2  # words of an instruction's key
_WITHOUT_IDS = {"expiries"}
_LOCK = "lock"


class KeptRuns(msgspec.Struct, frozen=True, array_like=True):
    """The folder as a snapshot names it."""

    transfers: KeptShelf
    spent: KeptShelf
    settled: KeptShelf
    expiries: KeptShelf
    keys: KeptShelf


class Runs:
    """The shelves of one book's ledger, and of the keys of its instructions."""

    def __init__(self, folder: Path, kept: KeptRuns | None = None, *, write: bool = True) -> None:
        """Open what a snapshot names, or begin with nothing.

        Raises: InputError if it is not what was written; OSError
        """
        self.folder = folder
        self._write = write
        self._lock: int | None = None
        self._preparing = Lock()  # transfers and keys leave in threads of their own

        def shelf(name: str, width: int) -> FileShelf:
            known = None if kept is None else getattr(kept, name)
            return FileShelf(folder, name, width, known, has_ids=name not in _WITHOUT_IDS, prepare=self.prepare)

        self.keys = shelf("keys", KEY_WIDTH)
        self._shelves = {name: shelf(name, width) for name, width in WIDTHS.items()}
        self.ledger = Shelves(**self._shelves)

    @property
    def filter_bytes(self) -> int:
        """How much memory the filters take."""
        return self.keys.filter_bytes + sum(one.filter_bytes for one in self._shelves.values())

    def prepare(self) -> None:
        """Make the folder ready to be written. Raises: OSError if it cannot be, or if another process writes there."""
        if not self._write:
            raise PermissionError(EACCES, "the book was opened for reading", str(self.folder))
        with self._preparing:
            if self._lock is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock = _lock(self.folder)
                self.forget_others()

    @property
    def kept(self) -> KeptRuns:
        """What a snapshot must say to find all of this again."""
        return KeptRuns(keys=self.keys.kept, **{name: shelf.kept for name, shelf in self._shelves.items()})

    def forget_others(self) -> None:
        """Remove what is not in use, if this is the process that writes; whoever still reads it keeps it until then."""
        if self._lock is None:
            return
        kept = [self.keys.kept, *[shelf.kept for shelf in self._shelves.values()]]
        used = {_LOCK} | {one.file for one in kept} | {run.file for one in kept for run in one.runs}
        for path in self.folder.iterdir():
            if path.name not in used:
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise BlockingIOError(error.errno, "another process writes there", str(folder)) from None
    return lock


def runs_path(book: Location) -> Path | None:
    """Return where the runs of a book lie: beside it, or for one in a database in the folder that the environment names, if it does."""
    if isinstance(book, Path):
        return book.with_name(book.name + ".runs")
    folder = os.environ.get(FOLDER_VARIABLE, "")
    digest = sha256(book.database.encode()).hexdigest()[:12]
    return Path(folder) / f"{book.schema}-{digest}.runs" if folder else None


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
