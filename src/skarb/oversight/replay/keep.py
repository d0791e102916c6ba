"""Keep: what a replay has counted so far, in a folder, so that one that was stopped goes on where it was.

Now and then, between two chunks, the arrays of a replay are written to a file in one step: after a crash there is the old one or the new one. The
file names what it belongs to: both laws edition by edition, the days, the dimensions, the lake as it was, and how rows are told apart. What belongs
to something else, or is not whole, is passed over and everything is counted again. Whoever is told of changed rows keeps them in files beside.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from skarb import __version__
from skarb.oversight.replay.arrange import Arrangement
from skarb.oversight.replay.model import Answer, Dimension
from skarb.oversight.replay.read import Rows
from skarb.oversight.replay.spans import editions_between
from skarb.rulebook import Rulebook

FORMAT = 5
PAUSE_NS = 30 * 10**9  # the least time between two savings
SHARE = 50  # a saving is followed by so many times its own length without another
FILE = "state"

Arrays = Mapping[str, npt.NDArray[Any]]


class Part(msgspec.Struct, frozen=True):
    """A file beside, and the SHA-256 of its bytes."""

    name: str
    digest: str


class Beside(Protocol):
    """Who is told of changed rows, and keeps them, too."""

    def put_away(self, folder: Path) -> tuple[Sequence[Part], Sequence[Answer]]:
        """Write what was told since the last time, and return all files and the answers that they speak of.

        Raises: OSError
        """

    def take_up(self, folder: Path, parts: Sequence[Part], answers: Sequence[Answer]) -> None:
        """Know again what was put away."""


@dataclass(frozen=True)
class State:
    """How many rows were read, and what came of them."""

    rows: int
    arrays: Arrays
    answers: Sequence[Answer] = ()  # by number


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of the file; the arrays follow, then the SHA-256 of all of it."""

    question: str
    rows: int
    answers: list[Answer]
    arrays: dict[str, tuple[str, tuple[int, ...]]]  # type and shape, in their order
    parts: list[Part]
    told: list[Answer]


@dataclass
class Keep:
    """A folder for what was counted so far; it is there only while a replay is not done.

    Units: `clock` tells nanoseconds from any beginning.
    """

    folder: Path
    lake: str  # whatever is another text when the lake holds something else
    clock: Callable[[], int]
    beside: Beside
    say: Callable[[str], None]
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.clock() + PAUSE_NS

    def load(self, question: str, before: str = "") -> State | None:
        """Return what was counted for the same question, None if there is nothing of it; anything else that lies there is removed.

        What was counted for the question that is put `before` this one is left where it is.
        """
        if not self.folder.exists() or (before and self._read(before)[0]):
            return None
        found, reason = self._read(question)
        if found is None:
            self.say(f"{self.folder} {reason}; it is passed over")
            self.clear()
            return None
        header, arrays = found
        self.beside.take_up(self.folder, header.parts, header.told)
        self.say(f"{self.folder}: goes on after {header.rows:,} rows")
        return State(header.rows, arrays, header.answers)

    def _read(self, question: str) -> tuple[tuple[_Header, Arrays] | None, str]:
        """Return what lies in the folder if it is whole and belongs to a question; otherwise why not."""
        try:
            whole = self.folder.joinpath(FILE).read_bytes()
            if sha256(memoryview(whole)[:-32]).digest() != whole[-32:]:
                return None, "is damaged"
            begin = whole.index(b"\n") + 1
            header = msgspec.json.decode(memoryview(whole)[:begin], type=_Header)
            if header.question != self._named(question):
                return None, "is of another question or another lake"
            for part in header.parts:
                with (self.folder / part.name).open("rb") as file:
                    if file_digest(file, "sha256").hexdigest() != part.digest:
                        return None, "is damaged"
        except FileNotFoundError:
            return None, "is not whole"
        except (OSError, ValueError, msgspec.MsgspecError):
            return None, "cannot be read"
        arrays = {}
        for name, (kind, shape) in header.arrays.items():
            dtype = np.dtype(kind)
            size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
            arrays[name] = np.frombuffer(whole, np.uint8, size, begin).view(dtype).reshape(shape)
            begin += size
        return (header, arrays), ""

    def offer(self, question: str, state: Callable[[], State]) -> None:
        """Save what was counted, if it is time to; a disk that does not take it does not stop a replay."""
        started = self.clock()
        if started < self._next:
            return
        try:
            self._save(question, state())
        except OSError as error:
            self.say(f"{self.folder}: what was counted so far cannot be kept: {error}")
            with suppress(OSError):
                for draft in self.folder.glob("*.new"):
                    draft.unlink()  # a full disk needs its room
        ended = self.clock()
        self._next = ended + max(PAUSE_NS, SHARE * (ended - started))

    def _save(self, question: str, state: State) -> None:
        self.folder.mkdir(exist_ok=True)
        parts, told = self.beside.put_away(self.folder)
        kinds = {name: (array.dtype.str, array.shape) for name, array in state.arrays.items()}
        header = _Header(self._named(question), state.rows, list(state.answers), kinds, list(parts), list(told))
        path, digest = self.folder / FILE, sha256()
        draft = path.with_name(FILE + ".new")
        with draft.open("wb") as file:
            for piece in chain([msgspec.json.encode(header) + b"\n"], (array.tobytes() for array in state.arrays.values())):
                file.write(piece)
                digest.update(piece)
            file.write(digest.digest())
        settle(draft, path)

    def clear(self) -> None:
        """Remove everything that was kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _named(self, question: str) -> str:
        return sha256(f"{question} {self.lake}".encode()).hexdigest()


def settle(draft: Path, path: Path) -> None:
    """Give a written file its name in one step, and see to it that both reach the disk."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    with suppress(OSError):  # not every system lets a folder be flushed
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def name_of(what: str, laws: Sequence[Rulebook], by: Sequence[Dimension], rows: Rows, *arrangements: Arrangement) -> str:
    """Return what is the same only where the same rows are counted the same way: then the arrays mean the same."""
    first, last = rows.days
    digest = sha256(repr((FORMAT, __version__, what, by, rows.days, rows.stop, rows.parts)).encode())
    for law in laws:
        turns = [first, *(day for day in law.boundaries if first < day <= last)]
        digest.update(repr(list(zip(turns, (one.hash for one in editions_between(law, first, last)), strict=False))).encode())
    for one in arrangements:
        digest.update(repr((one.names, one.wholes, [array.shape for array in one.quantities])).encode())
        for array in one.quantities:
            digest.update(array.tobytes())
    return digest.hexdigest()
