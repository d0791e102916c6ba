"""Accounts and transfers as the ledger machine sees them: fixed records in one memory layout.

A transfer names one debit account, one credit account and an amount, so an unbalanced entry cannot be written. Ids and
amounts are 128 bits in two little-endian halves. Field names, flags and their meaning follow TigerBeetle where the
feature exists there.
"""

from __future__ import annotations

from enum import IntFlag
from hashlib import blake2b

import numpy as np

TRANSFER = np.dtype(
    [
        ("id_lo", "<u8"),
        ("id_hi", "<u8"),
        ("debit_lo", "<u8"),  # debit account id
        ("debit_hi", "<u8"),
        ("credit_lo", "<u8"),  # credit account id
        ("credit_hi", "<u8"),
        ("amount_lo", "<u8"),  # smallest units of the asset
        ("amount_hi", "<u8"),
        ("pending_lo", "<u8"),  # id of the pending transfer that is posted or voided
        ("pending_hi", "<u8"),
        ("user_lo", "<u8"),  # free for the caller: the desk keeps the instruction's key here
        ("user_hi", "<u8"),
        # When the transfer takes effect, nanoseconds since 1970; 0: when it is recorded. From 2^63 on it says nothing either.
        ("user_64", "<u8"),
        ("user_32", "<u4"),
        ("timeout", "<u4"),  # seconds until a pending transfer expires, 0 = never
        ("ledger", "<u4"),  # number of the asset in the book
        ("code", "<u2"),  # kind of transfer, never 0
        ("flags", "<u2"),
        ("timestamp", "<u8"),  # nanoseconds since 1970; 0 unless imported
    ]
)  # 128 bytes

ACCOUNT = np.dtype(
    [
        ("id_lo", "<u8"),
        ("id_hi", "<u8"),
        ("user_lo", "<u8"),
        ("user_hi", "<u8"),
        ("user_64", "<u8"),
        ("user_32", "<u4"),
        ("ledger", "<u4"),
        ("code", "<u2"),
        ("flags", "<u2"),
        ("limits", "<u4"),  # Limit: which of floor and ceiling are set, and their signs
        ("floor_lo", "<u8"),  # magnitude; the balance (credits - debits, holds counted) may not fall below it
        ("floor_hi", "<u8"),
        ("ceiling_lo", "<u8"),  # magnitude; the balance with incoming holds may not rise above it
        ("ceiling_hi", "<u8"),
        ("timestamp", "<u8"),
    ]
)  # 96 bytes


class TransferFlag(IntFlag):
    """What a transfer is besides a plain one."""

    linked = 1 << 0
    pending = 1 << 1
    post_pending_transfer = 1 << 2
    void_pending_transfer = 1 << 3
    balancing_debit = 1 << 4
    balancing_credit = 1 << 5
    closing_debit = 1 << 6
    closing_credit = 1 << 7
    imported = 1 << 8


class AccountFlag(IntFlag):
    """What an account promises, and in which state it is."""

    linked = 1 << 0
    debits_must_not_exceed_credits = 1 << 1
    credits_must_not_exceed_debits = 1 << 2
    history = 1 << 3
    imported = 1 << 4
    closed = 1 << 5


class Limit(IntFlag):
    """Which limits of an account are set, and which of them lie below zero."""

    floor = 1 << 0
    floor_negative = 1 << 1
    ceiling = 1 << 2
    ceiling_negative = 1 << 3


KEY_PERSON = b"skarb-key-128"
_KEY = blake2b(digest_size=16, person=KEY_PERSON)


def key_128(text: str) -> bytes:
    """Return the 16-byte little-endian id that stands for a text (an instruction id, an account address).

    Zero and 2^128-1 are no ids in the ledger; a hash that hits them would be a broken hash.
    """
    key = _KEY.copy()  # copying a prepared hash costs half of making one
    key.update(text.encode())
    return key.digest()


def leg_id(key: bytes, number: int) -> bytes:
    """Return the id of a further transfer of what has a key; its hash is of a kind of its own, so nothing else can have it."""
    return blake2b(key + number.to_bytes(2, "little"), digest_size=16, person=b"skarb-leg-128").digest()
