"""Simulated machines over real sockets, through the real drivers in their own process: what each fault looks like from outside."""

import time
from collections.abc import Callable, Iterator

from tests.unit.fleet.made import NEEDS_DRIVERS, devices_of

from skarb.fleet import Answer, Courier, Device, Request, command, poll
from skarb.simulate.machines import FAULTS

pytestmark = NEEDS_DRIVERS


def told(
    courier: Courier, task: str, devices: tuple[Device, ...], settle_s: float = 8.0, wait_s: float = 8.0
) -> dict[str, Answer]:
    heard: list[tuple[str, Answer]] = []
    answers = command(courier, task, devices, wait_s, lambda one, answer: heard.append((one.id, answer)), settle_s)  # type: ignore[arg-type]
    assert dict(heard) == {one.id: answer for one, answer in zip(devices, answers, strict=True)} and len(heard) == len(devices)
    return dict(heard)


def test_all_dialects_are_read_told_to_sleep_and_woken(served: Callable, courier: Courier) -> None:
    machines = served(8)
    devices = devices_of(machines)
    for machine, answer in zip(machines, poll(courier, devices, 8.0), strict=True):
        assert answer.word == "ok" and answer.seen is not None
        assert (answer.seen.said_w, answer.seen.hashrate_gh_s) == (machine.kind.rated_w, machine.kind.hashrate_th_s * 1000)
        assert answer.seen.temperature_c in (51, 71, 70) and answer.seen.errors == ()
    assert {one.word for one in told(courier, "sleep", devices).values()} == {"ok"}
    now = time.time()
    assert [one.draws_w(now) for one in machines] == [60] * 8
    assert [one.seen.state for one in poll(courier, devices, 8.0)] == ["idle"] * 8
    assert {one.word for one in told(courier, "wake", devices).values()} == {"ok"}
    assert all(one.changes[-1][1] is False for one in machines)


def test_every_fault_ends_in_an_answer_with_its_reason(served: Callable, courier: Courier) -> None:
    faults = [one for one in FAULTS if one != "floods"]
    machines = served(len(faults) + 2, dict.fromkeys(faults, 1), "luxos")
    devices = devices_of(machines)
    lost = {"silent": "unreachable", "garbage": "unclear", "drops": "unclear"}
    polled = {one.fault or "none": answer.word for one, answer in zip(machines, poll(courier, devices, 20.0), strict=True)}
    assert polled == {**dict.fromkeys((*faults, "none"), "ok"), **lost}
    slept = told(courier, "sleep", devices, 2.0, 20.0)
    words = {one.fault or "none": slept[one.id].word for one in machines}
    honest = dict.fromkeys(("none", "late", "cheats"), "ok")  # who cheats is found by a meter alone
    assert words == {**honest, **lost, "refuses": "refused", "keeps": "unclear"}
    keeps = next(one for one in machines if one.fault == "keeps")
    assert slept[keeps.id].reason == f"acknowledged sleep, and still says of itself: {keeps.kind.rated_w} W"
    assert all(slept[one.id].reason for one in machines if slept[one.id].word != "ok")
    assert courier.breaks == 0


def test_an_answer_without_an_end_is_left(served: Callable, courier: Courier) -> None:
    devices = devices_of(served(1, {"floods": 1}, "luxos"))
    (answer,) = poll(courier, devices, 4.0)
    assert answer.word in ("unclear", "unreachable") and answer.reason and courier.breaks == 0


def test_nobody_at_an_address_is_unreachable_for_commands_too(courier: Courier, addresses: Iterator[str]) -> None:
    nobody = next(addresses)
    for task in ("poll", "sleep", "wake"):
        (answer,) = courier.ask([Request(0, task, nobody, 8.0)])  # type: ignore[arg-type]
        assert (answer.word, answer.reason) == ("unreachable", "nobody takes a connection")


def test_a_machine_that_is_gone_after_it_was_recognised_did_not_acknowledge(served: Callable, courier: Courier) -> None:
    machines = served(1, dialect="luxos")
    devices = devices_of(machines)
    assert poll(courier, devices, 8.0)[0].word == "ok"
    machines[0].fault = "silent"
    answer = told(courier, "sleep", devices, 0.5, 1.5)[machines[0].id]
    assert answer.word != "ok" and machines[0].changes == []


def test_a_password_that_is_not_the_makers_own_is_needed_to_write(served: Callable, courier: Courier) -> None:
    machines = served(2, dialect="whatsminer")
    machines[1].password = "other 'secret'"
    devices = devices_of(machines)

    def words(courier: Courier) -> list[str]:
        answers = told(courier, "sleep", devices)
        return [answers[one.id].word for one in devices]

    assert {one.word for one in poll(courier, devices, 8.0)} == {"ok"}
    assert words(courier) == ["ok", "refused"]
    with Courier(passwords={"whatsminer": "other 'secret'"}) as knowing:
        assert words(knowing) == ["refused", "ok"]
    assert [len(one.changes) for one in machines] == [1, 1]
