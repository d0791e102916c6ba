"""Activities: what customers and institutions do, in the law's words.

Products name activities, countries judge them; neither knows the other. "Fiat" is the legal currency, foreign
currency or electronic money. Source: section 2 of the law notes behind the reference country.
"""

from __future__ import annotations

from typing import Literal, get_args

Activity = Literal[
    # tokens
    "token_hold",
    "token_store",  # keep in a wallet for the holder
    "token_buy_fiat",
    "token_sell_fiat",
    "token_swap",  # token for token
    "token_transfer_in",
    "token_transfer_out",
    "token_gift",
    "token_bequeath",
    "token_create",
    "token_place",
    "token_pay",  # as a means of payment for goods, works, services
    "token_trade_settle",  # settlement of a foreign-trade contract
    "token_deposit",
    "token_loan",
    "token_stake",
    "intermediate",  # help others trade
    "operate_venue",
    "mine",
    "smart_contract",
    "advertise",
    "onboard",
    # money
    "fiat_pay",
    "qr_pay",
    "instant_pay",
    "cbdc_issue",
    "cbdc_pay",
    # supervision
    "apply_for_licence",
    "hold_licence",
    "register_wallet",
    "read_wallet_register",
    "file_report",
    "freeze",
    "suspend",
    "block_site",
    "assess_tax",
    # tokens that arrived from a listed address
    "token_release",  # hand over to the client what was set apart
]
ACTIVITIES: tuple[str, ...] = get_args(Activity)

TOKEN_ACTIVITIES: tuple[str, ...] = tuple(name for name in ACTIVITIES if name.startswith("token_"))
