"""Which instruction stands behind a line of a statement, read from the journal; in a ledger without instructions, which transfer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skarb.core.errors import ensure
from skarb.core.transfer import TRANSFER
from skarb.journal.chain import Envelope, instructions_of, notes_of, open_envelope
from skarb.journal.model import ID_WORD, NO_OWNER
from skarb.journal.past.model import Heights
from skarb.ledger import Result
from skarb.ledger.past import Line
from skarb.store import Location, open_store


def instruction_ids(book: Location, heights: Heights, lines: Sequence[Line]) -> list[str]:
    """Return the id of the instruction, or of the transfer, behind each line; behind a hold that ran out, of the one that held.

    Each batch is read once.
    """
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
            direct = NO_OWNER in owners
            ids = _transfer_ids(envelope, numbers.tolist()) if direct else [one.id for one in instructions_of(envelope, owners)]
            for place, name in zip(places.tolist(), ids, strict=True):
                found[place] = name
    finally:
        store.close()
    return found


def _transfer_ids(envelope: Envelope, places: Sequence[int]) -> list[str]:
    """Return the ids of transfers as they were given, where the journal keeps them; of a leg the one of its transaction; else in hex."""
    records = np.frombuffer(envelope.transfers, TRANSFER)

    def key(place: int, name: str) -> int:
        return int(records[f"{name}_lo"][place]) | int(records[f"{name}_hi"][place]) << 64

    names = {key(note.transfer, "id"): note.words[ID_WORD] for note in notes_of(envelope) if ID_WORD in note.words}
    return [names.get(own := key(place, "id")) or names.get(key(place, "user")) or f"{own:#034x}" for place in places]
