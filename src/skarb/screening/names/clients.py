"""Rescreening the other way round: a few new entries of a list against all clients.

The index keeps of every client the letters of his names as they sound and his id, about a hundred bytes a name; whoever is like
enough is looked up in the registers and read closely. It grows as clients come. A client
whose names change is added again; what his older names find is judged by the names he has now.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from skarb.core.screening_list import Identifiers, SubjectKind
from skarb.screening.names.form import BASE, CODES, hear, tokens_of
from skarb.screening.names.grams import Grams, functions, rarity_of, worth
from skarb.screening.names.model import NameAnswer
from skarb.screening.names.rough import near_of, weights_of
from skarb.screening.names.screen import PLAIN, ROUGH, NameScreen

_PAIRS: Final = 1 << 18  # candidates looked at in one go
_FLOOR: Final = 0.3

Look = Callable[[str], Identifiers | None]  # what the registers know of a party now


class Rescreened(NamedTuple):
    """A party that new entries may be, and why."""

    party: str
    answer: NameAnswer


class Clients:
    """The names of all clients, spelled out."""

    def __init__(self, use_icu: bool = True) -> None:
        self._use_icu = use_icu
        self._letters = array("B")
        self._ends = array("q")  # of each word
        self._weights = array("f")
        self._bones = array("i")
        self._words = array("q")  # where the words of each name end
        self._owners = array("i")  # of each name, the number of its party
        self._parties: list[str] = []

    def __len__(self) -> int:
        """Return how many names are kept."""
        return len(self._words)

    @property
    def bytes(self) -> int:
        """Return the memory that names take; the ids of the parties come on top."""
        arrays: tuple[array[Any], ...] = (self._letters, self._ends, self._weights, self._bones, self._words, self._owners)
        return sum(kept.itemsize * len(kept) for kept in arrays)

    def add(self, party: str, names: Iterable[str], kind: SubjectKind = "unknown") -> None:
        """Keep the names of a client."""
        number = len(self._parties)
        self._parties.append(party)
        for name in names:
            for token in tokens_of(name, kind, self._use_icu):
                heard = hear(token.folded)
                self._letters.frombytes(heard.letters)
                self._ends.append(len(self._letters))
                self._weights.append(token.weight)
                self._bones.append(heard.bones)
            self._words.append(len(self._ends))
            self._owners.append(number)

    def rescreen(self, screen: NameScreen, look: Look) -> list[Rescreened]:
        """Return the clients that entries of a screen may be: a screen over the entries that are new or changed, and no others."""
        hits: dict[str, Rescreened] = {}
        for number, near in self._near(screen).items():
            known = look(self._parties[number])
            if known is not None:
                answer = screen.beside(known, sorted(near))
                if answer.hits:
                    hits[known.party] = Rescreened(known.party, answer)
        return sorted(hits.values(), key=lambda one: (-one.answer.hits[0].likeness, -one.answer.hits[0].evidence, one.party))

    def _near(self, screen: NameScreen) -> dict[int, set[int]]:
        """Return by number of party the places of the listed names worth a close reading.

        Rarity is that among the clients, because it is they who are searched.
        """
        found: dict[int, set[int]] = {}
        if not len(self) or not len(screen):
            return found
        kernel = functions(worth(len(self)))
        letters, ends, bones = (
            np.frombuffer(self._letters, np.uint8),
            np.frombuffer(self._ends, np.int64),
            np.frombuffer(self._bones, np.int32),
        )
        counts = np.zeros(CODES, np.int64)
        kernel["count_codes"](letters, ends, bones, BASE, counts)
        few, spelled = [kept.form.codes for kept in screen.names], screen.spelled
        grams = Grams(few, rarity=rarity_of(counts, len(self)))
        pairs = np.zeros((_PAIRS + len(few), 2), np.int32)
        words = np.frombuffer(self._words, np.int64)
        masks = np.zeros(64 * int(np.diff(words, prepend=0).max()), np.int64)
        near = near_of(spelled)
        row = 0
        while row < len(self):
            row, count = kernel["meet"](
                letters, ends, np.frombuffer(self._weights, np.float32), bones, words, row,
                spelled.letters, spelled.ends, spelled.weights, spelled.bones, spelled.words,
                grams.starts, grams.rows, grams.rarity, grams.norms, np.zeros(len(few), np.float32),
                BASE, _FLOOR, PLAIN, ROUGH, weights_of(screen.policy.reading), masks, near, pairs,
            )  # fmt: skip
            for name, place in pairs[:count].tolist():
                found.setdefault(self._owners[name], set()).add(place)
        return found
