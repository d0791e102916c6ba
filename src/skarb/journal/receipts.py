"""The answers to a batch: made when it has been written, and made again from the journal whenever somebody repeats an id.

Source: the ledger's result codes name why a permitted instruction was not posted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skarb.core.decision import Decision, Outcome, Receipt
from skarb.journal.chain import Envelope, instructions_of, rulings_of
from skarb.journal.law import Law
from skarb.journal.model import Ruling
from skarb.ledger import Result

_MANY = 64  # transfers from which on columns are the quicker way
Column = npt.NDArray[np.int64]


class Decided(NamedTuple):
    """A ruling of a batch in words."""

    decision: Decision
    edition: str  # SHA-256 of the edition that decided


def receipts_of(envelope: Envelope, head: bytes, law: Callable[[str], Law], rows: Sequence[int] | None = None) -> list[Receipt]:
    """Return the receipts of some rows of a batch, or of all, from what the journal says.

    Units: `law` gives the edition with a hash.
    """
    rows = range(envelope.rows) if rows is None else rows
    numbers: dict[Ruling, int] = {}  # the same few rulings come again and again
    ruled = [numbers.setdefault(ruling, len(numbers)) for ruling in rulings_of(envelope, rows)]
    decided = []
    for ruling in numbers:
        edition = envelope.editions[ruling.edition]
        decided.append(Decided(law(edition).ruling(ruling.outcome, ruling.duties, ruling.levy), edition))
    return make_receipts(
        ids=[instruction.id for instruction in instructions_of(envelope, rows)],
        rows=rows,
        decided=decided,
        ruled=np.array(ruled, np.int64),
        codes=codes_by_row(envelope.rows, envelope.owners, envelope.results),
        place=(envelope.book, envelope.sequence, head),
    )


class Codes(NamedTuple):
    """The ledger's answers to the transfers of each row."""

    distinct: list[tuple[str, ...]]  # names of result codes, in order
    numbers: Column  # of each row: which of them


def make_receipts(
    ids: Sequence[str],
    rows: Sequence[int],
    decided: Sequence[Decided],
    ruled: Column,
    codes: Codes,
    place: tuple[str, int, bytes],
) -> list[Receipt]:
    """Return one receipt for each of some rows of a batch.

    Shape: `ids` and `ruled`, which of `decided` it is, one item for each of `rows`; `codes` are those of the whole batch; `place` the
    book, the number of the batch and the head after it.
    """
    book, sequence, head = place
    kinds = (ruled * len(codes.distinct) + codes.numbers[np.asarray(rows, np.int64)]).tolist()  # ruling and codes in one number
    outcomes: dict[int, Outcome] = {}
    decisions: dict[int, Decision] = {}
    editions: dict[int, str] = {}
    posts: dict[int, tuple[str, ...]] = {}
    for kind in set(kinds):
        (decisions[kind], editions[kind]), posts[kind] = (
            decided[kind // len(codes.distinct)],
            codes.distinct[kind % len(codes.distinct)],
        )
        outcomes[kind] = outcome_of(decisions[kind], posts[kind])
    columns = [map(column.__getitem__, kinds) for column in (outcomes, decisions, editions, posts)]
    fields = (ids, *columns[:3], repeat(book), repeat(sequence), rows, columns[3], repeat(False), repeat(head.hex()))
    return list(map(Receipt, *fields))


def outcome_of(decision: Decision, codes: Sequence[str]) -> Outcome:
    """Return what became of an instruction: a permitted one is posted when the ledger took every transfer."""
    if decision.verdict == "permit":
        return "posted" if all(code == Result.created.name for code in codes) else "not_posted"
    return "refused" if decision.verdict == "refuse" else "referred"


def codes_by_row(rows: int, owners: bytes | memoryview, results: bytes | memoryview) -> Codes:
    """Return the ledger's result codes for each of so many rows; none where there were no transfers."""
    owned, given = np.frombuffer(owners, "<u4").astype(np.int64), np.frombuffer(results, np.uint8)
    names = {code: Result(code).name for code in set(bytes(results))}
    if len(owned) >= _MANY and owned[-1] < rows and (owned[1:] > owned[:-1]).all():  # at most one transfer for each row
        known, inverse = np.unique(given, return_inverse=True)
        numbers = np.zeros(rows, np.int64)
        numbers[owned] = inverse + 1
        return Codes([(), *((names[code],) for code in known.tolist())], numbers)
    by_row: dict[int, tuple[str, ...]] = {}
    for owner, code in zip(owned.tolist(), given.tolist(), strict=True):
        by_row[owner] = (*by_row.get(owner, ()), names[code])
    distinct: dict[tuple[str, ...], int] = {(): 0}
    numbers = np.zeros(rows, np.int64)
    for row, codes in by_row.items():
        if row < rows:  # else the journal was changed, which verification tells
            numbers[row] = distinct.setdefault(codes, len(distinct))
    return Codes(list(distinct), numbers)
