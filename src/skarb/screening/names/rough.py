"""A rough look at candidates before the close one: the words of all kept names as letters in arrays.

Most names that share trigrams with a name are not alike; telling so takes a kernel a microsecond and a close reading fifty.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Functions
from skarb.screening.names.form import LONGEST, Form, Token, letters_of
from skarb.screening.names.policy import Reading


class Spelled:
    """Names as arrays: the letters of their words as they sound, where each word ends, what it weighs, its bones, and where each name ends."""

    __slots__ = ("bones", "ends", "letters", "weights", "words")

    def __init__(self, names: Sequence[Sequence[Token]]) -> None:
        words = [letters_of(token.folded) for tokens in names for token in tokens]
        self.letters = np.frombuffer(b"".join([word for word, _ in words]), np.uint8)
        self.ends = np.array(list(accumulate([len(word) for word, _ in words])), np.int64)
        self.bones = np.array([bones for _, bones in words], np.int32)
        self.weights = np.array([token.weight for tokens in names for token in tokens], np.float32)
        self.words = np.array(list(accumulate(map(len, names))), np.int64)


class Rough:
    """Looks roughly at kept names."""

    def __init__(self, names: Sequence[Form], functions: Functions, reading: Reading) -> None:
        self.kept = Spelled([name.tokens for name in names])
        self.reading = weights_of(reading)
        self._rough = functions["rough"]
        self._line = np.zeros(LONGEST + 1, np.int64)

    def look(self, name: Form, places: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the rough likeness of a name and each of the kept names at some places, before the logistic curve."""
        one = name.spelled
        if not isinstance(one, Spelled):
            one = name.spelled = Spelled([name.tokens])
        kept = self.kept
        told = np.zeros(len(places), np.float64)
        self._rough(
            one.letters, one.ends, one.weights, one.bones, kept.letters, kept.ends, kept.weights, kept.bones,
            kept.words, places, self.reading, self._line, told,
        )  # fmt: skip
        return told


def weights_of(reading: Reading) -> NDArray[np.float64]:
    """Return the weights of likeness as the kernel wants them."""
    return np.array(
        [reading.answered, reading.replaced, reading.edits, reading.edits_most, reading.only_query, reading.only_listed]
    )
