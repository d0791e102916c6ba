"""What the console shows of money abroad: a part that was made beside the market, figures for machines, a report that stands alone."""

from __future__ import annotations

from typing import Any

from litestar.testing import TestClient

from skarb.app.draftmodel import DraftsView, Progress
from skarb.console import console


def test_the_part_stands_in_the_page_as_it_was_made(market: Any):
    client = TestClient(console(market))
    shown = client.get("/flows", params={"lang": "ru"}).text
    assert "<h2>ru</h2><p>66 % &lt;never&gt; returned</p>" in shown
    assert "/static/flows.css" in shown and client.get("/static/flows.css").status_code == 200
    assert client.get("/flows.json").json()["figures"] == {"invested": 5, "returned": 3, "still_out": 2}
    alone = client.get("/flows/report", params={"lang": "be"})
    assert "<title>be</title>" in alone.text and "sandbox" in alone.headers["content-security-policy"]


def test_before_anything_was_followed_the_page_says_so(empty_market: Any):
    client = TestClient(console(empty_market))
    assert "as soon as the books" in client.get("/flows", params={"lang": "en"}).text
    assert client.get("/flows/report").status_code == 404
    empty_market.tried = DraftsView(progress=Progress(stage="feeding", subject="kirmash"))
    assert "signed: kirmash" in client.get("/flows", params={"lang": "en"}).text
    empty_market.tried = DraftsView(progress=Progress(stage="failed", subject="the disk is <full>"))
    shown = client.get("/flows", params={"lang": "en"}).text
    assert "not followed: the disk is &lt;full&gt;" in shown
