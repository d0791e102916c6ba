"""Approvals: a second person lifts a referral, and only as it was referred."""

from __future__ import annotations

from skarb.core.errors import FieldError
from skarb.core.instruction import Instruction
from skarb.core.transfer import key_128
from skarb.journal import Book

_SAME = (
    "activity", "party", "asset", "amount", "counterparty", "consideration_asset", "consideration", "venue", "wallet", "declared"
)  # what an approval repeats of its referral  # fmt: skip


def check_approval(book: Book, instruction: Instruction) -> bool:
    """Hold an approval to its referral: it waits, it is about the same thing, and the person is another one.

    Raises: FieldError naming what differs.
    """
    referred = instruction.approves or ""
    position = int(book.recall(key_128(referred))[0])
    if position < 0:
        raise FieldError("approves", referred, "the id of an instruction that this book has referred")
    receipt = book.receipt(position)
    if receipt.outcome != "referred":
        raise FieldError("approves", referred, f"an instruction that waits for approval; this one was {receipt.outcome}")
    first = book.instruction(receipt.sequence, receipt.row)
    for name in _SAME:
        if getattr(first, name) != getattr(instruction, name):
            raise FieldError(name, getattr(instruction, name), f"{getattr(first, name)!r} as in the referral {referred!r}")
    maker, checker = first.entered_by, instruction.entered_by
    if maker is None:
        raise FieldError("entered_by", checker, "a referral that says who entered it; this one names nobody to differ from")
    if checker is None or _same_person(maker, checker):
        raise FieldError("entered_by", checker, f"a person other than {maker!r}, who entered the referral")
    return True


def _same_person(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
