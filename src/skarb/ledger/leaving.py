"""One thing that leaves memory: it stays until a second thread has written it down."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Leaving(Generic[T]):
    """What leaves, if anything does. What could not be written stays, and is tried again with `again`."""

    def __init__(self, write: Callable[[T], None]) -> None:
        self.what: T | None = None
        self._write = write
        self._writing: Future[None] | None = None
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="skarb-cold")

    def start(self, what: T) -> None:
        """Let something leave; what left before is written."""
        self.what = what
        self._writing = self._behind.submit(self._write, what)

    def again(self) -> None:
        """Try once more to write what could not be written."""
        if self.what is not None:
            self.start(self.what)

    @property
    def busy(self) -> bool:
        """Whether it is being written just now."""
        return self._writing is not None and not self._writing.done()

    @property
    def failure(self) -> BaseException | None:
        """Why it could not be written; waits until that is known."""
        return None if self._writing is None else self._writing.exception()

    def finish(self) -> bool:
        """Return when it is written, or could not be; True if nothing is left to be written."""
        if self.failure is None:
            self.what = self._writing = None
        return self.what is None

    def tidy(self) -> None:
        """Let go of it if it is written by now."""
        if not self.busy:
            self.finish()
