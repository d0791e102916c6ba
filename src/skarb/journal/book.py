"""A book: one institution's ledger and journal, opened by its one writer or by any number of readers.

Opening reads every batch, checks the chain, posts everything to an empty ledger again and compares the result codes; what
is in memory afterwards is exactly what the journal says. Then the writer asks `recall` which instructions are new, posts them to
`book.ledger` at the time `instant` gave, and hands the finished batch to `append`. When `append` returns, the batch is on disk.

Whoever moves the ledger does it in a `step`, which ends with the batch that says so. If a step or a write fails, memory and disk no longer
agree. The book then refuses everything until it is opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
import numpy as np

from skarb.core.decision import Receipt
from skarb.core.errors import NotAllowed, NotFound, SkarbError, Unavailable, ensure
from skarb.core.instruction import Instruction
from skarb.core.time import Clock
from skarb.core.transfer import ACCOUNT, TRANSFER
from skarb.journal.chain import OWNER_BYTES, Envelope, decode, encode, head_of, instructions_of, open_envelope, raw_rows
from skarb.journal.chart import Chart
from skarb.journal.folding import CASE_BYTES, VALUE_BYTES
from skarb.journal.interruption import uninterrupted
from skarb.journal.law import Law, load_law
from skarb.journal.lookup import Positions
from skarb.journal.memory import NO_MARKS, Marks, Memory
from skarb.journal.model import Batch
from skarb.journal.receipts import receipts_of
from skarb.journal.seal import Progress, take_seal, write_seal
from skarb.journal.snapshot import snapshot_path, snapshot_pieces, write_snapshot
from skarb.journal.writer import Writer
from skarb.ledger import Ledger
from skarb.store import Damaged, KeepsSnapshot, Store, book_files

WORTH_SNAPSHOT = 1_000_000  # transfers since the latest one; posting them again takes about a second
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Answered(NamedTuple):
    """The first answer to an id, and the content of what was answered."""

    receipt: Receipt
    content: bytes


class Book:
    """The ledger, the id index and the journal of one institution; made by `open_book`."""

    def __init__(self, store: Store, name: str, clock: Clock | None, memory: Memory, snapshot_at: Marks = NO_MARKS) -> None:
        self.path = store.path
        self.name = name
        self.sequence = memory.sequence  # of the last batch that is on disk
        self.head = memory.head  # after that batch
        self._memory = memory  # runs ahead of the disk by the batches under way
        self._store = store
        self._clock = clock
        self._texts = set(store.text_names())
        self._editions: dict[str, Law] = {}
        self._failure: BaseException | None = None
        self.follower: Callable[[int], None] | None = None  # is told of each batch once it is on disk, by the thread that writes
        self._snapshot_at = snapshot_at  # what is in the latest snapshot
        self._writer = Writer(self._commit)

    @property
    def ledger(self) -> Ledger:
        """The ledger machine; the writer posts to it before it appends."""
        return self._memory.ledger

    @property
    def chart(self) -> Chart:
        """The accounts opened so far, those that a batch in the making will open included."""
        return self._memory.chart

    @property
    def assets(self) -> dict[str, int]:
        """The number of each asset in the ledger, by code, as the accounts opened so far use it."""
        return self._memory.assets

    @property
    def instructions(self) -> int:
        """How many instructions the book has answered, those under way included."""
        return self._memory.instructions

    def recall(self, keys: bytes) -> Positions:
        """Say for each instruction whether its id was answered before.

        Shape: -1 new; 0 and more the place of the first answer, for `answers`; -2 - i the id stands already in row i of this very
        call.
        """
        self._must_be_whole()
        return self._memory.index.recall(keys)

    def receipt(self, position: int) -> Receipt:
        """Return the first answer at a position that `recall` gave."""
        return self.answers([position])[0].receipt

    def answers(self, positions: Sequence[int]) -> list[Answered]:
        """Return the first answers at some positions from the journal, and what they answered, reading every batch once.

        Raises: NotFound beyond the last instruction.
        """
        wanted: dict[int, dict[int, int]] = {}  # batch → position → row
        for position in map(int, positions):
            if not 0 <= position < self.instructions:
                raise NotFound(
                    f"{self.path} has no instruction at position {position}; it holds {self.instructions}, counted from 0"
                )
            sequence, row = self._memory.place(position)
            wanted.setdefault(sequence, {})[position] = row
        if wanted and max(wanted) > self.sequence:
            self._writer.wait()
            self._must_be_whole()
        found: dict[int, Answered] = {}
        for sequence, rows in wanted.items():
            body, head = self._read(sequence)
            envelope = open_envelope(body)
            contents = raw_rows(envelope.instructions)
            receipts = receipts_of(envelope, head, self.edition, list(rows.values()))
            for (position, row), receipt in zip(rows.items(), receipts, strict=True):
                found[position] = Answered(receipt, bytes(contents[row]))
        return [found[int(position)] for position in positions]

    def batch(self, sequence: int) -> Batch:
        """Return one whole batch.

        Raises: NotFound
        """
        return decode(self._read(sequence)[0])

    def instruction(self, sequence: int, row: int) -> Instruction:
        """Return one instruction of a batch.

        Raises: NotFound
        """
        return instructions_of(open_envelope(self._read(sequence)[0]), [row])[0]

    def batches(self, from_sequence: int = 1) -> Iterator[Batch]:
        """Yield whole batches in order."""
        return (decode(entry.body) for entry in self._store.read(from_sequence))

    def envelopes(self, from_sequence: int = 1) -> Iterator[Envelope]:
        """Yield the columns of batches in order with their rows unread, a hundred times faster than `batches`."""
        return (open_envelope(entry.body) for entry in self._store.read(from_sequence))

    @property
    def editions(self) -> tuple[str, ...]:
        """SHA-256 of each edition whose text the book keeps."""
        return tuple(sorted(self._texts))

    def edition_text(self, name: str) -> bytes:
        """Return the normal form of a kept edition.

        Raises: NotFound; Damaged if the text is no longer the one with this hash.
        """
        text = self._store.text(name)
        if text is None:
            raise NotFound(f"{self.path} keeps no edition {name}; it keeps {len(self._texts)}, see `editions`")
        if sha256(text).hexdigest() != name:
            raise Damaged(f"{self.path}: the text kept as edition {name} was changed; run skarb verify")
        return text

    def edition(self, name: str) -> Law:
        """Return a kept edition, ready to decide."""
        if name not in self._editions:
            self._editions[name] = load_law(self.edition_text(name))
        return self._editions[name]

    def keep_edition(self, text: bytes) -> str:
        """Keep the normal form of an edition durably and return its SHA-256; a batch may name only kept ones."""
        self._writing_clock()
        name = sha256(text).hexdigest()
        if name not in self._texts:
            self._store.put_text(name, text)
            self._texts.add(name)
        return name

    def instant(self) -> int:
        """Return the time to record the next batch at: after that of the last one, even if the clock was set back.

        Units: nanoseconds since 1970.
        """
        now = (self._writing_clock()() - _EPOCH) // timedelta(microseconds=1) * 1000
        return max(now, self._memory.recorded_at + 1)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Move the ledger and hand over the batch that says so, as one; an interruption from the keyboard waits for both.

        A step that fails after the ledger was moved leaves a book that must be opened again.
        """
        before = self.ledger.moment
        with uninterrupted():
            try:
                yield
            except BaseException as error:
                if self.ledger.moment != before:
                    self._failure = self._failure or error
                raise

    def append(self, batch: Batch) -> bytes:
        """Write one batch and return the head after it; the batch is on disk when this returns.

        Book and sequence are filled in. Accounts and transfers were given to `book.ledger` at `batch.recorded_at` before.
        Raises: Unavailable if it could not be written; the book must then be opened again.
        """
        head = self._writer.run(self._take(batch))
        self._keep_up()
        return head

    def append_async(self, batch: Batch) -> Future[bytes]:
        """Hand one batch to the writing thread; the future gives the head once the batch is on disk.

        At most two batches are under way; with a third one the caller waits here. Answer nobody before the future is done.
        `recall` knows the instructions of batches under way.
        """
        answer = self._writer.submit(self._take(batch))
        self._keep_up()
        return answer

    def flush(self) -> None:
        """Return when every batch handed over is on disk.

        Raises: Unavailable if one of them could not be written.
        """
        self._writer.wait()
        self._must_be_whole()

    def close(self, progress: Progress | None = None) -> bool:
        """Finish what is under way and let go of the book; True when it was sealed.

        A book that failed, that was opened for reading, or that somebody is reading just now is left unsealed.
        """
        self._writer.close()
        try:
            if self._is_worth_a_snapshot():
                with suppress(SkarbError):  # the next opening takes longer without one, and that is all
                    self.take_snapshot()
            if self._clock is None or self._failure is not None or not self._store.settle() or book_files(self.path):
                return False
            if not isinstance(self.path, Path):  # a database has no file to be sealed
                return False
            write_seal(self.path, take_seal(self.path, self.name, self.sequence, self.head, progress))
            return True
        finally:
            self._failure = self._failure or NotAllowed("it was closed")
            self._store.close()
            self._memory.close()

    def take_snapshot(self) -> None:
        """Write what is known beside the book, or into its database, so that the next opening reads only what comes after.

        Raises: Unavailable if it could not be written, the old one stays then.
        """
        self.flush()
        self._memory.finish_leaving()
        memory = replace(self._memory, sequence=self.sequence, head=self.head)
        try:
            if isinstance(self.path, Path):
                write_snapshot(snapshot_path(self.path), self.name, memory)
            elif isinstance(self._store, KeepsSnapshot):
                self._store.put_snapshot(snapshot_pieces(self.name, memory))
        except OSError as error:
            raise Unavailable(f"no snapshot of {self.path} could be written: {error}; the book itself is whole") from error
        self._snapshot_at = memory.marks
        if memory.runs is not None:
            memory.runs.forget_others()

    def _is_worth_a_snapshot(self) -> bool:
        is_whole = self._clock is not None and self._failure is None
        return is_whole and self.ledger.transfers - self._snapshot_at.transfers >= WORTH_SNAPSHOT

    def _keep_up(self) -> None:
        """Take a snapshot when more was put away than the latest one knows; the writer waits for what is under way."""
        memory = self._memory
        if memory.marks.put_away > self._snapshot_at.put_away and not memory.is_leaving:
            self._writer.wait()
            if self._failure is None:
                self._snapshot_at = memory.marks  # one that cannot be written is tried again with the next
                with suppress(SkarbError):
                    self.take_snapshot()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _take(self, batch: Batch) -> Batch:
        """Check and number a batch, and remember its instructions."""
        self._writing_clock()
        memory = self._memory
        try:
            _check(batch)
            ensure(batch.recorded_at > memory.recorded_at, "a batch is recorded after the one before it")
            ensure(self._texts.issuperset(batch.editions), "the text of an edition is kept before it decides")
            memory.note_openings(batch.openings, batch.accounts, batch.account_results)
            memory.index.add(batch.keys)
        except BaseException as error:
            self._failure = error  # the ledger holds transfers that will never be written
            raise
        memory.stops.append(memory.instructions + batch.rows)
        memory.recorded_at = batch.recorded_at
        return msgspec.structs.replace(batch, book=self.name, sequence=len(memory.stops) - 1)

    def _commit(self, batch: Batch) -> bytes:
        """Encode, chain and store one batch; one after the other."""
        self._must_be_whole()
        try:
            body = encode(batch)
            head = head_of(self.head, body)
            self._store.append(batch.sequence, self.head, head, body)
        except BaseException as error:
            self._failure = error
            raise
        self.sequence, self.head = batch.sequence, head
        if self.follower is not None:
            self.follower(batch.sequence)
        return head

    def _read(self, sequence: int) -> tuple[bytes, bytes]:
        entry = self._store.entry(sequence)
        if entry is None:
            raise NotFound(f"{self.path} has no batch {sequence}; the last one is {self.sequence}")
        return entry.body, entry.head

    def _writing_clock(self) -> Clock:
        self._must_be_whole()
        if self._clock is None:
            raise NotAllowed(f"{self.path} was opened for reading; open it with a clock to write")
        return self._clock

    def _must_be_whole(self) -> None:
        if self._failure is not None:
            raise Unavailable(
                f"{self.path} must be opened again, memory and disk no longer agree: {self._failure}"
            ) from self._failure


