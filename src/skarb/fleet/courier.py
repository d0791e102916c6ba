"""Carries requests to the process of the drivers and answers back; whatever happens to that process, every request gets an answer.

The process is killed and started again when it ends, writes what is no answer, or is silent for longer than any of its requests may take. Whoever was
being spoken to then is asked again after the others, a few at a time and at last alone, so that a machine that breaks the drivers breaks them
alone; it is answered *unclear*, and nobody else suffers. Asking twice does no harm: a machine that sleeps is told to sleep.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

import msgspec

from skarb.core.errors import Unavailable
from skarb.fleet.model import TEXT_MOST, Answer, Greeting, Request, Setup

WORKER = (sys.executable, "-m", "skarb.fleet.worker")
AT_ONCE = 64
_GREETING_S, _GRACE_S = 60.0, 5.0
_BREAKS_MOST, _STARTS = 30, 3
_LINE_MOST = 1 << 16


class Broken(Exception):
    """The process of the drivers cannot be used any more."""


class Courier:
    """One process of drivers, started when it is first needed and ended with the block."""

    def __init__(
        self,
        worker: Sequence[str] = WORKER,
        at_once: int = AT_ONCE,
        grace_s: float = _GRACE_S,
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        self.drivers = ""
        self.breaks = 0
        self._setup = Setup(dict(passwords or {}))
        self._worker, self._at_once, self._grace_s = worker, at_once, grace_s
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._said: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the block

    def __enter__(self) -> Self:
        """Start the process, so that what is missing is known before anybody is asked.

        Raises: Unavailable
        """
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the process."""
        self._end()
        self._said.close()

    def ask(self, requests: Sequence[Request], heard: Callable[[Request, Answer], None] | None = None) -> tuple[Answer, ...]:
        """Return the answers to requests, in their order; `heard` is called with each as it comes."""
        at_once = (self._at_once, max(1, self._at_once // 8), 1)  # for those who never, once and twice were there when it broke
        waiting = (deque(requests), deque[Request](), deque[Request]())
        flying: dict[int, Request] = {}
        answers: dict[int, Answer] = {}
        breaks = tier = 0

        def keep(request: Request, word: Answer) -> None:
            answers[request.id] = word
            if heard is not None:
                heard(request, word)

        while flying or any(waiting):
            if self._process is None:
                try:
                    self._start_again()
                except Unavailable as error:
                    _give_up(waiting, str(error), keep)
                    break
            if not flying:
                tier = next(number for number, left in enumerate(waiting) if left)
            try:
                while waiting[tier] and len(flying) < at_once[tier]:
                    request = waiting[tier].popleft()
                    flying[request.id] = request
                    self._send(request)
                answer = self._answer(max(one.wait_s for one in flying.values()))
                if answer.id not in flying:
                    raise Broken("they answered what nobody asked")
                keep(flying.pop(answer.id), answer)
            except Broken as error:
                breaks += 1
                self.breaks += 1
                self._end()
                if len(flying) == 1:
                    (alone,) = flying.values()
                    keep(alone, Answer(alone.id, "unclear", f"the drivers broke while they spoke to it: {error}"[:TEXT_MOST]))
                else:
                    waiting[tier + 1].extend(flying.values())
                flying.clear()
                if breaks > _BREAKS_MOST:
                    _give_up(waiting, f"the drivers broke {breaks} times", keep)
        return tuple(answers[one.id] for one in requests)

    def _start_again(self) -> None:
        """Start the process; one that fails to begin is tried some times more, for machines wait.

        Raises: Unavailable
        """
        for left in reversed(range(_STARTS)):
            try:
                return self._start()
            except Unavailable:
                if not left:
                    raise

    def _start(self) -> None:
        """Start the process and wait for its first line.

        Raises: Unavailable
        """
        self._end()
        self._lines = queue.Queue()
        self._said.seek(0)
        self._said.truncate()
        self._process = subprocess.Popen(
            self._worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, start_new_session=True
        )
        assert self._process.stdout is not None
        with suppress(OSError):  # whoever does not read it does not greet either
            self._write(self._setup)
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), name="drivers", daemon=True).start()
        try:
            greeting = msgspec.json.decode(self._lines.get(timeout=_GREETING_S), type=Greeting)
        except queue.Empty:
            raise Unavailable(f"the process of the drivers did not begin within {_GREETING_S:g} s") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unavailable(f"the process of the drivers did not begin: {self._last_words()}") from None
        if greeting.missing:
            raise Unavailable(
                "machines are spoken to through pyasic, which is not installed; it comes with the extra `fleet`: "
                f"pip install 'skarb[fleet]' ({greeting.missing})"
            )
        self.drivers = greeting.drivers

    def _send(self, request: Request) -> None:
        try:
            self._write(request)
        except OSError:
            raise Broken(self._last_words()) from None

    def _write(self, line: Request | Setup) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(line) + b"\n")
        self._process.stdin.flush()

    def _answer(self, wait_s: float) -> Answer:
        try:
            line = self._lines.get(timeout=wait_s + self._grace_s)
        except queue.Empty:
            raise Broken("they hung") from None
        if not line:
            raise Broken(self._last_words())
        try:
            return msgspec.json.decode(line, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Broken("what they wrote is no answer") from None

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read()[-_LINE_MOST:].decode("utf-8", "replace").split("\n")
        said = next((one for one in reversed(lines) if one.strip()), "nothing was said")
        return "".join(one for one in said if one.isprintable())[:80]

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process = None


def _give_up(waiting: Sequence[deque[Request]], reason: str, keep: Callable[[Request, Answer], None]) -> None:
    for requests in waiting:
        for request in requests:
            keep(request, Answer(request.id, "unclear", f"not spoken to: {reason}"[:TEXT_MOST]))
        requests.clear()


def _read(lines: IO[bytes], into: queue.Queue[bytes]) -> None:
    """Pass on lines until there are no more; an empty one is the end."""
    with suppress(OSError, ValueError):
        while line := lines.readline(_LINE_MOST):
            into.put(line)
    into.put(b"")
