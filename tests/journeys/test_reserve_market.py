"""Miners of a living market are billed, audited and share with the reserve, and every figure on its pages is one of a command."""

from __future__ import annotations

import csv
import html
import json
import re
import shlex
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from litestar.testing import TestClient

from skarb.app import market as market_room
from skarb.app.beside import Beside
from skarb.app.draftmodel import Progress
from skarb.app.market import Market, MarketFile, create_market
from skarb.app.marketreserve import gini_ppm
from skarb.app.reservefiles import book_of, entries_file, month_folder, read_stand, reserve_folder
from skarb.app.reservework import keep, reserve_beside
from skarb.cli import main
from skarb.console import console
from skarb.core.amount import parse_amount
from skarb.core.counted import counted

FILE = MarketFile(law="by", seed=7, start=date(2026, 2, 26), days=4, people=20, companies=5, per_day=5)
"""Commands bill a month only when it is over by the clock of whoever asks, so the months here lie long ago."""
CHEAT, DAY = "sluch", date(2026, 3, 2)
Skarb = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("reserve") / "market"
    create_market(found, FILE)
    keep(found, DAY)
    return found


@pytest.fixture
def client(folder: Path):
    with Market(folder) as market:
        yield TestClient(console(market.view))


@pytest.fixture
def skarb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Skarb:
    """Run the command line that a page shows; return what it printed."""

    def run(words: str, code: int = 0) -> str:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", shlex.split(words))
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert int(left.value.code or 0) == code, (words, said)
        return said.out

    return run


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_what_the_reserve_has_is_what_its_commands_say(client: TestClient, skarb: Skarb):
    found = client.get("/reserve.json").json()["reserve"]
    commands = found["commands"]
    held = rows_of(skarb(f"{commands['holdings']} --format csv"))
    assert [(one["place"], one["asset"], int(one["units"]), one["quorum"]) for one in held] == [
        (one["place"], one["asset"], one["units"], one["quorum"]) for one in found["held"]
    ]
    assert sum(one["units"] for one in found["held"] if one["asset"] == "BTC") == found["coins_sat"] > 0
    assert [dict(one) for one in rows_of(skarb(f"{commands['value']} --format csv"))] == found["valued"]
    (risk,) = rows_of(skarb(f"{commands['risk']} --format csv"))
    assert risk == found["risk"] and float(risk["violations"]) > 0
    lots = {one["lot"]: one for one in rows_of(skarb(f"{commands['lots']} --format csv"))}
    assert len(lots) == len(found["lots"])
    for one in found["lots"]:
        said = lots[one["lot"]]
        assert parse_amount(said["units"], 8 if one["asset"] == "BTC" else 2) == one["units"]
        assert [parse_amount(said[name], 2) for name in ("value_usd", "value_byn", "cost_byn")] == [
            one["value_cents"], one["value_minor"], one["cost_minor"]
        ]  # fmt: skip
    skarb(commands["verify"])
    skarb(found["proof"]["command"])
    assert {asset: int(total) for asset, _, total, _ in found["proof"]["totals"]} == {
        "BTC": found["coins_sat"], "BYN": found["money_minor"]
    }  # fmt: skip


def _coded(one: dict[str, Any], words: str) -> dict[str, Any]:
    """Return what a command says without the words that it puts beside its codes."""
    assert one[words]
    return {name: value for name, value in one.items() if name != words}


def test_every_lot_is_a_line_of_a_bill_and_every_bill_is_the_command_s(client: TestClient, skarb: Skarb):
    reserve = client.get("/reserve.json").json()["reserve"]
    brought = {
        (one["source"], one["asset"]): int(one["units"]) for one in rows_of(skarb(f"{reserve['commands']['bills']} --format csv"))
    }
    listed = client.get("/mining/bills.json").json()["billed"]["bills"]
    assert len(listed) == 3 * 2 + 3 and len({one["id"] for one in listed}) == len(listed)
    due: dict[tuple[str, str], int] = {}
    for head in listed:
        page = client.get("/mining/bills.json", params={"bill": head["id"]}).json()["billed"]
        (said,) = json.loads(skarb(f"{page['command']} --format json"))["bills"]
        assert said["sha256"] == page["sha256"] == head["sha256"]
        assert [_coded(one, "arithmetic") for one in said["lines"]] == page["bill"]["lines"] and said["totals"][
            "payable"
        ] == head["payable_minor"]
        for line in said["lines"]:
            if line["kind"] in ("levy", "reserve_share") and line["amount"]:
                key = f"bill {head['id']} {head['sha256'][:16]}", line["asset"]
                due[key] = due.get(key, 0) + line["amount"]
                (lot,) = [one for one in reserve["lots"] if one["lot"] == f"{head['id']}/{line['key']}"]
                assert lot["units"] == line["amount"] and dict(page["received"])[line["key"]] == lot["where"] != ""
    merged: dict[tuple[str, str], int] = {}
    for (source, asset), units in brought.items():  # a key of a line may have a slash of its own
        bill = source.partition(", line ")[0], asset
        merged[bill] = merged.get(bill, 0) + units
    assert merged == due


