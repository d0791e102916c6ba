"""A book at a glance: the licence it works under and since when, what was decided, whose assets it holds, how long its chain is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from skarb.app.model import BookView, Holding
from skarb.app.tally import BookTally
from skarb.core.amount import format_amount
from skarb.desk import Desk
from skarb.journal import GENESIS
from skarb.registers import Admission, Registers
from skarb.simulate import BookEntry

_OTHER = ("deposit/", "quarantine/")


def book_of(entry: BookEntry, path: Path, desk: Desk, tally: BookTally | None, registers: Registers, today: date) -> BookView:
    """Return a book: what was decided in it, what it holds, how long its chain is."""
    outcomes = tally.outcomes if tally is not None else {}
    gates = _gates(entry.name, registers, today)
    return BookView(
        name=entry.name,
        title=entry.title,
        latin=entry.latin,
        path=str(path),
        licence=entry.licence,
        needs_both_gates=len(registers.country.gates.get(entry.licence, ())) > 1,
        regime_since=gates.get("regime"),
        register_since=gates.get("central_bank"),
        permitted=outcomes.get("posted", 0),
        refused=outcomes.get("refused", 0),
        referred=outcomes.get("referred", 0),
        not_posted=outcomes.get("not_posted", 0),
        accounts=desk.book.ledger.accounts,
        holdings=_holdings(desk, registers),
        height=tally.height if tally is not None else 0,
        head=(desk.book.head if tally is not None else GENESIS).hex(),
        recorded_at=tally.recorded_at if tally is not None else None,
    )


def _gates(party: str, registers: Registers, today: date) -> dict[str, date]:
    found: dict[str, date] = {}
    for entry in registers.history("licences", party):
        if isinstance(entry, Admission) and not entry.withdrawn and entry.valid_from <= today:
            found.setdefault(entry.gate, entry.valid_from)
    return found


def _holdings(desk: Desk, registers: Registers) -> tuple[Holding, ...]:
    sums: dict[str, list[int]] = {}
    for opening, balance in desk.positions():
        where = opening.address
        kind = 0 if where.startswith("client/") else 1 if where.startswith("own/") else 2 if where.startswith(_OTHER) else 3
        if kind < 3:
            sums.setdefault(opening.asset, [0, 0, 0])[kind] += balance
    holdings = []
    for asset, (clients, own, other) in sorted(sums.items()):
        decimals = registers.asset(asset).decimals
        holdings.append(
            Holding(
                asset=asset,
                clients=format_amount(clients, decimals),
                own=format_amount(own, decimals),
                other=format_amount(other, decimals),
            )
        )
    return tuple(holdings)
