"""Drafts tried on a market's past: fed, loaded, replayed once, told again only when something changed, and never in the market's way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyarrow.parquet as pq
import pytest

from skarb.app.beside import Beside, Replay
from skarb.app.draftmodel import Progress
from skarb.app.drafts import Answers, answer_folder, draft_folders, read_answer, report_path
from skarb.app.draftwork import replay_drafts, take_in
from skarb.app.keys import public_path
from skarb.app.law import draft_of
from skarb.app.market import Market, MarketFile, create_market
from skarb.app.proof import open_prover
from skarb.core.errors import SkarbError
from skarb.rulebook.words import LANGUAGES

FILE = MarketFile(law="by", seed=7, start=date(2026, 11, 1), days=2, people=80, companies=8, per_day=350)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market whose drafts were replayed while it was open."""
    folder = tmp_path_factory.mktemp("town") / "market"
    create_market(folder, FILE)
    with Market(folder) as market:
        market.fill()
        assert replay_drafts(folder, lambda stage, subject: None) == 2
    return folder


@pytest.fixture
def market(town: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(town, tmp_path / "market"))


def test_the_drafts_that_come_with_a_market_are_in_order(town: Path):
    folders = draft_folders(town)
    assert [one.name for one in folders] == ["abroad", "abroad-month"]
    for folder in folders:
        draft = draft_of("by", folder)
        assert draft.problems() == [] and draft.id == folder.name and "Made up" in draft.note
        assert set(draft.title_in) == set(draft.note_in) == {"be", "ru"}
        for name in draft.provisions:
            one = draft.rulebook.pack.provisions[name]
            assert set(one.says_in) == set(one.title_in) == {"be", "ru"}


def test_answers_are_whole_and_their_sums_agree(town: Path):
    with Market(town) as market:
        decided = sum(book.permitted + book.refused + book.referred + book.not_posted for book in market.view.books())
        lines = {one.id: one.answer for one in market.view.drafts().drafts}
        for name, answer in lines.items():
            assert answer is not None and answer.rows == decided and not answer.differing
            changes = pq.read_table(answer_folder(town, name) / "changes.parquet")
            assert answer.changed == changes.num_rows == len(answer.largest)
            for parts in (answer.days, answer.months, answer.venues, answer.activities):
                assert sum(one.turns.turned for one in parts) == answer.turns.turned
                assert sum(one.turns.refused.money for one in parts) == answer.turns.refused.money
            assert sum(cell.total.rows for row in answer.matrix.cells for cell in row) == answer.changed
            for row in answer.largest:  # each leads to a row of a journal that was decided as it says
                found = market.view.row(row.place.book, row.place.sequence, row.place.row)
                assert found is not None and (found.verdict, found.provision) == (row.before.verdict, row.before.provision)
                assert row.party.startswith("#") and found.instruction.party not in row.party
            for code in LANGUAGES:
                assert f'<html lang="{code}">'.encode() in (market.view.report(name, code) or b"")
        assert lines["abroad"].turns.refused.rows and lines["abroad"].turns.referred.rows  # the effect can be seen
        assert market.view.report("../drafts", "en") is None


def test_money_abroad_is_followed_and_leads_to_rows_of_journals(town: Path):
    with Market(town) as market:
        figures = market.view.flow_figures()
        assert figures is not None and figures["invested"] == figures["returned"] + figures["spent"] + figures["still_out"] > 0
        out = sum(day.out for day in market.view.flows().days)
        assert figures["invested"] <= out  # the chart counts payments to foreign providers of people who are not residents, too
        assert figures["people"] == "by number" and figures["lots"]
        for lot in figures["lots"]:
            found = market.view.row(lot["book"], lot["sequence"], lot["row"])
            assert found is not None and found.instruction.id == lot["id"] and found.outcome == "posted"
            assert found.facts.value == lot["worth"] and lot["person"].startswith("#")
            assert sum(int(way["units"]) for way in lot["ways"]) <= int(lot["units"])
            for way in lot["ways"]:
                assert not any(found.instruction.party in hop["source"] + hop["target"] for hop in way["hops"])
        for code in LANGUAGES:
            part = market.view.flow_part(code)
            assert part is not None and f"?lang={code}" in part and "style=" not in part
            assert f'<html lang="{code}">'.encode() in (market.view.flow_report(code) or b"")


def test_nothing_is_done_twice_and_what_is_new_is_told(market: Path):
    before = read_answer(market, "abroad")
    keys = {one: one.read_bytes() for one in (market / "keys").iterdir()}
    assert replay_drafts(market, lambda stage, subject: None) == 2
    assert read_answer(market, "abroad") == before
    with Market(market) as running:
        beats = running.live()
        for _ in range(40):
            next(beats)
        assert replay_drafts(market, lambda stage, subject: None) == 2
        decided = running.view.clock().instructions
    after = read_answer(market, "abroad")
    assert before is not None and after is not None and after.rows == decided > before.rows
    assert {one: one.read_bytes() for one in (market / "keys").iterdir()} == keys
    assert all(public_path(one).exists() for one in keys if one.suffix == ".key")


