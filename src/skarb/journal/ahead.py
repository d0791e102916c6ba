"""Do the next piece of work in a second thread while this one is being looked at.

Reading a file and hashing it let other threads run, so a second core makes recovery and verification about twice as fast.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")
_TOGETHER = 0.002  # seconds


class _End:
    """What stands in the queue after the last item: the error that ended the work, or None."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[_T], depth: int = 4) -> Generator[_T, None, None]:
    """Yield the items in order while the next ones are prepared in a second thread.

    Items that are quick to prepare cross over together, as many as two milliseconds give; at most `depth` groups wait.
    """
    waiting: queue.Queue[list[_T] | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def work() -> None:
        error = None
        try:
            for group in _groups(items):
                if not _put(waiting, group, stopped):
                    return
        except BaseException as problem:  # it is raised again where the items are used
            error = problem
        _put(waiting, _End(error), stopped)

    thread = threading.Thread(target=work, name="skarb-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(group := waiting.get(), _End):
            yield from group
        if group.error is not None:
            raise group.error
    finally:
        stopped.set()
        thread.join()


def _groups(items: Iterable[_T]) -> Iterator[list[_T]]:
    group: list[_T] = []
    until = time.monotonic() + _TOGETHER
    try:
        for item in items:
            group.append(item)
            if time.monotonic() >= until:
                yield group
                group, until = [], time.monotonic() + _TOGETHER
    except GeneratorExit:
        raise
    except BaseException:
        if group:
            yield group  # what was prepared before the error still counts
        raise
    if group:
        yield group


def _put(waiting: queue.Queue[list[_T] | _End], item: list[_T] | _End, stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
