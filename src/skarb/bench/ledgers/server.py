"""A peer that is a server: started for the measurement, stopped after it, and never waited for without end."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from skarb.core.errors import Unavailable

_Answer = TypeVar("_Answer")


class Owner(NamedTuple):
    """The user as whom a server runs; nobody else than ourselves if nothing is said."""

    user: int | None = None
    group: int | None = None


class Started(NamedTuple):
    """A server that runs, and where it writes to."""

    process: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path


@contextmanager
def running(command: Sequence[str], folder: Path, owner: Owner = Owner()) -> Iterator[Started]:
    """Run a server as long as the block lasts; its standard input stays open until then.

    Raises: Unavailable
    """
    stdout, stderr = folder / "stdout", folder / "stderr"
    with stdout.open("wb") as out, stderr.open("wb") as errors:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=errors, cwd=folder, user=owner.user, group=owner.group
            )
        except OSError as error:
            raise Unavailable(f"{command[0]} cannot be run: {error}") from error
    try:
        yield Started(process, stdout, stderr)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(server: Started, ready: Callable[[], _Answer | None], seconds: float) -> _Answer:
    """Return what `ready` finds once the server is up.

    Raises: Unavailable
    """
    until = time.monotonic() + seconds
    while server.process.poll() is None and time.monotonic() < until:
        if (found := ready()) is not None:
            return found
        time.sleep(0.02)
    raise Unavailable(f"the server did not start: {last_words(server.stderr.read_bytes())}")


def run(command: Sequence[str], folder: Path, seconds: float, owner: Owner = Owner()) -> str:
    """Return what a command prints.

    Raises: Unavailable
    """
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=seconds, check=False, user=owner.user, group=owner.group
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command[:2])} ended with {done.returncode}: {last_words(done.stderr or done.stdout)}")
    return done.stdout.decode(errors="replace")


def within(seconds: float, work: Callable[[], _Answer], give_up: Callable[[], object]) -> _Answer:
    """Return the answer of work that may never end; `give_up` is called when it has taken too long.

    Raises: Unavailable, and what the work raises
    """
    answer: Future[_Answer] = Future()

    def do() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # handed on to the caller as it is
            answer.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        if answer.done():
            raise
        give_up()
        raise Unavailable(f"no answer within {seconds:.0f} s") from error


def last_words(written: bytes) -> str:
    """Return the end of what a program wrote, on one line."""
    lines = [line.strip() for line in written.decode(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-400:] or "it wrote nothing"


def is_root() -> bool:
    """Return whether we are the user as whom no server should run."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
