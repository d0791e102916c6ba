"""Tokens in and out: transfers to and from wallets, gifts, payments in tokens, mining rewards, placements."""

from __future__ import annotations

from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.desk import Leg, Product
from skarb.desk.model import Sides


def give(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """Debit the party, credit the other side."""
    return (Leg(sides.party, sides.counterparty, instruction.asset, sides.units),)


def take(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """Debit the other side, credit the party."""
    return (Leg(sides.counterparty, sides.party, instruction.asset, sides.units),)


def create(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """Bring new units into being: out of the chain, into the party's account."""
    return (Leg(f"chain/{instruction.asset}/created", sides.party, instruction.asset, sides.units),)


product = Product(
    code="wallet",
    title="Tokens in and out",
    plans={
        "token_transfer_out": give,
        "token_transfer_in": take,
        "token_gift": give,
        "token_bequeath": give,
        "token_pay": give,
        "token_trade_settle": give,
        "token_place": give,
        "token_create": create,
        "mine": create,
    },
)