def test_links_of_the_reserve_lead_to_lines_that_are_there(client: TestClient):
    text = client.get("/reserve", params={"lang": "en"}).text
    links = {html.unescape(one) for one in re.findall(r'href="(/mining/bills\?[^"]+#line-[^"]+)"', text)}
    assert len(links) == len(client.get("/reserve.json").json()["reserve"]["lots"])
    pages: dict[str, str] = {}
    for link in links:
        address, _, anchor = link.partition("#")
        page = pages.setdefault(address, client.get(address).text)
        assert f'id="{html.escape(anchor)}"' in page, link
        back = re.findall(r'href="/reserve\?lang=en#(lot-[^"]+)"', page)
        assert back and all(f'id="{one}"' in text for one in back)
    assert all(
        client.get(one).status_code == 200 for page in pages.values() for one in re.findall(r'href="(/provision/[^"]+)"', page)
    )


def test_the_audit_finds_who_declares_too_little_and_nobody_else(client: TestClient, skarb: Skarb):
    found = client.get("/mining/audit.json").json()["audit"]
    low = [(month, one["site"]) for month, one in found["findings"] if one["kind"] != "estimated"]
    assert low == [(month, CHEAT) for month in found["months"]] and found["months"] == ["2026-02", "2026-01"]
    outside = {
        (one["month"], one["site"]) for one in found["points"] if not one["least_sat"] <= one["paid_sat"] <= one["most_sat"]
    }
    assert outside == set(low)
    for month in found["months"]:
        page = client.get("/mining/audit.json", params={"month": month}).json()["audit"]
        said = json.loads(skarb(f"{page['command']} --format json", code=9))
        assert [_coded(one, "says") for one in said["findings"]] == [
            one for of, one in found["findings"] if of == month
        ] and said["days"] == page["days"]
        for point in (one for one in found["points"] if one["month"] == month):
            days = [one for one in said["days"] if one["site"] == point["site"]]
            assert point["paid_sat"] == sum(one["paid_sat"] for one in days)
            assert point["low_sat"] == sum(one["expected_low_sat"] or 0 for one in days if one["expected_low_sat"] is not None)
    assert all(client.get(f"/provision/{name}").status_code == 200 for name in found["provisions"]) and found["provisions"]
    dots = re.findall(r'class="dot d-(in|out)"', client.get("/mining/audit", params={"lang": "en"}).text)
    assert dots.count("out") == len(outside) and len(dots) == sum(1 for one in found["points"] if one["paid_sat"])


def test_what_is_kept_follows_from_the_seed_and_is_kept_once(folder: Path, tmp_path: Path):
    other = tmp_path / "market"
    create_market(other, FILE)
    keep(other, date(2026, 2, 1))  # January on its own, February later
    assert read_stand(other).months == ("2026-01",)
    keep(other, DAY)
    names = sorted(
        one.relative_to(folder)
        for place in ("mining/months", "mining/reserve")
        for one in (folder / place).rglob("*")
        if one.is_file()
    )
    assert len(names) > 30
    apart = {"owed.json"}  # the head of the journal, whose pace was another
    assert [
        str(name) for name in names if name.name not in apart and (folder / name).read_bytes() != (other / name).read_bytes()
    ] == []
    before = {name: (other / name).stat().st_mtime_ns for name in names}
    keep(other, DAY)
    assert {name: (other / name).stat().st_mtime_ns for name in names} == before, "what was done is not done again"


def test_what_was_changed_on_disk_is_told_and_the_market_goes_on(folder: Path, tmp_path: Path):
    changed = tmp_path / "market"
    copytree(folder, changed)
    bill = month_folder(changed, "2026-02") / "bills" / "2026-02_narach.json"
    given = bill.read_bytes()
    bill.write_bytes(re.sub(rb'"amount": (\d)', rb'"amount": 7\1', given, count=1))
    with Market(changed) as market:
        client = TestClient(console(market.view))
        assert client.get("/mining/bills.json", params={"bill": "2026-02/narach"}).json()["billed"]["changed"] is True
        assert "was changed after it was given" in client.get("/mining/bills?bill=2026-02/narach&lang=en").text
        assert client.get("/mining/bills.json", params={"bill": "2026-02/sluch"}).json()["billed"]["changed"] is False
    bill.write_bytes(given + b" ")
    (month_folder(changed, "2026-01") / "audit.json").write_text("{")
    (reserve_folder(changed) / "closes.csv").write_text("date,close\n2026-01-01,-5\n")
    with Market(changed) as market:
        client = TestClient(console(market.view))
        for path, says in (
            ("/mining/bills", "its bytes are not those of a bill"),
            ("/mining/audit", "Not made"),
            ("/reserve", "closes.csv"),
        ):
            answer = client.get(path, params={"lang": "en"})
            assert answer.status_code == 200 and says in answer.text, path
        assert client.get("/").status_code == 200
    book_of(changed).write_bytes(book_of(changed).read_bytes()[:5000])
    with Market(changed) as market:
        client = TestClient(console(market.view))
        assert "Not made" in client.get("/reserve", params={"lang": "en"}).text and client.get("/").status_code == 200


