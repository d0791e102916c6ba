"""Tokens in and out: transfers to and from wallets, gifts, payments in tokens, mining rewards, placements."""

from __future__ import annotations

from skarb.core.instruction import Instruction
from skarb.desk import Gathered, Leg, Product, release


def give(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Debit the party, credit the other side."""
    return (Leg(gathered.party, gathered.counterparty, instruction.asset, gathered.units),)


def take(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Debit the other side, credit the party."""
    return (Leg(gathered.counterparty, gathered.party, instruction.asset, gathered.units),)


def create(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Bring new units into being: out of the chain, into the party's account."""
    return (Leg(f"chain/{instruction.asset}/created", gathered.party, instruction.asset, gathered.units),)


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
        "token_release": release,
    },
)
