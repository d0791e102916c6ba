"""What people ask for although the law, a list or their purse says no.

The same shape as honest habits, and just as innocent of what the answer will be: the rulebook decides. Nothing here is
noted as owned, because nothing should come of it.
"""

from __future__ import annotations

from datetime import datetime

from skarb.core.activity import Activity
from skarb.registers import Party
from skarb.simulate.habits import Behaviour, Declared, cost_with_spread, place, settle_trade, some_of, transfer_to_venue
from skarb.simulate.model import Event
from skarb.simulate.world import World


def p2p_for_money(w: World, book: str, at: datetime) -> list[Event]:
    """Buy tokens from another individual and pay him through the bank."""
    return _between_people(w, book, at, "token_buy_fiat")


def p2p_sell_for_money(w: World, book: str, at: datetime) -> list[Event]:
    """Sell tokens to another individual and be paid through the bank."""
    return _between_people(w, book, at, "token_sell_fiat")


def pay_foreign_venue(w: World, book: str, at: datetime) -> list[Event]:
    """Send money from the bank to a foreign venue for tokens."""
    return buy_on_foreign_venue(w, book, at)


def buy_on_foreign_venue(w: World, book: str, at: datetime) -> list[Event]:
    """Buy tokens for money at a venue abroad."""
    one, token = w.person(book), w.token().code
    if one is None:
        return []
    units = w.units_for(token, w.some(8_000, 2_000_000))
    if units == 0:
        return []
    venue = w.rng.choice(w.town.venues).id
    paid = (w.town.currency, w.cost(token, units))
    return [w.ask(book, at, "token_buy_fiat", one.party, token, units, paid=paid, counterparty=venue, venue=venue)]


def help_others(w: World, book: str, at: datetime) -> list[Event]:
    """Trade tokens for other people without being allowed to."""
    one = w.person(book)
    if one is None:
        return []
    declared: Declared = {"own_account": False, "systematic": True, "hired_persons": w.rng.randrange(3)}
    units = w.units_for("USDT", w.some(90_000, 3_000_000))
    return [w.ask(book, at, "intermediate", one.party, "USDT", units, declared=declared)]


def overdraw(w: World, book: str, at: datetime) -> list[Event]:
    """Buy tokens for more money than there is."""
    one, token = w.client(book), w.token().code
    if one is None:
        return []
    units = w.units_for(token, 3 * w.owned[book, one.party, w.town.currency] + w.some(50_000, 900_000))
    paid = (w.town.currency, cost_with_spread(w, token, units))
    return [w.ask(book, at, "token_buy_fiat", one.party, token, units, paid=paid)] if units else []


def overdraw_payment(w: World, book: str, at: datetime) -> list[Event]:
    """Pay more money than there is."""
    one, shop = w.person(book), w.rng.choice(w.cast.companies).party
    if one is None:
        return []
    minor = 2 * w.owned[book, one.party, w.town.currency] + w.some(20_000, 900_000)
    return [w.ask(book, at, "qr_pay", one.party, w.town.currency, minor, counterparty=shop, purpose="goods")]


def listed_wallet_out(w: World, book: str, at: datetime) -> list[Event]:
    """Send tokens to an address in the register of wallets used unlawfully."""
    return _listed_wallet(w, book, at, "token_transfer_out")


def listed_wallet_in(w: World, book: str, at: datetime) -> list[Event]:
    """Receive tokens from an address in the register of wallets used unlawfully."""
    return _listed_wallet(w, book, at, "token_transfer_in")


def send_to_eu_wallet(w: World, book: str, at: datetime) -> list[Event]:
    """Send tokens to a wallet kept by a provider in the European Union, which may not serve residents."""
    token = w.token().code
    found = some_of(w, book, token)
    if found is None:
        return []
    venue = w.rng.choice([venue.id for venue in w.town.venues if venue.eu])
    return [transfer_to_venue(w, book, at, "token_transfer_out", *found, token, venue, travel_rule="complete")]


def missing_travel_data(w: World, book: str, at: datetime) -> list[Event]:
    """Send tokens abroad without saying who the beneficiary is."""
    token = w.token().code
    found = some_of(w, book, token)
    if found is None:
        return []
    venue = w.rng.choice([venue.id for venue in w.town.venues if not venue.eu])
    return [transfer_to_venue(w, book, at, "token_transfer_out", *found, token, venue, travel_rule="incomplete")]


def pay_resident_in_tokens(w: World, book: str, at: datetime) -> list[Event]:
    """Pay a shop at home with tokens."""
    found, shop = some_of(w, book, "USDT", most=25), w.rng.choice(w.cast.companies).party
    if found is None:
        return []
    return [w.ask(book, at, "token_pay", *_of(found, "USDT"), counterparty=shop, declared={"reason": "goods_services"})]


def settle_trade_unlisted(w: World, book: str, at: datetime) -> list[Event]:
    """Settle foreign trade in tokens in a case nobody has listed."""
    return settle_trade(w, book, at, listed=False)


def unidentified_buy(w: World, book: str, at: datetime) -> list[Event]:
    """Buy tokens without having been identified."""
    return _buy_as(w, book, at, w.rng.choice(w.cast.unidentified))


def listed_person(w: World, book: str, at: datetime) -> list[Event]:
    """Buy tokens while standing on a sanctions list."""
    return _buy_as(w, book, at, w.rng.choice(w.cast.listed))