def test_before_a_month_is_over_the_reserve_is_empty_and_has_a_page(tmp_path: Path):
    found = tmp_path / "market"
    create_market(found, MarketFile(law="by", seed=7, start=date(2025, 11, 5), days=3, people=20, companies=5, per_day=5))
    keep(found, date(2025, 11, 8))  # before any miner was registered
    with Market(found) as market:
        client = TestClient(console(market.view))
        text = client.get("/reserve", params={"lang": "en"}).text
        assert "Nothing came in yet." in text and "Nothing was published yet." in text
        assert (
            client.get("/").status_code
            == client.get("/mining/bills").status_code
            == client.get("/mining/audit").status_code
            == 200
        )
        assert market.view.kept is not None and "0 bills" in market.view.kept.line()


def test_a_market_of_an_older_folder_opens_and_its_miners_are_billed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skarb: Skarb
):
    old = tmp_path / "market"
    with monkeypatch.context() as patch:  # as it was made when registers knew no miners
        patch.setattr(market_room.Scenario, "entries", property(lambda scenario: scenario.cast.entries))
        create_market(old, FILE)
    assert b"mining_sites" not in (old / "registers.jsonl").read_bytes()
    kept = (old / "registers.jsonl").read_bytes()
    with Market(old) as market:
        market.fill()
        assert "miners" not in TestClient(console(market.view)).get("/reserve.json").text or market.view.reserve().day is None
    keep(old, DAY)
    assert (old / "registers.jsonl").read_bytes() == kept and "mining_sites" in yaml.safe_load(
        entries_file(old).read_text(encoding="utf-8")
    )
    with Market(old) as market:
        page = TestClient(console(market.view)).get("/mining/bills.json").json()["billed"]
    assert f"--entries {entries_file(old)}" in page["command"]
    (said,) = json.loads(skarb(f"{page['command']} --format json"))["bills"]
    assert said["sha256"] == page["sha256"]
    same = month_folder(folder, "2026-02") / "bills" / "2026-02_dubrova.json"
    assert same.read_bytes() == (month_folder(old, "2026-02") / "bills" / "2026-02_dubrova.json").read_bytes()


def test_the_farm_s_bills_rest_on_what_the_journal_says(tmp_path: Path):
    found = tmp_path / "market"
    create_market(found, MarketFile(law="by", seed=7, start=date(2026, 1, 26), days=7, people=20, companies=5, per_day=5))
    with Market(found) as market:
        client = TestClient(console(market.view))
        assert (
            client.get("/reserve").status_code
            == client.get("/mining/bills").status_code
            == client.get("/mining/audit").status_code
            == 200
        )
        assert "reserve" not in client.get("/index.json").json() or client.get("/index.json").json()["reserve"] is None
        market.fill()
        kept = market.view.kept
        assert kept is not None and kept.wants(market.now)
        assert "· no miners to bill" in kept.line()
        told: list[Progress] = []
        kept.asked = kept.today(market.now)
        assert kept.asked == date(2026, 2, 1), "the last morning"
        beside = Beside(found, told.append, partial(reserve_beside, until=kept.asked))
        beside.wait(300)
        assert [one.stage for one in told] == ["done"], told
        assert not kept.wants(market.now)
        page = client.get("/mining/bills.json", params={"bill": "2026-01/astraviec"}).json()["billed"]
        journal = page["journal"]
        assert journal["sat"] == journal["billed_sat"] > 0 and journal["hours"] > 0
        sat = 0
        for site in ("astraviec", "lukoml", "biaroza"):
            bill = client.get("/mining/bills.json", params={"bill": f"2026-01/{site}"}).json()["billed"]["bill"]
            sat += sum(parse_amount(one["quantity"], 8) for one in bill["lines"] if one["kind"] == "reserve_share")
        assert sat == journal["sat"], "the coins of the three bills are the coins of the journal's rows"
        for place in (journal["first"], journal["last"]):
            row = client.get(f"/book/{place['book']}/batch/{place['sequence']}/row/{place['row']}.json").json()["row"]
            assert row["instruction"]["activity"] == "mine" and row["outcome"] == "posted"
        front = client.get("/", params={"lang": "en"}).text
        assert 'href="/reserve?lang=en"' in front and 'href="/mining/bills?lang=en"' in front
        assert kept.line().startswith(
            f"· {len(page['bills'])} bills of miners over {counted(len({one['month'] for one in page['bills']}), 'month')}"
        )
    assert book_of(found).exists() and (reserve_folder(found) / "policy.json").is_file()


def test_gini():
    assert gini_ppm([]) == gini_ppm([0, 0]) == gini_ppm([5, 5, 5]) == 0
    assert gini_ppm([0, 0, 0, 8]) == 750_000 and gini_ppm([1, 3]) == 250_000
