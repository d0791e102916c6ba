"""Every page of a market speaks the reader's language: no word of English is left inside pages in Belarusian or Russian.

What may be in Latin letters is named here with its reason. What somebody else wrote in English, the source of a figure or a note on the law, is
marked as English in the page (`lang="en"`), so that it is read aloud as such; codes stand in `code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from litestar.testing import TestClient

from skarb.app import miningwork
from skarb.app.draftwork import replay_drafts
from skarb.app.market import Market, MarketFile, create_market
from skarb.app.reservework import keep
from skarb.console import console

FILE = MarketFile(law="by", seed=7, start=date(2026, 11, 1), days=2, people=60, companies=6, per_day=250)
STARTS = ("/", "/drafts", "/flows", "/flows/report", "/alerts", "/reserve", "/mining/bills", "/mining/audit", "/mining/economics")
OF_A_KIND = 2  # pages of one kind that are read
ALLOWED = {
    "units and currencies have one spelling everywhere": r"BYN|USD|EUR|BTC|ETH|USDT|USDC|PH|TH|PH/s|TH/s|ln|CO|PUE|UTC|T\d\d",
    "measures of risk and inequality are known by these letters": r"VaR|ES|FIFO",
    "schemes of pools": r"FPPS|PPLNS|SOLO",
    "names of formats and sums": r"JSON|SHA|QR|CARF|ISO|FATF|CFR|SCO|ICO|IBAN|White|Paper",
    "the program, the law's zone of time, languages by their codes": r"Skarb|Europe|Minsk|be|ru|en|English",
    "countries by their codes": r"[A-Z]{2}",
    "provisions by their ids": r"(BY|SAN|FATF|CARF|BCBS|ISO|IVMS)[A-Z0-9-]*[/.\w-]*",
    "an interpretive note of the FATF by its usual letters": r"INR",
    "models of machines": r"S\d+|s\d+|XP|Pro|pro|xp",
    "drafts and the ranker by their ids": r"abroad|month|worlds|by",
    "whose account it is in a path of money, and banks outside": r"own|client|outside|dalina|ok",
    "a token of a platform": r"ZYTA",
    "the lake of a market and its files by their names": r"lake|changes|parquet",
    "a command that a page names": r"skarb|up|chain|FILES",
    "venues abroad and who works at a desk, by their names": r"levant-coins|golden-dock|bosphorus-desk|harbour-nine|alster-krypto|baltic-tide"
    r"|Levant|Coins|Golden|Dock|Bosphorus|Desk|Harbour|Nine|Alster|Krypto|Baltic|Tide|officer",
}
KNOWN = re.compile("|".join(f"(?:{one})" for one in ALLOWED.values()))
QUIET = ("script", "style", "code", "pre")
EMPTY = ("meta", "link", "br", "img", "input", "hr", "path", "line", "rect", "circle", "polygon", "use", "stop")


class Visible(HTMLParser):
    """The text of a page that somebody reads or hears, and that is not marked as English."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = tag in QUIET or (given.get("lang") == "en" and tag != "html")
        if not quiet and not self.is_quiet():
            self.texts += [text for name in ("title", "aria-label", "alt", "placeholder") if (text := given.get(name))]
        if tag not in EMPTY:
            self.open.append((tag, quiet))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if any(one == tag for one, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.is_quiet():
            self.texts.append(data)

    def is_quiet(self) -> bool:
        return any(quiet for _, quiet in self.open)


def foreign(page: str, names: frozenset[str] = frozenset()) -> set[str]:
    """Return the words in Latin letters that nothing allows."""
    reader = Visible()
    reader.feed(page)
    found = {word for text in reader.texts for word in re.findall(r"[A-Za-z][A-Za-z0-9_/.-]*[A-Za-z0-9]", text)}
    return {word for word in found if not _allowed(word, names)}


def _allowed(word: str, names: frozenset[str]) -> bool:
    if word in names or KNOWN.fullmatch(word) or re.fullmatch("[0-9a-f]+", word):
        return True
    mark = next((one for one in "/-." if one in word), None)  # an id is made of names and numbers
    return mark is not None and all(not part or part.isdigit() or _allowed(part, names) for part in word.split(mark))


def test_english_that_is_left_is_found() -> None:
    assert foreign('<p>Рахунак <b>is paid</b> у BYN</p><td title="of coins">5</td>') == {"is", "paid", "of", "coins"}
    assert foreign('<p>Норма BY-D8-2017/2.1</p><code>no_meter</code><td lang="en">made up</td><a lang="ru">XP</a>') == set()
    assert foreign("<p>natural_person</p>") == {"natural_person"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market with two days of its past, whose drafts were replayed, money followed, and months billed and audited."""
    found = tmp_path_factory.mktemp("words") / "market"
    create_market(found, FILE)
    with Market(found) as market:
        market.fill()
        replay_drafts(found, lambda stage, subject: None)
    miningwork.make_figures(found)
    keep(found, date(2026, 11, 3))
    return found


def pages(client: TestClient, code: str) -> Iterator[tuple[str, str]]:
    """Walk from page to page, a few of each kind."""
    waiting, seen, kinds = list(STARTS), set(), dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"(?<=/provision/).*|(?<=/book/)[^/]*|(?<=/alerts/).*|\d+|(?<==)[^&]*", "…", path)
        if path in seen or kinds.get(kind, 0) == OF_A_KIND:
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(path, headers={"Accept-Language": code})
        assert answer.status_code == 200, path
        yield path, answer.text
        links = (link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*)', answer.text))
        waiting += [link for link in links if not link.startswith("/static/") and ".json" not in link and "lang=" not in link]


@pytest.mark.parametrize("code", ["be", "ru"])
def test_no_page_has_english_left(folder: Path, code: str) -> None:
    with Market(folder) as market:
        client = TestClient(console(market.view))
        bills = market.view.mining_bills(None)
        names = {one.name for one in market.view.books()} | {one.venue for one in market.view.flows().venues}
        names |= {word for one in bills.sites for word in (one.site, f"kwh-{one.site}")} if bills else set()
        known = frozenset(names)
        walked = dict(pages(client, code))
        left = {path: words for path, page in walked.items() if (words := foreign(page, known))}
    assert not left, left
    assert {"/", "/mining/bills", "/mining/audit", "/reserve", "/alerts", "/flows", "/mining/plan"} <= walked.keys() and len(
        walked
    ) > 25
