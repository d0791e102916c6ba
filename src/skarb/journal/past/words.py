"""Which instruction stands behind a line of a statement, read from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from skarb.core.errors import ensure
from skarb.journal.chain import instructions_of, open_envelope
from skarb.journal.past.model import Heights
from skarb.ledger import Result
from skarb.ledger.past import Line
from skarb.store import open_store


def instruction_ids(book: Path, heights: Heights, lines: Sequence[Line]) -> list[str]:
    """Return the id of the instruction behind each line; behind a hold that ran out, of the one that held. Each batch is read once."""
    rows = np.array([line.row for line in lines], np.int64)
    sequences = np.searchsorted(heights.transfers, rows.astype(np.uint64), side="right")
    found = [""] * len(rows)
    store = open_store(book)
    try:
        for sequence in np.unique(sequences).tolist():
            entry = store.entry(sequence)
            ensure(entry is not None, "a batch that was posted again is in the journal")
            envelope = open_envelope(entry.body if entry is not None else b"")
            places = np.flatnonzero(sequences == sequence)
            created = np.flatnonzero(np.frombuffer(envelope.results, np.uint8) == Result.created.value)
            numbers = created[rows[places] - int(heights.transfers[sequence - 1])]
            owners = np.frombuffer(envelope.owners, "<u4")[numbers].tolist()
            for place, instruction in zip(places.tolist(), instructions_of(envelope, owners), strict=True):
                found[place] = instruction.id
    finally:
        store.close()
    return found
