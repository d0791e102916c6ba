"""What is taken out of the search for garbage is not kept for ever."""

from __future__ import annotations

import gc
import weakref

from skarb.core.garbage import settle


class Ring:
    """Something that only the search for cyclic garbage can free."""

    def __init__(self) -> None:
        self.own = self


def test_what_has_settled_and_is_replaced_is_freed_when_something_settles_again() -> None:
    try:
        old = Ring()
        settle()
        seen = weakref.ref(old)
        del old
        assert gc.get_freeze_count()
        settle()
        assert seen() is None
    finally:
        gc.unfreeze()
