"""Runs `skarb` again and again without starting Python each time: one fork a command, killed by the parent process at will.

Each line on standard input is a JSON list: a pipe to write answers to, and the words of a command. The child's number is answered.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from skarb.app.law import rulebook_of
from skarb.cli import main
from skarb.cli import post as _post  # noqa: F401  read beforehand, so that a child begins at once


def run(pipe: str, words: list[str]) -> None:
    """Be the command line, with answers going into a pipe."""
    os.dup2(os.open(pipe, os.O_WRONLY), sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.argv = ["skarb", *words]
    main()


if __name__ == "__main__":
    rulebook_of("zz")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the parent process looks after the children
    for line in sys.stdin:
        pipe, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            run(pipe, words)
        print(child, flush=True)
