"""The nouns of following money: transfers between numbered accounts, rows of journals that they come from, and what became of the money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Rule = Literal["fifo", "haircut"]
"""Oldest money first, the legal default; every unit the same mixture, the bound."""

UNVALUED = -1  # a value that nobody knows


@dataclass(frozen=True)
class Transfers:
    """Transfers in the order in which they happened.

    Shape: `sources`, `targets` and `amounts` one entry per transfer; `sides` and `assets` one per account. An account holds one asset, so
    money of two assets is never mixed. Amounts are whole numbers: words of 64 bits, or Python's own where a word is too small.
    """

    sources: Places
    targets: Places
    amounts: npt.NDArray[Any]
    sides: npt.NDArray[np.uint8]
    assets: Places

    def __len__(self) -> int:
        return len(self.sources)


@dataclass(frozen=True)
class Pieces:
    """Parts of what went abroad that left it again: which lot, with which transfer, how much.

    Shape: one entry per piece, in the order of the transfers.
    """

    lots: Places
    rows: Places
    amounts: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.lots)


@dataclass(frozen=True)
class Trace:
    """What became of the money that went abroad: `invested` is `returned`, `spent` and `still` out together, to the unit.

    Shape: `outward` the transfer of each lot, in order; `out` what is still abroad of each. Of a haircut without lots `outward` is empty and `out`
    has an entry for each account.
    """

    rule: Rule
    invested: int
    returned: int
    spent: int  # what left the foreign side to where it is written down
    still: int
    unknown: int  # paid from abroad out of money that was never seen to get there
    outward: Places
    pieces: Pieces
    out: npt.NDArray[Any]
    moved: int = 0  # pieces of lots that changed place


@dataclass(frozen=True)
class Asset:
    """What is followed. Units: amounts are whole multiples of `scale` smallest units, which is divided out."""

    code: str
    decimals: int
    scale: int = 1


DIMENSIONS = ("person", "who", "institution", "channel", "place", "country", "asset", "month")
"""What is told apart: the investor, person or company, the book, its licence, where the money is, in which country, as what, since when."""


@dataclass(frozen=True)
class Rows:
    """Rows that cross the border or move money abroad, in the order of time.

    Shape: one entry per row. `codes` number the values of each dimension but asset and month, `names` say what the numbers mean. `positions`,
    `sequences` and `numbers` say where a row stands: in the lake or file, in its book's journal.
    Units: `values` in minor units of the legal currency as the law saw them on the day, `UNVALUED` where nobody knows; `units` in multiples of the
    asset's scale.
    """

    kinds: npt.NDArray[np.int8]
    instants: Numbers
    days: Places
    assets: Places
    units: npt.NDArray[Any]
    values: Numbers
    positions: Numbers
    sequences: Places
    numbers: Places
    codes: Mapping[str, Places]
    names: Mapping[str, tuple[str, ...]]
    of: tuple[Asset, ...]
    target: Places | None = None  # of rows within: the place that gets it

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True)
class Aside:
    """Rows of a kind that is not followed."""

    kind: str
    rows: int
    value: int


@dataclass(frozen=True)
class Crossing:
    """All that is known of money and the border in some stretch of time.

    Units: legal days; `currency` is the legal one, with `decimals`.
    """

    rows: Rows
    aside: tuple[Aside, ...]
    first: int
    last: int
    currency: str
    decimals: int
    notes: tuple[str, ...] = ()
