"""The machine that figures were measured on; figures without it mean little."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import sys
import time
from hashlib import blake2b
from pathlib import Path


def machine() -> dict[str, object]:
    """Return what matters of this machine."""
    load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1min": round(load[0], 2),
    }


def hash_us() -> float:
    """Return what hashing 16 bytes costs in Python just now, in microseconds: how fast the core is at this moment.

    Shared machines change their speed by a factor of two within seconds; a rate says more beside it.
    """
    given = [number.to_bytes(16, "little") for number in range(4096)]
    took = []
    for _ in range(3):
        started = time.perf_counter()
        for one in given:
            blake2b(one, digest_size=16).digest()
        took.append((time.perf_counter() - started) / len(given) * 1e6)
    return round(statistics.median(took), 2)


def peak_mib() -> int:
    """Return the most memory that this process has had so far.

    A process that another one began counts the other's memory as its own in `ru_maxrss`, so Linux is asked for what belongs to this program alone.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20) if sys.platform == "darwin" else peak // 1024
