"""The tree of a book, kept in a folder beside it: `<book>.tree`.

It follows from the journal alone, is made behind the writer and never on the road: whoever wants a proof reads the batches that were
added since the last time. Four files of fixed records are only ever appended to:

    nodes      the hash of every complete subtree (`merkle`), 32 bytes each, two for an instruction
    keys       the key of every instruction, 16 bytes: finds it by its id
    accounts   the id of every account and the batch that opened it, 24 bytes
    batches    one record a batch, 112 bytes: sizes of the other files, chain head, seed of the salts, and a hash over all before

Size: 80 bytes an instruction, 24 an account, 112 a batch. The folder is as confidential as the book: with the seeds, leaves of others
can be guessed. If it is lost, cut short, changed or of another book, it is made again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from skarb.core.garbage import undisturbed
from skarb.core.transfer import ACCOUNT
from skarb.journal import merkle
from skarb.journal.ahead import ahead
from skarb.journal.chain import KEY_BYTES, Envelope, head_of, open_envelope
from skarb.journal.law import Law, load_law
from skarb.journal.leaves import ROW_FORMAT, SEED, next_seed, row_leaves
from skarb.journal.merkle import HASH_BYTES, leaf_hash
from skarb.journal.model import GENESIS
from skarb.journal.seal import Progress
from skarb.store import Damaged, Entry, Store

_BATCH = np.dtype([("size", "<u8"), ("accounts", "<u8"), ("head", "V32"), ("seed", "V32"), ("check", "V32")])
_OPENED = np.dtype([("lo", "<u8"), ("hi", "<u8"), ("sequence", "<u8")])
_FILES = {"nodes": np.dtype("V32"), "keys": np.dtype("<u8"), "accounts": _OPENED, "batches": _BATCH}
_TOGETHER = 1 << 23  # bytes of nodes that are written at once
_LOOKED_AT = 1 << 20  # keys compared at once

Laws = Callable[[str], Law]
Records = npt.NDArray[Any]


class Tree:
    """The tree of one book as far as it was made; use it inside `open_tree`."""

    def __init__(self, folder: Path, origin: bytes) -> None:
        self.folder = folder
        self._origin = origin  # the first check: says format and book
        self._columns: dict[str, Records] = {}
        self._map()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def height(self) -> int:
        """The last batch that is in the tree."""
        return len(self._columns["batches"]) - 1

    def size(self, height: int) -> int:
        """Return how many instructions the book held after a batch."""
        return int(self._columns["batches"][height]["size"])

    def head(self, height: int) -> bytes:
        """Return the chain head after a batch."""
        return bytes(self._columns["batches"][height]["head"])

    def seed(self, height: int) -> bytes:
        """Return the seed of the salts after a batch."""
        return bytes(self._columns["batches"][height]["seed"])

    def node(self, level: int, number: int) -> bytes:
        """Return the hash of a complete subtree."""
        return bytes(self._columns["nodes"][merkle.place(level, number)])

    def root(self, height: int) -> bytes:
        """Return the root after a batch."""
        return merkle.root(self.size(height), self.node)

    def find(self, key: bytes) -> int | None:
        """Return the position of the instruction with a key, counted from 0, or None."""
        keys = self._columns["keys"].reshape(-1, 2)
        low, high = np.frombuffer(key, "<u8")
        for start in range(0, len(keys), _LOOKED_AT):
            part = keys[start : start + _LOOKED_AT]
            hits = np.flatnonzero((part[:, 0] == low) & (part[:, 1] == high))
            if len(hits):
                return start + int(hits[0])
        return None

    def place(self, position: int) -> tuple[int, int]:
        """Return the batch and the row of an instruction."""
        sizes = self._columns["batches"]["size"]
        sequence = int(np.searchsorted(sizes, position, side="right"))
        return sequence, position - int(sizes[sequence - 1])

    def opened(self, account: bytes) -> int | None:
        """Return the batch that opened an account, or None."""
        low, high = np.frombuffer(account, "<u8")
        hits = np.flatnonzero((self._columns["accounts"]["lo"] == low) & (self._columns["accounts"]["hi"] == high))
        return int(self._columns["accounts"]["sequence"][hits[0]]) if len(hits) else None

    def is_whole(self) -> bool:
        """Say whether every byte is what was written."""
        check, start = self._origin, self._columns["batches"][0]
        if start["check"].tobytes() != check:
            return False
        for batch in self._columns["batches"][1:]:
            hasher = sha256(check + batch.tobytes()[: -len(check)])
            for name, first, last in zip(("nodes", "keys", "accounts"), _counts(start), _counts(batch), strict=True):
                hasher.update(self._columns[name][first:last].tobytes())
            check, start = hasher.digest(), batch
            if batch["check"].tobytes() != check:
                return False
        return True

    # ── making ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def fits(self, store: Store) -> bool:
        """Say whether the files are as long as they must be and the last batch is one of the store's."""
        batches = self._columns["batches"]
        if not len(batches) or batches[0].tobytes() != _first(self._origin):
            return False
        lengths = zip(("nodes", "keys", "accounts"), _counts(batches[-1]), strict=True)
        if any(len(self._columns[name]) < length for name, length in lengths):
            return False
        entry = store.entry(self.height) if self.height else None
        return self.height == 0 or (entry is not None and entry.head == self.head(self.height))

    def begin(self) -> None:
        """Throw away what is there and begin with nothing."""
        self._columns = {}
        for name in _FILES:
            (self.folder / name).write_bytes(_first(self._origin) if name == "batches" else b"")
        self._map()

    def grow(self, store: Store, law: Laws, progress: Progress | None = None) -> None:
        """Add the batches that the store has and the tree has not.

        Raises: Damaged if the journal does not continue what is in the tree.
        """
        last = (store.last() or (0, GENESIS))[0]
        if self.height >= last:
            return
        batch = self._columns["batches"][-1]
        growth = merkle.Growth(int(batch["size"]), self.node)
        seed, check, accounts = batch["seed"].tobytes(), batch["check"].tobytes(), int(batch["accounts"])
        entries = ahead(_continuing(store, self.height, self.head(self.height)))
        self._cut()
        with undisturbed(), ExitStack() as stack:
            files = {name: stack.enter_context((self.folder / name).open("ab")) for name in _FILES}
            waiting = {name: bytearray() for name in _FILES}
            for entry, envelope in entries:
                seed = next_seed(seed, entry.body)
                leaves = (leaf_hash(leaf) for leaf in row_leaves(envelope, seed, law))
                pieces = b"".join(growth.add(leaves)), bytes(envelope.keys), _opened(envelope)
                accounts += len(pieces[2]) // _OPENED.itemsize
                record = np.array([(growth.size, accounts, entry.head, seed, bytes(HASH_BYTES))], _BATCH).tobytes()[:-HASH_BYTES]
                check = sha256(b"".join((check, record, *pieces))).digest()
                for name, piece in zip(_FILES, (*pieces, record + check), strict=True):
                    waiting[name] += piece
                if len(waiting["nodes"]) >= _TOGETHER:
                    _write(files, waiting)
                if progress is not None:
                    progress("hash the instructions", entry.sequence, last)
            _write(files, waiting)
        self._map()

    def _map(self) -> None:
        self._columns = {name: _read(self.folder / name, dtype) for name, dtype in _FILES.items()}

    def _cut(self) -> None:
        """Take away what was written beyond the last whole batch."""
        batches = self._columns["batches"]
        lengths = zip(_FILES, (*_counts(batches[-1]), len(batches)), strict=True)
        stops = {name: length * _FILES[name].itemsize for name, length in lengths}
        self._columns = {}
        for name, stop in stops.items():
            with (self.folder / name).open("r+b") as file:
                file.truncate(stop)


