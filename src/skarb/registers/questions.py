"""Questions to the registers: who, what, where, worth how much, on which legal day.

Each is answered from a cache that a recording empties, so a busy day costs one dictionary look-up a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from skarb.core.asset import Asset, currencies
from skarb.core.errors import NotFound, shorten
from skarb.core.facts import Regime, Screening
from skarb.core.party import Profile
from skarb.core.screening_list import Identifiers, ListMeasure, ScreeningList, Whitelisted
from skarb.core.time import to_day
from skarb.registers.defaults import CountryDefaults
from skarb.registers.found import find_factors, find_profile, find_wallet
from skarb.registers.list_versions import ListVersion, version_in, versions_in
from skarb.registers.model import REGISTERS, Entry, Hold, ListPolicy, WalletFacts, Whitelisting
from skarb.registers.rates import Rate
from skarb.registers.shelves import Shelves, asset_of

_CACHE_MAX = 1 << 20  # answers kept of each kind; then the cache starts anew

Screener = Callable[[str, int], tuple[Screening, Regime]]
_CLEAR: tuple[Screening, Regime] = ("clear", "none")  # where nobody screens
K = TypeVar("K")
V = TypeVar("V")


class UnknownAsset(NotFound, KeyError):
    """No currency and no token has this code."""

    def __str__(self) -> str:
        return str(self.args[0])


class Questions:
    """What was recorded until now, as whoever decides asks of it."""

    def __init__(self, country: CountryDefaults) -> None:
        self.country = country
        self._screener: Screener | None = None
        self._shelves = Shelves(country)
        self._forget()

    def profile(self, party: str, day: int) -> Profile | None:
        """Return what is known of a party on a legal day, or None if nobody wrote anything about him."""
        try:
            return self._profiles[party, day]
        except KeyError:
            return _remember(self._profiles, (party, day), self._find_profile(party, day))

    def asset(self, code: str, day: int | None = None) -> Asset:
        """Return a currency or token; of a token the latest state, or that of a day.

        Raises: UnknownAsset (a KeyError and a NotFound)
        """
        found = self._shelves.assets.get(code)
        if day is not None and found is not None and code not in currencies():
            token = self._shelves.tokens.state(code, day)
            found = asset_of(token) if token is not None else None
        if found is None:
            raise UnknownAsset(
                f"asset {shorten(code)!r} is neither a currency of ISO 4217 nor a registered token; register it first"
            )
        return found

    def kept_wallets(self, provider: str, day: int) -> dict[str, str]:
        """Return the wallets that an institution keeps on a legal day, each with the party it is for, "" for the institution itself."""
        states = (self._shelves.wallets.state(wallet, day) for wallet in self._shelves.wallets.subjects())
        return {
            one.wallet: one.party for one in states if one is not None and one.hosting == "hosted" and one.provider == provider
        }

    def token_of(self, contract: str) -> str | None:
        """Return the code of the token that a contract, written chain:address, keeps; None if none is registered."""
        for code in self._shelves.tokens.subjects():
            standing = [entry for entry in self._shelves.tokens.history(code) if not entry.withdrawn]
            if standing and standing[-1].contract == contract:
                return code
        return None

    def venue(self, venue: str, day: int) -> Profile | None:
        """Return who runs a venue and whether access to it is restricted, or None if nothing is known of it.

        `venue` is its id or its host.
        """
        try:
            return self._venues[venue, day]
        except KeyError:
            return _remember(self._venues, (venue, day), self._find_venue(venue, day))

    def wallet(self, address: str, day: int) -> WalletFacts:
        """Return what is known of an address written chain:address.

        Raises: FieldError (an InputError) if the chain is known and the text is not one of its addresses.
        """
        try:
            return self._wallets[address, day]
        except KeyError:
            return _remember(self._wallets, (address, day), find_wallet(self._shelves, address, day))

    def wallet_listed(self, address: str, day: int) -> bool:
        """Tell whether an address stands in the national register of wallets in any spelling, whatever chain it is filed under."""
        return self._shelves.listed(address, day)

    def held(self, party: str, day: int) -> bool:
        """Tell whether an order of suspension, arrest or freeze stands against a party on a legal day."""
        try:
            return self._held[party, day]
        except KeyError:
            return _remember(self._held, (party, day), bool(self.holds(party, day)))

    def holds(self, party: str, day: int) -> list[Hold]:
        """Return the orders that stand against a party on a legal day."""
        return self._shelves.holds.spells(party, day)

    def rate(self, asset: str, day: int, currency: str | None = None) -> Rate | None:
        """Return what one major unit of an asset is worth in the legal (or another) currency; None if nobody published a rate.

        Raises: Unavailable if the last one is too old.
        """
        return self._shelves.rates.find(asset, currency or self.country.legal_currency, day)

    def value(self, asset: str, units: int, day: int, currency: str | None = None) -> int | None:
        """Return the worth of an amount in the legal (or another) currency; None if nobody published a rate.

        Units: `units` in smallest units of the asset; the result in minor units of the currency.
        Rounding: half up to the minor unit, once, at the end.
        Raises: Unavailable if the last rate is too old; UnknownAsset.
        """
        factors = self.factors(asset, day, currency)
        if factors is None:
            return None
        doubled, below, below_doubled = factors
        return (units * doubled + below) // below_doubled

    def factors(self, asset: str, day: int, currency: str | None = None) -> tuple[int, int, int] | None:
        """Return what makes an amount its worth: (units * first + second) // third. See `value`."""
        try:
            return self._factors[asset, day, currency]
        except KeyError:
            return _remember(self._factors, (asset, day, currency), self._find_factors(asset, day, currency))

    def lists(self) -> tuple[ScreeningList, ...]:
        """Return the screening lists in their last version."""
        return tuple(found for _, found in sorted(self._shelves.lists.items()))

    def list_versions(self) -> Iterable[ListVersion]:
        """Return every version of every screening list, in the order of recording."""
        return versions_in(self._shelves.recordings)

    def list_at(self, name: str, version: str) -> ScreeningList:
        """Return a version of a screening list, named by its version or by the beginning of its hash; of several the last recorded.

        Raises: NotFound if there is none.
        """
        return version_in(self._shelves.recordings, name, version)

    def measures(self, day: int) -> dict[str, ListMeasure]:
        """Return the policies on a day, by list or regime."""
        index = self._shelves.list_policies
        states = ((name, index.state(name, day)) for name in index.subjects())
        return {name: state.measure for name, state in states if isinstance(state, ListPolicy)}

    def whitelist(self) -> list[Whitelisted]:
        """Return the decisions that a party is not whom an entry of a list means, those that have ended too."""
        index = self._shelves.whitelist
        decisions = (one for party in index.subjects() for one in index.history(party) if not one.withdrawn)
        return [_whitelisted(one) for one in decisions]

    def identifiers(self) -> list[Identifiers]:
        """Return everything each party was ever known by, for screening."""
        return list(self._shelves.identifiers())

    def everybody(self) -> Iterator[Identifiers]:
        """Yield the same one by one, so that a million need no memory."""
        return self._shelves.identifiers()

    def described(self, party: str) -> Identifiers | None:
        """Return everything a party was ever known by but its wallets, None if nothing is recorded of it."""
        return self._shelves.described(party)

    def history(self, register: str, subject: str) -> list[Entry]:
        """Return the present wording of all entries about a subject, withdrawn ones included, oldest first.

        Raises: NotFound if there is no such register.
        """
        if register not in REGISTERS:
            raise NotFound(f"register {shorten(register)!r} does not exist; expected one of {', '.join(REGISTERS)}")
        return list(self._shelves.index(register).history(subject))

    def subjects(self, register: str) -> list[str]:
        """Return everything that a register has an entry about, in order.

        Raises: NotFound if there is no such register.
        """
        if register not in REGISTERS:
            raise NotFound(f"register {shorten(register)!r} does not exist; expected one of {', '.join(REGISTERS)}")
        return sorted(self._shelves.index(register).subjects())

    def states(self, register: str, day: int) -> Iterator[Entry]:
        """Yield how everything in a register of states (parties, tokens, venues, wallets) is on a legal day."""
        index = self._shelves.index(register)
        for subject in list(index.subjects()):
            state = index.state(subject, day)
            if state is not None:
                yield state

    def _forget(self) -> None:
        self._profiles: dict[tuple[str, int], Profile | None] = {}
        self._venues: dict[tuple[str, int], Profile | None] = {}
        self._wallets: dict[tuple[str, int], WalletFacts] = {}
        self._held: dict[tuple[str, int], bool] = {}
        self._factors: dict[tuple[str, int, str | None], tuple[int, int, int] | None] = {}

    def _find_profile(self, party: str, day: int) -> Profile | None:
        screened = self._screener(party, day) if self._screener is not None else _CLEAR
        return find_profile(self._shelves, self.country, party, day, screened)

    def _find_venue(self, name: str, day: int) -> Profile | None:
        venue = self._shelves.venue(name, day)
        blocked = self._shelves.blocked((venue.host or "") if venue is not None else name, day)
        if venue is None:
            return Profile(licence="foreign_provider", blocked=True) if blocked else None
        operator = self._find_profile(venue.party, day) if venue.party else None
        if operator is not None:
            return msgspec.structs.replace(operator, country=venue.country, blocked=blocked)
        return Profile(kind="legal_entity", licence=venue.licence, country=venue.country, blocked=blocked)

    def _find_factors(self, asset: str, day: int, currency: str | None) -> tuple[int, int, int] | None:
        return find_factors(self._shelves, self.asset(asset), self.asset(currency or self.country.legal_currency), day)


def _remember(cache: dict[K, V], key: K, answer: V) -> V:
    if len(cache) >= _CACHE_MAX:
        cache.clear()
    cache[key] = answer
    return answer


def _whitelisted(one: Whitelisting) -> Whitelisted:
    last = one.valid_to if one.valid_to is not None else one.valid_from
    return Whitelisted(
        party=one.party,
        list=one.list,
        entry=one.entry,
        entry_sha256=one.entry_sha256,
        first=to_day(one.valid_from),
        last=to_day(last),
    )