def listed_person_pays(w: World, book: str, at: datetime) -> list[Event]:
    """Pay money while standing on a sanctions list."""
    one, shop = w.rng.choice(w.cast.listed), w.rng.choice(w.cast.companies).party
    return [w.ask(book, at, "fiat_pay", one.party, w.town.currency, w.some(10_000, 800_000), counterparty=shop, purpose="goods")]


def large_cash_buy(w: World, book: str, at: datetime) -> list[Event]:
    """Bring a suitcase of cash."""
    one = w.person(book)
    if one is None:
        return []
    units = w.units_for("BTC", w.rng.randint(9_500_000, 30_000_000))
    paid = (w.town.currency, cost_with_spread(w, "BTC", units))
    return [w.ask(book, at, "token_buy_fiat", one.party, "BTC", units, paid=paid, declared={"settlement": "cash"})]


def anonymous_swap(w: World, book: str, at: datetime) -> list[Event]:
    """Give an ordinary token for one built on full anonymity."""
    given, hidden = w.token().code, _anonymous(w)
    found = some_of(w, book, given)
    if found is None:
        return []
    received = w.units_for(hidden, w.cost(given, found[1]))
    return [w.ask(book, at, "token_swap", *_of(found, given), paid=(hidden, received))] if received else []


def anonymous_in(w: World, book: str, at: datetime) -> list[Event]:
    """Bring a token built on full anonymity."""
    one, hidden = w.person(book), _anonymous(w)
    if one is None:
        return []
    wallet = w.wallet_of(one.party, w.tokens[hidden].chain)
    units = w.units_for(hidden, w.some(20_000, 900_000))
    declared: Declared = {"wallet_hosting": "unhosted"}
    return [w.ask(book, at, "token_transfer_in", one.party, hidden, units, wallet=wallet, declared=declared)]


def minor_joins(w: World, book: str, at: datetime) -> list[Event]:
    """Try to open an account before coming of age."""
    return [w.ask(book, at, "onboard", w.rng.choice(w.cast.minors).party, w.town.currency, 0)]


def mine_as_sole_proprietor(w: World, book: str, at: datetime) -> list[Event]:
    """Mine in the course of a sole proprietor's business."""
    traders = [one for one in w.clients[book] if one.kind == "sole_proprietor"]
    if not traders:
        return []
    units = w.shown("BTC", w.some(10_000, 200_000))
    return [w.ask(book, at, "mine", w.rng.choice(traders).party, "BTC", units, declared={"systematic": True})]


def place_without_papers(w: World, book: str, at: datetime) -> list[Event]:
    """Place own tokens without white paper and risk warning."""
    return place(w, book, at, {"reason": "placement"}, counted=False)


def advertise_without_warning(w: World, book: str, at: datetime) -> list[Event]:
    """Advertise tokens without a word about the risk."""
    return [w.ask(book, at, "advertise", book, w.town.currency, 0, declared={"risk_warning": False})]


def deposit_too_early(w: World, book: str, at: datetime) -> list[Event]:
    """Offer a deposit to a crypto bank that has passed only its first gate."""
    if not w.waiting[book]:
        return []
    units = w.units_for("USDT", w.some(30_000, 900_000))
    party = w.rng.choice(w.waiting[book]).party
    return [w.ask(book, at, "token_deposit", party, "USDT", units, declared={"account_kind": "crypto_account"})]


def buy_too_early(w: World, book: str, at: datetime) -> list[Event]:
    """Buy from a crypto bank that has passed only its first gate."""
    return _buy_as(w, book, at, w.rng.choice(w.waiting[book])) if w.waiting[book] else []


def _buy_as(w: World, book: str, at: datetime, one: Party) -> list[Event]:
    token = w.token().code
    units = w.units_for(token, w.some(10_000, 600_000))
    paid = (w.town.currency, cost_with_spread(w, token, units))
    return [w.ask(book, at, "token_buy_fiat", one.party, token, units, paid=paid)] if units else []


def _between_people(w: World, book: str, at: datetime, activity: Activity) -> list[Event]:
    one, other = w.person(book), w.person(book)
    if one is None or other is None or one is other:
        return []
    units = w.units_for("USDT", w.some(8_000, 900_000))
    paid = (w.town.currency, w.cost("USDT", units))
    return [w.ask(book, at, activity, one.party, "USDT", units, paid=paid, counterparty=other.party, purpose="card to card")]


def _listed_wallet(w: World, book: str, at: datetime, activity: Activity) -> list[Event]:
    token, one = w.token(), w.person(book)
    if one is None:
        return []
    wallet = w.rng.choice(w.cast.listed_wallets[token.chain])
    units = w.units_for(token.code, w.some(10_000, 900_000))
    return [w.ask(book, at, activity, one.party, token.code, units, wallet=wallet)] if units else []


def _of(found: tuple[str, int], token: str) -> tuple[str, str, int]:
    return found[0], token, found[1]


def _anonymous(w: World) -> str:
    return next(token.code for token in w.town.tokens if token.anonymous)


FORBIDDEN: dict[str, Behaviour] = {
    habit.__name__: habit
    for habit in (
        p2p_for_money, p2p_sell_for_money, pay_foreign_venue, buy_on_foreign_venue, help_others, overdraw, overdraw_payment,
        listed_wallet_out, listed_wallet_in, send_to_eu_wallet, missing_travel_data, pay_resident_in_tokens,
        settle_trade_unlisted, unidentified_buy, listed_person, listed_person_pays, large_cash_buy, anonymous_swap,
        anonymous_in, minor_joins, mine_as_sole_proprietor, place_without_papers, advertise_without_warning,
        deposit_too_early, buy_too_early,
    )
}  # fmt: skip
