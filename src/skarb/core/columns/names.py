"""Names: each different text has a place of its own, counted from zero in the order in which they came."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skarb.core.columns import interning
from skarb.core.compiled import Functions, Kind, compiled, interpreted

Column = NDArray[np.int64]
_Array = TypeVar("_Array", bound=NDArray[np.generic])


class Names:
    """Texts and their places, for whole columns at once."""

    def __init__(self) -> None:
        self._count = 0
        self._texts = np.zeros(1024, np.uint8)
        self._stops = np.zeros(64, np.int64)
        self._slots = np.zeros(256, np.int64)
        # Nobody outside can choose names that crowd into one corner of the table.
        self._secret = np.uint64(int.from_bytes(os.urandom(8), "little"))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> str:
        """Return the text in a place."""
        first = int(self._stops[place - 1]) if place else 0
        return self._texts[first : self._stops[place]].tobytes().decode()

    def written(self) -> tuple[NDArray[np.uint8], Column]:
        """Return all texts in order, one right after another, and where each begins, and the end."""
        stops = self._stops[: self._count]
        return self._texts[: int(stops[-1]) if self._count else 0], np.concatenate((np.zeros(1, np.int64), stops))

    def add(self, names: Sequence[str], kind: Kind) -> None:
        """Give places to names that have none yet."""
        written = [name.encode() for name in names]
        sizes = np.array([len(name) for name in written], np.int64)
        self.places(np.frombuffer(b"".join(written), np.uint8), np.cumsum(sizes) - sizes, sizes, kind)

    def places(self, data: NDArray[np.uint8], begins: Column, sizes: Column, kind: Kind) -> Column:
        """Return the places of texts that lie somewhere in the data; those not seen before get the next ones."""
        self._make_room(len(begins), int(sizes.sum()))
        found = np.empty(len(begins), np.int64)
        self._count = _kernel(kind)["intern"](
            data, begins, sizes, self._texts, self._stops, self._count, self._slots, self._secret, found
        )
        return found

    def _make_room(self, names: int, letters: int) -> None:
        used = int(self._stops[self._count - 1]) if self._count else 0
        self._texts = grown(self._texts, used + letters)
        self._stops = grown(self._stops, self._count + names)
        if len(self._slots) < 2 * (self._count + names):
            self._slots = np.zeros(1 << (4 * (self._count + names)).bit_length(), np.int64)
            known, stops = self._count, self._stops[: self._count]
            self._count = 0
            begins = np.concatenate(([0], stops[:-1])) if known else stops
            self.places(self._texts.copy(), begins, stops - begins, "numba" if known > 1000 else "python")


def grown(array: _Array, size: int) -> _Array:
    """Return an array with room for so many rows, itself where it has; new rows are zero."""
    if len(array) >= size:
        return array
    wider = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    wider[: len(array)] = array
    return wider  # type: ignore[return-value]


@cache
def _kernel(kind: Kind) -> Functions:
    return compiled([interning], ("intern",)) if kind == "numba" else interpreted([interning])
