"""Exchange of tokens for money or for other tokens.

With a counterparty the deal is matched between two clients (a platform); without one the institution itself is the
other side (an exchanger, a crypto bank). Both legs stand or fall together.
"""

from __future__ import annotations

from skarb.core.instruction import Instruction
from skarb.desk import Gathered, Leg, Product


def buy(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """The party gives the consideration first and receives the token."""
    other = _other(instruction, gathered)
    return (
        *_consideration(instruction, gathered.party, other, gathered),
        Leg(other, gathered.party, instruction.asset, gathered.units),
    )


def sell(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """The party gives the token first and receives the consideration."""
    other = _other(instruction, gathered)
    return (
        Leg(gathered.party, other, instruction.asset, gathered.units),
        *_consideration(instruction, other, gathered.party, gathered),
    )


def _other(instruction: Instruction, gathered: Gathered) -> str:
    return gathered.counterparty if instruction.counterparty is not None or instruction.venue is not None else gathered.own


def _consideration(instruction: Instruction, debit: str, credit: str, gathered: Gathered) -> tuple[Leg, ...]:
    if instruction.consideration_asset is None or gathered.consideration == 0:
        return ()
    return (Leg(debit, credit, instruction.consideration_asset, gathered.consideration),)


product = Product(
    code="exchange",
    title="Exchange of tokens",
    plans={"token_buy_fiat": buy, "token_sell_fiat": sell, "token_swap": sell},
)
