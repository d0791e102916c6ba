"""Payments in money: account to account, instant, by QR code, in digital currency."""

from __future__ import annotations

from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.desk import Leg, Product
from skarb.desk.model import Sides


def pay(instruction: Instruction, facts: Facts, sides: Sides) -> tuple[Leg, ...]:
    """Debit the debtor, credit the creditor."""
    return (Leg(sides.party, sides.counterparty, instruction.asset, sides.units),)


product = Product(
    code="payment",
    title="Payments in money",
    plans={"fiat_pay": pay, "qr_pay": pay, "instant_pay": pay, "cbdc_pay": pay, "cbdc_issue": pay},
)
