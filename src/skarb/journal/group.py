"""Group commit: callers that come one at a time share durable writes.

While one batch is being written, whoever comes waits in the next one; so the more callers there are, the more share a write, and a single
one waits for nobody. Nobody is answered before what he gave is on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")
_UNDER_WAY = 2  # batches handed over at once: one is written, one is prepared


class GroupCommit(Generic[_Item, _Answer]):
    """Collects items of asyncio callers into batches; for one event loop."""

    def __init__(self, submit: Callable[[Sequence[_Item]], Future[Sequence[_Answer]]], most: int = 8192) -> None:
        """Give what takes a batch of at most `most` items and promises one answer for each, in order, once they are durable."""
        self._submit = submit
        self._most = most
        self._waiting: list[tuple[_Item, asyncio.Future[_Answer]]] = []
        self._under_way = 0
        self._called = False

    async def post(self, item: _Item) -> _Answer:
        """Hand in one item and return its answer once it is durable.

        Raises: what the batch that it shared raised.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Answer] = loop.create_future()
        self._waiting.append((item, answer))
        if not self._called and self._under_way < _UNDER_WAY:
            self._called = True
            loop.call_soon(self._hand_over, loop)  # after whoever else comes in this turn of the loop
        return await answer

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._called = False
        while self._waiting and self._under_way < _UNDER_WAY:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            answers = [answer for _, answer in batch]
            self._under_way += 1
            try:
                written = self._submit([item for item, _ in batch])
            except Exception as error:
                self._answer(loop, answers, None, error)
                return
            written.add_done_callback(partial(self._written, loop, answers))

    def _written(
        self, loop: asyncio.AbstractEventLoop, answers: list[asyncio.Future[_Answer]], done: Future[Sequence[_Answer]]
    ) -> None:
        """Called in the writing thread."""
        loop.call_soon_threadsafe(self._finish, loop, answers, done)

    def _finish(
        self, loop: asyncio.AbstractEventLoop, answers: list[asyncio.Future[_Answer]], done: Future[Sequence[_Answer]]
    ) -> None:
        error = done.exception()
        self._answer(loop, answers, None if error is not None else done.result(), error)

    def _answer(
        self,
        loop: asyncio.AbstractEventLoop,
        answers: list[asyncio.Future[_Answer]],
        given: Sequence[_Answer] | None,
        error: BaseException | None,
    ) -> None:
        self._under_way -= 1
        for place, answer in enumerate(answers):
            if answer.done():
                continue  # its caller has gone; what he gave was posted all the same
            if given is None or error is not None:
                answer.set_exception(error or RuntimeError("a batch ended without an answer"))
            else:
                answer.set_result(given[place])
        if self._waiting and not self._called:
            self._called = True
            loop.call_soon(self._hand_over, loop)
