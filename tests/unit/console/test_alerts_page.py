"""The page of alerts before, during and after a watch; what it says of the queue is what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from skarb.app.alertmodel import AlertLine, AlertsView
from skarb.app.alerts import Serves
from skarb.console import console
from skarb.console.language import LANGUAGES, language

NONE = AlertsView(alerts=(), transfers=0, disturbed=0, ranker="", bounds_met=0)
WAITING = AlertsView(alerts=(), transfers=0, disturbed=0, ranker="", bounds_met=0, unwatched=61_234)
BEGUN = datetime(2026, 10, 1, tzinfo=UTC)
SEEN = AlertsView(
    alerts=(
        AlertLine(
            id="8f21c0d1a2b3", family="cycle", families=("cycle",), score=70, rank=None, transfers=3, accounts=3, institutions=("burshtyn",),
            first=BEGUN, last=BEGUN + timedelta(days=1), delay_hours=0, bounded=False,
            serves=Serves(provision="BY-L165Z/7-special", title="…", says="…", citation="…", certainty="primary_text"),
        ),
    ),
    transfers=75_000, disturbed=3, ranker="", bounds_met=0, watched=61_000, unwatched=234,
)  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_watch_that_goes_on_is_told_and_looked_for_again(market: Any, code: str) -> None:
    market.queue = WAITING
    client = TestClient(console(market))
    words = language(code)
    for path in ("/alerts", "/alerts/8f21c0d1a2b3"):  # that alert may be in what is being watched
        answer = client.get(path, params={"lang": code})
        assert answer.status_code == 200
        assert words.text("alerts_waiting", n=words.whole(61_234)) in answer.text
        assert 'data-part="queue"' in answer.text and 'http-equiv="refresh"' in answer.text
        assert words.text("no_alerts") not in answer.text and words.text("by_score") not in answer.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_the_queue_does_not_know_yet_is_told_beside_it(market: Any, code: str) -> None:
    market.queue = SEEN
    words, client = language(code), TestClient(console(market))
    shown = client.get("/alerts", params={"lang": code}).text
    assert "8f21c0d1a2b3" in shown and words.text("alerts_unwatched", n="234") in shown
    assert 'http-equiv="refresh"' not in shown  # a queue that is read keeps still without a script
    assert client.get("/alerts/nothing").status_code == 404


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_watch_that_broke_off_is_told_with_what_is_known(market: Any, code: str) -> None:
    said = language(code).text("alerts_failed", why="&lt;no&gt; typologies")
    for queue in (WAITING, SEEN):
        market.queue = AlertsView(
            **{name: getattr(queue, name) for name in AlertsView.__struct_fields__} | {"problem": "<no> typologies"}
        )
        shown = TestClient(console(market)).get("/alerts", params={"lang": code}).text
        assert said in shown and language(code).text("alerts_waiting", n=language(code).whole(61_234)) not in shown
        assert ("8f21c0d1a2b3" in shown) == bool(queue.alerts)


def test_a_market_in_which_nothing_was_carried_out_has_seen_no_scheme(market: Any) -> None:
    market.queue = NONE
    client = TestClient(console(market))
    assert "No scheme has been seen." in client.get("/alerts", params={"lang": "en"}).text
    assert client.get("/alerts/nothing").status_code == 404
    assert client.get("/alerts.json").json()["queue"]["watched"] == 0
