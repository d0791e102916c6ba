"""What honest people and companies ask for.

Each function is one habit: it looks at the world, picks somebody, and returns the instructions that follow. An empty
list means that nobody was in a position to do it now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from skarb.core.activity import Activity
from skarb.simulate.habits import (
    Behaviour,
    Declared,
    cheaper,
    dearer,
    first_sum,
    pay,
    place,
    settle_trade,
    some_of,
    transfer_to_own_wallet,
    transfer_to_venue,
    with_money,
)
from skarb.simulate.model import Event
from skarb.simulate.world import Abroad, World

_SMALL_PROVIDERS = ("self_employed", "craftsperson", "farm_stay_host")


def top_up(w: World, book: str, at: datetime) -> list[Event]:
    """Send money from a bank to an account here."""
    one = w.client(book)
    return [] if one is None else w.pay_in(book, at, one.party, first_sum(w, one))


def cash_out(w: World, book: str, at: datetime) -> list[Event]:
    """Send money from an account here to a bank."""
    found = w.holder(book, w.town.currency)
    if found is None or found[1] < 2_000:
        return []
    party, owned = found
    minor = w.part(owned)
    bank = w.bank_for(book)
    w.lose(book, party, w.town.currency, minor)
    shown = w.owned[bank, party, w.town.currency] > 0  # he has an account there
    paid = w.payment_id(book) if shown else None
    out = w.ask(
        book, at, "fiat_pay", party, w.town.currency, minor, counterparty=bank, end_to_end_id=paid, purpose="to my bank account"
    )
    if shown:
        w.gain(bank, party, w.town.currency, minor)
        later = at + timedelta(seconds=25)
        return [
            out,
            w.ask(
                bank, later, "fiat_pay", book, w.town.currency, minor, counterparty=party,
                end_to_end_id=paid, purpose="from my token account",
            ),
        ]  # fmt: skip
    return [out]


def buy(w: World, book: str, at: datetime) -> list[Event]:
    """Buy a token for money from the institution."""
    found = with_money(w, book)
    if found is None:
        return top_up(w, book, at)
    party, owned = found
    token = w.token().code
    units = w.units_for(token, w.part(owned))
    if units == 0:
        return []
    price = dearer(w.cost(token, units))
    w.lose(book, party, w.town.currency, price)
    w.gain(book, party, token, units)
    return [w.ask(book, at, "token_buy_fiat", party, token, units, paid=(w.town.currency, price))]


def sell(w: World, book: str, at: datetime) -> list[Event]:
    """Sell a token for money to the institution."""
    token = w.token().code
    found = some_of(w, book, token)
    if found is None:
        return buy(w, book, at)
    party, units = found
    price = cheaper(w.cost(token, units))
    if price == 0:
        return []
    w.lose(book, party, token, units)
    w.gain(book, party, w.town.currency, price)
    return [w.ask(book, at, "token_sell_fiat", party, token, units, paid=(w.town.currency, price))]


def match_buy(w: World, book: str, at: datetime) -> list[Event]:
    """Buy a token from another client of the platform."""
    token = w.token().code
    buyer, other = with_money(w, book), some_of(w, book, token)
    if buyer is None or other is None or buyer[0] == other[0]:
        return buy(w, book, at)
    units = min(other[1], w.units_for(token, w.part(buyer[1])))
    return _match(w, book, at, buyer[0], other[0], token, units, buying=True)


def match_sell(w: World, book: str, at: datetime) -> list[Event]:
    """Sell a token to another client of the platform."""
    token = w.token().code
    buyer, other = with_money(w, book), some_of(w, book, token)
    if buyer is None or other is None or buyer[0] == other[0]:
        return sell(w, book, at)
    units = min(other[1], w.units_for(token, w.part(buyer[1])))
    return _match(w, book, at, other[0], buyer[0], token, units, buying=False)


def swap(w: World, book: str, at: datetime) -> list[Event]:
    """Give one token for another."""
    given, taken = w.token().code, w.token().code
    found = some_of(w, book, given)
    if found is None or given == taken:
        return []
    party, units = found
    received = w.units_for(taken, cheaper(w.cost(given, units)))
    if received == 0:
        return []
    w.lose(book, party, given, units)
    w.gain(book, party, taken, received)
    return [w.ask(book, at, "token_swap", party, given, units, paid=(taken, received))]


def send_abroad(w: World, book: str, at: datetime) -> list[Event]:
    """Send tokens to a foreign venue."""
    token = w.token().code
    found = some_of(w, book, token, most=95)
    if found is None:
        return []
    party, units = found
    venue = w.rng.choice([venue.id for venue in w.town.venues if not venue.eu])
    w.lose(book, party, token, units)
    w.abroad[book].append(Abroad(party, token, units, venue, w.day))
    return [transfer_to_venue(w, book, at, "token_transfer_out", party, units, token, venue, travel_rule="complete")]


def bring_back(w: World, book: str, at: datetime) -> list[Event]:
    """Bring part of what went to a foreign venue back home."""
    gone = w.abroad[book]
    if not gone:
        return []
    place = w.rng.randrange(len(gone))
    one = gone[place]
    units = w.shown(one.asset, w.part(one.units, 20, 100))
    if one.since >= w.day or units == 0:
        return []
    gone[place] = gone[-1]
    gone.pop()
    w.gain(book, one.party, one.asset, units)
    return [transfer_to_venue(w, book, at, "token_transfer_in", one.party, units, one.asset, one.venue, travel_rule="complete")]


def send_to_own_wallet(w: World, book: str, at: datetime) -> list[Event]:
    """Take tokens into one's own wallet."""
    token = w.token()
    found = some_of(w, book, token.code)
    if found is None:
        return []
    party, units = found
    w.lose(book, party, token.code, units)
    return [transfer_to_own_wallet(w, book, at, "token_transfer_out", party, token.code, units)]


