"""Everybody an institution knows, by identifier: which parties share a key with an entry of a list.

Lists change every day and parties are a million, so the question is turned around: the identifiers of all parties are sorted
once, and a changed entry looks up its own few. An identifier is kept as 96 bits of hash (randomised anew in each process, so
nobody can prepare two that fall together) and the number of its party: sixteen bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from skarb.core.screening_list import Identifiers
from skarb.screening.keys import keys_of_party
from skarb.screening.model import Key


class PartyIndex:
    """The identifiers of all known parties. More may be entered at any time."""

    def __init__(self, parties: Iterable[Identifiers] = ()) -> None:
        self._parties: list[str] = []
        self._wallets: list[str] = []
        self._owners = _Table()
        self._spellings = _Table()
        for known in parties:
            self.add(known)

    def __len__(self) -> int:
        return len(self._parties)

    def add(self, known: Identifiers) -> None:
        """Enter a party; one that is entered again is known by what it was and by what it is."""
        place = len(self._parties)
        self._parties.append(known.party)
        wallets = iter(known.wallets)
        for key in keys_of_party(known):
            self._owners.add(key, place)
            if key[0] == "wallet":  # in the order of the wallets
                self._spellings.add(key, len(self._wallets))
                self._wallets.append(next(wallets))

    def parties(self) -> Sequence[str]:
        """Return everybody."""
        return self._parties

    def wallets(self) -> Sequence[str]:
        """Return every wallet as its party wrote it."""
        return self._wallets

    def owners(self, keys: Sequence[Key]) -> Iterator[tuple[Key, str]]:
        """Yield the parties that have one of the keys."""
        return ((keys[which], self._parties[place]) for which, place in self._owners.find(keys))

    def wallets_of(self, keys: Sequence[Key]) -> set[str]:
        """Return the known wallets that have one of the keys."""
        return {self._wallets[place] for _, place in self._spellings.find(keys)}


class _Table:
    """Hashed keys with a number each, sorted when somebody asks and something is new."""

    def __init__(self) -> None:
        self._fresh = (array("q"), array("i"), array("i"))  # hash, second hash, number
        self._hashes = np.zeros(0, np.int64)
        self._checks = np.zeros(0, np.int32)
        self._numbers = np.zeros(0, np.int32)

    def add(self, key: Key, number: int) -> None:
        hashes, checks, numbers = self._fresh
        hashes.append(hash(key))
        checks.append(_check(key))
        numbers.append(number)

    def find(self, keys: Sequence[Key]) -> Iterator[tuple[int, int]]:
        """Yield which key it is, and the number, of everything entered with one of the keys."""
        self._sort()
        asked = np.array([hash(key) for key in keys], np.int64)
        firsts = np.searchsorted(self._hashes, asked, "left")
        lasts = np.searchsorted(self._hashes, asked, "right")
        for which in np.flatnonzero(firsts < lasts).tolist():
            check = _check(keys[which])
            for place in range(int(firsts[which]), int(lasts[which])):
                if self._checks[place] == check:
                    yield which, int(self._numbers[place])

    def _sort(self) -> None:
        fresh = self._fresh
        if not fresh[0]:
            return
        hashes = np.concatenate([self._hashes, np.frombuffer(fresh[0], np.int64)])
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._checks = np.concatenate([self._checks, np.frombuffer(fresh[1], np.int32)])[order]
        self._numbers = np.concatenate([self._numbers, np.frombuffer(fresh[2], np.int32)])[order]
        self._fresh = (array("q"), array("i"), array("i"))


def _check(key: Key) -> int:
    """Return 32 bits of another hash, that of the text alone."""
    return (hash(key[1]) & 0xFFFFFFFF) - (1 << 31)
