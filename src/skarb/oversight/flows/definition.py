"""What counts as going abroad, and as coming back: the one place where it is said.

Everything rests on facts that the law looked at when the row was decided, and on rows that were posted. **Abroad** is where the other side of a row
is: a provider of token services that is licensed nowhere here (`foreign_provider`) as venue, as counterparty or as the one who pays; or a wallet that
a provider hosts in another country than the institution's.

| kind | is | followed |
|---|---|---|
| outward | a resident sends tokens or money abroad to a place where they stay his: an investment | as a lot |
| return | tokens or money come from such a place to a resident | ends lots |
| exchange | a deal with a place abroad: what is paid leaves and what is bought comes at once | no, told aside |
| spent | goods, services and foreign trade paid abroad | no, told aside |
| earned | the same, received | no, told aside |
| given | gifts and inheritances to people abroad | no, told aside |
| wallet_out, wallet_back | to and from a wallet that nobody hosts: out of sight, in no country | only where wallets count as abroad |
| foreigners | what would be outward or a return, of people who are not residents | no, told aside |

Everything else stays at home. Two choices remain, and a report tells what either does to the result.

**The pot**: out of whose money is a return paid? `account`, the default: of what the same person has at the same place. `person`: of what he has
anywhere abroad, as money moves there unseen. `place`: of what anybody has at that place, as if it were one purse.

**Conversion abroad**: what left as one asset may come back as another. `asset`, the default: each asset is followed by itself in its own units,
and what comes back in another one counts as unknown money. `value`: everything is followed in the legal currency, at the value that the law saw
on the day of each row; then gains come back, too, and count as unknown once all that went out is back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KINDS = ("outward", "return", "exchange", "spent", "earned", "given", "wallet_out", "wallet_back", "foreigners", "within")
"""In the order of their numbers; `within`, from one place abroad to another, is seen in files of transfers only."""

Pot = Literal["account", "person", "place"]
Conversion = Literal["asset", "value"]
Opening = Literal["none", "inferred"]
Wallets = Literal["apart", "abroad"]


@dataclass(frozen=True)
class Choices:
    """How money abroad is followed, where the definition leaves a choice.

    `opening`: with `none` nothing is abroad at first; with `inferred` each pot held, before all else, what was paid out of it without having
    been seen to get there, so the first returns are taken from that.
    """

    pot: Pot = "account"
    conversion: Conversion = "asset"
    opening: Opening = "none"
    wallets: Wallets = "apart"


_HOME = "operator_country"
_LEAVES = "('token_transfer_out', 'fiat_pay', 'instant_pay', 'qr_pay', 'cbdc_pay', 'token_deposit', 'token_loan', 'token_stake')"
_PAYMENTS = "('fiat_pay', 'instant_pay', 'qr_pay', 'cbdc_pay')"
_DEALS = "('token_buy_fiat', 'token_sell_fiat', 'token_swap')"
_TRADE = "('goods_services', 'foreign_trade')"
_GIFTS = "('token_gift', 'token_bequeath')"

AT_VENUE = "venue_licence = 'foreign_provider'"
AT_COUNTERPARTY = "counterparty_licence = 'foreign_provider'"
PAID_BY_PLACE = f"(actor_licence = 'foreign_provider' AND activity IN {_PAYMENTS})"
AT_HOST = f"(wallet_hosting = 'hosted' AND wallet_country NOT IN ({_HOME}, 'XX'))"
AT_PLACE = f"({AT_VENUE} OR {AT_COUNTERPARTY} OR {AT_HOST})"
OUT_OF_SIGHT = "wallet_hosting = 'unhosted'"

KIND = f"""CASE
  WHEN activity = 'token_transfer_in' AND cross_border AND reason IN {_TRADE} THEN 'earned'
  WHEN activity IN ('token_trade_settle', 'token_pay') AND counterparty_country NOT IN ({_HOME}, 'XX') THEN 'spent'
  WHEN activity IN {_LEAVES} AND reason IN {_TRADE} AND (cross_border OR {AT_PLACE}) THEN 'spent'
  WHEN activity IN {_GIFTS} AND (counterparty_country NOT IN ({_HOME}, 'XX') OR {AT_COUNTERPARTY}) THEN 'given'
  WHEN activity IN {_DEALS} AND ({AT_VENUE} OR {AT_COUNTERPARTY}) THEN 'exchange'
  WHEN {PAID_BY_PLACE} THEN CASE WHEN counterparty_resident THEN 'return' ELSE 'foreigners' END
  WHEN activity IN {_LEAVES} AND {AT_PLACE} THEN CASE WHEN actor_resident THEN 'outward' ELSE 'foreigners' END
  WHEN activity = 'token_transfer_in' AND {AT_PLACE} THEN CASE WHEN actor_resident THEN 'return' ELSE 'foreigners' END
  WHEN activity = 'token_transfer_out' AND {OUT_OF_SIGHT} AND actor_resident THEN 'wallet_out'
  WHEN activity = 'token_transfer_in' AND {OUT_OF_SIGHT} AND actor_resident THEN 'wallet_back'
END"""
"""The kind of a row in SQL over the facts of its case; NULL for what stays at home. The answer must be `posted`."""

PERSON = f"CASE WHEN {PAID_BY_PLACE} THEN counterparty ELSE party END"
"""Whose money it is: the number of a name, over `rows` and `cases`."""

COMPANY = f"CASE WHEN {PAID_BY_PLACE} THEN counterparty_kind = 'legal_entity' ELSE actor_kind = 'legal_entity' END"

PLACE = f"CASE WHEN {AT_VENUE} THEN venue WHEN {AT_COUNTERPARTY} THEN counterparty WHEN {PAID_BY_PLACE} THEN party WHEN {AT_HOST} THEN wallet END"
"""Where the money is abroad: the number of a name, or NULL."""

COUNTRY = f"""CASE WHEN {AT_VENUE} THEN venue_country WHEN {AT_COUNTERPARTY} THEN counterparty_country
  WHEN {PAID_BY_PLACE} THEN actor_country WHEN {AT_HOST} THEN wallet_country ELSE 'XX' END::VARCHAR"""
