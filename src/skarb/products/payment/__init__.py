"""Payments in money: account to account, instant, by QR code, in digital currency."""

from __future__ import annotations

from skarb.core.instruction import Instruction
from skarb.desk import Gathered, Leg, Product


def pay(instruction: Instruction, gathered: Gathered) -> tuple[Leg, ...]:
    """Debit the debtor, credit the creditor."""
    return (Leg(gathered.party, gathered.counterparty, instruction.asset, gathered.units),)


product = Product(
    code="payment",
    title="Payments in money",
    plans={"fiat_pay": pay, "qr_pay": pay, "instant_pay": pay, "cbdc_pay": pay, "cbdc_issue": pay},
)