def receive_from_own_wallet(w: World, book: str, at: datetime) -> list[Event]:
    """Bring tokens from one's own wallet."""
    one, token = w.person(book), w.token()
    if one is None:
        return []
    units = w.units_for(token.code, w.some(4_000, 400_000))
    w.gain(book, one.party, token.code, units)
    return [transfer_to_own_wallet(w, book, at, "token_transfer_in", one.party, token.code, units)]


def gift(w: World, book: str, at: datetime) -> list[Event]:
    """Give tokens away."""
    return _hand_over(w, book, at, "token_gift", "gift")


def bequeath(w: World, book: str, at: datetime) -> list[Event]:
    """Hand over an inheritance."""
    return _hand_over(w, book, at, "token_bequeath", "inheritance")


def deposit(w: World, book: str, at: datetime) -> list[Event]:
    """Set tokens apart under a deposit agreement."""
    return _set_apart(w, book, at, "token_deposit")


def stake(w: World, book: str, at: datetime) -> list[Event]:
    """Stake tokens."""
    return _set_apart(w, book, at, "token_stake")


def mine(w: World, book: str, at: datetime) -> list[Event]:
    """Record a mining company's reward."""
    units = w.shown("BTC", w.some(200_000, 4_000_000))
    return [w.ask(book, at, "mine", w.miner, "BTC", units)]


def mine_at_home(w: World, book: str, at: datetime) -> list[Event]:
    """Record what somebody mined at home, alone."""
    one = w.person(book)
    if one is None or one.kind != "natural_person":
        return []
    units = w.shown("BTC", w.some(1_000, 90_000))
    w.gain(book, one.party, "BTC", units)
    return [w.ask(book, at, "mine", one.party, "BTC", units)] if units else []


def token_income_from_abroad(w: World, book: str, at: datetime) -> list[Event]:
    """Let a small provider be paid in tokens by somebody abroad."""
    for _ in range(12):
        one = w.client(book)
        if one is not None and one.kind in _SMALL_PROVIDERS:
            units = w.units_for("USDT", w.some(3_000, 300_000))
            w.gain(book, one.party, "USDT", units)
            declared: Declared = {"reason": "goods_services", "account_kind": "crypto_account"}
            payer = w.rng.choice(w.cast.strangers).party
            return [w.ask(book, at, "token_transfer_in", one.party, "USDT", units, counterparty=payer, declared=declared)]
    return []


def settle_trade_listed(w: World, book: str, at: datetime) -> list[Event]:
    """Settle a foreign-trade contract in a case that the government has listed."""
    return settle_trade(w, book, at, listed=True)


