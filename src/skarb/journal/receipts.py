"""The answers to a batch: made when it has been written, and made again from the journal whenever somebody repeats an id.

Source: the ledger's result codes name why a permitted instruction was not posted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from skarb.core.decision import Decision, Outcome, Receipt
from skarb.journal.chain import Envelope, instructions_of, rulings_of
from skarb.journal.law import Law
from skarb.journal.model import Ruling
from skarb.ledger import Result


def receipts_of(envelope: Envelope, head: bytes, law: Callable[[str], Law], rows: Sequence[int] | None = None) -> list[Receipt]:
    """Return the receipts of some rows of a batch, or of all, from what the journal says.

    Units: `law` gives the edition with a hash.
    """
    rows = range(envelope.rows) if rows is None else rows
    codes = codes_by_row(envelope.owners, envelope.results)
    rulings, instructions = rulings_of(envelope, rows), instructions_of(envelope, rows)
    known: dict[Ruling, Decision] = {}  # the same few rulings come again and again
    receipts = []
    for row, ruling, instruction in zip(rows, rulings, instructions, strict=True):
        edition = envelope.editions[ruling.edition]
        if (decision := known.get(ruling)) is None:
            decision = known[ruling] = law(edition).ruling(ruling.outcome, ruling.duties, ruling.levy)
        posted = codes.get(row, ())
        receipts.append(
            Receipt(
                id=instruction.id,
                outcome=outcome_of(decision, posted),
                decision=decision,
                edition=edition,
                book=envelope.book,
                sequence=envelope.sequence,
                row=row,
                codes=posted,
                head=head.hex(),
            )
        )
    return receipts


def outcome_of(decision: Decision, codes: Sequence[str]) -> Outcome:
    """Return what became of an instruction: a permitted one is posted when the ledger took every transfer."""
    if decision.verdict == "permit":
        return "posted" if all(code == Result.created.name for code in codes) else "not_posted"
    return "refused" if decision.verdict == "refuse" else "referred"


def codes_by_row(owners: bytes | memoryview, results: bytes | memoryview) -> dict[int, tuple[str, ...]]:
    """Return the names of the ledger's result codes, in order, for each row that had transfers."""
    names: dict[int, tuple[str, ...]] = {}
    known = {code: (Result(code).name,) for code in set(bytes(results))}
    for owner, code in zip(np.frombuffer(owners, "<u4").tolist(), bytes(results), strict=True):
        names[owner] = names.get(owner, ()) + known[code]
    return names
