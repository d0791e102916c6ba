"""The state of the made-up world: who has opened an account where, and roughly what he owns.

The holdings kept here only help people to ask for things they can mostly afford. Whether they can is decided by the
law and the ledger; a fee or a refusal simply makes the guess here a little wrong, as guesses of people are.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from skarb.core.activity import Activity
from skarb.core.amount import format_amount
from skarb.core.instruction import Instruction
from skarb.registers import Party
from skarb.simulate.cast import Cast
from skarb.simulate.model import Event
from skarb.simulate.numbers import address
from skarb.simulate.prices import PLACES, Prices
from skarb.simulate.town import Token, Town

LEGAL_DECIMALS = 2


class Abroad(NamedTuple):
    """Tokens that went to a foreign venue and may come back."""

    party: str
    asset: str
    units: int
    venue: str
    since: date


class World:
    """What changes while the market lives. One random source, no clock."""

    def __init__(self, seed: int, town: Town, cast: Cast, prices: Prices) -> None:
        self.seed = seed
        self.town = town
        self.cast = cast
        self.prices = prices
        self.rng = Random(f"{seed}/world")
        self.day = date.min
        self.tokens = {token.code: token for token in town.tokens}
        self.clients: dict[str, list[Party]] = defaultdict(list)
        self.waiting: dict[str, list[Party]] = defaultdict(list)  # will join, last first
        self.owned: dict[tuple[str, str, str], int] = defaultdict(int)  # book, party, asset
        self.holders: dict[tuple[str, str], list[str]] = defaultdict(list)  # book, asset: may hold duplicates
        self.abroad: dict[str, list[Abroad]] = defaultdict(list)
        self.own_wallets: dict[tuple[str, str], str] = {}
        everyone = (*town.institutions, *town.others)
        self.home_bank = next(one.id for one in everyone if one.licence == "bank" and one.share)
        self.other_bank = next(one.id for one in everyone if one.licence == "bank" and not one.share)
        self.miner = next(one.id for one in everyone if one.licence == "miner")
        self.issuer = next(one.id for one in everyone if one.role == "issuer")
        self._serial: dict[str, int] = defaultdict(int)
        self._traded = (list(town.traded), list(town.traded.values()))
        self._officers = {one.id: f"officer-1@{one.id}" for one in town.institutions}

    # -- choosing ---------------------------------------------------------------------------------------------------

    def client(self, book: str) -> Party | None:
        """Return a client of a book; those who joined first are the busiest."""
        clients = self.clients[book]
        if not clients:
            return None
        return clients[min(self.rng.randrange(len(clients)), self.rng.randrange(len(clients)))]

    def person(self, book: str) -> Party | None:
        """Return a client who is not a company."""
        for _ in range(8):
            one = self.client(book)
            if one is None or one.kind != "legal_entity":
                return one
        return None

    def holder(self, book: str, asset: str) -> tuple[str, int] | None:
        """Return somebody who should own some of an asset, and how much."""
        holders = self.holders[book, asset]
        for _ in range(6):
            if not holders:
                return None
            place = self.rng.randrange(len(holders))
            units = self.owned[book, holders[place], asset]
            if units > 0:
                return holders[place], units
            holders[place] = holders[-1]
            holders.pop()
        return None

    def token(self) -> Token:
        """Return the token that somebody reaches for."""
        return self.tokens[self.rng.choices(*self._traded)[0]]

    def some(self, low: int, high: int) -> int:
        """Return a whole number between two bounds, small ones far more often than large ones."""
        top = low
        while top < high and self.rng.getrandbits(2):
            top += top // 2 + 1
        return self.rng.randint(low, min(top, high))

    def part(self, units: int, least: int = 10, most: int = 70) -> int:
        """Return some percentage of what somebody owns."""
        return units * self.rng.randint(least, most) // 100

    def wallet_of(self, party: str, chain: str) -> str:
        """Return the address of somebody's own wallet."""
        key = (party, chain)
        if key not in self.own_wallets:
            # From the name, not from the stream, so that it does not depend on who moved first.
            self.own_wallets[key] = address(Random(f"{self.seed}/wallet/{party}/{chain}"), chain)
        return self.own_wallets[key]

    # -- counting ---------------------------------------------------------------------------------------------------

    def gain(self, book: str, party: str, asset: str, units: int) -> None:
        """Note that somebody came to own more."""
        if self.owned[book, party, asset] == 0:
            self.holders[book, asset].append(party)
        self.owned[book, party, asset] += units

    def lose(self, book: str, party: str, asset: str, units: int) -> None:
        """Note that somebody gave something away."""
        self.owned[book, party, asset] -= units

    def cost(self, asset: str, units: int) -> int:
        """Return what units of a token are worth, in minor units of the legal currency, rounded up."""
        price, scale = self.prices.of(asset, self.day)
        return -(-units * price // (scale * self._fine(asset)))

    def _fine(self, asset: str) -> int:
        """Return smallest units of a token times price steps per minor unit of the legal currency."""
        return int(10 ** (self.tokens[asset].decimals + PLACES - LEGAL_DECIMALS))

    def units_for(self, asset: str, minor: int) -> int:
        """Return how much of a token a sum buys, cut to the decimals people write."""
        price, scale = self.prices.of(asset, self.day)
        return self.shown(asset, minor * scale * self._fine(asset) // price)

    def shown(self, asset: str, units: int) -> int:
        """Cut an amount to the decimals that people write."""
        token = self.tokens[asset]
        step = int(10 ** (token.decimals - token.shown))
        return units // step * step

    # -- asking -----------------------------------------------------------------------------------------------------

    def write(self, asset: str, units: int) -> str:
        """Write an amount as a person would."""
        decimals = self.tokens[asset].decimals if asset in self.tokens else LEGAL_DECIMALS
        text = format_amount(units, decimals)
        return text.rstrip("0").rstrip(".") if asset in self.tokens else text

    def ask(self, book: str, at: datetime, activity: Activity, party: str, asset: str, units: int, **more: Any) -> Event:
        """Return a new instruction to a book.

        `paid` is a pair of asset and units given in return; everything else is a field of the instruction.
        """
        self._serial[book] += 1
        paid = more.pop("paid", None)
        if paid is not None:
            more["consideration_asset"] = paid[0]
            more["consideration"] = self.write(*paid)
        more.setdefault("entered_by", self._officers[book] if activity in ("onboard", "token_place", "advertise") else "client")
        return Event(
            book,
            Instruction(
                id=f"{book}-{at:%y%m%d}-{self._serial[book]:06}",
                at=at,
                activity=activity,
                party=party,
                asset=asset,
                amount=self.write(asset, units),
                **more,
            ),
        )

    def payment_id(self, book: str) -> str:
        """Return a new id by which both institutions know the payment that a book asks for next."""
        return f"{book}-e{self._serial[book] + 1:06}"

    # -- institutions -----------------------------------------------------------------------------------------------

    def bank_for(self, book: str) -> str:
        """Return the bank that money comes from and goes to; for the bank's own book, another bank."""
        return self.other_bank if book == self.home_bank else self.home_bank

    def open_account(self, book: str, at: datetime, party: Party) -> list[Event]:
        """Make somebody a client of a book."""
        self.clients[book].append(party)
        return [self.ask(book, at, "onboard", party.party, self.town.currency, 0)]

    def pay_in(self, book: str, at: datetime, party: str, minor: int) -> list[Event]:
        """Let money reach somebody's account from a bank."""
        currency, bank, purpose = self.town.currency, self.bank_for(book), "top-up"
        events, paired = [], None
        if self.owned[bank, party, currency] >= minor:
            self.lose(bank, party, currency, minor)
            paired = self.payment_id(bank)
            more = {"counterparty": book, "end_to_end_id": paired, "purpose": "to my account there"}
            events.append(self.ask(bank, at, "fiat_pay", party, currency, minor, **more))
        self.gain(book, party, currency, minor)
        later = at + timedelta(seconds=20)
        events.append(
            self.ask(book, later, "fiat_pay", bank, currency, minor, counterparty=party, end_to_end_id=paired, purpose=purpose)
        )
        return events
