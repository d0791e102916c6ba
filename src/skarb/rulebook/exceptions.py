"""What is an exception of what: an order in which each provision comes after its exceptions, and the circles that have none."""

from __future__ import annotations

from collections.abc import Mapping


def circle_of(exceptions: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the provisions that are exceptions of each other in a circle, or that lead into one."""
    return tuple(sorted(exceptions.keys() - after_exceptions(exceptions)))


def after_exceptions(exceptions: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return provisions in an order in which each comes after its exceptions; those in a circle are left out."""
    left = dict(exceptions)
    order: list[str] = []
    while ready := [name for name, others in left.items() if not any(other in left for other in others)]:
        order += ready
        for name in ready:
            del left[name]
    return order
