"""The shelves: everything recorded, put where it can be found. Taking a recording over is the only way to change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from skarb.core.asset import Asset, currencies
from skarb.core.identifiers import wallet_key
from skarb.core.list_change import apply
from skarb.core.screening_list import Document, Identifiers, ScreeningList, SubjectKind
from skarb.core.screening_list import Name as NameOf
from skarb.core.time import to_day
from skarb.registers.chain import GENESIS, Recording, head_of
from skarb.registers.defaults import CountryDefaults
from skarb.registers.index import Index
from skarb.registers.model import (
    REGISTERS,
    Admission,
    Block,
    Hold,
    ListPolicy,
    Meter,
    MiningMachines,
    MiningSite,
    Party,
    Tariff,
    Token,
    Venue,
    Wallet,
    WalletExposure,
    WalletListing,
    WalletProof,
    Whitelisting,
)
from skarb.registers.rates import RateBook

_KINDS: dict[str, SubjectKind] = {
    **dict.fromkeys(("natural_person", "self_employed", "craftsperson", "farm_stay_host", "sole_proprietor"), "person"),
    **dict.fromkeys(("legal_entity", "state_body", "central_bank"), "entity"),
}


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
        self.wallet_proofs: Index[WalletProof] = Index("wallet")
        self.wallet_exposures: Index[WalletExposure] = Index("wallet")
        self.list_policies: Index[ListPolicy] = Index("list")
        self.whitelist: Index[Whitelisting] = Index("party")
        self.mining_sites: Index[MiningSite] = Index("site")
        self.mining_machines: Index[MiningMachines] = Index("site")
        self.meters: Index[Meter] = Index("meter")
        self.tariffs: Index[Tariff] = Index("tariff")
        self.lists: dict[str, ScreeningList] = {}
        self._spellings: dict[str, set[str]] = {}  # of listed wallets, by the form in which they are compared
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
        for listing in recording.listed_wallets:
            self._spellings.setdefault(wallet_key(listing.wallet), set()).add(listing.wallet)
        for screening_list in recording.lists:
            self.lists[screening_list.list] = screening_list
        for change in recording.list_changes:
            self.lists[change.list] = apply(self.lists[change.list], change)
        for series in recording.rates:
            self.rates.add(series)
        self.recordings.append(recording)
        self.head = head_of(recording)

    def identifiers(self) -> Iterator[Identifiers]:
        """Yield everything each party was ever known by, for screening."""
        wallets: dict[str, list[str]] = {}
        for address in self.wallets.subjects():
            for wallet in self.wallets.history(address):
                wallets.setdefault(wallet.party, []).append(address)
        for party in self.parties.subjects():
            entries = [entry for entry in self.parties.history(party) if not entry.withdrawn]
            yield _identifiers(party, entries, wallets.get(party, ()))

    def described(self, party: str) -> Identifiers | None:
        """Return everything a party was ever known by but its wallets."""
        entries = [entry for entry in self.parties.history(party) if not entry.withdrawn]
        return _identifiers(party, entries, ()) if entries else None

    def venue(self, name: str, day: int) -> Venue | None:
        """Return a venue by its id, or by its host."""
        found = self.venues.state(name, day)
        if found is not None:
            return found
        states = (self.venues.state(venue, day) for venue in self.venues.subjects())
        return next((state for state in states if state is not None and state.host == name), None)

    def listed(self, wallet: str, day: int) -> bool:
        """Tell whether an address stands in the national register, in any spelling: included, and not excluded since."""
        spellings = self._spellings.get(wallet_key(wallet), ())
        entries = [entry for spelling in spellings for entry in self.listed_wallets.spells(spelling, day)]
        excluded = max((entry.valid_from for entry in entries if entry.status == "excluded"), default=None)
        included = [entry.valid_from for entry in entries if entry.status == "included"]
        return any(excluded is None or begun > excluded for begun in included)

    def proven_by(self, wallet: str, day: int) -> frozenset[str]:
        """Return who has proven by a day that a wallet is his, from the day of the proof on."""
        proofs = self.wallet_proofs.spells(wallet, day)
        return frozenset(one.party for one in proofs if one.proven_on is not None and to_day(one.proven_on) <= day)

    def blocked(self, host: str, day: int) -> bool:
        """Tell whether access to a host, or to a domain above it, is restricted."""
        parts = host.split(".")
        domains = (".".join(parts[start:]) for start in range(len(parts) - 1))
        return any(self.blocks.spells(domain, day) for domain in domains)


def identifiers_in(recording: Recording) -> Iterator[Identifiers]:
    """Yield what a recording alone tells of parties, so that screening learns it at once."""
    wallets: dict[str, list[str]] = {}
    for wallet in recording.wallets:
        if wallet.party:
            wallets.setdefault(wallet.party, []).append(wallet.wallet)
    told: dict[str, list[Party]] = {party: [] for party in wallets}
    for entry in recording.parties:
        told.setdefault(entry.party, []).extend(() if entry.withdrawn else (entry,))
    for party, entries in told.items():
        yield _identifiers(party, entries, wallets.get(party, ()))


def _identifiers(party: str, entries: list[Party], wallets: Iterable[str]) -> Identifiers:
    return Identifiers(
        party=party,
        taxpayer_numbers=_distinct(entry.taxpayer_number for entry in entries),
        leis=_distinct(entry.lei for entry in entries),
        passports=_distinct(entry.passport for entry in entries),
        wallets=_distinct(wallets),
        **_described(entries),
    )


def _described(entries: list[Party]) -> dict[str, Any]:
    """Return what the wordings of a party say of it besides its numbers; numbers stand with the country they come from."""
    numbers = [("tax", one.taxpayer_number, one.country) for one in entries]
    numbers += [("passport", one.passport, one.country) for one in entries]
    documents = [
        Document(kind=kind, number=number, country=country.replace("XX", "")) for kind, number, country in numbers if number
    ]
    return {
        "kind": _KINDS.get(entries[-1].kind, "unknown") if entries else "unknown",
        "names": tuple(NameOf(text=name) for name in _distinct(one.name for one in entries)),
        "births": _distinct(one.born.isoformat() for one in entries if one.born),
        "countries": _distinct(one.country for one in entries if one.country != "XX"),
        "documents": tuple(dict.fromkeys(documents)),
    }


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
