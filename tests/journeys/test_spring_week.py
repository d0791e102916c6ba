"""A spring week with one reactor out: schedule, order, meters, bills, levy, the reserve's book, an audit and a proof.

Two of four miners cheat: one goes on while he is ordered off, one declares half of his coins. Everything goes from file to file through the
commands, and the numbers tie from megawatt-hours to satoshi to kopecks.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from skarb.cli import main

_spec = importlib.util.spec_from_file_location("custody_people", Path(__file__).parents[1] / "unit" / "custody" / "conftest.py")
assert _spec is not None and _spec.loader is not None
people = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(people)

MINSK = timezone(timedelta(hours=3))
FIRST = date(2026, 4, 20)
DAYS = [FIRST + timedelta(days=number) for number in range(7)]
ORDERED, DARK, OVER = (datetime(2026, 4, 22, *clock, tzinfo=MINSK) for clock in ((19, 0), (19, 15), (22, 0)))
DIFFICULTY, REWARD_SAT, RATE = 120_000_000_000_000, 314_500_000, 190_000
IGNORES_ORDERS, KEEPS_HALF = "krichev", "zhlobin"
SITES = {
    "bereza": ("new", 5, 1),
    "lida": ("new", 3, 1),
    IGNORES_ORDERS: ("old", 4, 2),
    KEEPS_HALF: ("old", 2, 2),
}  # class, blocks of 50 MW, priority
MACHINES = {"new": ("s21", Fraction("17.5"), 3500), "old": ("s19", Fraction("34.2"), 3249)}  # joules a terahash, watts
Skarb = Callable[..., str]


@pytest.fixture
def skarb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Skarb:
    """Run a command in a folder of its own; return what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object, code: int = 0) -> str:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["skarb", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert int(left.value.code or 0) == code, (words, said)
        return said.out

    return run


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return name


def write_registers() -> None:
    """Write the sites as a dispatcher knows them, and the entries of the registers."""
    sites = [
        f"- {{name: {site}, miners: {kind}, blocks: {blocks}, block_mw: 50, priority: {priority}, meter: m-{site}}}"
        for site, (kind, blocks, priority) in SITES.items()
    ]
    Path("sites.yaml").write_text("\n".join(sites) + "\n")
    held = f"valid_from: {FIRST}, valid_to: {DAYS[-1]}"
    entries = dict.fromkeys(("parties", "licences", "mining_sites", "mining_machines", "meters"), "")
    for site, (kind, blocks, _) in SITES.items():
        model, _, watts = MACHINES[kind]
        capacity_w = blocks * 50_000_000
        entries["parties"] += (
            f"- {{party: {site}-mine, kind: legal_entity, country: BY, resident: true, identified: true, valid_from: 2020-01-01}}\n"
        )
        entries["licences"] += f"- {{party: {site}-mine, gate: regime, licence: miner, valid_from: 2020-01-01}}\n"
        entries["mining_sites"] += (
            f"- {{site: {site}, party: {site}-mine, capacity_w: {capacity_w}, declared_kw: {capacity_w // 1000}, tariff: industry_two_part, "
            f"pool_fee: 200, {held}}}\n"
        )
        entries["mining_machines"] += (
            f"- {{site: {site}, model: {model}, count: {capacity_w * 100 // 105 // watts + 1}, {held}}}\n"
        )
        entries["meters"] += f"- {{meter: m-{site}, site: {site}, minutes: 15, certified_to: 2030-01-01, {held}}}\n"
    Path("entries.yaml").write_text("".join(f"{name}:\n{lines}" for name, lines in entries.items()))


def write_meters(schedule: list[dict[str, str]]) -> dict[tuple[str, date], int]:
    """Write what meters counted, as the schedule and the order say, but for who ignores it; return the energy of each site and day."""
    rows, energy_wh = [], dict[tuple[str, date], int]()
    for slot in schedule:
        hour, site = datetime.fromisoformat(slot["at"]), slot["site"]
        for quarter in range(4):
            at = hour + timedelta(minutes=15 * quarter)
            ordered_off = site == KEEPS_HALF and DARK <= at < OVER
            wh = 0 if ordered_off else max(0, int(slot["power_w"]) // 4 - (7 * quarter + at.hour) % 11)
            rows.append((f"m-{site}", at.isoformat(), 15, wh, "no"))
            energy_wh[site, at.date()] = energy_wh.get((site, at.date()), 0) + wh
    write("meters.csv", ("meter", "at", "minutes", "energy_wh", "estimated"), rows)
    return energy_wh


def write_payouts(energy_wh: dict[tuple[str, date], int]) -> dict[str, int]:
    """Write what the pools paid for it, by the difficulty of the week, half of it where half is declared; return the satoshi of each site."""
    sat_per_terahash = Fraction(REWARD_SAT * 10**12, DIFFICULTY * 2**32)
    rows, paid = [], dict.fromkeys(SITES, 0)
    for (site, day), wh in sorted(energy_wh.items()):
        joules_per_terahash = MACHINES[SITES[site][0]][1] * Fraction("1.05")
        sat = int(wh * 3600 / joules_per_terahash * sat_per_terahash * Fraction(98, 100))
        sat = sat // 2 if site == KEEPS_HALF else sat
        rows.append((f"{site}-{day}", day, site, "fpps", sat))
        paid[site] += sat
    write("payouts.csv", ("id", "day", "site", "scheme", "sat"), rows)
    return paid


def found_reserve(skarb: Skarb) -> str:
    """Begin the book of the reserve under a policy that two holders approve."""
    Path("policy.json").write_text(json.dumps(people.Reserve().data))
    approvals = []
    for name in ("anna", "boris"):
        Path(f"{name}.key").write_bytes(people.KEYS[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        approvals.append(f"{name}.approval")
        skarb("reserve", "sign", "policy.json", "--by", name, "--key", f"{name}.key", "--approve", "-o", approvals[-1])
    skarb("reserve", "found", "reserve.book", "policy.json", *approvals)
    return "reserve.book"


def test_a_spring_week_with_one_reactor_out(skarb: Skarb) -> None:
    # The plan of the week, site by site.
    write_registers()
    week = ("--from", FIRST, "--days", 7, "--outage", f"1@{FIRST}:35", "--set", "mining_old_value=31")
    plan = json.loads(skarb("mine", "plan", *week, "--format", "json"))
    Path("schedule.csv").write_text(skarb("mine", "plan", *week, "--schedule", "--sites", "sites.yaml", "--format", "csv"))
    schedule = rows_of(Path("schedule.csv").read_text())
    planned_wh = sum(int(one["power_w"]) for one in schedule)
    assert planned_wh == plan["mining_wh"] > 0 and all(one["reason"] for one in schedule)
    assert any(int(one["power_w"]) == 0 for one in schedule), "old machines stand still in some hours"

    # An order at the evening peak, and who followed it by his meter.
    running = {
        site: next(one for one in schedule if one["site"] == site and one["at"].startswith("2026-04-22T19")) for site in SITES
    }
    write("now.csv", ("site", "running_mw"), [(site, int(one["power_w"]) // 10**6) for site, one in running.items()])
    at = ("--at", ORDERED.isoformat(timespec="minutes"), "--until", OVER.isoformat(timespec="minutes"))
    skarb(
        "mine",
        "curtail",
        "order",
        "--sites",
        "sites.yaml",
        "--running",
        "now.csv",
        "--need",
        300,
        "--reason",
        "peak",
        *at,
        "--output",
        "order.json",
    )
    targets = json.loads(Path("order.json").read_text())["targets"]
    assert {one["site"]: one["most_w"] for one in targets} == {IGNORES_ORDERS: 0, KEEPS_HALF: 0}
    energy_wh = write_meters(schedule)
    verdicts = {
        one["site"]: one
        for one in rows_of(skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--format", "csv", code=9))
    }
    assert {site: one["complied"] for site, one in verdicts.items()} == {IGNORES_ORDERS: "False", KEEPS_HALF: "True"}
    drawn_wh = sum(
        int(one["energy_wh"])
        for one in rows_of(Path("meters.csv").read_text())
        if one["meter"] == f"m-{IGNORES_ORDERS}" and DARK <= datetime.fromisoformat(one["at"]) < OVER
    )
    assert int(verdicts[IGNORES_ORDERS]["excess_wh"]) == drawn_wh > 0
    missing_wh = planned_wh - sum(energy_wh.values())
    shed_wh = int(running[KEEPS_HALF]["power_w"]) * 11 // 4  # dark from 19:15 to 22:00
    assert 0 <= missing_wh - shed_wh < 10 * len(schedule) * 4, (
        "the meters counted the plan, but for what was ordered off and some watt-hours"
    )

    # Bills: from metered watt-hours to kopecks, and what is due of the coins in satoshi.
    paid_sat = write_payouts(energy_wh)
    write("prices.csv", ("day", "btc_byn"), [(day, RATE) for day in DAYS])
    given = ("2026-04", "meters.csv", "--entries", "entries.yaml", "--payouts", "payouts.csv")
    words = (
        "mine",
        "bill",
        *given,
        "--schedule",
        "schedule.csv",
        "--prices",
        "prices.csv",
        "--inflow",
        "inflow.csv",
        "--to",
        "bills",
    )
    answer = json.loads(skarb(*words, "--format", "json"))
    assert not answer["refused"] and sorted(one["site"] for one in answer["bills"]) == sorted(SITES)
    for bill in answer["bills"]:
        site = bill["site"]
        metered_wh = sum(wh for (name, _), wh in energy_wh.items() if name == site)
        assert bill["energy_wh"] == metered_wh
        lines = {line["kind"]: line for line in bill["lines"]}
        assert Fraction(lines["energy"]["exact"]) == Fraction(metered_wh, 1000) * Fraction("0.28711")
        assert lines["levy"]["amount"] == int(Fraction(metered_wh, 1000) * Fraction("0.01") * 100 + Fraction(1, 2))
        assert lines["reserve_share"]["amount"] == paid_sat[site] // 10
        assert Fraction(lines["contribution"]["exact"]) == Fraction(paid_sat[site], 10**8) * RATE / 100
        assert {one["verdict"] for one in bill["standing"]} == {"permit"} and bill["standing"][0]["provision"] == "BY-MINE/le"

    # The reserve's book takes what the bills bring, once; lots and balances tie.
    book = found_reserve(skarb)
    write("rates.csv", ("date", "currency", "byn_per_unit"), [(DAYS[-1], "BTC", RATE)])
    due = {
        (bill["id"], line["asset"]): 0
        for bill in answer["bills"]
        for line in bill["lines"]
        if line["kind"] in ("levy", "reserve_share")
    }
    for bill in answer["bills"]:
        for line in bill["lines"]:
            if line["kind"] in ("levy", "reserve_share"):
                due[bill["id"], line["asset"]] += line["amount"]
    for _ in range(2):
        skarb("reserve", "receive", book, "inflow.csv", "--rates", "rates.csv")
    held = {"BTC": 0, "BYN": 0}
    for row in rows_of(skarb("reserve", "holdings", book, "--format", "csv")):
        held[row["asset"]] += int(row["units"])
    assert held == {asset: sum(units for (_, one), units in due.items() if one == asset) for asset in ("BTC", "BYN")}
    lots = rows_of(skarb("reserve", "lots", book, "--format", "csv"))
    assert sum(int(one["units"]) for one in lots if one["asset"] == "BTC") == held["BTC"]
    brought = {
        (one["source"], one["asset"]): int(one["units"]) for one in rows_of(skarb("reserve", "bills", book, "--format", "csv"))
    }
    named = {
        (f"bill {bill['id']} {bill['sha256'][:16]}", asset): due[bill["id"], asset]
        for bill in answer["bills"]
        for asset in ("BTC", "BYN")
    }
    assert brought == named, "each bill brought what its lines say"
    skarb("reserve", "verify", book)
    skarb("verify", book)

    # The audit names who declares too little and nobody else, by how much the energy says.
    write("network.csv", ("day", "difficulty", "reward_sat"), [(day, DIFFICULTY, REWARD_SAT) for day in DAYS])
    audit = json.loads(
        skarb("mine", "audit", *given, "--network", "network.csv", "--prices", "prices.csv", "--format", "json", code=9)
    )
    assert [(one["site"], one["kind"]) for one in audit["findings"]] == [(KEEPS_HALF, "declared_low")]
    least = f"paid {paid_sat[KEEPS_HALF]:,} sat, expected by energy "
    assert audit["findings"][0]["says"].startswith(least) and audit["findings"][0]["provision"] == "BY-TC/htp"

    # The state owes its budget and a pension fund; everybody can check that he was counted.
    write("owed.csv", ("user", "asset", "units"), [("budget", "BTC", held["BTC"] - 5), ("fund", "BTC", 5)])
    Path("salt").write_bytes(bytes(range(32)))
    skarb("proof", "key", "pub.key")
    skarb("reserve", "prove-liabilities", "owed.csv", "--book", book, "--key", "pub.key", "--secret", "salt", "-o", "owed.json")
    skarb("reserve", "prove-liability", "owed.json", "owed.csv", "--secret", "salt", "--user", "fund", "-o", "fund.json")
    skarb("reserve", "check-proof", "fund.json", "--public", "pub.key.pub")
    proof = Path("fund.json").read_text()
    assert proof.count('"5"') == 1
    Path("cheated.json").write_text(proof.replace('"5"', '"6"'))
    skarb("reserve", "check-proof", "cheated.json", "--public", "pub.key.pub", code=9)
