"""The fleet on the command line: nothing is sent without consent, everything sent is written down, and only the meter proves anything."""

import csv
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.fleet.made import NEEDS_DRIVERS

from skarb.cli.mine_fleet_shown import POLL, TOLD
from skarb.simulate.machines import Machine, made_fleet, readings, serving, write_fleet

FIRST = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.151"
CONSENT = ("--do", "--by", "A. Kavalenka", "--log", "log.jsonl")


def files(folder: Path, count: int = 6, faults: dict[str, int] | None = None) -> tuple[Machine, ...]:
    """Write a fleet of two sites, the second of which is cut first."""
    machines = made_fleet(count, 2, faults, FIRST, "luxos")
    write_fleet(machines, folder)
    return machines


def ramped(skarb) -> None:
    words = ("--sites", "sites.yaml", "--headroom", "1", "--stagger", "1", "--output", "ramp.csv")
    assert skarb("mine", "curtail", "ramp", "order.json", *words).code == 0


def ordered(skarb, need: str, minutes: int = 30, begun: timedelta = timedelta(seconds=1)) -> tuple[datetime, datetime]:
    at = datetime.now(UTC).replace(microsecond=0) - begun
    until = at + timedelta(minutes=minutes)
    words = ("--sites", "sites.yaml", "--running", "running.csv", "--need", need, "--reason", "peak", "--output", "order.json")
    assert skarb("mine", "curtail", "order", *words, "--at", at.isoformat(), "--until", until.isoformat()).code == 0
    return at, until


def test_a_plan_speaks_to_nobody(skarb, tmp_path: Path) -> None:
    files(tmp_path)
    ordered(skarb, "0.003")
    shown = skarb("mine", "fleet", "curtail", "fleet.csv", "--order", "order.json")
    assert shown.code == 0 and "nobody was told" in shown.out and "site-2: at most" in shown.err
    rows = skarb("mine", "fleet", "curtail", "fleet.csv", "--order", "order.json", "--format", "csv").rows
    assert tuple(rows[0]) == TOLD and [one["id"] for one in rows] == ["m0006", "m0005"]
    assert {one["task"] for one in rows} == {"sleep"} and {one["answer"] for one in rows} == {""}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--do",), 2, "expected --by NAME, who wants it, and --log FILE"),
        (("--do", "--by", " ", "--log", "l"), 2, "expected --by NAME"),
        (("--do", "--by", "me"), 2, "--log FILE"),
        (("--by", "me"), 2, "given without --do"),
        (("--acknowledgements", "a.csv"), 2, "given without --do"),
        (("--beside", "900"), 3, "expected 0 to 200 percent"),
        (("--wait", "0", *CONSENT), 3, "expected seconds above nought"),
        (("--wait", "nan", *CONSENT), 3, "expected seconds above nought"),
        (("--do", "--by", "me", "--log", "order.json"), 3, "needed for the work itself"),
        (("--do", "--by", "me", "--log", "no/where.jsonl"), 4, "there is no folder"),
    ],
)
def test_consent_is_asked_for_and_odd_words_are_refused(
    skarb, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    files(tmp_path)
    ordered(skarb, "0.003")
    result = skarb("mine", "fleet", "curtail", "fleet.csv", "--order", "order.json", *words)
    assert result.code == code and says in result.err.replace("\n", " ")
    assert not (tmp_path / "log.jsonl").exists()


def test_an_order_that_does_not_hold_now_is_not_carried_out(skarb, tmp_path: Path) -> None:
    files(tmp_path)
    for begun in (timedelta(hours=2), timedelta(hours=-2)):
        ordered(skarb, "0.003", begun=begun)
        refused = skarb("mine", "fleet", "curtail", "fleet.csv", "--order", "order.json", *CONSENT)
        assert refused.code == 3 and "machines are told while an order holds" in refused.err.replace("\n", " ")


def test_files_that_make_no_sense_are_refused(skarb, tmp_path: Path) -> None:
    files(tmp_path)
    ordered(skarb, "0.003")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "bad.csv").write_text((tmp_path / "fleet.csv").read_text().replace("3500", "-1"))
    (tmp_path / "ramp.csv").write_text("at,site,power_w,way\n2026-04-21T02:00+03:00,site-2,5,sideways\n")
    assert skarb("mine", "fleet", "poll", "bytes.csv").code == 3
    assert "row 2, rated_w: given '-1'" in skarb("mine", "fleet", "poll", "bad.csv").err
    assert skarb("mine", "fleet", "poll", "none.csv").code == 6
    assert skarb("mine", "fleet", "poll", "fleet.csv", "--range", "x").code == 3
    assert skarb("mine", "fleet", "curtail", "fleet.csv", "--order", "fleet.csv").code == 3
    odd = skarb("mine", "fleet", "resume", "fleet.csv", "--order", "order.json", "--ramp", "ramp.csv")
    assert odd.code == 3 and "expected off or back" in odd.err
    assert skarb("mine", "fleet", "resume", "fleet.csv", "--order", "order.json", "--ramp", "ramp.csv", "--follow").code == 2
    for text in ("[", "whatsminer: 5", "nobody: 'x'", "- a", ""):
        (tmp_path / "secret.yaml").write_text(text)
        (tmp_path / "secret.yaml").chmod(0o600)
        assert skarb("mine", "fleet", "poll", "fleet.csv", "--passwords", "secret.yaml").code == 3, text
    (tmp_path / "secret.yaml").chmod(0o644)
    assert "chmod 600" in skarb("mine", "fleet", "poll", "fleet.csv", "--passwords", "secret.yaml").err
    for words in (("--devices", "0"), ("--faults", "keeps"), ("--faults", "odd=1"), ("--first", "10.0.0.1")):
        assert skarb("mine", "fleet", "simulate", "try", *words).code == 3, words
    assert skarb("mine", "fleet", "simulate", "order.json").code == 3
    (tmp_path / "real").mkdir()
    for name, text in (("fleet.csv", (tmp_path / "fleet.csv").read_text().replace(",127.", ",10.")), ("sites.yaml", "[]")):
        (tmp_path / "real" / name).write_text(text)
        refused = skarb("mine", "fleet", "simulate", "real")
        assert refused.code == 3 and "would be lost" in refused.err and (tmp_path / "real" / name).read_text() == text
        (tmp_path / "real" / name).unlink()


