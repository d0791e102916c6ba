"""Rows as people read them: a batch line by line, a row in full, what was refused and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable

from skarb.app.archive import Found, instant_of
from skarb.app.explain import reasons_of
from skarb.app.model import BatchView, Person, Place, Referral, Refusal, RowLine, RowView, TransferLine
from skarb.app.tally import Answered
from skarb.app.words import citation_of, says_of, title_of
from skarb.rulebook import Edition, Rulebook

Known = Callable[[str], Person]


def batch_of(found: Found, height: int, person: Known) -> BatchView:
    """Return a batch with its place in the chain and a line for each row."""
    entry, envelope, rows = found
    return BatchView(
        book=envelope.book,
        sequence=envelope.sequence,
        height=height,
        recorded_at=instant_of(envelope.recorded_at),
        previous_head=entry.previous.hex(),
        head=entry.head.hex(),
        registers=envelope.registers.hex(),
        editions=envelope.editions,
        rows=tuple(
            RowLine(
                row=one.row,
                id=one.instruction.id,
                at=one.instruction.at,
                party=person(one.instruction.party),
                activity=one.instruction.activity,
                asset=one.instruction.asset,
                amount=one.instruction.amount,
                outcome=one.outcome,
                provision=one.decision.provision,
            )
            for one in rows
        ),
    )


def row_of(
    found: Found,
    row: int,
    height: int,
    edition: Edition,
    transfers: tuple[TransferLine, ...],
    verify: str,
    rulebook: Rulebook,
    person: Known,
) -> RowView:
    """Return a row in full: the instruction, its facts, the decision with its reasons, what was posted, and how to verify it."""
    entry, envelope, rows = found
    one = rows[row]
    i, decision = one.instruction, one.decision
    names = dict.fromkeys(
        name
        for name in (i.party, i.counterparty, *(_party_of(side) for line in transfers for side in (line.debit, line.credit)))
        if name
    )
    return RowView(
        place=place_of(one),
        height=height,
        outcome=one.outcome,
        verdict=decision.verdict,
        measure=decision.measure,
        provision=decision.provision,
        title=title_of(rulebook, decision.provision),
        citation=citation_of(rulebook, decision.provision),
        says=says_of(rulebook, decision.provision),
        duties=decision.duties,
        levy=decision.levy,
        assumed=decision.assumed,
        edition=edition.hash,
        instruction=i,
        facts=one.facts,
        people=tuple(person(name) for name in names),
        reasons=reasons_of(edition, one.facts),
        transfers=transfers,
        recorded_at=instant_of(envelope.recorded_at),
        registers=envelope.registers.hex(),
        previous_head=entry.previous.hex(),
        head=entry.head.hex(),
        verify=verify,
    )


def refusal_of(one: Answered, rulebook: Rulebook, person: Known) -> Refusal:
    """Return what was refused, whose it was and by which provision."""
    i, decision = one.instruction, one.decision
    return Refusal(
        place=place_of(one),
        at=i.at,
        party=person(i.party),
        activity=i.activity,
        asset=i.asset,
        amount=i.amount,
        provision=decision.provision,
        title=title_of(rulebook, decision.provision),
        says=says_of(rulebook, decision.provision),
        measure=decision.measure,
        assumed=decision.assumed,
    )


def referral_of(one: Answered, rulebook: Rulebook, person: Known) -> Referral:
    """Return what waits for a person to decide, and why."""
    return Referral(
        place=place_of(one),
        at=one.instruction.at,
        party=person(one.instruction.party),
        activity=one.instruction.activity,
        asset=one.instruction.asset,
        amount=one.instruction.amount,
        provision=one.decision.provision,
        title=title_of(rulebook, one.decision.provision),
        says=says_of(rulebook, one.decision.provision),
        entered_by=one.instruction.entered_by,
    )


def place_of(one: Answered) -> Place:
    """Return where a row stands."""
    return Place(book=one.book, sequence=one.sequence, row=one.row)


def _party_of(address: str) -> str | None:
    kind, _, party = address.partition("/")
    if kind == "quarantine" and ":" in party.rpartition("/")[2]:  # what came from one wallet is kept apart from the rest
        party = party.rpartition("/")[0] or party
    return party if kind in ("client", "own", "outside", "deposit", "quarantine", "observed") and party else None
