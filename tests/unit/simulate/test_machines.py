"""Simulated machines: what they draw can be added up afterwards, and they answer over sockets as their dialect wants."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.app.fleet import fleet_of
from skarb.app.gridfiles import read_running, read_sites
from skarb.core.errors import InputError, Unavailable
from skarb.simulate.machines import FAULTS, Machine, made_fleet, readings, serving, write_fleet
from skarb.simulate.machines.machine import LATE_S, S21
from skarb.simulate.machines.md5crypt import md5crypt

FIRST = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.101"


def machine(fault: str = "") -> Machine:
    return Machine("m1", "north", "127.0.0.1", S21, fault)


def test_what_it_says_and_what_it_draws_differ_only_with_a_fault() -> None:
    for fault, says, draws in (("", 60, 60), ("keeps", 3500, 3500), ("cheats", 60, 3500), ("late", 60, 60)):
        one = machine(fault)
        assert one.tell(True, 100.0) and (one.says_w(99), one.draws_w(99)) == (3500, 3500)
        assert (one.says_w(100), one.draws_w(100)) == (says, draws), fault
    late = machine("late")
    late.tell(True, 0.0)
    late.tell(False, 100.0)
    assert late.draws_w(100 + LATE_S - 1) == 60 and late.draws_w(100 + LATE_S) == 3500
    assert machine("refuses").tell(True, 0.0) is False


def test_the_hash_of_passwords_is_the_one_of_old_unix() -> None:
    assert md5crypt("admin", "BQ5hoXV9") == "RxmaDUO33TS7O26yeMHZ81"
    assert md5crypt("a much longer word than sixteen letters", "ab") == "tV./y1kne3VNAYHsUROEa0"


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=6), st.integers(0, 1000))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_energy_adds_up_wherever_it_is_cut(changes: list[tuple[int, bool]], cut: int) -> None:
    one = machine()
    for at, asleep in sorted(changes):
        one.tell(asleep, float(at))
    whole = one.energy_ws(0, 1000)
    assert whole == one.energy_ws(0, cut) + one.energy_ws(cut, 1000)
    assert whole == sum(one.draws_w(second) for second in range(1000))


def test_meters_count_what_is_drawn_and_not_what_is_said() -> None:
    machines = made_fleet(4, 2, {"cheats": 2}, dialect="luxos")
    first = datetime(2026, 4, 21, 2, tzinfo=UTC)
    for one in machines:
        one.tell(True, (first + timedelta(minutes=1)).timestamp())
    rows = readings(machines, first, 2)
    assert [row[0] for row in rows] == ["meter-site-1"] * 2 + ["meter-site-2"] * 2
    assert [row[3] for row in rows] == [round(6750 / 60), 2, round(6750 / 60), round(6750 / 60)]


@pytest.mark.parametrize("dialect", ["luxos", "avalon"])
def test_machines_answer_over_sockets_in_their_dialect(dialect: str) -> None:
    def asked(host: str, what: bytes) -> bytes:
        with socket.create_connection((host, 4028), 5) as line:
            line.sendall(what)
            return b"".join(iter(lambda: line.recv(65536), b""))

    (one,) = made_fleet(1, 1, {}, FIRST, dialect)
    with serving([one]):
        version = json.loads(asked(one.host, b'{"command": "version"}').rstrip(b"\0"))
        assert version["STATUS"][0]["STATUS"] == "S" and len(version["VERSION"]) == 1
        both = json.loads(asked(one.host, b'{"command": "version+pools"}').rstrip(b"\0"))
        assert both["version"][0]["VERSION"] == version["VERSION"] and both["pools"][0]["POOLS"]
        assert json.loads(asked(one.host, b'{"command": "nothing"}').rstrip(b"\0"))["STATUS"][0]["STATUS"] == "E"
        for odd in (b"[]", b"7", b"{", b"\xff\xfe", b'{"command": ["x"]}', b'{"command": "curtail", "parameter": "wrong,sleep"}'):
            asked(one.host, odd)
        assert one.changes == []
        with pytest.raises(Unavailable, match="port 4028"), serving([one]):
            pass
    with pytest.raises(OSError):
        asked(one.host, b"{}")


def test_the_files_are_read_by_the_commands_that_need_them(tmp_path: Path) -> None:
    machines = made_fleet(11, 3, dict.fromkeys(FAULTS, 1))
    write_fleet(machines, tmp_path)
    assert [one.id for one in fleet_of(tmp_path / "fleet.csv")] == [one.id for one in machines]
    sites, running = read_sites(tmp_path / "sites.yaml"), read_running(tmp_path / "running.csv")
    assert [one.most_w for one in sites] == [running[one.name] for one in sites]
    assert sum(running.values()) == sum(one.kind.rated_w for one in machines)


@pytest.mark.parametrize(
    "given",
    [
        {"count": 0},
        {"count": 5000},
        {"count": 2, "sites": 3},
        {"count": 2, "faults": {"odd": 1}},
        {"count": 2, "faults": {"keeps": 3}},
        {"count": 2, "first": "10.0.0.1"},
        {"count": 2, "first": "127.255.255.255"},
        {"count": 2, "first": "here"},
        {"count": 2, "dialect": "german"},
    ],
)
def test_a_fleet_that_cannot_be_is_refused(given: dict) -> None:
    with pytest.raises(InputError, match="expected"):
        made_fleet(**given)
