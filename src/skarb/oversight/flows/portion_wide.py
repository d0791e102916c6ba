"""A portion of a whole number of any size: what stands in for `portion` where words of 64 bits are too small."""

from __future__ import annotations


def portion(x: int, y: int, z: int) -> int:
    """Return x * y // z."""
    return x * y // z