def place_tokens(w: World, book: str, at: datetime) -> list[Event]:
    """Place the issuer's own tokens with an investor, white paper and risk warning in hand."""
    return place(w, book, at, {"white_paper": True, "risk_warning": True, "reason": "placement"})


def advertise(w: World, book: str, at: datetime) -> list[Event]:
    """Advertise tokens with a warning of the risk."""
    return [w.ask(book, at, "advertise", book, w.town.currency, 0, declared={"risk_warning": True})]


def join(w: World, book: str, at: datetime) -> list[Event]:
    """Open an account and bring the first money."""
    if not w.waiting[book]:
        return []
    one = w.waiting[book].pop()
    return [*w.open_account(book, at, one), *w.pay_in(book, at + timedelta(minutes=9), one.party, first_sum(w, one))]


def salary(w: World, book: str, at: datetime) -> list[Event]:
    """Pay wages."""
    one = w.person(book)
    return (
        []
        if one is None
        else pay(w, book, at, "fiat_pay", w.rng.choice(w.cast.companies).party, one.party, w.some(90_000, 600_000), "wages")
    )


def shop_payment(w: World, book: str, at: datetime) -> list[Event]:
    """Pay in a shop by QR code."""
    one = w.person(book)
    return (
        []
        if one is None
        else pay(w, book, at, "qr_pay", one.party, w.rng.choice(w.cast.companies).party, w.some(300, 60_000), "goods")
    )


def friend_payment(w: World, book: str, at: datetime) -> list[Event]:
    """Pay somebody by telephone number."""
    one, other = w.person(book), w.person(book)
    if one is None or other is None or one is other:
        return []
    return pay(w, book, at, "instant_pay", one.party, other.party, w.some(500, 90_000), "between friends", {"consent": True})


def company_payment(w: World, book: str, at: datetime) -> list[Event]:
    """Pay a supplier."""
    one, other = w.rng.choice(w.cast.companies), w.rng.choice(w.cast.companies)
    return (
        [] if one is other else pay(w, book, at, "fiat_pay", one.party, other.party, w.some(50_000, 9_000_000), "supply contract")
    )


def save_from_elsewhere(w: World, book: str, at: datetime) -> list[Event]:
    """Bring money from another bank."""
    return top_up(w, book, at)


def _match(w: World, book: str, at: datetime, party: str, other: str, token: str, units: int, *, buying: bool) -> list[Event]:
    if units == 0:
        return []
    price = w.cost(token, units)
    buyer, seller = (party, other) if buying else (other, party)
    if w.owned[book, buyer, w.town.currency] < price:
        return []
    w.lose(book, buyer, w.town.currency, price)
    w.gain(book, seller, w.town.currency, price)
    w.lose(book, seller, token, units)
    w.gain(book, buyer, token, units)
    activity: Activity = "token_buy_fiat" if buying else "token_sell_fiat"
    return [w.ask(book, at, activity, party, token, units, counterparty=other, paid=(w.town.currency, price))]


def _hand_over(w: World, book: str, at: datetime, activity: Activity, reason: str) -> list[Event]:
    token = w.token().code
    found, other = some_of(w, book, token, most=40), w.person(book)
    if found is None or other is None or other.party == found[0] or found[0].startswith("c-"):
        return []
    party, units = found
    w.lose(book, party, token, units)
    w.gain(book, other.party, token, units)
    return [w.ask(book, at, activity, party, token, units, counterparty=other.party, declared={"reason": reason})]


def _set_apart(w: World, book: str, at: datetime, activity: Activity) -> list[Event]:
    token = w.token().code
    found = some_of(w, book, token)
    if found is None:
        return []
    w.lose(book, found[0], token, found[1])
    return [w.ask(book, at, activity, found[0], token, found[1], declared={"account_kind": "crypto_account"})]


HONEST: dict[str, Behaviour] = {
    habit.__name__: habit
    for habit in (
        top_up, cash_out, buy, sell, match_buy, match_sell, swap, send_abroad, bring_back, send_to_own_wallet,
        receive_from_own_wallet, gift, bequeath, deposit, stake, mine, mine_at_home, token_income_from_abroad,
        settle_trade_listed, place_tokens, advertise, join, salary, shop_payment, friend_payment, company_payment,
        save_from_elsewhere,
    )
}  # fmt: skip
