"""The index behind the writer: a second thread takes in what the ledger has done while the ledger goes on.

The kernel runs without the interpreter's lock. The ledger waits only while its arrays must move in memory and some thousands of
transfers are just being taken from them.
"""

from __future__ import annotations

from threading import Condition, Thread
from types import TracebackType
from typing import Self

from skarb.core.errors import Conflict, Unavailable
from skarb.ledger.ids import Id
from skarb.ledger.machine import Ledger
from skarb.ledger.model import Marks
from skarb.ledger.past.index import Known, Past


class Behind:
    """Follows one ledger until it is closed."""

    def __init__(self, ledger: Ledger, past: Past | None = None) -> None:
        """Start to follow; `past` is an index of this ledger that was begun before.

        Raises: Conflict if somebody follows the ledger already.
        """
        if ledger.follower is not None:
            raise Conflict("the past of this ledger is followed already; ask the one who follows it")
        self._ledger = ledger
        self._past = Past() if past is None else past
        self._wanted = ledger.marks
        self._closed = False
        self._failure: BaseException | None = None
        self._changed = Condition()
        ledger.follower = self._told
        self._thread = Thread(target=self._work, name="past", daemon=True)
        self._thread.start()

    @property
    def known(self) -> Known:
        """What is known by now; it may lie a little behind the ledger.

        Raises: Unavailable if the index could not be built.
        """
        self._check()
        return self._past.known

    def row(self, account: Id) -> int:
        """Return the place of an account, by which `Known` is asked; from any thread.

        Raises: NotFound if the ledger has no such account.
        """
        with self._ledger.still():
            return self._ledger.row(account)

    def wait(self) -> Known:
        """Return what is known once all that the ledger has done by now is taken in.

        Raises: Unavailable if the index could not be built.
        """
        with self._changed:
            wanted = self._wanted
            self._changed.wait_for(lambda: self._failure is not None or self._has(wanted))
        return self.known

    def close(self) -> Past:
        """Take in the rest, follow no longer, and return the index."""
        self._ledger.follower = None
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._check()
        return self._past

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _told(self, marks: Marks) -> None:
        with self._changed:
            self._wanted = marks
            self._changed.notify_all()

    def _has(self, marks: Marks) -> bool:
        taken = self._past.known.marks
        return taken.transfers >= marks.transfers and taken.expiries >= marks.expiries

    def _work(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed or not self._has(self._wanted))
                    wanted = self._wanted
                    if self._has(wanted):
                        return
                self._past.follow(self._ledger, wanted)
                with self._changed:
                    self._changed.notify_all()
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _check(self) -> None:
        if self._failure is not None:
            raise Unavailable(f"the index of the past could not be built: {self._failure}") from self._failure
