"""A rough look at candidates before the close one: the words of all kept names as letters in arrays.

Most names that share trigrams with a name are not alike; telling so takes a kernel a microsecond and a close reading fifty.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Functions
from skarb.screening.names.form import Form, Token, hear
from skarb.screening.names.grams import Grams
from skarb.screening.names.policy import Reading

_PATRONYMIC = 0.46  # it finds names as other words do, and may be missing as little ones may


class Spelled:
    """Names as arrays: the letters of their words as they sound, where each word ends, what it weighs, its bones, and where each name ends."""

    __slots__ = ("bones", "ends", "letters", "weights", "words")

    def __init__(self, names: Sequence[Sequence[Token]]) -> None:
        words = [hear(token.folded) for tokens in names for token in tokens]
        self.letters = np.frombuffer(b"".join([word.letters for word in words]), np.uint8)
        self.ends = np.array(list(accumulate([len(word.letters) for word in words])), np.int64)
        self.bones = np.array([word.bones for word in words], np.int32)
        self.weights = np.array(
            [_PATRONYMIC if token.kind == "patronymic" else token.weight for tokens in names for token in tokens], np.float32
        )
        self.words = np.array(list(accumulate(map(len, names))), np.int64)

    @property
    def most(self) -> int:
        """How many words the longest name has."""
        return int(np.diff(self.words, prepend=0).max(initial=0))


class Rough:
    """Chooses among kept names."""

    def __init__(self, names: Sequence[Form], grams: Grams, functions: Functions, reading: Reading, room: int) -> None:
        self.kept = Spelled([name.tokens for name in names])
        self._grams = grams
        self._reading = weights_of(reading)
        self._closest = functions["closest"]
        self._near = near_of(self.kept)
        self._masks = np.zeros(64 * 8, np.int64)
        self._room = _room(room)

    def choose(self, name: Form, floor: float, plain: float, least: float) -> list[int]:
        """Return the places of the kept names that deserve a close reading, the roughly likest first.

        All names from a cosine of `plain` on are among them, however many bear the same: nobody hides behind his namesakes.
        """
        one, kept, grams = Spelled([name.tokens]), self.kept, self._grams
        if len(self._masks) < 64 * len(one.ends):
            self._masks = np.zeros(64 * len(one.ends), np.int64)
        places, likes, told = self._room
        while True:
            count = self._closest(
                name.codes, grams.starts, grams.rows, grams.rarity, grams.norms, grams.sums, places, likes, told,
                floor, plain, least, one.letters, one.ends, one.weights, one.bones,
                kept.letters, kept.ends, kept.weights, kept.bones, kept.words, self._reading, self._masks, self._near,
            )  # fmt: skip
            if count >= 0:
                return places[:count].tolist()  # type: ignore[no-any-return]
            places, likes, told = _room(4 * len(places))


def _room(most: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]:
    """Return room for so many candidates: their places, cosines and rough likenesses."""
    return np.zeros(most, np.int32), np.zeros(most, np.float32), np.zeros(most, np.float64)


def weights_of(reading: Reading) -> NDArray[np.float64]:
    """Return the weights of likeness as the kernel wants them."""
    return np.array(
        [reading.answered, reading.replaced, reading.edits, reading.edits_most, reading.only_query, reading.only_listed]
    )


def near_of(names: Spelled) -> NDArray[np.float64]:
    """Return room for one number for each word of the longest of some names."""
    return np.zeros(names.most, np.float64)
