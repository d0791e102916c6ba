"""Plan: a permitted instruction becomes transfers; pure.

Addresses tell who owns what in the book, most general part first:

    client/<party>       what the institution owes a client; may not fall below zero
    own/<institution>    the institution's own position
    outside/<party>      the mirror of whoever is not a client here: other institutions, foreign venues
    observed/<party>     the mirror of an account kept elsewhere, read from somebody else's file
    deposit/<party>      what a client has set apart under an agreement
    quarantine/<party>   arrived from a listed party: neither the client's nor ours until released
    quarantine/<party>/<wallet>   the same, from a wallet: what came from it is released by naming it, so the law sees it again
    chain/<place>        the mirror of a blockchain
"""

from __future__ import annotations

from collections.abc import Iterable

from skarb.core.errors import ConfigurationError
from skarb.core.identifiers import normal_wallet
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.party import Profile
from skarb.desk.model import Gathered, Leg, Plan, Product

KEPT_APART = ("quarantine", "block")  # measures under which what arrived on a chain stays in our hands, credited to nobody
FLOORED = ("client/", "deposit/", "quarantine/")  # these owe somebody something and may not fall below zero


class Planner:
    """Knows which product plans which activity."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._plans: dict[str, Plan] = {}
        self.plain: set[str] = set()  # activities that are one transfer from the party to the other side
        for product in products:
            for activity, plan in product.plans.items():
                if activity in self._plans:
                    raise ConfigurationError(f"product {product.code!r} plans {activity!r}, which another product plans already")
                self._plans[activity] = plan
            self.plain |= product.plain

    def legs(self, instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
        """Return the transfers that the permitted instruction becomes; none for activities that move nothing."""
        plan = self._plans.get(instruction.activity)
        return () if plan is None else plan(instruction, gathered)


def has_arrived(instruction: Instruction, gathered: Gathered) -> bool:
    """Tell whether tokens are in our hands whatever the law says: they came from outside, not out of an account in this book."""
    ours = gathered.counterparty.startswith((*FLOORED, "own/"))
    return instruction.activity == "token_transfer_in" and gathered.units > 0 and not ours


def quarantine(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Return the transfer that keeps an unlawful arrival apart: it is in our hands, but nobody is credited."""
    return (Leg(gathered.counterparty, set_apart(instruction), instruction.asset, gathered.units),)


def release(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Return the transfer that hands over what was set apart; the account holds no more than arrived from that wallet."""
    return (Leg(set_apart(instruction), gathered.party, instruction.asset, gathered.units),)


def set_apart(instruction: Instruction) -> str:
    """Return where arrivals for a party from a wallet are kept apart."""
    if instruction.wallet is None:
        return f"quarantine/{instruction.party}"
    return f"quarantine/{instruction.party}/{normal_wallet(instruction.wallet)}"


def address(party: str, profile: Profile | None, operator: str, assumptions: Assumptions | None) -> str:
    """Return where a party's assets are kept in the operator's book."""
    if party == operator:
        return f"own/{party}"
    if profile is not None:
        return f"client/{party}" if profile.licence == "none" and profile.identified else f"outside/{party}"
    return f"observed/{party}" if assumptions is not None and assumptions.observed else f"outside/{party}"
