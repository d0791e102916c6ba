"""Orders and machines: who sleeps, who may wake when, which site acknowledged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.app.fleet import Told, Wave, acknowledged, sleeping, strangers, waking
from skarb.app.gridfiles import read_acknowledgements
from skarb.core.errors import InputError
from skarb.fleet import Answer, Beside, Device, awake
from skarb.grid import Site
from skarb.grid.curtail import Order, Step, Target, ramp_up, shed

AT = datetime(2026, 4, 21, 2, tzinfo=UTC)
END = AT + timedelta(hours=4)
NOTHING = Beside(0, 0)


def fleet(count: int, site: str = "north", priority: int = 1) -> tuple[Device, ...]:
    return tuple(
        Device(site, f"{site}-{n:03}", f"10.0.0.{n}", 4028, "Antminer S21", priority, 1000, 100) for n in range(1, count + 1)
    )


def order(*targets: Target) -> Order:
    return Order("shed-1", AT, AT + timedelta(minutes=1), END, "peak", 1, targets)


def target(site: str, running_w: int, most_w: int) -> Target:
    return Target(site, f"meter-{site}", 1, running_w, running_w, most_w)


def test_the_last_class_sleeps_first_and_only_as_many_as_the_order_wants() -> None:
    devices = (*fleet(10), *fleet(10, "south", 2))
    wave = sleeping(order(target("north", 10_000, 7_000), target("south", 10_000, 0)), devices, NOTHING)
    assert wave.at == AT and wave.task == "sleep"
    assert [one.site for one in wave.devices] == ["south"] * 10 + ["north"] * 3
    assert {one.id for one in wave.devices if one.site == "north"} == {"north-008", "north-009", "north-010"}


def test_sites_without_machines_here_are_left_to_others_but_somebody_must_be_meant() -> None:
    assert len(sleeping(order(target("north", 10_000, 0), target("far", 10_000, 0)), fleet(10), NOTHING).devices) == 10
    with pytest.raises(InputError, match=r"given targets far, .* expected one of north"):
        sleeping(order(target("far", 10_000, 0)), fleet(10), NOTHING)


@given(st.integers(1, 40), st.integers(0, 40), st.lists(st.integers(0, 20_000), min_size=1, max_size=12), st.integers(0, 20))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_slept_wakes_once_and_never_above_the_ramp(count: int, kept: int, headroom: list[int], percent: int) -> None:
    devices, beside = fleet(count), Beside(percent, 5)
    site = Site("north", "new", 10, 100 * count, 1, "meter-north")
    made = shed(
        [site], {"north": site.most_w}, max(1, site.most_w - 1000 * min(kept, count - 1)), id="o", at=AT, until=END, reason="r"
    )
    slept = sleeping(made, devices, beside).devices
    steps = ramp_up(made, [site], headroom)
    waves = waking(made, steps, devices, beside)
    woken = [one.id for wave in waves for one in wave.devices]
    assert len(set(woken)) == len(woken) and set(woken) <= {one.id for one in slept}
    level = made.targets[0].most_w
    running = len(devices) - len(slept)
    for step in steps:
        level = step.power_w
        running += sum(len(wave.devices) for wave in waves if wave.at == step.at)
        if level < site.most_w:
            assert running <= len(awake(devices, level, beside))
        else:
            assert set(woken) == {one.id for one in slept}, "when the site has all back, everybody wakes"


def test_a_ramp_of_another_order_is_refused() -> None:
    made = order(target("north", 10_000, 2_000))
    for odd in (Step(END, "south", 5000), Step(END - timedelta(minutes=1), "north", 5000), Step(END, "north", 1000)):
        with pytest.raises(InputError, match="make the ramp from this order"):
            waking(made, [odd], fleet(10), NOTHING)


def test_a_site_acknowledged_when_all_its_machines_did(tmp_path: Path) -> None:
    made = order(target("north", 10_000, 0), target("south", 10_000, 0))
    told = [
        Told(device, "sleep", Answer(0, word), AT + timedelta(seconds=number))  # type: ignore[arg-type]
        for number, (device, word) in enumerate([*((one, "ok") for one in fleet(3)), (fleet(1, "south")[0], "unclear")])
    ]
    assert [(one.order, one.site, one.at) for one in acknowledged(made, told)] == [("shed-1", "north", AT + timedelta(seconds=2))]
    assert acknowledged(made, []) == ()
    path = tmp_path / "acks.csv"
    path.write_text(
        "order,site,at\n" + "".join(f"{one.order},{one.site},{one.at.isoformat()}\n" for one in acknowledged(made, told))
    )
    assert read_acknowledgements(path) == list(acknowledged(made, told))


def test_addresses_that_nobody_registered() -> None:
    found = strangers(["north=10.0.0.0/29"], fleet(3))
    assert [one.host for one in found] == ["10.0.0.4", "10.0.0.5", "10.0.0.6"] and {one.id for one in found} == {""}
    assert len(strangers(["north=10.0.0.0/29", "north=10.0.0.0/29"], fleet(3))) == 3
    for odd in ("10.0.0.0/24", "north=8.8.8.0/24", "north=10.0.0.0/8", "north=10.0.0.1/24", "north=", "=10.0.0.0/24"):
        with pytest.raises(InputError, match="expected SITE=ADDRESS/BITS"):
            strangers([odd], fleet(1))


def test_waves_are_in_the_order_of_time() -> None:
    made = order(target("north", 3_000, 0))
    steps = [Step(END + timedelta(minutes=5 * n), "north", 1000 * (n + 1)) for n in (2, 0, 1)]
    waves = waking(made, steps, fleet(3), NOTHING)
    assert [wave.at for wave in waves] == sorted(wave.at for wave in waves) and all(type(wave) is Wave for wave in waves)
    assert [[one.id for one in wave.devices] for wave in waves] == [["north-001"], ["north-002"], ["north-003"]]
