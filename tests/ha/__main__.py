"""Kill leaders under load and report: `python -m tests.ha [--kills 3] [--etcd 3] [--json]`.

Exit codes: 0 all is well, 1 something was lost, doubled or let in late, 77 the packages are not installed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from types import FrameType


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ha", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--etcd", type=int, choices=[1, 3], default=3, help="members; each of three dies with its node")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    from tests.ha.cluster import Missing, find_programs
    from tests.ha.story import run

    try:
        find_programs()
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 77
    report = run(given.kills, given.etcd)
    if given.json:
        print(json.dumps(asdict(report) | {"ok": report.ok}))
    else:
        print(report)
    return 0 if report.ok else 1


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