@contextmanager
def open_tree(
    book: Path, store: Store, name: str, law: Laws, *, whole: bool = False, progress: Progress | None = None
) -> Iterator[Tree]:
    """Open the tree of a book and bring it up to the last batch; nobody else uses it meanwhile.

    With `whole` every byte of it is looked at first, as must be before a root of it is signed.
    Raises: Damaged if the journal does not hang together.
    """
    folder = tree_path(book)
    folder.mkdir(exist_ok=True)
    with _alone(folder):
        tree = Tree(folder, sha256(f"{ROW_FORMAT}\0{name}".encode()).digest())
        if not tree.fits(store) or (whole and not tree.is_whole()):
            tree.begin()
        tree.grow(store, law, progress)
        yield tree


def laws_of(store: Store) -> Laws:
    """Return the function that gives the editions a book keeps, by their hash."""

    @cache
    def law(name: str) -> Law:
        text = store.text(name)
        if text is None:
            raise Damaged(f"{store.path} keeps no edition {name}; run skarb verify")
        return load_law(text)

    return law


def tree_path(book: Path) -> Path:
    """Return where the tree of a book lies."""
    return book.with_name(book.name + ".tree")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else uses the folder, where the system can tell."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _first(origin: bytes) -> bytes:
    """Return the record that stands before those of the batches."""
    return np.array([(0, 0, GENESIS, SEED, origin)], _BATCH).tobytes()


def _counts(batch: Any) -> tuple[int, int, int]:
    """Return how many nodes, words of keys and accounts there are after a batch."""
    size = int(batch["size"])
    return merkle.count(size), size * KEY_BYTES // 8, int(batch["accounts"])


def _opened(envelope: Envelope) -> bytes:
    """Return the accounts of a batch, with its number."""
    accounts = np.frombuffer(envelope.accounts, ACCOUNT)
    records = np.empty(len(accounts), _OPENED)
    records["lo"], records["hi"], records["sequence"] = accounts["id_lo"], accounts["id_hi"], envelope.sequence
    return records.tobytes()


def _continuing(store: Store, sequence: int, head: bytes) -> Iterator[tuple[Entry, Envelope]]:
    for entry in store.read(sequence + 1):
        sequence += 1
        if entry.sequence != sequence or head_of(head, entry.body) != entry.head:
            raise Damaged(f"{store.path}: batch {sequence} does not continue the chain; run skarb verify")
        head = entry.head
        yield entry, open_envelope(entry.body)


def _write(files: Mapping[str, IO[bytes]], waiting: dict[str, bytearray]) -> None:
    """Write what waits; the records of the batches last, so that they never speak of what is not there."""
    for name, file in files.items():
        file.write(waiting[name])
        file.flush()
        waiting[name].clear()


def _read(path: Path, dtype: np.dtype[Any]) -> Records:
    count = path.stat().st_size // dtype.itemsize if path.exists() else 0
    return np.memmap(path, dtype, "r", shape=(count,)) if count else np.empty(0, dtype)
