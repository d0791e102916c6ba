"""A batch on its way down the road: what each stage added, and the receipts at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from skarb.core.decision import Receipt
from skarb.core.instruction import Assumptions
from skarb.desk.model import Answer, Case, Column
from skarb.journal import Batch, Ruling
from skarb.journal.receipts import Decided, codes_by_row, make_receipts
from skarb.rulebook import Edition


def _no_column() -> Column:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class Work:
    """What is known of a batch so far. Columns and lists below `answer` have one item per new instruction."""

    assumptions: Assumptions | None
    answer: Answer
    places: list[int] | None = None  # index among the instructions handed in, None where all of them are new
    ids: Sequence[str] = ()
    keys: bytes = b""
    contents: msgspec.Raw = field(default_factory=msgspec.Raw)  # the instructions as they stand in the journal
    cases: list[Case] = field(default_factory=list)  # the distinct ones, in the order of their first row
    numbers: Column = field(default_factory=_no_column)  # of each row: which of them
    values: Column = field(default_factory=_no_column)  # MISSING where there is none
    values_usd: Column = field(default_factory=_no_column)
    totals: Column = field(default_factory=_no_column)  # of each row as many as its case has, one row after the other
    editions: list[Edition] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)  # the distinct ones
    decided: list[Decided] = field(default_factory=list)  # what each of them says
    ruled: Column = field(default_factory=_no_column)  # of each row: which of them
    repeats: list[tuple[int, int, bool]] = field(default_factory=list)  # (index, row it repeats, same content)
    batch: Batch | None = None
    sequence: int = 0


def give_receipts(work: Work, batch: Batch, head: bytes) -> None:
    """Put the receipts of a batch that is on disk into its answer."""
    made = make_receipts(
        ids=work.ids,
        rows=range(len(work.ids)),
        decided=work.decided,
        ruled=work.ruled,
        codes=codes_by_row(len(work.ids), batch.owners, batch.results),
        place=(batch.book, work.sequence, head),
    )
    receipts = work.answer.receipts
    if work.places is None:
        receipts[:] = made
        return
    for index, receipt in zip(work.places, made, strict=True):
        receipts[index] = receipt
    for index, row, same in work.repeats:
        receipts[index] = again(made[row], same=same)


def again(first: Receipt, *, same: bool) -> Receipt:
    """Return what an instruction gets whose id was answered before: the first receipt, or a conflict if it is not the same."""
    return msgspec.structs.replace(first, repeated=True) if same else msgspec.structs.replace(first, outcome="conflict", codes=())
