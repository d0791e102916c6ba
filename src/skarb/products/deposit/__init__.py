"""Crypto-deposits and staking: tokens set apart for the party under an agreement."""

from __future__ import annotations

from skarb.core.instruction import Instruction
from skarb.desk import Gathered, Leg, Product


def set_apart(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Move tokens from the party's account to his deposit, where he cannot spend them."""
    return (Leg(gathered.party, f"deposit/{instruction.party}", instruction.asset, gathered.units),)


product = Product(
    code="deposit", title="Crypto-deposits and staking", plans={"token_deposit": set_apart, "token_stake": set_apart}
)
