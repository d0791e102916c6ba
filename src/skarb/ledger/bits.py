"""Flags and limits as plain integers, as the kernel needs them."""

from __future__ import annotations

from skarb.core.transfer import AccountFlag, Limit, TransferFlag

LINKED = int(TransferFlag.linked)  # the same bit in accounts

DEBITS_LIMITED = int(AccountFlag.debits_must_not_exceed_credits)
CREDITS_LIMITED = int(AccountFlag.credits_must_not_exceed_debits)
ACCOUNT_IMPORTED = int(AccountFlag.imported)
CLOSED = int(AccountFlag.closed)
OPEN = 0xFFFF ^ CLOSED
ACCOUNT_PADDING = 0xFFFF ^ sum(AccountFlag)

HOLD = int(TransferFlag.pending)
POST = int(TransferFlag.post_pending_transfer)
VOID = int(TransferFlag.void_pending_transfer)
SETTLE = POST | VOID
BALANCING_DEBIT = int(TransferFlag.balancing_debit)
BALANCING_CREDIT = int(TransferFlag.balancing_credit)
BALANCING = BALANCING_DEBIT | BALANCING_CREDIT
CLOSING_DEBIT = int(TransferFlag.closing_debit)
CLOSING_CREDIT = int(TransferFlag.closing_credit)
CLOSING = CLOSING_DEBIT | CLOSING_CREDIT
TRANSFER_IMPORTED = int(TransferFlag.imported)
TRANSFER_PADDING = 0xFFFF ^ sum(TransferFlag)

FLOOR = int(Limit.floor)
FLOOR_NEGATIVE = int(Limit.floor_negative)
CEILING = int(Limit.ceiling)
CEILING_NEGATIVE = int(Limit.ceiling_negative)
LIMIT_PADDING = 0xFFFF_FFFF ^ sum(Limit)
