"""A run: the ids of a stretch of rows in the order of their hashes, in one file that never changes.

A word of a run is the upper half of an id's hash and the place of its row in the stretch. In memory lies only the filter; the words
are read where they lie. The file is a line that says what it is, the words, the filter, and the SHA-256 of all that.
"""

from __future__ import annotations

import mmap
import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skarb.core.errors import InputError
from skarb.journal.cold.engine import Kernel
from skarb.journal.cold.sieve import IDS_PER_BLOCK, Words
from skarb.ledger.slots import FINGERPRINT

PLACE = np.uint64(0xFFFF_FFFF)
_LINE = 64  # bytes; words begin at a multiple of eight


class Run(NamedTuple):
    """The ids of some rows of a shelf."""

    file: str  # its name
    first: int  # place of the first row on the shelf
    length: int  # how many ids
    digest: str  # SHA-256 of the file
    words: Words
    blocks: Words  # the filter


def write_run(folder: Path, name: str, first: int, words: Words, run: Kernel) -> Run:
    """Write a run of words in any order, and return it once it is on the disk. Raises: OSError"""
    words = np.sort(words)
    blocks = np.zeros(max(1, -(-len(words) // IDS_PER_BLOCK)), np.uint64)
    run.enter(blocks, words)
    file = f"{name}-{first}-{len(words)}.ids"
    hasher, draft = sha256(), folder / (file + ".new")
    with draft.open("wb") as out:
        for part in (_line(first, len(words)), words.data, blocks.data):
            hasher.update(part)
            out.write(part)
        out.write(hasher.digest())
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / file)
    return read_run(folder, file, first, len(words), hasher.hexdigest(), whole=True)


def read_run(folder: Path, file: str, first: int, count: int, digest: str, *, whole: bool = False) -> Run:
    """Return a run that was written; `whole` says that it is known to be.

    Raises: InputError if it is not what was written; OSError
    """
    with (folder / file).open("rb") as source:
        data = memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ))
    blocks = max(1, -(-count // IDS_PER_BLOCK))
    size = _LINE + 8 * (count + blocks)
    line = _line(first, count)
    if len(data) != size + 32 or data[:_LINE] != line or bytes(data[size:]).hex() != digest:
        raise InputError(f"{folder / file} is not the run that was written; it is made again from the journal")
    if not whole and sha256(data[:size]).hexdigest() != digest:
        raise InputError(f"{folder / file} was changed; it is made again from the journal")
    words = np.frombuffer(data, np.uint64, count, _LINE)
    return Run(file, first, count, digest, words, np.frombuffer(data, np.uint64, blocks, _LINE + 8 * count).copy())


def joined(runs: list[Run]) -> Words:
    """Return the words of neighbouring runs as the words of one."""
    start = runs[0].first
    return np.concatenate([(one.words & FINGERPRINT) | ((one.words & PLACE) + np.uint64(one.first - start)) for one in runs])


def _line(first: int, count: int) -> bytes:
    return f"SKARB-RUN-1 {first} {count}".encode().ljust(_LINE - 1) + b"\n"
