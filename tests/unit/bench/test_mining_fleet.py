import pytest
from tests.unit.fleet.made import NEEDS_DRIVERS

from skarb.bench import mining_fleet
from skarb.core.errors import Unavailable


@NEEDS_DRIVERS
def test_polling_is_measured_over_real_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(mining_fleet, "FIRST", f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.51")
    monkeypatch.setattr(mining_fleet, "COUNT", 10)
    monkeypatch.setattr(mining_fleet, "RUNS", 2)
    figures = mining_fleet.bench()
    assert figures["poll_machines"] == 10 and figures["poll_per_s"] > 0 and figures["poll_first_per_s"] > 0


def test_without_drivers_the_figure_is_null_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lacking:
        def __enter__(self) -> None:
            raise Unavailable("pip install 'skarb[fleet]'")

        def __exit__(self, *args: object) -> None:
            pass

    monkeypatch.setattr(mining_fleet, "Courier", Lacking)
    assert mining_fleet.bench() == {"poll_per_s": None, "poll_skipped": "pip install 'skarb[fleet]'"}
