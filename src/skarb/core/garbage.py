"""The search for cyclic garbage, kept away from where there is none: rows in work, and what stays as long as the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put the search for cyclic garbage off until the block ends."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


def settle() -> None:
    """Take everything that is alive out of the search for cyclic garbage: a million objects that stay are not looked at again and again.

    What was taken out before is looked at once more, so that lists which newer ones have replaced do not stay for ever.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
