"""Exchange of tokens for money or for other tokens.

With a counterparty the deal is matched between two clients (a platform); without one the institution itself is the
other side (an exchanger, a crypto bank). Both legs stand or fall together.
"""

from __future__ import annotations

from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.desk import Leg, Product
from skarb.desk.model import Sides


def buy(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """The party gives the consideration first and receives the token."""
    other = _other(instruction, sides)
    return (*_consideration(instruction, sides.party, other, sides), Leg(other, sides.party, instruction.asset, sides.units))


def sell(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """The party gives the token first and receives the consideration."""
    other = _other(instruction, sides)
    return (Leg(sides.party, other, instruction.asset, sides.units), *_consideration(instruction, other, sides.party, sides))


def _other(instruction: Instruction, sides: Sides) -> str:
    return sides.counterparty if instruction.counterparty is not None or instruction.venue is not None else sides.own


def _consideration(instruction: Instruction, debit: str, credit: str, sides: Sides) -> tuple[Leg, ...]:
    if instruction.consideration_asset is None or sides.consideration == 0:
        return ()
    return (Leg(debit, credit, instruction.consideration_asset, sides.consideration),)


product = Product(
    code="exchange",
    title="Exchange of tokens",
    plans={"token_buy_fiat": buy, "token_sell_fiat": sell, "token_swap": sell},
)