def test_a_broken_draft_is_told_and_does_not_stop_the_others(market: Path):
    (market / "drafts" / "wrong").mkdir()
    (market / "drafts" / "wrong" / "draft.yaml").write_text("id: wrong\n", encoding="utf-8")
    assert replay_drafts(market, lambda stage, subject: None) == 2
    lines = {one.id: one for one in Answers(market).lines()}
    assert "title" in lines["wrong"].problem and lines["wrong"].answer is None
    assert lines["abroad"].answer is not None and not lines["abroad"].problem
    shutil.rmtree(market / "drafts" / "wrong")
    assert "wrong" not in {one.id for one in Answers(market).lines()}


def test_a_market_without_drafts_makes_no_lake(market: Path):
    for name in ("drafts", "lake", "answers"):
        shutil.rmtree(market / name)
    assert replay_drafts(market, lambda stage, subject: None) == 0
    assert not (market / "lake").exists() and Answers(market).lines() == ()


def test_answers_of_another_release_are_made_again(market: Path):
    (answer_folder(market, "abroad") / "answer.json").write_text('{"id": "abroad"}', encoding="utf-8")
    assert {one.id: one.answer is None for one in Answers(market).lines()} == {"abroad": True, "abroad-month": False}
    report_path(market, "abroad", "en").unlink()
    replay_drafts(market, lambda stage, subject: None)
    assert read_answer(market, "abroad") is not None and report_path(market, "abroad", "en").exists()


def test_a_forged_feed_is_not_replayed(market: Path):
    shutil.rmtree(market / "lake")
    next((market / "feed").rglob("rows-*.parquet")).write_bytes(b"something else")
    with pytest.raises(SkarbError):
        replay_drafts(market, lambda stage, subject: None)


def test_books_that_grow_while_they_are_fed_are_fed_as_far_as_they_can_be_proved(market: Path, monkeypatch: pytest.MonkeyPatch):
    with Market(market) as running:
        beats = running.live()
        for _ in range(40):
            next(beats)

        @contextmanager
        def slow(*given: Any) -> Iterator[Any]:
            with open_prover(*given) as prover:
                for _ in range(40):  # the market does not wait for the feed
                    next(beats)
                yield prover

        monkeypatch.setattr("skarb.app.feed.open_prover", slow)
        assert replay_drafts(market, lambda stage, subject: None) == 2
        answer = read_answer(market, "abroad")
        heights = {book.name: book.height for book in running.view.books()}
    assert answer is not None and any(answer.heights[name] < height for name, height in heights.items())


# Beside.


def test_a_process_beside_the_market_says_how_far_it_is(market: Path):
    told: list[Progress] = []
    beside = Beside(market, told.append)
    beside.wait(120)
    assert [one.stage for one in told[:2]] == ["feeding", "loading"] and told[-1] == Progress(stage="done")
    beside.stop()
    assert told[-1] == Progress(stage="done")


def test_books_are_taken_in_while_the_past_happens_and_drafts_wait_for_its_end(market: Path):
    for made in ("feed", "lake", "answers"):
        shutil.rmtree(market / made)
    told: list[Progress] = []
    beside = Replay(market, told.append)
    try:
        until = monotonic() + 120
        while not (market / "lake").exists() and monotonic() < until:
            sleep(0.05)
        assert (market / "lake").exists() and not (market / "answers").exists()
        assert told == [Progress(stage="past")]
        beside.begin()
        beside.wait(120)
        assert told[-1] == Progress(stage="done")
        assert read_answer(market, "abroad") is not None
    finally:
        beside.stop()


def test_a_round_through_the_books_ends_when_it_is_told_to(market: Path):
    first = sorted(one.stem for one in (market / "books").glob("*.book"))[0]
    asked = iter([False, True])
    assert set(take_in(market, until=lambda: next(asked))) <= {first}


def test_what_goes_wrong_beside_is_told_and_raises_nothing(tmp_path: Path):
    told: list[Progress] = []
    (tmp_path / "drafts" / "one").mkdir(parents=True)
    (tmp_path / "drafts" / "one" / "draft.yaml").touch()
    (tmp_path / "books").mkdir()
    Beside(tmp_path, told.append).wait(120)  # not a market
    assert told and told[-1].stage == "failed" and told[-1].subject


def vanish(market: Path, sender: Connection) -> None:
    sender.send(Progress(stage="feeding"))
    os._exit(7)


def test_a_process_that_vanishes_is_told(tmp_path: Path):
    told: list[Progress] = []
    Beside(tmp_path, told.append, vanish).wait(120)
    assert told == [Progress(stage="feeding"), Progress(stage="failed", subject="the process ended with exit code 7")]
