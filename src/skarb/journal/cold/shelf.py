"""A shelf of files: rows one behind the other in a file that only grows, and runs that find them by their ids.

Each row has a check word, so whatever is read is known to be what was put there. Four neighbouring runs of a size are joined into one; so there
are few of them, and each id is rewritten a few times only. What counts is what `kept` says, which a snapshot keeps: rows beyond it were
put there by a writer that came to an end before, and are written over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from skarb.core.errors import InputError, Unavailable
from skarb.journal.cold.engine import Kernel, kernel
from skarb.journal.cold.run import PLACE, Run, joined, read_run, write_run
from skarb.journal.cold.sieve import Words
from skarb.ledger.slots import FINGERPRINT

TOGETHER = 4  # runs that become one
RUN_MAX = 1 << 26  # ids; the filter of a longer one would let too many pass
_AT_ONCE = 1 << 16  # rows that are read at once
_SMALLEST = 1 << 12  # a run up to here is of the first size

Places = npt.NDArray[np.int64]


class KeptRun(msgspec.Struct, frozen=True, array_like=True):
    """A run as a snapshot names it."""

    file: str
    first: int
    count: int
    digest: str


class KeptShelf(msgspec.Struct, frozen=True, array_like=True):
    """A shelf as a snapshot names it."""

    file: str  # of the rows
    count: int
    salt: int
    runs: tuple[KeptRun, ...]


class _State(NamedTuple):
    """What is there; replaced as a whole, so that another thread may read."""

    length: int  # how many rows
    rows: Words
    runs: tuple[Run, ...]


class FileShelf:
    """Rows of some words each; see `skarb.ledger.cold.Shelf`. One thread puts, and any may ask."""

    def __init__(
        self,
        folder: Path,
        name: str,
        width: int,
        kept: KeptShelf | None = None,
        *,
        has_ids: bool = True,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Open what a snapshot names, or begin with nothing; `prepare` makes the folder ready before it is written.

        Raises: InputError if it is not there, or not what was written; OSError
        """
        self._folder, self._name, self._width, self._has_ids = folder, name, width, has_ids
        self._prepare = prepare
        self._work = 0  # ids handled so far
        # A secret that is hashed with every id: nobody outside can choose ids that are found slowly.
        self._salt = int.from_bytes(os.urandom(8), "little") if kept is None else kept.salt
        self._file = f"{name}-{os.urandom(4).hex()}.rows" if kept is None else kept.file
        runs: tuple[Run, ...] = ()
        if kept is not None:
            runs = tuple(read_run(folder, one.file, one.first, one.count, one.digest) for one in kept.runs)
            if has_ids and [(one.first, one.first + one.length) for one in runs] != _stretches(runs, kept.count):
                raise InputError(f"{folder}: the runs of {name} do not follow each other up to {kept.count}")
        self._state = self._with(0 if kept is None else kept.count, runs)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._state.length

    @property
    def kept(self) -> KeptShelf:
        """What a snapshot must say to find all of this again."""
        runs = tuple(KeptRun(one.file, one.first, one.length, one.digest) for one in self._state.runs)
        return KeptShelf(self._file, self._state.length, self._salt, runs)

    @property
    def filter_bytes(self) -> int:
        """How much memory the filters take."""
        return sum(one.blocks.nbytes for one in self._state.runs)

    def put(self, pieces: Iterable[Words]) -> None:
        """Add rows; they are found and durable when this returns. Raises: OSError, and then nothing was added."""
        if self._prepare is not None:
            self._prepare()
        first = count = self.count
        words: list[Words] = []
        with os.fdopen(os.open(self._folder / self._file, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as out:
            out.seek(first * self._row_bytes)
            for piece in pieces:
                rows = np.empty((len(piece), self._width + 1), np.uint64)
                rows[:, : self._width] = piece
                self._kernel(len(rows)).stamp(rows, count)
                out.write(rows.data)
                if self._has_ids:
                    words.append(
                        (self._prints(rows) & FINGERPRINT) | np.arange(count - first, count - first + len(rows), dtype=np.uint64)
                    )
                count += len(rows)
            if count == first:
                return
            out.flush()
            os.fsync(out.fileno())
        runs = self._state.runs
        if self._has_ids:
            runs = (*runs, write_run(self._folder, self._name, first, np.concatenate(words), self._kernel(count - first)))
        self._state = self._with(count, runs)
        self._join()

    def find(self, ids: Words) -> Places:
        """Return the place of the row of each id, or -1. Raises: Unavailable, as `rows`."""
        found = np.full(len(ids), -1, np.int64)
        runs = self._state.runs
        if not runs or not len(ids):
            return found
        prints, run = self._prints(ids), self._kernel(len(ids))
        passed = np.empty(len(ids), np.uint8)
        for one in runs:
            if run.sift(one.blocks, prints, passed):
                self._look(one, ids, prints, np.flatnonzero(passed), found)
        return found

    def rows(self, places: Places) -> Words:
        """Return the rows at some places. Raises: Unavailable if they are not what was put there."""
        return self._checked(self._state.rows[places], places)

    def scan(self, first: int, last: int) -> Iterator[Words]:
        """Yield the rows from one place up to another, in order. Raises: Unavailable, as `rows`."""
        rows = self._state.rows
        for start in range(first, last, _AT_ONCE):
            places = np.arange(start, min(start + _AT_ONCE, last))
            yield self._checked(np.array(rows[places[0] : places[-1] + 1]), places)

    @property
    def _row_bytes(self) -> int:
        return 8 * (self._width + 1)

    def _look(self, run: Run, ids: Words, prints: Words, asked: Places, found: Places) -> None:
        """Look some ids up in a run."""
        wanted = prints[asked] & FINGERPRINT
        low = np.searchsorted(run.words, wanted)
        high = np.searchsorted(run.words, wanted | PLACE, side="right")
        while True:
            left = np.flatnonzero(low < high)
            if not len(left):
                return
            asked, low, high = asked[left], low[left], high[left]
            places = (run.words[low] & PLACE).astype(np.int64) + run.first
            same = (self.rows(places)[:, :2] == ids[asked]).all(axis=1)
            found[asked[same]] = places[same]
            low = np.where(same, high, low + 1)

    def _checked(self, rows: Words, places: Places) -> Words:
        wrong = self._kernel(len(rows)).unsound(rows, places)
        if wrong >= 0:
            with suppress(OSError):
                if self._prepare is not None:
                    self._prepare()
                (self._folder / self._file).unlink()  # so the next opening makes it again
            raise Unavailable(
                f"{self._folder / self._file}: row {places[wrong]} is not what was written; open the book again, it is made again "
                "from the journal"
            )
        return rows[:, : self._width]

    def _with(self, count: int, runs: tuple[Run, ...]) -> _State:
        if not count:
            return _State(0, np.empty((0, self._width + 1), np.uint64), ())
        path = self._folder / self._file
        if path.stat().st_size < count * self._row_bytes:
            raise InputError(f"{path} is shorter than it was; it is made again from the journal")
        return _State(count, np.memmap(path, np.uint64, "r", shape=(count, self._width + 1)), runs)

    def _join(self) -> None:
        """Join the latest runs while there are enough of a size."""
        while True:
            runs = self._state.runs
            last = list(runs[-TOGETHER:])
            total = sum(one.length for one in last)
            if len(last) < TOGETHER or total > RUN_MAX or len({_size(one.length) for one in last}) > 1:
                return
            larger = write_run(self._folder, self._name, last[0].first, joined(last), self._kernel(total))
            self._state = self._state._replace(runs=(*runs[:-TOGETHER], larger))

    def _prints(self, ids: Words) -> Words:
        prints = np.empty(len(ids), np.uint64)
        self._kernel(len(ids)).make_prints(ids, np.uint64(self._salt), prints)
        return prints

    def _kernel(self, rows: int) -> Kernel:
        self._work += rows
        return kernel(self._work)


def _size(count: int) -> int:
    """Return the size class of a run: four times as many rows are one class more."""
    return max(0, (count // _SMALLEST).bit_length() + 1) // 2


def _stretches(runs: tuple[Run, ...], count: int) -> list[tuple[int, int]]:
    stops = [one.first for one in runs[1:]] + [count]
    return list(zip([0, *stops[:-1]], stops, strict=True)) if runs or count else []
