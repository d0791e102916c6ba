"""Names: each different text has a place of its own, counted from zero in the order in which they came."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skarb.core.columns import interning
from skarb.core.compiled import Functions, Kind, compiled

Column = NDArray[np.int64]
_TOGETHER = 512  # texts whose search is prepared together
_Array = TypeVar("_Array", bound=NDArray[np.generic])


class Names:
    """Texts and their places, for whole columns at once."""

    def __init__(self) -> None:
        self._count = 0
        self._texts = np.zeros(1024, np.uint8)
        self._stops = np.zeros(64, np.int64)
        self._known: dict[bytes, int] = {}  # where the interpreter finds them; it is slow at bytes
        self._slots, self._slotted = np.zeros(256, np.int64), 0  # where the kernel does, and how many of them
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
        used = int(self._stops[self._count - 1]) if self._count else 0
        self._texts = grown(self._texts, used + int(sizes.sum()))
        self._stops = grown(self._stops, self._count + len(begins))
        if kind == "python":
            return self._by_dictionary(data, begins, sizes)
        self._fill_slots(self._count + len(begins))
        found = np.empty(len(begins), np.int64)
        self._count = self._slotted = self._interned(data, begins, sizes, found)
        return found

    def _by_dictionary(self, data: NDArray[np.uint8], begins: Column, sizes: Column) -> Column:
        data_of, stops = self._texts.data, self._stops[: self._count].tolist()
        for place in range(len(self._known), self._count):
            self._known[data_of[stops[place - 1] if place else 0 : stops[place]].tobytes()] = place
        whole, found = np.ascontiguousarray(data).data, np.empty(len(begins), np.int64)
        for row, (begin, size) in enumerate(zip(begins.tolist(), sizes.tolist(), strict=True)):
            text = whole[begin : begin + size].tobytes()
            found[row] = place = self._known.setdefault(text, self._count)
            if place == self._count:
                first = int(self._stops[place - 1]) if place else 0
                self._texts[first : first + size] = np.frombuffer(text, np.uint8)
                self._stops[place] = first + size
                self._count += 1
        return found

    def _fill_slots(self, names: int) -> None:
        """Make room for so many names, and see to it that the slots lead to all there are."""
        if len(self._slots) < 2 * names:
            self._slots, self._slotted = np.zeros(1 << (4 * names).bit_length(), np.int64), 0
        if self._slotted < self._count:
            stops = self._stops[: self._count]
            begins = np.concatenate((np.zeros(1, np.int64), stops[:-1]))[self._slotted :]
            self._slotted = self._interned(self._texts.copy(), begins, stops[self._slotted :] - begins, np.empty_like(begins))

    def _interned(self, data: NDArray[np.uint8], begins: Column, sizes: Column, found: Column) -> int:
        kernel = _kernel()["intern"]
        ahead = np.zeros(_TOGETHER, np.int64)
        return kernel(data, begins, sizes, self._texts, self._stops, self._slotted, self._slots, self._secret, ahead, found)  # type: ignore[no-any-return]


def grown(array: _Array, size: int) -> _Array:
    """Return an array with room for so many rows, itself where it has; new rows are zero."""
    if len(array) >= size:
        return array
    wider = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    wider[: len(array)] = array
    return wider  # type: ignore[return-value]


@cache
def _kernel() -> Functions:
    return compiled([interning], ("intern",))
