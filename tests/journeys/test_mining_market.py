"""A farm that follows the surplus in a living market: schedule, meter, payout, bill — and the pages' numbers are the commands' numbers."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient

from skarb.app import miningwork
from skarb.app.market import Market, MarketFile, create_market
from skarb.app.miningfiles import read_figures
from skarb.cli import main
from skarb.console import console
from skarb.console.mining import PAGES
from skarb.core.amount import parse_amount
from skarb.core.errors import NotFound

FILE = MarketFile(law="by", seed=11, start=date(2026, 11, 2), days=5, people=30, companies=5, per_day=20)
SAME = {
    "mining_wh": "mining_wh", "gas_wh": "more_gas_wh", "boilers_wh": "more_boilers_wh", "export_wh": "more_export_wh",
    "carbon_marginal_g": "carbon_marginal_g", "carbon_average_g": "carbon_average_g", "at_peak_w": "mining_at_peak_load_w",
}  # fmt: skip
"""What pages and commands call the same figure."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market with its past behind it and the slow answers made, from few draws."""
    found = tmp_path_factory.mktemp("town") / "market"
    create_market(found, FILE)
    with Market(found) as market:
        market.fill()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(miningwork, "SCENARIOS", 20)
        patch.setattr(miningwork, "DRAWS", 7)
        miningwork.make_figures(found)
    return found


def told(words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> dict:
    """What a command says as JSON."""
    monkeypatch.setattr(sys, "argv", [*shlex.split(words), "--format", "json"])
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    return json.loads(capsys.readouterr().out)


def test_every_satoshi_on_the_page_is_a_row_decided_by_law(folder: Path):
    with Market(folder) as market:
        client = TestClient(console(market.view))
        farm = client.get("/mining.json").json()["farm"]
        assert farm["paid_hours"] >= 10 and farm["journal_sat"] == farm["reckoned_sat"]
        hour = farm["latest"][0]
        place = hour["place"]
        row = client.get(f"/book/{place['book']}/batch/{place['sequence']}/row/{place['row']}.json").json()["row"]
        assert row["provision"] == "BY-MINE/le" and row["outcome"] == "posted"
        assert row["transfers"][0]["debit"] == "chain/BTC/created"
        assert row["instruction"]["party"] == farm["company"]["id"]
        assert parse_amount(row["transfers"][0]["amount"], 8) == hour["earned_sat"]
        bill = farm["bills"][0]["payment"]
        paid = client.get(f"/book/{bill['book']}/batch/{bill['sequence']}/row/{bill['row']}.json").json()["row"]
        assert paid["instruction"]["activity"] == "fiat_pay" and paid["outcome"] == "posted"
        assert f"/book/{place['book']}/batch/{place['sequence']}/row/{place['row']}" in client.get("/mining").text
    with Market(folder) as again:
        assert again.fill() == 0, "a market that is opened again has its farm's past already"
        assert msgspec.json.decode(msgspec.json.encode(again.view.mining()))["journal_sat"] == farm["journal_sat"]


def test_before_anything_has_happened_every_page_is_there(tmp_path: Path):
    create_market(tmp_path / "new", MarketFile(**{**msgspec.structs.asdict(FILE), "days": 0}))
    with Market(tmp_path / "new") as market:
        client = TestClient(console(market.view))
        for path in ("/", *(f"/{where}" for where, _ in PAGES)):
            assert client.get(path).status_code == 200, path
        farm = client.get("/mining.json").json()["farm"]
        assert farm["journal_sat"] == farm["reckoned_sat"] == farm["paid_hours"] == 0


def test_the_present_goes_on_with_the_farm(folder: Path, tmp_path: Path):
    create_market(tmp_path / "young", MarketFile(**{**msgspec.structs.asdict(FILE), "days": 1}))
    with Market(tmp_path / "young") as market:
        market.fill()
        before = market.view.mining()
        for beat in market.live():
            if beat.until >= market.scenario.end + timedelta(hours=8):
                break
        after = market.view.mining()
    assert before is not None and after is not None
    assert before.journal_sat < after.journal_sat == after.reckoned_sat
    assert len(after.bills) == 0, "the first day of the farm is billed on the next morning"


def test_the_plan_of_the_page_is_that_of_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with Market(folder) as market:
        client = TestClient(console(market.view))
        for query in (
            "",
            "?mw=250&reactor_out=yes&dear_gas=yes",
            "?mw=120&on_gas=yes&boilers_first=yes&hashprice=80&cold_winter=yes",
        ):
            answer = client.get(f"/mining/plan.json{query}").json()["plan"]["answer"]
            said = told(answer["command"], capsys, monkeypatch)
            assert {name: said[other] for name, other in SAME.items()} == {name: answer["effects"][name] for name in SAME}
            assert said["gain_of_mining_cents"] == answer["effects"]["gain_nano"] // 10**7
            assert said["boilers_first_costs_cents"] == answer["boilers_first_nano"] // 10**7
            assert said["hours_by_reason"] == ", ".join(f"{name} {count}" for name, count in answer["reasons"].items())
            assert sum(row["mining_w"] for row in said["rows"]) == answer["effects"]["mining_wh"]


def test_the_surplus_of_the_page_is_that_of_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with Market(folder) as market:
        found = TestClient(console(market.view)).get("/mining/surplus.json").json()["surplus"]
    said = told(f"{found['command']} --draws 7", capsys, monkeypatch)
    assert [one["energy_wh"] for one in said["table"]] == [one["energy_wh"] for one in found["table"]]
    assert found["spread"]["draws"] == 7
    assert said["figures_together"] == found["spread"]
    assert [one["figure"] for one in said["figures_alone"]] == [one["figure"]["name"] for one in found["swings"]]


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_what_mining_pays_has_charts_cases_and_what_decides(folder: Path, language: str):
    with Market(folder) as market:
        client = TestClient(console(market.view))
        text = client.get("/mining/economics", params={"lang": language}).text
        found = client.get("/mining/economics.json").json()["economics"]
    assert found["made"] and len(found["report"]["cases"]) == 4 and len(found["swings"]) == 36
    assert text.count("<figure") >= 9 and " style=" not in text and "<script>" not in text
    inputs = {one["input"]: one["how_good"] for one in found["report"]["inputs"]}
    assert inputs["price"] == inputs["hashprice"] == "assumed", "nothing made up is told as known"


def test_slow_answers_are_made_once_and_again_when_what_they_rest_on_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    known = read_figures(folder)
    assert known is not None
    monkeypatch.setattr(miningwork, "report_of", None)  # it would break
    miningwork.make_figures(folder)
    assert read_figures(folder) is known
    (folder / "mining" / "files.txt").write_text(f"{tmp_path}/nothing.json\n")
    with pytest.raises(NotFound):
        miningwork.make_figures(folder)
    (folder / "mining" / "files.txt").unlink()
