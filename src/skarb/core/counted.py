"""How many of something there are, as English says it: one row, two rows."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, "1 row" and "2,000 rows"; `many` where it is not made with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
