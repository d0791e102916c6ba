"""Mining, measured: machines polled through the process of the drivers over real TCP, each of them at an address of its own.

Two hundred simulated machines in a process of their own speak the dialect of LuxOS. The first round recognises them and is told apart; the figure is
the median of the rounds after it, as of a watch that goes on.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from skarb.core.errors import Unavailable, ensure
from skarb.fleet import Courier, poll, read_fleet

COUNT, RUNS = 200, 7
FIRST = "127.78.0.1"
_BEGIN_S, _WAIT_S = 60.0, 20.0


def bench() -> dict[str, object]:
    """Return machines per second; null with a reason where the drivers are not installed or addresses cannot be had."""
    with TemporaryDirectory() as folder:
        words = ("mine", "fleet", "simulate", folder, "--devices", str(COUNT), "--first", FIRST, "--dialect", "luxos")
        machines = subprocess.Popen((sys.executable, "-m", "skarb.cli", *words), stderr=subprocess.PIPE, text=True)
        try:
            with Courier() as courier:
                return _measured(courier, _register(Path(folder), machines))
        except Unavailable as error:
            return {"poll_per_s": None, "poll_skipped": str(error)}
        finally:
            machines.kill()
            machines.communicate()


def _register(folder: Path, machines: subprocess.Popen[str]) -> str:
    until = time.monotonic() + _BEGIN_S
    path = folder / "meters.csv"  # written last
    while not path.is_file():
        if machines.poll() is not None or time.monotonic() > until:
            machines.kill()
            raise Unavailable(f"the simulated machines did not begin: {machines.communicate()[1].strip()}")
        time.sleep(0.05)
    return (folder / "fleet.csv").read_text(encoding="utf-8")


def _measured(courier: Courier, register: str) -> dict[str, object]:
    devices = read_fleet(register, "fleet.csv")
    rates = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        answers = poll(courier, devices, _WAIT_S)
        rates.append(len(devices) / (time.perf_counter() - started))
        ensure(
            all(one.word == "ok" and one.seen and one.seen.said_w for one in answers),
            "every machine is polled and says what it draws",
        )
    return {
        "poll_per_s": round(statistics.median(rates[1:])),
        "poll_least_per_s": round(min(rates[1:])),
        "poll_first_per_s": round(rates[0]),
        "poll_machines": len(devices),
        "poll_drivers": courier.drivers,
    }
