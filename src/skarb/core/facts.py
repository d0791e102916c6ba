"""Facts: everything the law looks at, frozen before the decision.

A fact is a typed field. `T | None` marks a field that may be missing; conditions may touch it only behind
`is missing`. Codes are closed lists, days are whole numbers (`core.time`), money is a 64-bit whole number of minor
units in a named currency, fixed once with the rate of the legal day. Nothing here is looked up: `desk.gather` fills it.

The order of the fields is part of the journal's format: append, never reorder.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from skarb.core.activity import Activity
from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.party import Licence, PartyKind

Day = Annotated[int, msgspec.Meta(ge=-25567, le=73049, extra={"type": "day"})]  # 1900-01-01 … 2170-01-01
Money = Annotated[int, msgspec.Meta(ge=-LEGAL_VALUE_MAX, le=LEGAL_VALUE_MAX, extra={"type": "money", "currency": "legal"})]
MoneyUSD = Annotated[int, msgspec.Meta(ge=-LEGAL_VALUE_MAX, le=LEGAL_VALUE_MAX, extra={"type": "money", "currency": "USD"})]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9, extra={"type": "count"})]
Share = Annotated[int, msgspec.Meta(ge=0, le=10000, extra={"type": "count"})]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z", extra={"type": "code"})]  # ISO 3166-1 alpha-2, XX = unknown

AssetClass = Literal[
    "none", "money", "electronic_money", "digital_currency", "cryptocurrency", "own_issue", "right_certifying", "other_token"
]
Settlement = Literal["none", "bank_transfer", "electronic_money", "cash", "token"]
AccountKind = Literal["none", "bank_account", "crypto_account", "digital_account", "wallet"]
Hosting = Literal["none", "hosted", "unhosted"]
Screening = Literal["clear", "possible", "listed", "unavailable"]
Regime = Literal["none", "national", "un", "eu", "us", "own"]
TravelRule = Literal["not_required", "complete", "incomplete"]
LegalForm = Literal["none", "joint_stock", "limited", "unitary", "other"]
Reason = Literal["none", "gift", "inheritance", "own_wallet", "goods_services", "foreign_trade", "investment", "placement"]


class Facts(msgspec.Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What one instruction is about, as the law sees it."""

    # what is done, and when
    activity: Activity
    day: Day
    # the person for whom it is done
    actor_kind: PartyKind = "unknown"
    actor_licence: Licence = "none"
    actor_resident: bool = False
    actor_country: Country = "XX"
    actor_regime_resident: bool = False
    actor_identified: bool = False
    actor_age: Count | None = None
    own_account: bool = True  # for himself, not as a service to others
    systematic: bool = False  # repeatedly, for profit
    hired_persons: Count = 0
    # the institution that carries it out
    operator_licence: Licence = "none"
    operator_regime_resident: bool = False  # first gate: resident of the special regime on that day
    operator_registered: bool = False  # second gate: entry in the central bank's register on that day
    operator_covers_activity: bool = False  # the licence names this activity
    operator_country: Country = "XX"
    # the other side
    counterparty_kind: PartyKind = "unknown"
    counterparty_licence: Licence = "none"
    counterparty_resident: bool = False
    counterparty_country: Country = "XX"
    counterparty_regime_resident: bool = False
    # where it is done, when not at the operator itself
    venue_licence: Licence = "none"
    venue_country: Country = "XX"
    venue_regime_resident: bool = False
    venue_blocked: bool = False
    # what it is about
    asset_class: AssetClass = "none"
    asset_anonymous: bool = False  # built on full anonymity
    asset_lawful: bool = True  # created, placed and offered in accordance with law
    asset_from_regime: bool = False  # created by or through a resident of the special regime
    value: Money | None = None  # in the legal currency, at the rate of the legal day
    value_usd: MoneyUSD | None = None
    settlement: Settlement = "none"  # how the consideration is paid
    account_kind: AccountKind = "none"
    reason: Reason = "none"
    cross_border: bool = False
    # wallets and lists
    wallet_hosting: Hosting = "none"
    wallet_country: Country = "XX"  # of the provider that hosts it
    wallet_listed: bool = False  # in the national register of wallets used unlawfully
    screening: Screening = "unavailable"
    screening_regime: Regime = "none"
    travel_rule: TravelRule = "not_required"
    hold: bool = False  # an order of suspension, arrest or freeze stands
    approved: bool = False  # a second person has approved the referral that this instruction answers
    # licensing and issuing
    licence_sought: Licence = "none"
    legal_form: LegalForm = "none"
    capital: Money | None = None
    deposit: Money | None = None
    bank_money: Money | None = None  # own money on accounts in domestic banks
    name_uses_bank: bool = False
    white_paper: bool = False
    risk_warning: bool = False
    case_listed: bool = False  # the foreign-trade case is on the government's list
    consent: bool = False  # the payee agreed to be found by telephone number
    by_phone: bool = False  # the payee is named by his telephone number
    close_relative: bool = False  # the two sides are close relatives or in-laws
    unlawful: bool = False  # of a tax assessment: the operation was carried out in breach of law
    listed_ownership: Count | None = None  # share that listed persons own together, in hundredths of a percent
    # what was posted before
    totals: tuple[int | None, ...] = ()  # of the edition's features, by name in order; () where the law asks for none
    # wallets, looked at more closely
    wallet_proven: bool = False  # the person has shown by a signed message that the wallet is his own
    wallet_exposure: Share | None = None  # of what the wallet held that came from listed addresses, in hundredths of a percent