@NEEDS_DRIVERS
def test_polling_tells_what_differs_from_the_register(skarb, tmp_path: Path) -> None:
    machines = files(tmp_path, 6)
    text = (
        (tmp_path / "fleet.csv")
        .read_text()
        .replace(f"{machines[0].host},4028,Antminer S21", f"{machines[0].host},4028,Antminer S21 Pro")
    )
    (tmp_path / "fleet.csv").write_text("".join(line for line in text.splitlines(True) if ",m0003," not in line))
    around = f"site-1={FIRST.rpartition('.')[0]}.144/28"
    with serving(machines[:5]):
        found = skarb("mine", "fleet", "poll", "fleet.csv", "--range", around, "--format", "csv")
    shown = skarb("mine", "fleet", "poll", "fleet.csv")  # and now nobody is there
    assert found.code == 9 and shown.code == 9
    assert "To be looked at" in shown.out and "5 unreachable; 5 to be looked at" in shown.err
    rows = {one["host"]: one for one in found.rows}
    assert tuple(found.rows[0]) == POLL and len(rows) == 6
    assert rows[machines[0].host]["differs"] == "model: registered Antminer S21 Pro, says AntMiner S21"
    assert rows[machines[1].host]["differs"] == "" and rows[machines[1].host]["said_w"] == "3250"
    stranger = rows[machines[2].host]
    assert (stranger["site"], stranger["id"], stranger["model"]) == ("site-1", "", "S21")
    assert stranger["differs"].startswith("unregistered")
    assert rows[machines[5].host]["answer"] == "unreachable" and rows[machines[5].host]["differs"].startswith("missing")


@NEEDS_DRIVERS
def test_everybody_acknowledges_and_the_meter_finds_who_cheats(skarb, tmp_path: Path) -> None:
    """From an order to its proof: two sites sleep, both acknowledge, one machine goes on drawing; back by the ramp."""
    machines = files(tmp_path, 8, {"cheats": 1})
    at, _ = ordered(skarb, "0.024")
    with serving(machines):
        words = ("--order", "order.json", *CONSENT, "--acknowledgements", "acks.csv", "--output", "told.csv")
        told = skarb("mine", "fleet", "curtail", "fleet.csv", *words)
        assert told.code == 0, told.err
        ramped(skarb)
        asleep = [one.id for one in machines if one.asleep(datetime.now(UTC).timestamp())]
        early = skarb("mine", "fleet", "resume", "fleet.csv", "--order", "order.json", "--ramp", "ramp.csv", *CONSENT)
        assert early.code == 0 and "still to come" in early.err, "no step of the ramp is due yet"
        assert asleep == [one.id for one in machines if one.asleep(datetime.now(UTC).timestamp())]

    with (tmp_path / "meters.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("meter", "at", "minutes", "energy_wh", "estimated"))
        writer.writerows(readings(machines, at.replace(second=0), 31))
    proof = skarb(
        "mine",
        "curtail",
        "verify",
        "order.json",
        "meters.csv",
        "--acknowledgements",
        "acks.csv",
        "--minutes",
        "1",
        "--format",
        "csv",
    )
    verdicts = {one["site"]: one for one in proof.rows}
    assert proof.code == 9 and all(one["acknowledged"] and one["late"] == "False" for one in verdicts.values())
    assert {site: one["complied"] for site, one in verdicts.items()} == {"site-1": "True", "site-2": "False"}

    lines = [json.loads(one) for one in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [one["what"] for one in lines] == ["asked", *["answered"] * len(asleep), "ended"]
    assert lines[0]["by"] == "A. Kavalenka" and sorted(lines[0]["machines"]) == sorted(asleep) == sorted(
        one["id"] for one in lines[1:-1]
    )
    assert lines[-1]["answers"] == {"ok": len(asleep)} and lines[0]["drivers"].startswith("pyasic ")


@NEEDS_DRIVERS
def test_machines_come_back_as_the_ramp_allows(skarb, tmp_path: Path) -> None:
    machines = files(tmp_path, 4)
    ordered(skarb, "0.006", minutes=2, begun=timedelta(minutes=20))  # it has ended
    for one in machines[2:]:
        one.tell(True, 0.0)
    ramped(skarb)
    with serving(machines):
        back = skarb(
            "mine", "fleet", "resume", "fleet.csv", "--order", "order.json", "--ramp", "ramp.csv", *CONSENT, "--format", "csv"
        )
    now = datetime.now(UTC).timestamp()
    woken = {one["id"] for one in back.rows if one["answer"] == "ok"}
    assert woken == {one.id for one in machines[2:] if not one.asleep(now)} and woken
    assert back.code == 0 and {one["task"] for one in back.rows} == {"wake"}
