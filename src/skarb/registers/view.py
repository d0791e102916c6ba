"""The registers as the desk asks them: who, what, where, worth how much, on which legal day.

One object holds what was recorded until now. Questions are answered from a cache that a recording empties, so a busy day
costs one dictionary look-up a question. `as_of` goes back to what was known at an earlier instant. The version is the head of
the chain of recordings: two registers with one version hold the same entries, recorded in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from skarb.core.asset import Asset, currencies
from skarb.core.errors import Conflict, NotFound, Problem, ensure, shorten
from skarb.core.facts import Regime, Screening
from skarb.core.list_change import change_of
from skarb.core.party import Profile
from skarb.core.screening_list import Identifiers, ListMeasure, ScreeningList, Whitelisted
from skarb.core.time import Clock, to_day
from skarb.registers.chain import Recording, RegisterFile
from skarb.registers.defaults import CountryDefaults
from skarb.registers.found import find_factors, find_profile, find_wallet
from skarb.registers.freshness import Freshness
from skarb.registers.intake import contradictions, list_contradictions, new_rates
from skarb.registers.list_versions import ListVersion, version_in, versions_in
from skarb.registers.model import REGISTERS, Entry, Hold, ListPolicy, WalletFacts, Whitelisting
from skarb.registers.rate_files import RateFile
from skarb.registers.rates import Rate
from skarb.registers.read import Import, check_entry, type_problems
from skarb.registers.shelves import Shelves, asset_of, identifiers_in

_CACHE_MAX = 1 << 20  # answers kept of each kind; then the cache starts anew
_REGISTER_OF: dict[type[Entry], str] = {type_: name for name, type_ in REGISTERS.items()}

Screener = Callable[[str, int], tuple[Screening, Regime]]
Learner = Callable[[Identifiers], object]
_CLEAR: tuple[Screening, Regime] = ("clear", "none")  # where nobody screens
K = TypeVar("K")
V = TypeVar("V")


class UnknownAsset(NotFound, KeyError):
    """No currency and no token has this code."""

    def __str__(self) -> str:
        return str(self.args[0])


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a recording. With problems, nothing was recorded."""

    source: str
    added: int = 0  # entries, or rates
    replaced: int = 0  # got a new wording; the earlier one stays readable
    repeated: int = 0  # already there, word by word
    problems: tuple[Problem, ...] = ()
    version: bytes = b""  # of the registers afterwards


