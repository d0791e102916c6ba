"""Paid to be off: what machines that stood still would have brought, beside the credit that was paid for it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from skarb.mining.formulas import expected_sat
from skarb.mining.model import SATOSHI, Network, Terms


@dataclass(frozen=True, slots=True)
class PaidToBeOff:
    """A credit beside coins, both in both units.

    Units: satoshi and cents of USD, cut to whole ones.
    """

    coins_sat: int
    coins_cents: int
    credit_cents: int
    credit_sat: int

    @property
    def times(self) -> Fraction:
        """How many times the coins the credit is worth."""
        return Fraction(self.credit_cents, self.coins_cents)


def beside(coins_sat: int, credit_cents: int, price_usd: Fraction) -> PaidToBeOff:
    """Return a credit beside coins at a price of bitcoin."""
    return PaidToBeOff(
        coins_sat,
        int(coins_sat * price_usd * 100 / SATOSHI),
        credit_cents,
        int(Fraction(credit_cents * SATOSHI, 100) / price_usd),
    )


def forgone(
    energy_wh: int, saved_usd_kwh: Fraction, credit_cents: int, network: Network, efficiency_j_th: Fraction, terms: Terms
) -> tuple[PaidToBeOff, int]:
    """Return the coins that energy not taken would have brought beside the credit, and what standing still left in cents.

    What it left is the credit and the electricity saved, less the coins; below zero it would have been better to run.
    """
    found = beside(expected_sat(energy_wh, network, efficiency_j_th, terms), credit_cents, network.price_usd)
    saved = int(Fraction(energy_wh, 1000) * saved_usd_kwh * 100)
    return found, credit_cents + saved - found.coins_cents
