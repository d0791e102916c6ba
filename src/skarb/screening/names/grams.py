"""The index of trigrams: finds the kept names that are worth a closer look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from skarb.core.compiled import Functions, choose_kind, compiled, interpreted
from skarb.screening.names import alike, kernel
from skarb.screening.names.form import CODES

_WORTH = 400  # names; below, the interpreter has done before a compiler is loaded


class Grams:
    """Postings over names, each given by its codes."""

    def __init__(self, names: Sequence[NDArray[np.int32]], room: int = 0, rarity: NDArray[np.float32] | None = None) -> None:
        """Build the index. `room` is the most candidates of one search, unless more are very like; rarity is that among these names, if not told."""
        lengths = np.fromiter((len(codes) for codes in names), np.int64, len(names))
        flat = np.concatenate(names) if names else np.zeros(0, np.int32)
        owners = np.repeat(np.arange(len(names), dtype=np.int32), lengths)
        counts = np.bincount(flat, minlength=CODES)
        self.rarity = rarity_of(counts, len(names)) if rarity is None else rarity
        self.starts = np.zeros(CODES + 1, np.int64)
        np.cumsum(counts, out=self.starts[1:])
        self.rows = owners[np.argsort(flat, kind="stable")]
        self.norms = np.sqrt(np.bincount(owners, weights=self.rarity[flat] ** 2, minlength=len(names))).astype(np.float32)
        self.norms[self.norms == 0] = 1
        self.sums = np.zeros(len(names), np.float32)
        self._places = np.zeros(room, np.int32)
        self._likes = np.zeros(room, np.float32)
        self._best = functions(worth(len(names)))["best"]

    def candidates(self, codes: NDArray[np.int32], floor: float, crowd: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the places of the names most like one, and their cosines, in no order; good until the next search.

        All names from a likeness of `crowd` on are among them, however many bear the same: nobody hides behind his namesakes.
        """
        places, likes = self._places, self._likes
        while True:
            count = self._best(codes, self.starts, self.rows, self.rarity, self.norms, self.sums, places, likes, floor)
            if not 0 < count == len(places) < len(self.norms) or likes.min() < crowd:
                return places[:count], likes[:count]
            places, likes = np.zeros(4 * count, np.int32), np.zeros(4 * count, np.float32)

    def telling(self, place: int) -> float:
        """Return how much a name tells: the length of the vector of its codes' rarities."""
        return float(self.norms[place])


def rarity_of(counts: NDArray[np.int64], names: int) -> NDArray[np.float32]:
    """Return how much each code tells: the logarithm of the share of names that have it."""
    return np.log1p(names / np.maximum(counts, 1)).astype(np.float32)


@cache
def functions(worth: bool) -> Functions:
    """Return the kernel's functions."""
    if choose_kind(worth) == "numba":
        return compiled([alike, kernel], {"best", "closest", "count_codes", "meet"})
    return interpreted([alike, kernel])


def worth(names: int) -> bool:
    """Tell whether so many names are worth loading a compiler."""
    return names >= _WORTH
