"""The archive: batches read back from the books, each under the edition that decided it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skarb.app.model import BatchLine, TransferLine
from skarb.app.tally import Answered, answered
from skarb.core.amount import format_amount
from skarb.core.transfer import TRANSFER
from skarb.desk import Chart
from skarb.journal import Envelope, open_envelope
from skarb.journal.chain import rulings_of
from skarb.ledger import Result
from skarb.registers import Registers
from skarb.rulebook import Edition, Rulebook
from skarb.store import Entry, open_store

_KEPT = 64  # batches kept at hand


class Found(NamedTuple):
    """A batch as it lies in the store, opened, and its rows as they were answered."""

    entry: Entry
    envelope: Envelope
    rows: list[Answered]


class Archive:
    """Reads the books of a market; several threads may ask."""

    def __init__(self, book_path: Callable[[str], Path], rulebook: Rulebook) -> None:
        self._book_path = book_path
        self._rulebook = rulebook
        self._kept: dict[str, Edition] = {}
        self.batch = lru_cache(maxsize=_KEPT)(self._read)

    def law(self, book: str, name: str, day: int) -> Edition:
        """Return an edition by its hash: today's rulebook has it, unless the law was rewritten since; then the book keeps it."""
        edition = self._kept.get(name)
        if edition is None:
            edition = self._rulebook.edition(day)
            if edition.hash != name:
                edition = self._from_book(book, name)
            self._kept[name] = edition
        return edition

    def edition_of(self, envelope: Envelope, row: int) -> Edition:
        """Return the edition that decided a row."""
        name = envelope.editions[rulings_of(envelope, [row])[0].edition]
        return self._kept.get(name) or self._from_book(envelope.book, name)

    def lines(self, book: str, first: int, last: int) -> tuple[BatchLine, ...]:
        """Return some batches of a book in one line each, newest first."""
        found = []
        store = open_store(self._book_path(book))
        try:
            for sequence in range(last, first - 1, -1):
                entry = store.entry(sequence)
                if entry is not None:
                    envelope = open_envelope(entry.body)
                    recorded_at, head = instant_of(envelope.recorded_at), entry.head.hex()
                    found.append(BatchLine(sequence=sequence, recorded_at=recorded_at, rows=envelope.rows, head=head))
        finally:
            store.close()
        return tuple(found)

    def _from_book(self, book: str, name: str) -> Edition:
        store = open_store(self._book_path(book))
        try:
            return Edition.from_normal(store.text(name) or b"")
        finally:
            store.close()

    def _read(self, book: str, sequence: int) -> Found | None:
        store = open_store(self._book_path(book))
        try:
            entry = store.entry(sequence)
        finally:
            store.close()
        if entry is None:
            return None
        envelope = open_envelope(entry.body)
        return Found(entry, envelope, answered(envelope, self.law))


def transfer_lines(envelope: Envelope, row: int, chart: Chart, registers: Registers) -> tuple[TransferLine, ...]:
    """Return the transfers of a row in words, with the ledger's answers."""
    records = np.frombuffer(envelope.transfers, TRANSFER)
    owners, results = np.frombuffer(envelope.owners, "<u4"), np.frombuffer(envelope.results, np.uint8)
    lines = []
    for number in np.flatnonzero(owners == row).tolist():
        record, result = records[number], Result(int(results[number]))
        debit, credit = (chart.opening(record[f"{side}_lo"], record[f"{side}_hi"]) for side in ("debit", "credit"))
        units = int(record["amount_lo"]) | int(record["amount_hi"]) << 64
        lines.append(
            TransferLine(
                debit=debit.address,
                credit=credit.address,
                asset=debit.asset,
                amount=format_amount(units, registers.asset(debit.asset).decimals),
                result="ok" if result is Result.created else result.name,
            )
        )
    return tuple(lines)


def instant_of(nanoseconds: int) -> datetime:
    """Return nanoseconds since 1970 as an instant."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
