"""What an instruction's payload lacks, and what screening finds for the persons in it, as the desk asks: computed from what is on the
shelf, asserted by nobody.

An instruction names its payload by a reference (`declared.travel_payload`). The payload belongs to one transfer: to the
instruction it came with, or to the exchange in which it travelled, whose token, amount and address the instruction must repeat.
An exchange must have been approved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import cast

from skarb.app.travel.persons import Found, Persons
from skarb.app.travel.shelf import Kept, Shelf
from skarb.core.decision import Outcome, Verdict
from skarb.core.instruction import TRAVEL_PAYLOAD, Instruction
from skarb.core.screening_list import ScreeningResult
from skarb.travelrule.exchange import SEALED, Exchange, Side
from skarb.travelrule.persons import End

TRANSFERS = ("token_transfer_out", "token_transfer_in")
OTHER_ACCOUNT = {"token_transfer_out": "beneficiary.account", "token_transfer_in": "originator.account"}


@dataclass(frozen=True)
class Standing:
    """Answers the desk about the payload of an instruction."""

    lacking: Callable[[Instruction], tuple[str, ...]]  # what it lacks; nothing = it is complete
    persons: Callable[[Instruction], Found]  # what screening finds for those it tells of

    def __call__(self, i: Instruction) -> tuple[str, ...]:
        """Return what an instruction's payload lacks."""
        return self.lacking(i)

    def screening(self, i: Instruction) -> ScreeningResult:
        """Return what screening finds for everybody in an instruction's payload."""
        return self.persons(i).result


def reference_of(i: Instruction) -> str | None:
    """Return the payload that an instruction names."""
    reference = (i.declared or {}).get(TRAVEL_PAYLOAD)
    return reference if isinstance(reference, str) else None


def own_end(i: Instruction) -> End | None:
    """Return at which end of a transfer the institution's own client stands."""
    if i.activity == "token_transfer_out":
        return "originator"
    return "beneficiary" if i.activity == "token_transfer_in" else None


def standing_of(shelf: Shelf, persons: Persons | None = None, *, posting: bool = False) -> Standing:
    """Return what instructions lack by a shelf, and what `persons` finds for those they tell of; without it nobody is clear.

    Who posts takes the payload of an exchange for the first instruction that is complete.
    """

    def found(i: Instruction) -> Found:
        if persons is None:
            return Found(ScreeningResult(status="unavailable", missing=("nobody screens payloads here",)))
        return persons.found(reference_of(i) or "", i.party, own_end(i))

    def lacking(i: Instruction) -> tuple[str, ...]:
        reference = (i.declared or {}).get(TRAVEL_PAYLOAD)
        kept = shelf.kept(reference) if isinstance(reference, str) else None
        if kept is None:
            return ("payload",) if reference is None else ("payload (not kept here)",)
        owner, _, name = kept.handle.partition("/")
        if owner == "instruction":
            return _lacks(kept, i) if name == _occasion(i) else ("payload (it belongs to another instruction)",)
        exchange = shelf.exchange(cast(Side, owner), name)
        wrong = "payload (its exchange is not here)" if exchange is None else _differs(exchange, kept, i)
        lacks = (wrong,) if wrong else _lacks(kept, i)
        if lacks:
            return lacks
        own = _occasion(i)
        taken = shelf.use(kept.reference, own) if posting else shelf.used_by(kept.reference) or own
        return () if taken == own else (f"payload (it was used for {taken})",)

    return Standing(lacking, found)


def settle(shelf: Shelf, i: Instruction, outcome: Outcome) -> None:
    """Give the payload of an exchange back if its instruction came to nothing: another one may then have it."""
    reference = reference_of(i)
    if reference is not None and outcome in ("refused", "not_posted"):
        shelf.free(reference, _occasion(i))


def _occasion(i: Instruction) -> str:
    return i.approves or i.id  # an approval is about the same transfer as its referral


def _lacks(kept: Kept, i: Instruction) -> tuple[str, ...]:
    """Leave out the account that the instruction itself names: the wallet of the other side."""
    return tuple(one for one in kept.lacking if not (i.wallet and one == OTHER_ACCOUNT.get(i.activity)))


def _differs(exchange: Exchange, kept: Kept, i: Instruction) -> str:
    side = {"token_transfer_out": "originator", "token_transfer_in": "beneficiary"}.get(i.activity)
    if exchange.side != side:
        return f"payload (it came on the {exchange.side}'s side)"
    if exchange.state not in ("approved", "confirmed"):
        said = f": {exchange.comment}" if exchange.comment not in ("", SEALED) else ""
        return f"approval (the exchange is {exchange.state}{said})"
    if exchange.state == "approved" and exchange.deadline is not None and i.at > exchange.deadline:
        return "approval (the exchange is expired)"  # whether or not somebody has written it down by now
    if kept.about.get("asset") != i.asset or not _same(exchange.amount, i.amount):
        return "payload (it is about another asset or amount)"
    paid_to = i.wallet.partition(":")[2] if i.wallet else ""
    if exchange.side == "originator" and paid_to.lower() != exchange.address.rpartition(":")[2].lower():
        return "wallet (not the address that was approved)"
    return ""


def _same(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def missing(standing: Standing | None, i: Instruction, verdict: Verdict) -> str:
    """Return in words what a transfer that does not go on lacks, for the institution's own people; nothing where it goes on, or where
    nobody keeps payloads."""
    if verdict == "permit" or standing is None or i.activity not in TRANSFERS:
        return ""
    lacks, found = standing(i), standing.persons(i) if reference_of(i) is not None else None
    if found is None or found.clear or (lacks and found.result.status == "unavailable"):
        return ", ".join(lacks)
    return ", ".join((*lacks, found.said))
