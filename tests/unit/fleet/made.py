"""Registered devices, and the mark for tests that need the drivers."""

from importlib.util import find_spec

import pytest

from skarb.fleet import Device
from skarb.simulate.machines import Machine

NEEDS_DRIVERS = pytest.mark.skipif(
    find_spec("pyasic") is None, reason="the extra fleet is not installed: pip install 'skarb[fleet]'"
)


def device(number: int, **changes: object) -> Device:
    given = {"site": "north", "id": f"m{number:03}", "host": f"10.0.0.{number}", "port": 4028, "model": "Antminer S21"}
    return Device(**{**given, "priority": 1, "rated_w": 3500, "expected_gh_s": 200_000, **changes})  # type: ignore[arg-type]


def devices_of(machines: tuple[Machine, ...]) -> tuple[Device, ...]:
    return tuple(
        Device(one.site, one.id, one.host, 4028, one.kind.model, 1, one.kind.rated_w, one.kind.hashrate_th_s * 1000)
        for one in machines
    )
