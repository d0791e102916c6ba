"""Exact screening of parties and wallets against the loaded lists, and of known parties when the lists change."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Regime, Screening
from skarb.core.screening_list import Identifiers, Listed, ListStamp, ScreeningList, ScreeningResult
from skarb.screening.keys import keys_of_entry, keys_of_party, wallet_key
from skarb.screening.model import Change, Delta, Key

if TYPE_CHECKING:
    from skarb.screening.names import NameScreen

_CLEAR = ScreeningResult(status="clear")
_UNAVAILABLE = ScreeningResult(status="unavailable")
_GRAVITY: dict[Regime, int] = {"national": 0, "un": 1, "eu": 2, "us": 3, "own": 4, "none": 5}  # the gravest is named


class Screen:
    """Screens against one set of lists. A newer set is a new screen; `refresh` says what it changes."""

    def __init__(
        self,
        lists: Iterable[ScreeningList],
        parties: Iterable[Identifiers] = (),
        required: Collection[str] = (),
        names: NameScreen | None = None,
    ) -> None:
        """Build the look-up. `required` names lists without which nothing is clear; `names` compares names over the same lists.

        Raises: ConfigurationError if a list is given twice.
        """
        self._lists: dict[str, ScreeningList] = {}
        for screening_list in lists:
            if screening_list.list in self._lists:
                raise ConfigurationError(f"screening list {screening_list.list!r} is given twice; give its last version only")
            self._lists[screening_list.list] = screening_list
        self._required = frozenset(required)
        self._stamps = {name: _stamp(found) for name, found in sorted(self._lists.items())}
        self._missing = tuple(sorted(self._required - self._lists.keys()))
        self._default = _CLEAR if self._lists and not self._missing else _UNAVAILABLE
        self._hits: dict[Key, ScreeningResult] = {}
        for screening_list in self._lists.values():
            for listed in screening_list.entries:
                self._index(screening_list, listed)
        self._names = names
        self._known = {known.party: known for known in parties}
        self._party_results = {party: self._screened(known) for party, known in self._known.items()}
        self._answers = {party: (found.status, found.regime) for party, found in self._party_results.items()}
        self._wallet_results: dict[str, ScreeningResult] = {}

    @property
    def available(self) -> bool:
        """Whether all lists are there that must be."""
        return self._default is _CLEAR

    @property
    def missing(self) -> tuple[str, ...]:
        """Required lists that are not loaded."""
        return self._missing

    @property
    def stamps(self) -> tuple[ListStamp, ...]:
        """Which version of which list is used: to journal and to print."""
        return tuple(self._stamps.values())

    def party(self, party: str, day: int = 0) -> tuple[Screening, Regime]:
        """Return status and regime of a party by all identifiers it is known by.

        The legal day does not matter: a back-dated instruction too is screened by what is known now.
        """
        answer = self._answers.get(party)
        if answer is None:
            found = self._hits.get(("party", party), self._default)
            answer = found.status, found.regime
        return answer

    def know(self, known: Identifiers) -> ScreeningResult:
        """Screen a party that came or changed, and keep the answer for the road."""
        self._known[known.party] = known
        found = self._party_results[known.party] = self._screened(known)
        self._answers[known.party] = found.status, found.regime
        return found

    def wallet(self, address: str, day: int = 0) -> tuple[Screening, Regime]:
        """Return status and regime of an address written chain:address."""
        found = self.wallet_result(address)
        return found.status, found.regime

    def party_result(self, party: str) -> ScreeningResult:
        """Return what screening found for a party, with the list and its version."""
        return self._party_results.get(party) or self._hits.get(("party", party), self._default)

    def wallet_result(self, address: str) -> ScreeningResult:
        """Return what screening found for an address, with the list and its version."""
        found = self._wallet_results.get(address)
        if found is None:
            if len(self._wallet_results) > 1 << 18:
                self._wallet_results.clear()
            found = self._wallet_results[address] = self._hits.get(("wallet", wallet_key(address)), self._default)
        return found

    def identifiers(self, known: Identifiers) -> ScreeningResult:
        """Return what screening finds for a set of identifiers, such as those of a counterparty in a message."""
        hits = [self._hits[key] for key in keys_of_party(known) if key in self._hits]
        return min(hits, key=_order) if hits else self._default

    def _screened(self, known: Identifiers) -> ScreeningResult:
        """Return the graver of what identifiers say, and of what names say: an identifier lists, a name is possible and no more."""
        found = self.identifiers(known)
        if self._names is None or found.status == "listed" or not known.names:
            return found
        answer = self._names.party(known)
        if answer.verdict == "clear":
            return found
        hit = min((one for one in answer.hits if one.stands), key=lambda one: _GRAVITY[one.regime])
        return ScreeningResult(
            status="possible", regime=hit.regime, list=hit.list, list_sha256=self._stamps[hit.list].sha256, entry=hit.entry
        )

    def refresh(self, lists: Iterable[ScreeningList], parties: Iterable[Identifiers] | None = None) -> tuple[Screen, Delta]:
        """Return the screen over a newer set of lists, and what it changes.

        Only parties and wallets that share an identifier with a changed entry are looked at again, unless lists became
        available or unavailable, which changes every answer, or names are compared, too.
        """
        lists = tuple(lists)
        names = None if self._names is None else self._names.over(lists)
        newer = Screen(lists, self._known.values() if parties is None else parties, self._required, names)
        old, new = self._entries(), newer._entries()
        touched: set[Key] = set()
        added: list[tuple[str, str]] = []
        removed: list[tuple[str, str]] = []
        changed: list[tuple[str, str]] = []
        for name in sorted(old.keys() | new.keys()):
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            (added if before is None else removed if after is None else changed).append(name)
            for listed in (before, after):
                touched.update(keys_of_entry(listed) if listed is not None else ())
        delta = Delta(
            added=tuple(added),
            removed=tuple(removed),
            changed=tuple(changed),
            hits=tuple(self._changes(newer, touched)),
            before=self.stamps,
            after=newer.stamps,
        )
        return newer, delta

    def _changes(self, newer: Screen, touched: set[Key]) -> Iterable[Change]:
        owners: dict[Key, list[str]] = {}
        for known in newer._known.values():
            for key in keys_of_party(known):
                owners.setdefault(key, []).append(known.party)
        concerned = set(owners) if self.available != newer.available else touched & owners.keys()
        parties = set(newer._known) if newer._names is not None else {party for key in concerned for party in owners[key]}
        for party in sorted(parties):
            yield from _change(party, self.party_result(party), newer.party_result(party))
        for key in sorted(key for key in concerned if key[0] == "wallet"):
            yield from _change(key[1], self._hits.get(key, self._default), newer._hits.get(key, newer._default))

    def _entries(self) -> dict[tuple[str, str], Listed]:
        return {(name, listed.entry): listed for name, found in self._lists.items() for listed in found.entries}

    def _index(self, screening_list: ScreeningList, listed: Listed) -> None:
        found = ScreeningResult(
            status="listed",
            regime=screening_list.regime,
            list=screening_list.list,
            list_sha256=self._stamps[screening_list.list].sha256,
            entry=listed.entry,
        )
        for key in keys_of_entry(listed):
            earlier = self._hits.get(key)
            if earlier is None or _order(found) < _order(earlier):
                self._hits[key] = found


def _order(found: ScreeningResult) -> tuple[int, str, str]:
    return _GRAVITY[found.regime], found.list, found.entry


def _change(subject: str, before: ScreeningResult, after: ScreeningResult) -> Iterable[Change]:
    """Yield a change of the answer; the mere hash of an otherwise equal list is none."""
    if (before.status, before.regime, before.list, before.entry) != (after.status, after.regime, after.list, after.entry):
        yield Change(subject=subject, before=before, after=after)


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
