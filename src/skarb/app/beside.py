"""Work beside a market that is open: kernels are compiled, books taken into the lake, drafts replayed, years of mining drawn.

Each is done in a process of its own, so that the market's pace and its page do not feel it.

Whatever becomes of that process, the market goes on; what went wrong is in `progress` and is told once.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread

from skarb.app.draftmodel import Progress
from skarb.ledger.ahead import compile_ahead

PAUSE_SECONDS = 1.0  # between two rounds through books that grow
Learn = Callable[[Progress], None]
Work = Callable[[Path, Connection], None]


def work(market: Path, sender: Connection, over: Event | None = None) -> None:
    """Replay the drafts of a market and tell the other end how far that is; it never raises.

    While the market's past happens, until it is `over`, the ledger's kernels are compiled, for both ends, and the books taken into the lake as
    they grow.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process ends it
    if hasattr(os, "nice"):
        os.nice(5)  # behind the market, before other work beside it

    try:
        if over is not None:
            compile_ahead()
            sender.send(Progress(stage="past"))
        from skarb.app.draftwork import replay_drafts, take_in

        while over is not None and not over.wait(PAUSE_SECONDS):
            take_in(market, until=over.is_set)
        replay_drafts(market, lambda stage, subject: sender.send(Progress(stage=stage, subject=subject)))
        sender.send(Progress(stage="done"))
    except Exception as error:
        sender.send(Progress(stage="failed", subject=str(error) or type(error).__name__))


class Beside:
    """A process that does such work, and the thread that listens to it."""

    def __init__(self, market: Path, learn: Learn, doing: Work = work) -> None:
        self._learn = learn
        spawned = get_context("spawn")
        receiver, sender = spawned.Pipe(duplex=False)
        self._process = spawned.Process(target=doing, args=(market, sender), name="skarb-beside", daemon=True)
        self._process.start()
        sender.close()
        self._stopped = False
        self._listener = Thread(target=self._listen, args=(receiver,), name="skarb-beside", daemon=True)
        self._listener.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the process has said its last word."""
        self._listener.join(seconds)

    def stop(self) -> None:
        """End the process; what it has done is kept, the rest is done next time."""
        self._stopped = True
        self._process.terminate()
        self._process.join()
        self._listener.join()

    def _listen(self, receiver: Connection) -> None:
        last = Progress()
        while True:
            try:
                last = receiver.recv()
            except EOFError:
                break
            self._learn(last)
        self._process.join()
        if not self._stopped and last.stage not in ("done", "failed"):
            self._learn(Progress(stage="failed", subject=f"the process ended with exit code {self._process.exitcode}"))


class Replay(Beside):
    """Such a process for the drafts of a market whose past happens still; it replays when that is over."""

    def __init__(self, market: Path, learn: Learn) -> None:
        self._over = get_context("spawn").Event()
        super().__init__(market, learn, partial(work, over=self._over))

    def begin(self) -> None:
        """Replay: the past is over."""
        self._over.set()