class Registers:
    """All registers of one book or one market. One writer; readers in the same thread."""

    def __init__(
        self, country: CountryDefaults, *, clock: Clock, file: RegisterFile | None = None, freshness: Freshness | None = None
    ) -> None:
        """Open the registers: what a file holds, or empty and in memory only."""
        self.country = country
        self._freshness = freshness or Freshness()
        self._clock = clock
        self._file = file
        self._screener: Screener | None = None
        self._learner: Learner | None = None
        self._shelves = Shelves(country)
        for recording in file.read() if file is not None else ():
            self._shelves.take(recording)
        self._forget()

    @property
    def version(self) -> bytes:
        """SHA-256 over the normal form of everything recorded, in order."""
        return self._shelves.head

    @property
    def recordings(self) -> Sequence[Recording]:
        """Everything recorded, in order; nothing is ever removed."""
        return self._shelves.recordings

    def as_of(self, recorded_at: datetime) -> Registers:
        """Return what was known at an instant, in memory."""
        earlier = Registers(self.country, clock=self._clock, freshness=self._freshness)
        for recording in self._shelves.recordings:
            if recording.recorded_at <= recorded_at:
                earlier._shelves.take(recording)
        return earlier

    # Questions.

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

    @property
    def today(self) -> int:
        """The day by the clock of the registers, in universal time; decisions about lists end by it."""
        return to_day(self._clock().astimezone(UTC).date())

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

    def screened_by(self, screener: Screener, learner: Learner | None = None) -> None:
        """Let profiles say what screening found; `unavailable` shows as possible, so nobody passes for clear by accident.

        `learner` is told at once what a recording says of parties and their wallets.
        """
        self._screener, self._learner = screener, learner
        self._forget()

    # Recordings.

    def record(self, entries: Iterable[Entry], source: str) -> Summary:
        """Write entries down, all or none; their kind says into which register."""
        by_register: dict[str, list[Entry]] = {}
        problems: list[Problem] = []
        country = self.country
        for row, entry in enumerate(entries, start=1):
            if wrong := type_problems(entry, source, row):
                problems += wrong
                continue
            checked = check_entry(entry, source, row, problems, numbering=country.numbering, home=country.home)
            if checked is not None:
                by_register.setdefault(_REGISTER_OF[type(entry)], []).append(checked)
        found = {register: tuple(kept) for register, kept in by_register.items()}
        return self.record_import(Import(name=source, entries=found, problems=tuple(problems)))

    def record_import(self, file: Import) -> Summary:
        """Write down what a file says, all or nothing."""
        problems = file.problems or tuple(contradictions(file, self._shelves, self.country))
        if problems:
            return Summary(source=file.name, problems=problems, version=self.version)
        fresh: dict[str, tuple[Entry, ...]] = {}
        replaced = repeated = 0
        for register, entries in file.entries.items():
            index = self._shelves.index(register)
            wordings = [(entry, index.wording(entry)) for entry in entries]
            fresh[register] = tuple(entry for entry, wording in wordings if wording != entry)
            repeated += sum(wording == entry for entry, wording in wordings)
            replaced += sum(wording is not None and wording != entry for entry, wording in wordings)
        count = sum(map(len, fresh.values()))
        if count:
            self._write(file.name, **{register: found for register, found in fresh.items() if found})
        return Summary(source=file.name, added=count - replaced, replaced=replaced, repeated=repeated, version=self.version)

    def record_defaults(self) -> Summary:
        """Write down the entries that the country's registers.yaml starts a market with."""
        return self.record_import(Import(name=f"{self.country.home} registers.yaml", entries=self.country.entries))

    def record_rates(self, file: RateFile, *, correct: bool = False) -> Summary:
        """Write rates down, all or nothing; a feed that froze or has holes is refused.

        A rate that contradicts an earlier one of the same publisher is refused too, unless it is recorded as a correction.
        """
        new = new_rates(file, self._shelves, self._freshness, correct=correct)
        if new.problems:
            return Summary(source=file.name, problems=new.problems, version=self.version)
        if new.series:
            self._write(file.name, rates=new.series)
        return Summary(source=file.name, added=new.added, replaced=new.replaced, repeated=new.repeated, version=self.version)

    def list_problems(self, screening_list: ScreeningList, source: str) -> tuple[Problem, ...]:
        """Return why a version of a screening list would be refused."""
        return tuple(list_contradictions(source, screening_list, self._shelves.lists.get(screening_list.list)))

    def record_list(self, screening_list: ScreeningList, source: str) -> Summary:
        """Write down a version of a screening list: the first one whole, later ones by what differs from the version before.

        A version older than the one in force is refused.
        """
        known = self._shelves.lists.get(screening_list.list)
        count = len(screening_list.entries)
        if problems := self.list_problems(screening_list, source):
            return Summary(source=source, problems=problems, version=self.version)
        if known is None:
            self._write(source, lists=(screening_list,))
            return Summary(source=source, added=count, version=self.version)
        change = change_of(known, screening_list)
        if change.sha256 == change.since:
            return Summary(source=source, repeated=count, version=self.version)
        self._write(source, list_changes=(change,))
        same = count - len(change.entries)
        replaced = len(change.entries) - (count - len(known.entries) + len(change.removed))
        added = len(change.entries) - replaced
        return Summary(source=source, added=added, replaced=replaced, repeated=same, version=self.version)

    def states(self, register: str, day: int) -> Iterator[Entry]:
        """Yield how everything in a register of states (parties, tokens, venues, wallets) is on a legal day."""
        index = self._shelves.index(register)
        for subject in list(index.subjects()):
            state = index.state(subject, day)
            if state is not None:
                yield state

    # Inside.

    def _write(self, source: str, **content: Any) -> None:
        now = self._clock()
        ensure(now.tzinfo is not None, "the clock tells an instant with its zone")
        last = self._shelves.recordings[-1].recorded_at if self._shelves.recordings else now
        if now < last:
            raise Conflict(
                f"the clock says {now.isoformat()}, the last recording was made at {last.isoformat()}; set the clock right"
            )
        recording = Recording(previous=self.version.hex(), recorded_at=now, source=source, **content)
        if self._file is not None:
            self._file.append(recording)
        self._shelves.take(recording)
        if self._learner is not None:
            for known in identifiers_in(recording):
                self._learner(known)
        self._forget()

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
