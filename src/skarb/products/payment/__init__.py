"""Payments in money: account to account, instant, by QR code, in digital currency."""

from __future__ import annotations

from skarb.core.instruction import Instruction
from skarb.desk import Gathered, Leg, Product

ACTIVITIES = ("fiat_pay", "qr_pay", "instant_pay", "cbdc_pay", "cbdc_issue")


def pay(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Debit the debtor, credit the creditor."""
    return (Leg(gathered.party, gathered.counterparty, instruction.asset, gathered.units),)


product = Product(
    code="payment",
    title="Payments in money",
    plans=dict.fromkeys(ACTIVITIES, pay),
    plain=frozenset(ACTIVITIES),
)
