"""The shelves: everything recorded, put where it can be found. Taking a recording over is the only way to change them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skarb.core.asset import Asset, currencies
from skarb.core.party import PartyKind
from skarb.core.screening_list import Identifiers, Name, ScreeningList, SubjectKind
from skarb.registers.chain import GENESIS, Recording, head_of
from skarb.registers.defaults import CountryDefaults
from skarb.registers.index import Index
from skarb.registers.model import REGISTERS, Admission, Block, Hold, Party, Token, Venue, Wallet, WalletListing
from skarb.registers.rates import RateBook

_SUBJECTS: dict[PartyKind, SubjectKind] = {
    "natural_person": "person",
    "self_employed": "person",
    "craftsperson": "person",
    "farm_stay_host": "person",
    "sole_proprietor": "person",
    "legal_entity": "entity",
    "state_body": "entity",
    "central_bank": "entity",
}  # as what somebody is compared by name


class Shelves:
    """The indexes over all recordings up to a moment."""

    def __init__(self, country: CountryDefaults) -> None:
        rules = country.rates
        self.head = GENESIS
        self.recordings: list[Recording] = []
        self.parties: Index[Party] = Index("party")
        self.licences: Index[Admission] = Index("party")
        self.tokens: Index[Token] = Index("code")
        self.venues: Index[Venue] = Index("venue")
        self.blocks: Index[Block] = Index("host")
        self.wallets: Index[Wallet] = Index("wallet")
        self.listed_wallets: Index[WalletListing] = Index("wallet")
        self.holds: Index[Hold] = Index("party")
        self.lists: dict[str, ScreeningList] = {}
        legal = Asset(code=country.legal_currency, asset_class="money", decimals=country.decimals)
        self.assets: dict[str, Asset] = {legal.code: legal} | currencies()
        self.rates = RateBook(rules.max_age_days, rules.sources, (country.legal_currency, *rules.pivots))

    def index(self, register: str) -> Index[Any]:
        """Return the index of one of model.REGISTERS."""
        found: Index[Any] = getattr(self, register)
        return found

    def take(self, recording: Recording) -> None:
        """Put everything of a recording in its place."""
        for register in REGISTERS:
            for entry in recording.entries(register):
                self.index(register).add(entry)
        for token in recording.tokens:
            self.assets.pop(token.code, None)
            standing = [entry for entry in self.tokens.history(token.code) if not entry.withdrawn]
            if standing:
                self.assets[token.code] = asset_of(standing[-1])
        for screening_list in recording.lists:
            self.lists[screening_list.list] = screening_list
        for series in recording.rates:
            self.rates.add(series)
        self.recordings.append(recording)
        self.head = head_of(recording)

    def identifiers(self) -> list[Identifiers]:
        """Return everything each party was ever known by, for screening."""
        wallets: dict[str, list[str]] = {}
        for address in self.wallets.subjects():
            for wallet in self.wallets.history(address):
                wallets.setdefault(wallet.party, []).append(address)
        found = []
        for party in self.parties.subjects():
            entries = [entry for entry in self.parties.history(party) if not entry.withdrawn]
            found.append(
                Identifiers(
                    party=party,
                    taxpayer_numbers=_distinct(entry.taxpayer_number for entry in entries),
                    leis=_distinct(entry.lei for entry in entries),
                    passports=_distinct(entry.passport for entry in entries),
                    wallets=_distinct(wallets.get(party, ())),
                    kind=_SUBJECTS.get(entries[-1].kind, "unknown") if entries else "unknown",
                    names=tuple(Name(text=name) for name in _distinct(entry.name for entry in entries)),
                    births=_distinct(entry.born.isoformat() for entry in entries if entry.born is not None),
                    countries=_distinct(entry.country for entry in entries if entry.country != "XX"),
                )
            )
        return found

    def venue(self, name: str, day: int) -> Venue | None:
        """Return a venue by its id, or by its host."""
        found = self.venues.state(name, day)
        if found is not None:
            return found
        states = (self.venues.state(venue, day) for venue in self.venues.subjects())
        return next((state for state in states if state is not None and state.host == name), None)

    def listed(self, wallet: str, day: int) -> bool:
        """Tell whether an address stands in the national register: included, and not excluded since."""
        entries = self.listed_wallets.spells(wallet, day)
        excluded = max((entry.valid_from for entry in entries if entry.status == "excluded"), default=None)
        included = [entry.valid_from for entry in entries if entry.status == "included"]
        return any(excluded is None or begun > excluded for begun in included)

    def blocked(self, host: str, day: int) -> bool:
        """Tell whether access to a host, or to a domain above it, is restricted."""
        parts = host.split(".")
        domains = (".".join(parts[start:]) for start in range(len(parts) - 1))
        return any(self.blocks.spells(domain, day) for domain in domains)


def asset_of(token: Token) -> Asset:
    """Return a token as the rest of the house knows it."""
    return Asset(
        code=token.code,
        asset_class=token.asset_class,
        decimals=token.decimals,
        name=token.name,
        anonymous=token.anonymous,
        lawful=token.lawful,
        from_regime=token.from_regime,
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
