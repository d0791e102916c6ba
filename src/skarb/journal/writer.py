"""Write one batch behind the next one's preparation, in order.

Hashing and the flush to the disk leave a core idle; the caller uses it to read and decide the next batch. At most two batches
are under way, so memory is bounded and a slow disk is felt by the caller at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from skarb.journal.model import Batch

DEPTH = 2


class Writer:
    """Runs `commit` for one batch after the other, in a second thread when asked to."""

    def __init__(self, commit: Callable[[Batch], bytes]) -> None:
        self._commit = commit
        self._places = threading.BoundedSemaphore(DEPTH)
        self._thread: ThreadPoolExecutor | None = None
        self._latest: Future[bytes] | None = None

    def submit(self, batch: Batch) -> Future[bytes]:
        """Hand a batch to the second thread, waiting while two are under way."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="skarb-writer")
        self._places.acquire()
        self._latest = self._thread.submit(self._commit, batch)
        self._latest.add_done_callback(lambda _: self._places.release())
        return self._latest

    def run(self, batch: Batch) -> bytes:
        """Commit a batch and return its head, in this thread when nothing is under way."""
        if self._latest is None or self._latest.done():
            return self._commit(batch)
        return self.submit(batch).result()

    def wait(self) -> None:
        """Return when nothing is under way; errors stay in their futures."""
        if self._latest is not None:
            self._latest.exception()

    def close(self) -> None:
        """Finish what is under way and end the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
