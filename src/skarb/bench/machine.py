"""The machine that figures were measured on; figures without it mean little."""

from __future__ import annotations

import os
import platform


def machine() -> dict[str, object]:
    """Return what matters of this machine."""
    load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1min": round(load[0], 2),
    }
