"""Rows of a file as one side of a reconciliation: reference, day, amount, direction."""

from __future__ import annotations

from collections.abc import Iterable

from skarb.core.errors import InputError
from skarb.core.instruction import NOT_PROVIDED
from skarb.core.time import legal_day
from skarb.intake import Reading
from skarb.oversight.flows.reconcile import Entry
from skarb.oversight.flows.sheet import amount_problem

_INWARD = ("token_transfer_in",)


def entries_of_readings(readings: Iterable[Reading], zone: str) -> list[Entry]:
    """Return an entry for each row; its reference is the end-to-end id, where there is one, else the row's own id.

    Raises: InputError for the first malformed row, as a reconciliation that leaves rows out says nothing.
    """
    found = []
    for reading in readings:
        if reading.problems:
            raise InputError(f"{reading.problems[0]}; a reconciliation needs every row")
        for row, one in zip(reading.rows, reading.instructions, strict=True):
            wrong = amount_problem(one.amount)
            if wrong is not None:
                raise InputError(f"{wrong.problem(f'{reading.source} row {row}', row)}; a reconciliation needs every row")
            whole, _, fraction = one.amount.partition(".")
            amount = int(whole + fraction), len(fraction)
            said = one.end_to_end_id if (one.end_to_end_id or "").upper() != NOT_PROVIDED else None
            reference, day = said or one.id, legal_day(one.at, zone)
            where = f"{reading.source} row {row}"
            found.append(Entry(reference, day, one.asset, *amount, one.activity not in _INWARD, where))
    return found
