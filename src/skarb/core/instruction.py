"""Instructions: what a customer or an institution asks for.

An instruction says who, what, how much and when. It never says what the law should think: kinds, licences, lists and
rates are looked up. What only the parties can know (a white paper was handed out, the reason is a gift) they declare, and
the declaration is kept with the facts. An id belongs to one content for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from skarb.core.activity import Activity
from skarb.core.party import Profile

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=140)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
AmountText = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]  # decimal text in the asset's major unit

END_TO_END_ID_MAX = 140  # characters: an EndToEndId has up to 35, an UETR 36, a transaction of a chain 64 or 66
END_TO_END_ID = rf"^[^\x00-\x1F]{{1,{END_TO_END_ID_MAX}}}$"  # as a pattern, for whoever takes instructions or rows from outside
NOT_PROVIDED = "NOTPROVIDED"  # what a payment message says where nobody gave an id

DECLARABLE = (
    "own_account",
    "systematic",
    "hired_persons",
    "settlement",
    "account_kind",
    "reason",
    "wallet_hosting",
    "wallet_country",
    "travel_rule",
    "licence_sought",
    "legal_form",
    "capital",
    "deposit",
    "bank_money",
    "name_uses_bank",
    "white_paper",
    "risk_warning",
    "case_listed",
    "consent",
    "cross_border",
    "by_phone",
    "close_relative",
    "unlawful",
)  # the facts that the parties state themselves; everything else is looked up

TRAVEL_PAYLOAD = "travel_payload"  # declared beside them: which payload of the travel rule belongs to it, by its SHA-256; see docs/travel-rule.md


class Instruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One thing that somebody asks an institution to do."""

    id: Identifier
    at: Instant
    activity: Activity
    party: Name  # the person for whom it is done; the debtor of a payment
    asset: str
    amount: AmountText
    counterparty: Name | None = None  # the other side; the creditor of a payment
    consideration_asset: str | None = None  # what is given in return, for purchases, sales and swaps
    consideration: AmountText | None = None
    venue: Name | None = None  # where a deal is done when not at the institution itself
    wallet: str | None = None  # address on a chain, "chain:address"
    end_to_end_id: str | None = None  # what both sides of a payment call it: UETR, EndToEndId, transaction of a chain
    purpose: str | None = None
    entered_by: str | None = None  # the officer or system that handed it in
    approves: Identifier | None = None  # the referred instruction that a second person approves with this one
    declared: dict[str, bool | int | str] | None = None  # facts of DECLARABLE that the parties state, and TRAVEL_PAYLOAD


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a source of instructions takes for granted; kept in the journal beside every batch it fed.

    A file from elsewhere seldom says who its parties are. The assumption is then written down once, shown with the
    answer and journalled. It can never touch lists, holds or licences of the institution itself.
    """

    source: str  # name of the mapping or message kind
    party: Profile | None = None  # of parties that the registers do not know; None = they stay unknown
    observed: bool = False  # accounts mirror balances kept elsewhere, so they have no floor
    notes: tuple[str, ...] = ()
