"""The nouns of tracing: transfers between numbered accounts, and what became of the money that went abroad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Rule = Literal["fifo", "haircut"]
"""Oldest money first, the legal default; every unit the same mixture, the bound."""


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

    Shape: one entry per piece, in the order of the transfers. Of a haircut a lot is a vintage.
    """

    lots: Places
    rows: Places
    amounts: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.lots)


@dataclass(frozen=True)
class Trace:
    """What became of the money that went abroad: `invested` is `returned`, `spent` and `still` out together, to the unit.

    Shape: `outward` the transfer of each lot, in order; `out` what is still abroad of each. Of a haircut both are those of vintages, and `outward`
    is empty.
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
