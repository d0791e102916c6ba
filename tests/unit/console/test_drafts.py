"""The pages of drafts: what a draft would have changed, down to rows that can be proved; and what is said before that is known."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from litestar.testing import TestClient
from tests.unit.console import drafted

from skarb.app.draftmodel import Stage
from skarb.console import console
from skarb.console.charts import draft_chart
from skarb.console.language import LANGUAGES, language


@pytest.fixture
def client(market: Any) -> TestClient[Any]:
    return TestClient(console(market))


def test_a_draft_is_told_in_figures_words_and_rows(client: TestClient[Any]):
    text = client.get("/drafts/abroad?lang=en").text
    assert "Of 67,981 rows, 106 (0.2\u00a0%) would be decided otherwise." in text
    assert "Limits &lt;b&gt;abroad&lt;/b&gt;" in text and "<b>abroad" not in text
    assert '<a href="/book/burshtyn/batch/31/row/7?lang=en">burshtyn 31/7</a>' in text
    assert "#17" in text and "117,123" in text and "1800.00 BYN" in text
    assert f'id="{drafted.LIMIT}"' in text and f'href="#{drafted.LIMIT}"' in text  # the draft's own provisions are on the page
    assert 'href="/provision/BY-D8-2017/2.1?lang=en"' in text  # the law's are on theirs
    assert 'href="/drafts/abroad/report?lang=en"' in text
    assert "4 rows that the draft permits could not be paid for" in text and 'href="#short"' in text and 'id="short"' in text
    assert '<a href="/book/burshtyn/batch/30/row/2?lang=en">burshtyn 30/2</a>' in text
    assert "data-part" not in text  # nothing more is waited for


@pytest.mark.parametrize(
    ("code", "says"), [("be", "Толькі ў межах ліміту."), ("ru", "Только в пределах лимита."), ("en", "Only up to")]
)
def test_provisions_are_told_in_the_language_of_the_reader(client: TestClient[Any], code: str, says: str):
    assert says in client.get("/drafts/abroad", params={"lang": code}).text


def test_the_first_page_has_a_card_with_a_chart_and_no_long_lists(client: TestClient[Any], market: Any):
    text = client.get("/?lang=en").text
    assert "Of 67,981 rows" in text and 'href="/drafts/abroad?lang=en"' in text
    assert "draft.yaml: &lt;oops&gt; no title" in text
    shown = client.get("/index.json").json()["drafts"]["drafts"][0]["answer"]
    assert shown["turns"]["refused"] == {"rows": 60, "money": 60 * 123_456} and not shown["largest"] and not shown["provisions"]
    assert len(client.get("/drafts/abroad.json").json()["draft"]["answer"]["largest"]) == 2


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("stage", [one for one in get_args(Stage) if one != "done"])
def test_before_there_is_an_answer_every_page_says_so_and_looks_again(market: Any, stage: Stage, code: str):
    market.tried = drafted.waiting(stage, "vetraz <1>")
    client: TestClient[Any] = TestClient(console(market))
    said = language(code).text(f"drafts_{stage}", what="vetraz <1>", why="vetraz <1>")
    for path in ("/", "/drafts", "/drafts/abroad"):
        text = client.get(path, params={"lang": code}).text
        assert said.replace("<1>", "&lt;1&gt;").replace("'", "&#39;") in text
        assert "data-part" in text  # fetched again by the page itself
        assert "vetraz <1>" not in text


def test_a_market_without_drafts_says_so(market: Any):
    market.tried = drafted.DONE.__class__(progress=drafted.DONE.progress)
    assert "There are no drafts" in TestClient(console(market)).get("/drafts?lang=en").text


def test_the_report_stands_alone_in_a_sandbox(client: TestClient[Any]):
    answer = client.get("/drafts/abroad/report", params={"lang": "ru"})
    assert answer.text == "<!doctype html><title>ru</title>" and answer.headers["content-language"] == "ru"
    assert "sandbox allow-scripts" in answer.headers["content-security-policy"]
    assert client.get("/drafts/broken/report").status_code == 404
    assert client.get("/drafts/nobody").status_code == 404


def test_days_are_drawn_and_months_where_there_are_many(market: Any):
    answer = drafted.answer()
    by_day, by_month = draft_chart(answer, "rows"), draft_chart(answer, "money", most_days=10)
    assert by_day is not None and [one.turned.kept.rows for one in by_day.stacks] == [n % 5 + n % 3 for n in range(30)]
    assert by_month is not None and [one.freed.value for one in by_month.stacks] == [8 * 123_456, 7 * 123_456]
