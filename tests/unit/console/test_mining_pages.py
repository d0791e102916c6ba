"""The pages about mining and power: whole, in three languages, every figure the one that the view has, bad questions told clearly."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from litestar.testing import TestClient

from skarb.console import console
from skarb.console.mining import PAGES
from skarb.core.amount import format_amount


@pytest.fixture
def client(market: Any) -> TestClient[Any]:
    return TestClient(console(market))


@pytest.mark.parametrize("path", [where for where, _ in PAGES])
@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_every_page_leads_to_every_other_and_says_where_it_is(client: TestClient[Any], path: str, language: str):
    text = client.get(f"/{path}", params={"lang": language}).text
    for where, _ in PAGES:
        assert f'href="/{where}?lang={language}"' in text
    assert text.count('aria-current="page"') >= 1
    assert not re.search(
        r"mining_[a-z]+", re.sub(r'(?s)<pre.*?</pre>|href="[^"]*"|data-page="[^"]*"|<code>[^<]*</code>', "", text)
    ), "a word is missing"


def test_the_farm_is_told_to_the_satoshi_and_leads_down_to_rows(client: TestClient[Any]):
    farm = client.get("/mining.json").json()["farm"]
    assert farm["paid_hours"] > 20 and farm["journal_sat"] == farm["reckoned_sat"] > 0
    assert sum(one["earned_sat"] for one in farm["latest"]) <= farm["journal_sat"]
    text = client.get("/mining", params={"lang": "en"}).text
    assert format_amount(farm["journal_sat"], 8) in text
    assert "To the satoshi" in text
    assert text.count("/book/burshtyn/batch/31/row/7") >= len(farm["latest"]) + len(farm["bills"])
    now = [one for one in farm["hours"] if one["metered_wh"] is None]
    assert len(farm["hours"]) == 97 and len(farm["tomorrow"]) == 24 and 24 <= len(now) <= 26
    assert all(one["scheduled_w"] == sum(one["sites_w"]) <= max(one["surplus_w"], 0) for one in farm["hours"])


def test_the_surplus_of_the_page_is_that_of_its_hours(client: TestClient[Any]):
    found = client.get("/mining/surplus.json").json()["surplus"]
    assert len(found["surplus_w"]) == found["chosen"]["hours"] + found["surplus_w"].count(0) == 8760
    assert sum(found["surplus_w"]) == found["chosen"]["energy_wh"]
    assert [one["utilisation"][0] for one in found["use"]] == sorted(one["utilisation"][0] for one in found["use"])
    assert found["spread"] is None and found["progress"]["stage"] == "idle"
    text = client.get("/mining/surplus", params={"lang": "en"}).text
    assert "Being made beside the market" in text and "lowest load" in text and "not published" in text


def test_a_question_changes_the_answer_and_not_the_farm(client: TestClient[Any]):
    same = client.get("/mining/plan.json").json()["plan"]
    assert same["answer"] == same["base"]
    asked = {"mw": "300", "gas_floor": "400", "hashprice": "20", "reactor_out": "yes", "dear_gas": "yes", "cold_winter": "yes"}
    other = client.get("/mining/plan.json", params=asked).json()["plan"]
    assert other["base"] == same["base"]
    mine = other["answer"]
    assert mine["question"]["mw"] == 300 and mine["surplus_wh"] < same["answer"]["surplus_wh"]
    assert "--outage 1@2026-06-10:35" in mine["command"] and "--set weather=-2" in mine["command"]
    assert "--set gas_cost=40.3" in mine["command"] and "--set boiler_value=19.5" in mine["command"]
    text = client.get("/mining/plan", params={**asked, "lang": "en"}).text
    assert 'name="mw" type="number" min="0" max="3000" value="300"' in text and "The farm, 100 MW" in text
    assert text.count(" checked>") == 3


def test_the_best_size_is_the_top_of_its_curve_and_dearer_capital_never_asks_for_more(client: TestClient[Any]):
    for hashprice in ("10", "33", "75", "200"):
        sizes = client.get("/mining/plan.json", params={"hashprice": hashprice}).json()["plan"]["sizes"]
        for best, capital in (("best_old_w", "old_nano_per_mw"), ("best_new_w", "new_nano_per_mw")):
            left = {one["mining_w"]: one["gain_nano"] - sizes[capital] * one["mining_w"] // 10**6 for one in sizes["steps"]}
            assert left[sizes[best]] == max(left.values())
        assert sizes["best_new_w"] <= sizes["best_old_w"]
        gains = [one["gain_nano"] for one in sizes["steps"]]
        assert all(before <= after for before, after in pairwise(gains)), "a larger farm that may stand still never loses"


def test_a_week_balances_in_every_hour(client: TestClient[Any]):
    week = client.get("/mining/plan.json", params={"week": "45"}).json()["plan"]["week"]
    assert week["number"] == 45 and len(week["reasons"]) == 168
    given = ("nuclear_w", "must_run_w", "gas_w", "unserved_w")
    taken = ("load_w", "boilers_w", "mining_w", "export_w")
    for hour in range(168):
        assert sum(week[one][hour] for one in given) == sum(week[one][hour] for one in taken)
        assert bool(week["mining_w"][hour]) >= bool(week["carbon_average_g"][hour])


def test_an_order_stands_beside_its_meters(client: TestClient[Any]):
    found = client.get("/mining/curtailment.json").json()["curtailment"]
    assert found["order"] is not None and found["kept"] + found["broken"] == len(found["days"])
    assert {one["site"] for one in found["verdicts"]} == {one["site"] for one in found["order"]["targets"]}
    earlier = client.get("/mining/curtailment.json", params={"day": found["days"][-1]}).json()["curtailment"]
    assert earlier["day"] == found["days"][-1] and earlier["order"]["id"].startswith("shed-" + earlier["day"].replace("-", ""))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/mining/plan?mw=-1", "mw: given &#39;-1&#39;, expected a whole number from 0 to 3000"),
        ("/mining/plan?mw=4000", "mw: given"),
        ("/mining/plan?mw=<b>", "&lt;b&gt;"),
        ("/mining/plan?mw=%D9%A1", "mw: given"),
        ("/mining/plan?gas_floor=1.5", "gas_floor: given"),
        ("/mining/plan?hashprice=nan", "hashprice: given"),
        ("/mining/plan?hashprice=1e9", "hashprice: given"),
        ("/mining/plan?hashprice=", "hashprice: given"),
        ("/mining/plan?machine=abacus", "expected one of s9"),
        ("/mining/plan?on_gas=perhaps", "expected yes or no"),
        ("/mining/plan?week=53", "week: given"),
        ("/mining/curtailment?day=yesterday", "expected a day with an order"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_with_what_was_expected(client: TestClient[Any], path: str, says: str):
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 400 and says in answer.text
    assert client.get(path.replace("?", ".json?")).json()["status"] == 400


def test_extremes_have_pages_too(client: TestClient[Any]):
    for query in ("mw=0", "mw=3000&on_gas=yes&hashprice=10000", "hashprice=0", "gas_floor=0&boilers_first=yes", "week=52"):
        answer = client.get(f"/mining/plan?{query}")
        assert answer.status_code == 200, query


def test_a_plan_that_cannot_be_is_refused_with_what_is_in_the_way(client: TestClient[Any]):
    answer = client.get("/mining/plan?gas_floor=4000&lang=en")
    assert answer.status_code == 400 and "the gas floor would have to be lower by" in answer.text


def test_a_market_without_a_farm_says_so(empty_market: Any):
    client = TestClient(console(empty_market))
    for where, _ in PAGES:
        assert client.get(f"/{where}").status_code == 404
    assert "/mining" not in client.get("/", params={"lang": "en"}).text.replace("/static/mining.css", "")
