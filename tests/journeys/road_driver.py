"""Runs `skarb` again and again without starting Python each time: one fork a command, which may be killed at any moment.

`Commands` is the side of the tests. Run as a script it is the other side: each line on standard input is a JSON list of a folder, the most
bytes a file may have (0 = any), and the words of a command; the child's process number is answered. The folder holds a pipe for answers, and
afterwards the child's messages and its exit code, unless it was killed.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

Row = dict[str, str]


class Command:
    """A command that runs."""

    def __init__(self, folder: Path, child: int) -> None:
        self.child = child
        self._folder = folder
        self.answers: IO[bytes] = (folder / "answers").open("rb")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        os.kill(self.child, number)

    def rows(self, before: bytes = b"") -> list[Row]:
        """Read all answers to their end, and return those whose whole line came through."""
        text = (before + self.answers.read()).decode().rpartition("\n")[0]
        return list(csv.DictReader(io.StringIO(text)))

    def finish(self) -> tuple[int, list[Row], str]:
        """Return exit code, answers and messages."""
        rows = self.rows()
        code = self._folder / "code"
        while not code.exists() or not code.read_text():
            time.sleep(0.005)
        return int(code.read_text()), rows, (self._folder / "messages").read_text()


class Commands:
    """Starts commands; close it, so that the process behind it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        source = Path(sys.modules["skarb"].__file__ or "").parents[1]
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(source)},
        )

    def start(self, *words: object, room: int = 0) -> Command:
        """Start a command; `room` limits the size of every file that it writes."""
        self._count += 1
        folder = self._folder / f"command-{self._count}"
        folder.mkdir()
        os.mkfifo(folder / "answers")
        print(json.dumps([str(folder), room, *map(str, words)]), file=self._process.stdin, flush=True)
        return Command(folder, int(self._process.stdout.readline()))

    def post(self, book: Path, *files: Path, batch: int = 64, room: int = 0) -> Command:
        """Start `skarb post` in Zedland, with everybody taken for an identified resident."""
        given = ("--law", "zz", "--assume", "natural_person", "--batch", batch, "--format", "csv")
        return self.start("post", *files, "--book", book, *given, room=room)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def run(folder: Path, room: int, words: Sequence[str]) -> None:
    """Be the command line: answers go into the pipe, messages into a file, the exit code into another."""
    from skarb.cli import main

    os.dup2(os.open(folder / "answers", os.O_WRONLY), sys.stdout.fileno())
    os.dup2(os.open(folder / "messages", os.O_WRONLY | os.O_CREAT), sys.stderr.fileno())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    sys.argv = ["skarb", *words]
    code: object = "no exit"
    try:
        main()
    except SystemExit as left:
        code = left.code or 0
    sys.stderr.flush()
    (folder / "code").write_text(str(code))
    os._exit(0)


def serve() -> None:
    """Fork a child for every line."""
    from skarb.app.law import rulebook_of
    from skarb.cli import post as _post  # noqa: F401  read beforehand, so that a child begins at once

    rulebook_of("zz")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the tests look after the children
    for line in sys.stdin:
        folder, room, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            run(Path(folder), room, words)
        print(child, flush=True)


if __name__ == "__main__":
    serve()
