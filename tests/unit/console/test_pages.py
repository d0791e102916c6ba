from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from litestar.testing import TestClient

from skarb.app.model import PastView
from skarb.console import console

PAGES = [
    "/",
    "/book/burshtyn",
    "/book/burshtyn/batch/31",
    "/book/burshtyn/batch/31/row/7",
    "/provision/BY-U367-2024/np-swap",
    "/drafts",
    "/drafts/abroad",
    "/drafts/broken",
    "/flows",
    "/mining",
    "/mining/surplus",
    "/mining/plan",
    "/mining/plan?mw=300&reactor_out=yes&week=17",
    "/mining/economics",
    "/mining/curtailment",
    "/nowhere",
]
VOID = {"meta", "link", "input", "rect", "line", "path", "use", "br"}


class Outline(HTMLParser):
    """Collects links and ids, and insists that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.loaded += [value or "" for name, value in attrs if name == "src" or (tag in ("link", "use") and name == "href")]
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            raise AssertionError(f"<{tag}/> is not closed")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


def outline(text: str) -> Outline:
    found = Outline()
    found.feed(text)
    assert found.open == []
    return found


@pytest.fixture
def client(market: Any) -> TestClient[Any]:
    return TestClient(console(market))


@pytest.mark.parametrize("language", ["be", "ru", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_every_language_and_loads_nothing_from_elsewhere(
    client: TestClient[Any], path: str, language: str
):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer.status_code == (404 if path == "/nowhere" else 200)
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    found = outline(answer.text)
    assert found.inline == []
    assert all(place.startswith("/static/") for place in found.loaded)
    assert all(link.startswith(("/", "#")) for link in found.links)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_link_of_the_market_leads_somewhere(client: TestClient[Any]):
    seen: set[str] = set()
    todo = ["/"]
    while todo:
        path = todo.pop()
        if path in seen or path.startswith("#") or len(seen) > 80:
            continue
        seen.add(path)
        answer = client.get(path)
        expected = {200, 404} if path.startswith("/provision/") else {200}
        assert answer.status_code in expected, path
        if "text/html" in answer.headers["content-type"]:
            todo += outline(answer.text).links
    assert any(re.search(r"/batch/\d+/row/\d+", path) for path in seen)
    assert any(path.endswith(".json") for path in seen)


def test_every_page_can_be_had_as_json(client: TestClient[Any]):
    market = client.get("/index.json").json()
    assert market == client.get("/", headers={"Accept": "application/json"}).json()
    assert market["books"][0]["holdings"][1] == {"asset": "BTC", "clients": "12.40391", "own": "31.180221", "other": "0"}
    assert client.get("/book/burshtyn/batch/31/row/7.json").json()["row"]["verify"] == "skarb verify burshtyn --batch 31"
    assert client.get("/provision/BY-D8-2017/2.1.json").json()["provision"]["id"] == "BY-D8-2017/2.1"
    assert client.get("/book/nobody.json").status_code == 404
    assert client.get("/book/nobody.json").json()["status"] == 404


def test_the_language_is_the_one_asked_for_else_the_best_accepted_else_the_first(client: TestClient[Any]):
    def spoken(accepted: str, **asked: str) -> str:
        return client.get("/", params=asked, headers={"Accept-Language": accepted}).headers["content-language"]

    assert spoken("de, en;q=0.8, ru;q=0.9") == "ru"
    assert spoken("de") == "be"
    assert spoken("en-GB") == "en"
    assert spoken("en", lang="be") == "be"
    assert spoken("en", lang="xx") == "en"
    assert spoken("ru;q=abc, en;q=0.1") == "en"


def test_links_keep_a_language_that_was_asked_for_by_hand(client: TestClient[Any]):
    asked = outline(client.get("/", params={"lang": "en"}).text).links
    assert all("lang=" in link for link in asked if not link.startswith("#"))
    silent = outline(client.get("/", headers={"Accept-Language": "en"}).text).links
    assert "/book/burshtyn" in silent


def test_names_of_people_are_masked_until_a_purpose_is_stated_and_recorded(client: TestClient[Any], market: Any):
    path = "/book/burshtyn/batch/31/row/7"
    secrets = ("Рамонкоў", "Ramonkou", "p-00007", "52908400098527886e0f7030069857d2e4169ee7", "rent for", "p-99999")
    for address in (path, f"{path}.json", "/", "/index.json", "/book/burshtyn/batch/31", "/book/burshtyn/batch/31.json"):
        text = client.get(address).text
        assert not [secret for secret in secrets if secret in text], address
    assert "А. Я. Р." in client.get(path).text and "Сіні Бусел" in client.get(path).text
    assert market.looks == []
    shown = client.get(path, params={"purpose": "  case   17/2026 "}).text
    assert all(secret in shown for secret in secrets)
    assert market.looks == [("case 17/2026", "burshtyn/31/7")]
    client.get(f"{path}.json", params={"purpose": "case 18"})
    assert market.looks[-1] == ("case 18", "burshtyn/31/7")


def test_a_purpose_that_says_nothing_unmasks_nothing(client: TestClient[Any], market: Any):
    for purpose in ("", "   ", "x", "abc "):
        answer = client.get("/book/burshtyn/batch/31/row/7", params={"purpose": purpose, "lang": "en"})
        assert "State a purpose" in answer.text and "Рамонкоў" not in answer.text
    assert market.looks == []


def test_when_a_look_cannot_be_recorded_nothing_is_shown(market: Any):
    def broken(purpose: str, subject: str) -> None:
        raise OSError("disk full")

    market.look = broken
    answer = TestClient(console(market), raise_server_exceptions=False).get("/book/burshtyn/batch/31/row/7?purpose=case+17")
    assert answer.status_code == 500
    assert "Рамонкоў" not in answer.text


def test_text_of_others_is_escaped(client: TestClient[Any]):
    text = client.get("/").text
    assert "<b>Escape me</b>" not in text
    assert "&lt;b&gt;Escape me&lt;/b&gt; &amp; be calm." in text
    assert "<script>" not in client.get("/book/%3Cscript%3Ealert(1)%3C/script%3E").text


def test_a_market_in_which_nothing_happened_has_a_page_too(empty_market: Any):
    client: TestClient[Any] = TestClient(console(empty_market))
    text = client.get("/", params={"lang": "en"}).text
    outline(text)
    assert text.count("Nothing yet.") == 4
    assert "<progress" not in text
    assert client.get("/book/burshtyn").status_code == 200


def test_a_question_is_kept_in_another_language_and_in_json_but_not_a_purpose(client: TestClient[Any]):
    links = outline(client.get("/mining/plan?mw=300&reactor_out=yes&lang=en").text).links
    assert "/mining/plan?mw=300&reactor_out=yes&lang=be" in links and "/mining/plan.json?mw=300&reactor_out=yes&lang=en" in links
    assert "/mining/plan.json?mw=300" in outline(client.get("/mining/plan?mw=300").text).links
    links = outline(client.get("/book/burshtyn/batch/31/row/7?purpose=case+12345&lang=en").text).links
    assert not any("purpose" in link for link in links)


def test_a_market_whose_past_still_happens_says_how_far_it_is(empty_market: Any):
    empty_market.past = PastView(day=12, days=30)
    text = TestClient(console(empty_market)).get("/", params={"lang": "en"}).text
    outline(text)
    assert "day 12 of 30" in text and '<progress id="past" value="12" max="30">' in text
    for path in ("/drafts", "/flows"):
        text = TestClient(console(empty_market)).get(path, params={"lang": "en"}).text
        outline(text)
        assert '<progress value="12" max="30" aria-label="' in text, path


@pytest.mark.parametrize("path", ["/", "/flows", "/provision/BY-U367-2024/np-swap", "/nowhere"])
def test_every_page_leads_to_every_section(client: TestClient[Any], path: str):
    links = outline(client.get(path).text).links
    assert {"/", "/flows", "/drafts", "/alerts", "/mining", "/reserve"} <= set(links)


def test_a_section_is_marked_on_its_pages_and_one_that_is_not_there_is_not_named(client: TestClient[Any], market: Any):
    assert '<a href="/mining" aria-current="page">' in client.get("/mining/surplus").text
    assert '<a href="/drafts" aria-current="page">' in client.get("/drafts/abroad").text
    market.mining = lambda: None
    assert '<a href="/mining"' not in TestClient(console(market)).get("/flows").text


def test_a_book_shows_what_it_holds_and_the_commands_that_prove_it(client: TestClient[Any]):
    text = client.get("/book/burshtyn", params={"lang": "en"}).text
    assert (
        "4,182,907.15" in text and "210.9031" in text and ">12<" in text
    )  # of clients, to the last digit, and what is set apart
    assert (
        "skarb verify market/books/burshtyn.book" in text and "skarb balance market/books/burshtyn.book client --prefix" in text
    )


def test_every_provision_that_decided_is_on_the_first_page(client: TestClient[Any], market: Any):
    few = market.decisions()
    market.decisions = lambda: few * 3
    text = client.get("/", params={"lang": "en"}).text
    outline(text)
    assert f"All other provisions ({len(few) * 3 - 12})" in text
    assert text.count('class="row"') == len(few) * 3


def test_numbers_are_written_as_the_language_does(client: TestClient[Any]):
    assert "4,182,907.15" in client.get("/?lang=en").text
    assert "4\u00a0182\u00a0907,15" in client.get("/?lang=be").text
    assert "\u22124,00212" in client.get("/?lang=ru").text
    assert "14\u00a0October, 12:41:07" in client.get("/?lang=en").text  # in the zone of the law


def test_a_row_shows_the_whole_chain_from_instruction_to_proof(client: TestClient[Any], market: Any):
    row = market.row("burshtyn", 31, 7)
    text = client.get("/book/burshtyn/batch/31/row/7?lang=en").text
    for shown in (
        row.head,
        row.previous_head,
        row.edition,
        row.registers,
        row.verify,
        row.instruction.id,
        row.provision,
        "exceeds_credits",
    ):
        assert shown in text
    before, _, folded = text.partition("<details><summary>Other provisions that applied too (1)")
    assert "decides" in before and "yields to BY-U48-2022/reg-refuse" in before and "Something else" in folded
    for leaf in row.reasons[0].leaves:
        assert leaf.text.replace('"', "&#34;").replace(">", "&gt;") in text
    assert "3,815.27 BYN" in text and "2026-10-14" in text


NOWHERE = [
    "/book/burshtyn/batch/x",
    "/book/burshtyn/batch/0",
    "/book/burshtyn/batch/-1",
    "/book/burshtyn/batch/9999999999999999999",
    "/book/burshtyn/batch/31/row/99",
    "/book/burshtyn?before=abc",
    "/provision/none",
    "/static/nothing.css",
]


@pytest.mark.parametrize("path", NOWHERE)
def test_what_does_not_exist_is_said_politely(client: TestClient[Any], path: str):
    answer = client.get(path, params=None)
    assert answer.status_code == 404
    outline(answer.text)


def test_only_named_hosts_are_answered(market: Any):
    client: TestClient[Any] = TestClient(console(market, hosts=("127.0.0.1", "::1")))
    assert client.get("/", headers={"Host": "127.0.0.1:8080"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:8080"}).status_code == 200
    refused = client.get("/", headers={"Host": "evil.example"})
    assert refused.status_code == 421 and "burshtyn" not in refused.text


def test_static_files_are_kept_by_browsers_and_change_their_address_when_they_change(client: TestClient[Any]):
    loaded = outline(client.get("/").text).loaded
    for place in loaded:
        answer = client.get(place)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        assert "?v=" in place
    assert json.dumps(loaded)
