"""How good a number is, from a fact to a supposition; what is made of several numbers is as good as the worst of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Quality = Literal["exact", "published", "interpolated", "assumed"]
"""From the chain itself; as a named source published it; between two published values, or a mean over days; supposed, and said so."""

_ORDER: tuple[Quality, ...] = get_args(Quality)


def worst(qualities: Iterable[Quality]) -> Quality:
    """Return the quality of what is made of numbers with these qualities."""
    return max(qualities, key=_ORDER.index, default="exact")
