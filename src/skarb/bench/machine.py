"""The machine that figures were measured on; figures without it mean little."""

from __future__ import annotations

import os
import platform
import statistics
import time
from hashlib import blake2b


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
