"""Screening of parties and wallets against the loaded lists, and of known parties when the lists change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Regime, Screening
from skarb.core.identifiers import wallet_key
from skarb.core.screening_list import (
    Identifiers,
    Listed,
    ListMeasure,
    ListStamp,
    RequiredList,
    ScreeningList,
    ScreeningResult,
    Whitelisted,
)
from skarb.core.time import from_day
from skarb.screening.judge import judge, measure_of
from skarb.screening.keys import keys_of_entry, keys_of_party
from skarb.screening.model import Change, Delta, Hit, Key
from skarb.screening.parties import PartyIndex

if TYPE_CHECKING:
    from skarb.screening.bearers import Bearers

K = TypeVar("K")
_CLEAR = ScreeningResult(status="clear")
NO_LIST = "no screening list is loaded"
_KEPT = 1 << 18  # answers about wallets kept before starting anew


class _Step(NamedTuple):
    """How one screen becomes the next: what it found, and which entries of which lists go and come."""

    hits: Mapping[Key, tuple[Hit, ...]]
    party_hits: Mapping[str, tuple[Hit, ...]]
    gone: list[tuple[str, Listed]]
    fresh: list[tuple[str, Listed]]


class Screen:
    """Screens against one set of lists. A newer set is a new screen; `refresh` says what it changes."""

    def __init__(
        self,
        lists: Iterable[ScreeningList],
        parties: Iterable[Identifiers] | PartyIndex = (),
        required: Iterable[RequiredList | str] = (),
        *,
        measures: Mapping[str, ListMeasure] | None = None,
        whitelist: Iterable[Whitelisted] = (),
        today: Callable[[], int] | None = None,
        names: Bearers | None = None,
        _step: _Step | None = None,
    ) -> None:
        """Build the look-up.

        `required` names lists without which nothing is clear, and how old they may be by `today`; `measures` the policy by list or
        regime where it is not the usual one. Decisions of the `whitelist` count on their days by `today`; without a calendar none
        counts, and no list grows old. `names` compares names over the same lists; without it only identifiers are.

        Raises: ConfigurationError if a list is given twice.
        """
        self._lists: dict[str, ScreeningList] = {}
        for screening_list in lists:
            if screening_list.list in self._lists:
                raise ConfigurationError(f"screening list {screening_list.list!r} is given twice; give its last version only")
            self._lists[screening_list.list] = screening_list
        self._required = tuple(RequiredList(list=one) if isinstance(one, str) else one for one in required)
        self._measures = dict(measures or {})
        self._today = today
        self._names = names
        self._whitelist = tuple(whitelist) if today is not None else ()
        self._decisions: dict[tuple[str, str, str], tuple[Whitelisted, ...]] = {}
        for one in self._whitelist:
            place = one.party, one.list, one.entry
            self._decisions[place] = (*self._decisions.get(place, ()), one)
        self._stamps = {name: _stamp(found) for name, found in sorted(self._lists.items())}
        self._wallet_results: dict[str, ScreeningResult] = {}
        self._by_number: dict[tuple[str, str], Listed] | None = None
        self._defaults: tuple[int | None, ScreeningResult] | None = None  # by the day on which it was found
        self._hashes = {name: stamp.sha256 for name, stamp in self._stamps.items()}
        self._known = parties if isinstance(parties, PartyIndex) else PartyIndex(parties)
        self._hits: dict[Key, tuple[Hit, ...]] = {}
        self._party_hits: dict[str, tuple[Hit, ...]] = {}
        if _step is None:
            self._enter((found, listed) for found in self._lists.values() for listed in found.entries)
        else:
            self._hits, self._party_hits = dict(_step.hits), dict(_step.party_hits)
            self._leave(_step.gone)
            self._enter((self._lists[name], listed) for name, listed in _step.fresh)

    @property
    def available(self) -> bool:
        """Whether all lists are there that must be."""
        return self._default.status == "clear"

    @property
    def missing(self) -> tuple[str, ...]:
        """What keeps everybody from being clear, in words: required lists that are not loaded or too old, each with the day since when."""
        return self._default.missing

    @property
    def eased(self) -> tuple[str, ...]:
        """What the law asks for and a made-up list stands for, in words: to be said wherever something is decided by it."""
        if self._today is None:
            return ()
        today = from_day(self._today())
        return tuple(words for one in self._required if (words := one.eased(self._lists.values(), today)))

    @property
    def required(self) -> tuple[RequiredList, ...]:
        """Lists without which nothing is clear."""
        return self._required

    @property
    def stamps(self) -> tuple[ListStamp, ...]:
        """Which version of which list is used: to journal and to print."""
        return tuple(self._stamps.values())

    @property
    def method(self) -> str:
        """By what means names are compared; empty where no list tells any."""
        return "" if self._names is None else self._names.method

    @property
    def known(self) -> PartyIndex:
        """Everybody who is known; see `learn`."""
        return self._known

    def measure(self, name: str) -> ListMeasure:
        """Return what is done about a hit on a list that is loaded."""
        return measure_of(name, self._lists[name].regime, self._measures)

    def party(self, party: str, day: int = 0) -> tuple[Screening, Regime]:
        """Return status and regime of a party by all identifiers it is known by, as the law looks at them.

        The legal day does not matter: a back-dated instruction too is screened by what is known now.
        """
        found = self.party_result(party)
        return found.status, found.fact_regime

    def wallet(self, address: str, day: int = 0) -> tuple[Screening, Regime]:
        """Return status and regime of an address written chain:address."""
        found = self.wallet_result(address)
        return found.status, found.fact_regime

    def party_result(self, party: str) -> ScreeningResult:
        """Return what screening found for a party, with the list, its version and its policy."""
        hits = self._party_hits.get(party) or self._hits.get(("party", party), ())
        if self._names is None:
            return self._judge(hits, party) if hits else self._default
        hits, unread = (*hits, *self._names.hits(party)), self._names.unread(party)
        return self._judge(hits, party, unread) if hits or unread else self._default

    def wallet_result(self, address: str) -> ScreeningResult:
        """Return what screening found for an address, with the list, its version and its policy."""
        _ = self._default  # on a new day it forgets what was found on another
        found = self._wallet_results.get(address)
        if found is None:
            if len(self._wallet_results) > _KEPT:
                self._wallet_results.clear()
            found = self._wallet_results[address] = self._judge(self._hits.get(("wallet", wallet_key(address)), ()), "")
        return found

    def hits(self, known: Identifiers) -> tuple[Hit, ...]:
        """Return every entry that shares an identifier with a party, such as a counterparty in a message, or that he may be by his name."""
        shared = tuple(hit for key in keys_of_party(known) for hit in self._hits.get(key, ()))
        return shared if self._names is None else (*shared, *self._names.of(known))

    def learn(self, known: Identifiers) -> None:
        """Take in what became known of a party, new or not; it is screened by it from now on."""
        self._known.add(known)
        if found := tuple(hit for key in keys_of_party(known) for hit in self._hits.get(key, ())):
            self._party_hits[known.party] = (*self._party_hits.get(known.party, ()), *found)
        if self._names is not None:
            self._names.learn(known)

    def entry(self, name: str, number: str) -> Listed | None:
        """Return an entry of a list that is loaded."""
        if self._by_number is None:
            self._by_number = {(found.list, one.entry): one for found in self._lists.values() for one in found.entries}
        return self._by_number.get((name, number))

    def result(self, hits: Iterable[Hit], subjects: Collection[str]) -> ScreeningResult:
        """Return what hits mean that were found before, over these same lists; decisions about any of the subjects count."""
        decisions: dict[tuple[str, str, str], tuple[Whitelisted, ...]] = {}
        for (party, name, entry), known in self._decisions.items():
            if party in subjects:
                decisions["", name, entry] = (*decisions.get(("", name, entry), ()), *known)
        return judge(hits, self._default, self._measures, self._hashes, "", decisions, self._day())

    def identifiers(self, known: Identifiers) -> ScreeningResult:
        """Return what screening finds for a set of identifiers."""
        return self._judge(self.hits(known), known.party, () if self._names is None else self._names.unread_of(known))

    def refresh(
        self,
        lists: Iterable[ScreeningList],
        parties: Iterable[Identifiers] | PartyIndex | None = None,
        *,
        measures: Mapping[str, ListMeasure] | None = None,
        whitelist: Iterable[Whitelisted] | None = None,
    ) -> tuple[Screen, Delta]:
        """Return the screen over a newer set of lists, and what it changes. What is not given stays as it is.

        Only parties and wallets that share an identifier with a changed entry, or a name, are looked at again, unless lists became available
        or unavailable, which changes every answer, or the policy of a list changed, which concerns all its entries.
        """
        lists = list(lists)
        old = self._entries()
        new = {(found.list, listed.entry): (found.regime, listed) for found in lists for listed in found.entries}
        names = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
        gone = [(name[0], old[name][1]) for name in names if name in old]
        fresh = [(name[0], new[name][1]) for name in names if name in new]
        newer = Screen(
            lists,
            self._known if parties is None else parties,
            self._required,
            measures=self._measures if measures is None else measures,
            whitelist=self._whitelist if whitelist is None else whitelist,
            today=self._today,
            names=None if self._names is None else self._names.over(lists),
            _step=_Step(self._hits, self._party_hits, gone, fresh) if parties is None else None,
        )
        kept = self._lists.keys() & newer._lists.keys()
        ruled = [listed for name in kept if self.measure(name) != newer.measure(name) for listed in newer._lists[name].entries]
        concerned = [*(listed for _, listed in gone), *(listed for _, listed in fresh), *ruled]
        named = self._named(newer, gone, fresh)
        touched = dict.fromkeys(key for listed in concerned for key, _ in keys_of_entry(listed))
        delta = Delta(
            added=tuple(name for name in names if name not in old),
            removed=tuple(name for name in names if name not in new),
            changed=tuple(name for name in names if name in old and name in new),
            hits=tuple(self._changes(newer, list(touched), named)),
            before=self.stamps,
            after=newer.stamps,
        )
        return newer, delta

    def _named(self, newer: Screen, gone: list[tuple[str, Listed]], fresh: list[tuple[str, Listed]]) -> set[str]:
        """Return the parties whose names concern what changed."""
        if newer._names is None:
            return set()
        entries = [*((self._lists[name], one) for name, one in gone), *((newer._lists[name], one) for name, one in fresh)]
        kept = self._lists.keys() & newer._lists.keys()
        ruled = [newer._lists[name] for name in sorted(kept) if self.measure(name) != newer.measure(name)]
        return newer._names.touched([*entries, *((found, listed) for found in ruled for listed in found.entries)])

    def _changes(self, newer: Screen, touched: list[Key], named: set[str]) -> Iterable[Change]:
        known = newer._known
        everybody = self.available != newer.available
        parties = known.parties() if everybody else [party for _, party in known.owners(touched)]
        wallets = known.wallets() if everybody else known.wallets_of(touched)
        decided = {one.party for one in {*self._whitelist} ^ {*newer._whitelist}}
        for party in sorted({*parties, *decided, *named}):
            yield from _change(party, self.party_result(party), newer.party_result(party))
        for wallet in sorted({*wallets}):
            yield from _change(wallet, self.wallet_result(wallet), newer.wallet_result(wallet))

    def _entries(self) -> dict[tuple[str, str], tuple[Regime, Listed]]:
        return {(name, listed.entry): (found.regime, listed) for name, found in self._lists.items() for listed in found.entries}

    def _enter(self, entries: Iterable[tuple[ScreeningList, Listed]]) -> None:
        """Let entries be found by their keys, and the parties that have one."""
        fresh: dict[Key, tuple[Hit, ...]] = {}
        for found, listed in entries:
            for key, exact in keys_of_entry(listed):
                fresh[key] = (*fresh.get(key, ()), Hit(found.list, found.regime, listed, exact, key[0]))
        for key, hits in fresh.items():
            self._hits[key] = (*self._hits.get(key, ()), *hits)
        for key, party in self._known.owners(list(fresh)):
            self._party_hits[party] = (*self._party_hits.get(party, ()), *fresh[key])

    def _leave(self, gone: Collection[tuple[str, Listed]]) -> None:
        """Let entries be found no more."""
        names = {(name, listed.entry) for name, listed in gone}
        for key in {key for _, listed in gone for key, _ in keys_of_entry(listed)}:
            _keep(self._hits, key, names)
        for party in list(self._party_hits) if names else ():
            _keep(self._party_hits, party, names)

    def _judge(self, hits: Iterable[Hit], party: str, unread: tuple[str, ...] = ()) -> ScreeningResult:
        """Return what hits mean; where there are none, nobody is clear whose name could not be read."""
        default = self._default
        if unread:
            default = ScreeningResult(status="unavailable", missing=(*default.missing, *unread))
        return judge(hits, default, self._measures, self._hashes, party, self._decisions, self._day())

    def _day(self) -> int:
        return self._today() if self._decisions and self._today is not None else 0

    @property
    def _default(self) -> ScreeningResult:
        """What is answered where nothing was found: clear if all lists are there that must be, and none is too old."""
        ages = self._today is not None and any(one.max_age_days is not None for one in self._required)
        today = self._today() if ages and self._today is not None else None
        if self._defaults is None or self._defaults[0] != today:
            day = date.min if today is None else from_day(today)
            lacks = [lack for one in self._required if (lack := one.lack(self._lists.values(), day))]
            missing = tuple(lacks if self._lists else [NO_LIST, *lacks])
            self._defaults = (today, ScreeningResult(status="unavailable", missing=missing) if missing else _CLEAR)
            self._wallet_results = {}
        return self._defaults[1]


def _keep(hits: dict[K, tuple[Hit, ...]], key: K, gone: Collection[tuple[str, str]]) -> None:
    """Take hits on entries that are gone out of what is found for a key."""
    kept = tuple(hit for hit in hits[key] if (hit.list, hit.listed.entry) not in gone)
    if kept:
        hits[key] = kept
    else:
        del hits[key]


def _change(subject: str, before: ScreeningResult, after: ScreeningResult) -> Iterable[Change]:
    """Yield a change of the answer; the mere hash of an otherwise equal list is none."""
    if _told(before) != _told(after):
        yield Change(subject=subject, before=before, after=after)


def _told(found: ScreeningResult) -> tuple[object, ...]:
    return found.status, found.regime, found.list, found.entry, found.measure, found.whitelisted


def _stamp(found: ScreeningList) -> ListStamp:
    return ListStamp(
        list=found.list,
        regime=found.regime,
        publisher=found.publisher,
        version=found.version,
        published=found.published,
        sha256=found.sha256,
        count=len(found.entries),
    )
