"""The whole way on the command line: a market of several institutions feeds its supervisor, and the lake counts what the books hold."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from skarb.app.keys import make_key, public_path
from skarb.app.looks import Looks
from skarb.app.market import Market, MarketFile, create_market
from skarb.journal import open_book
from skarb.lake.open import looks_path, open_lake

FILE = MarketFile(law="by", seed=11, start=date(2026, 10, 5), days=2, people=40, companies=5, per_day=200)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("supervised") / "market"
    create_market(folder, FILE)
    with Market(folder) as made:
        made.fill()
    for book in sorted((folder / "books").glob("*.book")):
        make_key(book.with_suffix(".key"))
    return folder


def books(market: Path) -> list[Path]:
    return sorted((market / "books").glob("*.book"))


def test_a_market_feeds_its_supervisor(market: Path, skarb: Callable[..., Any], tmp_path: Path) -> None:
    answers: Counter[tuple[str, str]] = Counter()
    money: Counter[tuple[str, str, str]] = Counter()
    for path in books(market):
        key = path.with_suffix(".key")
        assert skarb("feed", path, "--to", "feed", "--key", key).code == 0
        with open_book(path) as book:
            answers.update((book.name, one.receipt.outcome) for one in book.answers(range(book.instructions)))
            sums = book.ledger.balances()
            for place, opening in enumerate(book.chart.openings):
                credit, debit = (
                    int(sums[f"{side}_posted_lo"][place]) + (int(sums[f"{side}_posted_hi"][place]) << 64)
                    for side in ("credits", "debits")
                )
                money[book.name, opening.address, opening.asset] = credit - debit
        assert "trusted" in skarb("lake", "trust", "lake", path.stem, public_path(key)).out
    assert "no key of it is known" in skarb("lake", "add", "untrusting", "feed").err
    added = skarb("lake", "add", "lake", "feed")
    assert added.code == 0
    assert added.out.count("proven by its bodies") == len(books(market)) > 2
    with open_lake(tmp_path / "lake") as connection:
        found = connection.execute("SELECT book, CAST(answer AS VARCHAR), count(*) FROM decisions GROUP BY ALL").fetchall()
        moved = connection.execute(
            """SELECT b.name, a.address, s.code, coalesce(sum(m.amount), 0)::HUGEINT FROM accounts a JOIN books b ON b.number = a.book
            JOIN assets s ON s.number = a.asset LEFT JOIN (SELECT credit AS account, amount FROM transfers
            UNION ALL SELECT debit, -amount FROM transfers) m ON m.account = a.number GROUP BY ALL"""
        ).fetchall()
    assert {(book, answer): count for book, answer, count in found} == answers
    assert {(book, address, asset): balance for book, address, asset, balance in moved} == dict(money)
    assert "already" in skarb("lake", "add", "lake", "feed").err
    assert "nothing new" in skarb("feed", books(market)[0], "--to", "feed", "--key", books(market)[0].with_suffix(".key")).err
    shown = skarb("lake", "show", "lake", "--format", "csv")
    assert {row["book"]: int(row["rows"]) for row in shown.rows} == dict(Counter(book for book, _ in answers.elements()))
    assert all(row["gaps"] == "0" and row["proven"] == "proven" for row in shown.rows)
    assert len(skarb("lake", "key", "lake", "--format", "csv").rows) == len(books(market))
    with open_lake(tmp_path / "lake") as connection:
        (party,) = connection.execute("SELECT party FROM decisions GROUP BY party ORDER BY count(*) DESC LIMIT 1").fetchall()[0]
    person = skarb("lake", "person", "lake", party, "--purpose", "case 17", "--format", "csv")
    assert person.rows
    assert all(party in (row["party"], row["counterparty"]) for row in person.rows)
    assert [(one.purpose, one.subject) for one in Looks(looks_path(tmp_path / "lake"), lambda: None).all()] == [
        ("case 17", f"lake/{party}")
    ]
    for purpose in ((), ("--purpose", " ")):
        refused = skarb("lake", "person", "lake", party, *purpose)
        assert refused.code == 8 and "--purpose TEXT" in " ".join(refused.err.split())


def test_what_cannot_be_done_is_said(market: Path, skarb: Callable[..., Any], tmp_path: Path) -> None:
    key = books(market)[0].with_suffix(".key")
    assert skarb("lake", "show", "nowhere").code == 4
    assert "no manifest" in skarb("lake", "add", "lake", tmp_path).err
    assert skarb("lake", "add", "lake", tmp_path).code == 9
    assert "last batch" in skarb("feed", books(market)[0], "--to", "late", "--key", key, "--from", 99999).err
    assert skarb("feed", books(market)[0], "--to", "late", "--key", tmp_path / "none.key").code == 4
