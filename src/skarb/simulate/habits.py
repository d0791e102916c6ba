"""What habits share: prices with a spread, somebody who can afford it, transfers to venues and wallets, first capital."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from skarb.core.activity import Activity
from skarb.registers import Party
from skarb.simulate.model import Event
from skarb.simulate.world import World

Declared = dict[str, bool | int | str]
Behaviour = Callable[[World, str, datetime], list[Event]]

_SPREAD = 4  # per 1,000, on top of or off the day's price


def capital(w: World, book: str, at: datetime) -> list[Event]:
    """Bring the institution's own money and, where it deals in tokens, buy a first stock of them abroad."""
    currency = w.town.currency
    events = [w.ask(book, at, "fiat_pay", w.bank_for(book), currency, 4_000_000_000, counterparty=book, purpose="own capital")]
    if book == w.home_bank:
        return events
    venue = next(venue.id for venue in w.town.venues if not venue.eu)
    for n, token in enumerate(w.town.traded, 1):
        units = w.units_for(token, 900_000_000)
        paid = (currency, w.cost(token, units))
        later = at + timedelta(seconds=n)
        events.append(w.ask(book, later, "token_buy_fiat", book, token, units, paid=paid, counterparty=venue, venue=venue))
    return [*events, *_own_issue(w, book, at + timedelta(seconds=10))]


def first_money(w: World, book: str, at: datetime, one: Party) -> list[Event]:
    """Bring what a new client starts with from another bank."""
    minor = 4 * first_sum(w, one)
    w.gain(book, one.party, w.town.currency, minor)
    pay = w.ask(book, at, "fiat_pay", w.other_bank, w.town.currency, minor, counterparty=one.party, purpose="opening balance")
    return [pay]


def _own_issue(w: World, book: str, at: datetime) -> list[Event]:
    """Let the issuer create the town's own token through the platform."""
    if next(one.licence for one in w.town.institutions if one.id == book) != "platform":
        return []
    token = next(token for token in w.town.tokens if token.from_regime)
    units = 500_000 * 10**token.decimals
    w.gain(book, w.issuer, token.code, units)
    w.holders[book, token.code].clear()  # the issuer places; it does not trade
    declared: Declared = {"white_paper": True, "risk_warning": True, "reason": "placement"}
    return [
        w.ask(book, at, "onboard", w.issuer, w.town.currency, 0),
        w.ask(book, at + timedelta(seconds=1), "token_create", w.issuer, token.code, units, declared=declared),
    ]


def some_of(w: World, book: str, token: str, most: int = 70) -> tuple[str, int] | None:
    """Return somebody who owns a token, and a part of it."""
    found = w.holder(book, token)
    if found is None:
        return None
    units = w.shown(token, w.part(found[1], 10, most))
    return (found[0], units) if units else None


def with_money(w: World, book: str) -> tuple[str, int] | None:
    """Return somebody who owns a little money, and how much."""
    found = w.holder(book, w.town.currency)
    return found if found is not None and found[1] >= 2_000 else None


def cost_with_spread(w: World, token: str, units: int) -> int:
    """Return what the institution asks for a token."""
    return dearer(w.cost(token, units))


def dearer(minor: int) -> int:
    """Add what the institution earns when it sells."""
    return minor + -(-minor * _SPREAD // 1_000)


def cheaper(minor: int) -> int:
    """Take off what the institution earns when it buys."""
    return minor - -(-minor * _SPREAD // 1_000)


def first_sum(w: World, one: Party) -> int:
    """Return how much somebody brings at once."""
    return w.some(300_000, 12_000_000) if one.kind == "legal_entity" else w.some(25_000, 2_500_000)


def transfer_to_venue(
    w: World, book: str, at: datetime, activity: Activity, party: str, units: int, token: str, venue: str, *, travel_rule: str
) -> Event:
    """Ask for a transfer between an account here and one at a foreign venue."""
    wallet = w.rng.choice(w.cast.venue_wallets[venue, w.tokens[token].chain])
    declared: Declared = {"travel_rule": travel_rule, "wallet_hosting": "hosted"}
    return w.ask(book, at, activity, party, token, units, counterparty=venue, wallet=wallet, declared=declared)


def transfer_to_own_wallet(w: World, book: str, at: datetime, activity: Activity, party: str, token: str, units: int) -> Event:
    """Ask for a transfer between an account here and one's own wallet."""
    wallet = w.wallet_of(party, w.tokens[token].chain)
    declared: Declared = {"wallet_hosting": "unhosted", "reason": "own_wallet"}
    return w.ask(book, at, activity, party, token, units, wallet=wallet, declared=declared)


def pay(
    w: World, book: str, at: datetime, activity: Activity, debtor: str, creditor: str, minor: int, purpose: str,
    declared: Declared | None = None,
) -> list[Event]:  # fmt: skip
    """Pay money, or first bring it when there is not enough."""
    if w.owned[book, debtor, w.town.currency] < minor:
        return w.pay_in(book, at, debtor, 3 * minor)
    w.lose(book, debtor, w.town.currency, minor)
    w.gain(book, creditor, w.town.currency, minor)
    return [w.ask(book, at, activity, debtor, w.town.currency, minor, counterparty=creditor, purpose=purpose, declared=declared)]


def place(w: World, book: str, at: datetime, declared: Declared, *, counted: bool = True) -> list[Event]:
    """Hand issued tokens to an investor."""
    investor, token = w.client(book), next(t.code for t in w.town.tokens if t.from_regime)
    units = w.some(100, 5_000)
    if investor is None or w.owned[book, w.issuer, token] < units:
        return []
    if counted:
        w.lose(book, w.issuer, token, units)
        w.gain(book, investor.party, token, units)
    return [w.ask(book, at, "token_place", w.issuer, token, units, counterparty=investor.party, declared=declared)]


def settle_trade(w: World, book: str, at: datetime, *, listed: bool) -> list[Event]:
    """Settle a foreign-trade contract in tokens."""
    found = some_of(w, book, "USDT")
    if found is None or not found[0].startswith("c-"):
        return _fund_company(w, book, at)
    party, units = found
    if listed:
        w.lose(book, party, "USDT", units)
    partner = w.rng.choice(w.cast.partners).party
    declared: Declared = {"reason": "foreign_trade", "case_listed": listed}
    return [w.ask(book, at, "token_trade_settle", party, "USDT", units, counterparty=partner, declared=declared)]


def _fund_company(w: World, book: str, at: datetime) -> list[Event]:
    """Let a company buy what it will settle with later."""
    firms = [one for one in w.clients[book] if one.kind == "legal_entity"]
    if not firms:
        return []
    party, minor = w.rng.choice(firms).party, w.some(200_000, 8_000_000)
    if w.owned[book, party, w.town.currency] < dearer(minor):
        return w.pay_in(book, at, party, 2 * minor)
    units = w.units_for("USDT", minor)
    price = dearer(w.cost("USDT", units))
    w.lose(book, party, w.town.currency, price)
    w.gain(book, party, "USDT", units)
    return [w.ask(book, at, "token_buy_fiat", party, "USDT", units, paid=(w.town.currency, price))]
