"""Keeping the index of the past beside its book, and taking it up again.

Files of whole stretches never change and are written once. The note named `index` is written last: it names every file with its SHA-256, and
the batch and head of the journal that they belong to.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from skarb.journal.model import Opening
from skarb.journal.past.files import Arrays, read_arrays, write_arrays
from skarb.journal.past.model import BookPast, Heights
from skarb.ledger.model import Marks
from skarb.ledger.past import CHANGE, Past, Run
from skarb.ledger.past.index import SHAPE, Shape
from skarb.store import Damaged

INDEX = "index"
_ENDINGS = (".part", ".run", ".accounts", ".new")
_OPENINGS = msgspec.msgpack.Decoder(list[Opening])


def save(folder: Path, past: BookPast, *, anew: bool) -> None:
    """Write what is not kept yet, or all of it anew, then the index, then remove what it no longer names."""
    folder.mkdir(exist_ok=True)
    known, belongs = past.known, {"book": past.book, "sequence": past.sequence, "head": past.head.hex()}
    kept = {} if anew else _kept(folder)
    files: dict[str, str] = {}

    def put(name: str, arrays: Arrays) -> None:
        files[name] = kept[name] if name in kept else write_arrays(folder / name, arrays, **belongs)

    stretch = known.shape.changes(1)
    for base in range(0, known.length, stretch):
        count = min(stretch, known.length - base)
        arrays: dict[str, Any] = {"changes": known.changes[base : base + count]}
        for level, runs in enumerate(known.runs[:2]):
            size = known.shape.changes(level)
            for run in runs[base // size : (base + count) // size]:
                arrays |= _arrays_of(run, f"{level}/{run.base}/")
        put(f"{base:012}-{count}.part", arrays)
    for runs in known.runs[2:]:
        for run in runs:
            put(f"{run.base:012}-{len(run.legs) // 2}.run", _arrays_of(run, ""))
    openings = msgspec.msgpack.encode(past.openings)
    name = f"{past.sequence:012}-{past.head.hex()[:16]}.accounts"
    put(name, {**past.heights._asdict(), "openings": np.frombuffer(openings, np.uint8)})
    write_arrays(
        folder / INDEX, {}, **belongs, files=files, marks=list(known.marks), length=known.length, shape=list(known.shape)
    )
    remove(folder, but=(INDEX, *files))


def _kept(folder: Path) -> dict[str, str]:
    """Return the files that the index names; none if another process is just changing it, then all are written again."""
    try:
        return dict(read_arrays(folder / INDEX)[1]["files"])
    except Damaged:
        return {}


def remove(folder: Path, but: Collection[str] = ()) -> int:
    """Remove the kept files but some, and the folder if it is empty then; return how many files that were."""
    stale = [file for file in folder.iterdir() if file.name not in but] if folder.is_dir() else []
    stale = [file for file in stale if file.name == INDEX or file.suffix in _ENDINGS]  # nobody else's
    for file in stale:
        file.unlink(missing_ok=True)
    if stale and not any(folder.iterdir()):
        folder.rmdir()
    return len(stale)


def load(folder: Path, book: str, shape: Shape = SHAPE) -> BookPast | None:
    """Return the kept past of a book, None if nothing is kept.

    Raises: Damaged if what is kept is not whole, or is another book's.
    """
    if not (folder / INDEX).exists():
        return None
    _, index = read_arrays(folder / INDEX)
    try:
        return _load(folder, book, index, shape)
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise Damaged(f"{folder / INDEX} cannot be understood: {error}") from None


def _load(folder: Path, book: str, index: dict[str, Any], shape: Shape) -> BookPast:
    if index["book"] != book:
        raise Damaged(f"{folder} belongs to the book {index['book']!r}, not to {book!r}")
    length = int(index["length"])
    if Shape(*index["shape"]) != shape:
        raise Damaged(f"{folder} has runs of other sizes, {index['shape']}; this version makes {list(shape)}")
    changes = np.empty(length, CHANGE)
    runs: list[list[Run]] = [[] for _ in range(shape.sizes)]
    heights, openings, filled = None, None, 0
    for name, digest in sorted(index["files"].items()):
        arrays, _ = read_arrays(folder / name, digest)
        if name.endswith(".accounts"):
            heights = Heights(*(arrays[field] for field in Heights._fields))
            openings = _OPENINGS.decode(arrays["openings"].tobytes())
        elif name.endswith(".run"):
            runs[2].append(_run(arrays, ""))
        else:
            part = arrays.pop("changes")
            changes[filled : filled + len(part)] = part
            filled += len(part)
            for prefix in dict.fromkeys(field.rpartition("/")[0] + "/" for field in arrays):
                runs[int(prefix.partition("/")[0])].append(_run(arrays, prefix))
    if filled != length or heights is None or openings is None:
        raise Damaged(f"{folder} holds {filled} of {length} changes, or no accounts; files are missing")
    places = [[run.base for run in sorted_runs] for sorted_runs in runs]
    expected = [[*range(0, length - shape.changes(level) + 1, shape.changes(level))] for level in range(shape.sizes)]
    if places != expected:
        raise Damaged(f"{folder} lacks runs over some changes")
    past = Past.of(changes, runs, Marks(*index["marks"]), shape)
    return BookPast(book, int(index["sequence"]), bytes.fromhex(index["head"]), past, openings, heights)


def _arrays_of(run: Run, prefix: str) -> dict[str, Any]:
    named = run._asdict() | {"base": np.array([run.base], np.int64)}
    return {prefix + name: array for name, array in named.items()}


def _run(arrays: Arrays, prefix: str) -> Run:
    base, *rest = (arrays[prefix + name] for name in Run._fields)
    return Run(int(base[0]), *(array.copy() for array in rest))  # so that the rest of the file need not stay in memory


def kept_bytes(folder: Path) -> int:
    """Return how many bytes are kept."""
    return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0
