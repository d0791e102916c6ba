"""The process of the drivers, without drivers: what they return is not trusted, and nothing takes longer than it may."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from skarb.fleet import Request
from skarb.fleet.worker import Drivers, clean, seen_of


class Rate:
    """A hash rate as a driver gives it."""

    unit = SimpleNamespace(GH="GH")

    def __init__(self, rate: Any) -> None:
        self.rate = rate

    def into(self, unit: str) -> "Rate":
        return self


class Made:
    """A driver that does as it is told; `told` keeps what it was told."""

    make, raw_model, firmware = "AntMiner", "S21", "LuxOS"

    def __init__(self, says: Any = True, hangs: bool = False, **data: Any) -> None:
        self.told: list[str] = []
        self.says, self.hangs = says, hangs
        given = {"hashrate": Rate(200_000.4), "wattage": 3500, "temperature_avg": 55, "uptime": 9, "fw_ver": "1.2", "errors": []}
        self.data = SimpleNamespace(**{**given, **data})

    async def get_data(self, include: list[str]) -> Any:
        return self.data

    async def stop_mining(self) -> Any:
        self.told.append("sleep")
        if self.hangs:
            await asyncio.sleep(60)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def asked(machine: Any, task: Any = "poll", wait_s: float = 5.0) -> Any:
    async def recognise(host: str) -> Any:
        return machine

    async def run() -> Any:
        return await Drivers(recognise).answer(Request(1, task, "127.0.0.1", wait_s))

    return asyncio.run(run())


def test_figures_are_whole_numbers_in_our_units() -> None:
    seen = asked(Made()).seen
    assert (seen.hashrate_gh_s, seen.said_w, seen.temperature_c, seen.firmware, seen.state) == (
        200_000,
        3500,
        55,
        "LuxOS 1.2",
        "hashing",
    )


@pytest.mark.parametrize("nonsense", ["3500", -1, float("nan"), float("inf"), 10**30, [], {}])
def test_what_is_no_figure_is_told_and_not_believed(nonsense: Any) -> None:
    seen = seen_of(Made(), Made(wattage=nonsense, hashrate=Rate(nonsense)).data)
    assert seen.said_w is None and seen.hashrate_gh_s is None and seen.state == "unknown"
    assert len(seen.errors) == 2 and seen.errors[0].startswith("hash rate: ") and seen.errors[1].endswith(" is no figure")


def test_text_of_a_machine_cannot_command_a_terminal() -> None:
    assert clean("\x1b[2J a\r\nb\u202e" + "x" * 500) == "[2J a b " + "x" * 111 + "…"
    assert all(one.isprintable() for one in seen_of(Made(), Made(fw_ver="\x1b]0;x\x07").data).firmware)


def test_a_yes_is_ok_a_no_is_refused_and_a_break_is_unclear() -> None:
    assert asked(Made(), "sleep").word == "ok"
    assert asked(Made(says=False), "sleep").word == "refused"
    broken = asked(Made(says=TypeError("no login")), "sleep")
    assert broken.word == "unclear" and broken.reason == "broke off while it was told to sleep: TypeError"


def test_what_hangs_after_it_was_told_is_unclear_not_unreachable() -> None:
    answer = asked(Made(hangs=True), "sleep", 0.2)
    assert answer.word == "unclear" and "was told to sleep" in answer.reason


def test_a_login_that_ended_is_made_again() -> None:
    first, second = Made(), Made()
    machines = [first, second]

    async def recognise(host: str) -> Any:
        return machines.pop(0)

    async def run() -> list[str]:
        drivers = Drivers(recognise)
        words = [(await drivers.answer(Request(1, "poll", "127.0.0.1"))).word]
        first.says = False
        return [*words, (await drivers.answer(Request(2, "sleep", "127.0.0.1"))).word]

    assert asyncio.run(run()) == ["ok", "ok"] and first.told == second.told == ["sleep"]


def test_settings_that_cannot_be_read_are_not_written_over() -> None:
    class AntminerModern(Made):
        """A driver that puts a machine to sleep by writing back what it read."""

        async def stop_mining(self) -> Any:
            assert (await self.get_config()).pools.groups[0].pools == self.pools
            return await super().stop_mining()

        pools: tuple[Any, ...] = ()
        read = 0

        async def get_config(self) -> Any:
            self.read += 1
            return SimpleNamespace(pools=SimpleNamespace(groups=[SimpleNamespace(pools=self.pools)]))

    machine = AntminerModern()
    answer = asked(machine, "sleep")
    assert answer.word == "refused" and "empty ones" in answer.reason and machine.told == []
    machine.pools = ("stratum+tcp://pool",)
    assert asked(machine, "sleep").word == "ok" and machine.told == ["sleep"]
    assert machine.read == 2, "once for each command; what was read is what is written back"


def test_nobody_at_all_is_unreachable() -> None:
    async def recognise(host: str) -> None:
        return None

    answer = asyncio.run(Drivers(recognise).answer(Request(1, "sleep", "127.255.255.254")))
    assert (answer.word, answer.reason) == ("unreachable", "nobody takes a connection")
