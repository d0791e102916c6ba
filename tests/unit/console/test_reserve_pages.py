"""The pages of bills, audit and the reserve: whole in three languages, charts that say what the figures say, bad questions told clearly."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from tests.unit.console.conftest import kept, mined

from skarb.app.draftmodel import Progress
from skarb.app.marketreserve import MarketReserve
from skarb.app.model import Person
from skarb.app.reservemodel import BillsView, MinerSum
from skarb.console import console
from skarb.console.reservecharts import lorenz_chart, month_bars, scatter_chart
from skarb.reporting.shapes import HEIGHT, WIDTH

PATHS = ("/reserve", "/mining/bills", "/mining/audit")


@pytest.fixture
def client(market: Any) -> TestClient[Any]:
    return TestClient(console(market))


def nobody(party: str) -> Person:
    return Person(id=party, name=party, personal=False)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_no_page_lacks_a_word_or_has_a_style_or_a_script_inside(client: TestClient[Any], path: str, language: str):
    answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200 and " style=" not in answer.text and answer.text.count("<script") == 1
    shown = re.sub(r'(?s)<pre.*?</pre>|<code.*?</code>|(href|id|data-page|class|title)="[^"]*"', "", answer.text)
    shown = re.sub(r"reserve_share|no_meter", "", shown)  # keys of lines, told as they are
    assert not re.search(r"\b(reserve|bills|audit|mining)_[a-z]+", shown), "a word is missing"
    assert "{" not in shown


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/mining/bills?bill=", "bill: given &#39;&#39;, expected one such as 2026-09/"),
        ("/mining/bills?bill=2026-10/nobody", "expected one such as 2026-09/"),
        ("/mining/bills?bill=../../market.yaml", "expected one such as"),
        ("/mining/bills?bill=<b>", "&lt;b&gt;"),
        ("/mining/audit?month=2026-13", "month: given &#39;2026-13&#39;, expected one that is over, from 2026-03 to 2026-09"),
        ("/mining/audit?month=../x", "expected one that is over"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_with_what_was_expected(client: TestClient[Any], path: str, says: str):
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 400 and says in answer.text
    assert client.get(path.replace("?", ".json?")).json()["status"] == 400


def test_before_anything_is_kept_pages_wait_and_say_so_when_it_failed(tmp_path: Path, client: TestClient[Any], market: Any):
    fresh = MarketReserve(tmp_path, "by", "Europe/Minsk", kept()._kept.miners, mined())
    market.reserve = lambda: fresh.reserve(nobody)
    market.mining_bills = lambda bill: fresh.bills(bill, nobody)
    market.mining_audit = lambda month: fresh.audit(month, nobody)
    for path in PATHS:
        text = client.get(path, params={"lang": "en"}).text
        assert "Being made beside the market" in text and "<table" not in text
    assert client.get("/mining/bills?bill=x").status_code == client.get("/mining/audit?month=x").status_code == 400
    assert client.get("/index.json").json()["reserve"] is None
    front = re.search(r'(?s)<section[^>]*data-part="reserve">.*?</section>', client.get("/", params={"lang": "en"}).text)
    assert front is not None and "as soon as the miners are billed" in front[0] and "BTC" not in front[0]
    fresh.learn(Progress(stage="failed", subject="the <disk> is full"))
    for path in PATHS:
        assert "the &lt;disk&gt; is full" in client.get(path, params={"lang": "en"}).text


def test_holders_of_keys_are_nobody_s_business(client: TestClient[Any]):
    text = client.get("/reserve", params={"lang": "en"}).text + client.get("/reserve.json").text
    assert "treasury 2, board 2, audit 1" in text and not re.search("alina|barys|viera|hanna|dzmitry", text)


def test_a_miner_who_is_a_person_is_masked(client: TestClient[Any], market: Any):
    market._known = lambda party: Person(id=party, name="Алесь Янкавіч Рамонкоў", personal=True, latin="Ales Yankavich Ramonkou")
    for path in PATHS:
        both = client.get(path).text + client.get(f"{path}.json").text
        assert "Рамонкоў" not in both and "Ramonkou" not in both and "А. Я. Р." in both


def test_the_front_page_has_what_the_reserve_holds_and_leads_there(client: TestClient[Any]):
    own = kept().reserve(nobody)
    text = client.get("/", params={"lang": "en"}).text
    assert 'href="/reserve?lang=en"' in text and f"{own.coins_sat / 10**8:.8f}" in text
    assert client.get("/index.json").json()["reserve"]["lots"] == []


def miner(levy: int, energy: int) -> MinerSum:
    return MinerSum(miner=nobody(f"m{levy}"), bills=1, energy_wh=energy, levy_minor=levy, reserve_sat=0)


def test_the_curve_of_the_levy_lies_below_that_of_equals_and_ends_at_all_of_it():
    drawn = lorenz_chart([miner(1, 5), miner(3, 5)])
    assert drawn is not None
    paths = {name: path for _, path, name in drawn.curves}
    assert paths["levy"] == f"M0,{HEIGHT} L{WIDTH // 2},{HEIGHT * 3 // 4} L{WIDTH},0"
    assert paths["energy"] == f"M0,{HEIGHT} L{WIDTH // 2},{HEIGHT // 2} L{WIDTH},0"
    assert lorenz_chart([]) is None and lorenz_chart([miner(0, 0)]) is None


def test_dots_stand_inside_the_band_when_nothing_needs_to_be_asked():
    audit = kept().audit(None, nobody)
    drawn = scatter_chart(audit)
    assert drawn is not None and len(drawn.dots) == len([one for one in audit.points if one.paid_sat])
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in drawn.dots)
    least, low, high, most = audit.band
    assert 0 < least < low < 1 < high < most
    for dot in drawn.dots:
        ratio = 2 * dot.of.paid_sat / (dot.of.low_sat + dot.of.high_sat)
        assert dot.of.inside or ratio < low, "who is outside declared too little"
        if dot.of.scheme == "fpps" and dot.of.inside:
            assert low * 0.97 < ratio < high * 1.03
    assert all(above[0] > below[0] for above, below in pairwise(sorted(drawn.y_ticks, key=lambda one: one[1])))
    empty = msgspec.structs.replace(audit, points=())
    assert scatter_chart(empty) is None


def test_months_are_drawn_on_one_scale_newest_first():
    months = kept().reserve(nobody).months
    bars = month_bars(months)
    assert [one.month for one, _, _ in bars] == sorted((one.month for one in months), reverse=True)
    assert max(sat for _, sat, _ in bars) == max(minor for _, _, minor in bars) == WIDTH
    assert month_bars(()) == ()


def test_sums_of_the_page_are_those_of_its_bills(client: TestClient[Any]):
    found = client.get("/mining/bills.json").json()["billed"]
    reserve = client.get("/reserve.json").json()["reserve"]
    for name in ("levy_minor", "reserve_sat", "energy_wh"):
        assert sum(one[name] for one in found["bills"]) == sum(one[name] for one in found["miners"])
    assert (
        sum(one["levy_minor"] for one in found["bills"])
        == reserve["money_minor"]
        == sum(one["minor"] for one in reserve["months"])
    )
    assert (
        sum(one["reserve_sat"] for one in found["bills"]) == reserve["coins_sat"] == sum(one["sat"] for one in reserve["months"])
    )
    assert sum(one["value_cents"] for one in reserve["lots"]) == reserve["value_cents"]
    assert [one["levy_minor"] for one in found["miners"]] == sorted(one["levy_minor"] for one in found["miners"])
    assert BillsView(progress=Progress()).day is None