def _check(batch: Batch) -> None:
    rows, transfers, accounts = batch.rows, len(batch.results), len(batch.openings)
    for field in (batch.instructions, batch.rulings):
        ensure(isinstance(field, msgspec.Raw) or len(field) == rows, "each instruction has its key and its ruling")
    ensure(len(batch.cases) == rows * CASE_BYTES, "each instruction has its facts")
    ensure((np.frombuffer(batch.cases, "<u4") < len(batch.facts)).all(), "the facts of each instruction stand in its batch")
    ensure(len(batch.values) == len(batch.dollars) == rows * VALUE_BYTES, "each instruction has its values, or none")
    ensure(all(one.value is None is one.value_usd for one in batch.facts), "facts have no value of their own once folded")
    _check_totals(batch)
    ensure(len(batch.transfers) == transfers * TRANSFER.itemsize, "each transfer has its result")
    ensure(len(batch.owners) == transfers * OWNER_BYTES, "each transfer has its instruction")
    ensure(len(batch.accounts) == accounts * ACCOUNT.itemsize, "each opening has its account")
    ensure(len(batch.account_results) == accounts, "each account has its result")


def _check_totals(batch: Batch) -> None:
    """See that each instruction has as many totals as its facts; mostly that is none."""
    widths = [len(one.totals) for one in batch.facts]
    expected = int(np.array(widths)[np.frombuffer(batch.cases, "<u4")].sum()) if any(widths) else 0
    ensure(len(batch.totals) == expected * VALUE_BYTES, "each instruction has the totals that its law asks for")
    ensure(not any(widths) or not any(any(t is not None for t in one.totals) for one in batch.facts), "totals are folded, too")
