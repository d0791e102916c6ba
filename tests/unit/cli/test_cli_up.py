"""`skarb up --once`: a market is made, lives through its past, is found again, and every book of it verifies."""

import json
import shutil
from pathlib import Path

import pytest

from skarb.app.market import market_setting
from skarb.cli.up import _has_screen

SMALL = ("--once", "--days", "1", "--people", "60", "--companies", "8", "--per-day", "80")


def test_a_market_lives_resumes_verifies_and_decides(skarb, tmp_path: Path, payments: Path) -> None:
    market = tmp_path / "town"
    result = skarb("up", "--market", "town", *SMALL)
    assert result.code == 0, result.err
    assert "A new market in town/" in result.err
    assert "What decided" in result.out and "Latest refusals" in result.out
    assert "· 2 of 2 drafts replayed over " in result.out and (market / "answers" / "abroad" / "answer.json").exists()
    books = sorted((market / "books").glob("*.book"))
    assert len(books) >= 4
    first = skarb("verify", *books, "--json")
    assert first.code == 0
    reports = json.loads(first.out)
    assert sum(report["instructions"] for report in reports) >= 40
    again = skarb("up", "--market", "town", *SMALL)
    assert again.code == 0
    assert "· 2 of 2 drafts replayed" in again.out
    assert "A new market" not in again.err and "decided, posted and journalled" not in again.err
    assert [r["head"] for r in json.loads(skarb("verify", *books, "--json").out)] == [r["head"] for r in reports]
    # An institution of the market decides a file.
    text = payments.read_text().replace("ZZD", "BYN")
    payments.write_text(text, encoding="utf-8")
    names = [path.stem for path in (market / "books").glob("*.book")]
    setting = market_setting(market, names[0])
    assert (setting.operator, setting.law) == (names[0], "by")
    result = skarb("decide", payments, "--market", "town", "--operator", names[0], "--format", "csv")
    assert result.code == 0
    assert len(result.rows) == 7
    wrong = skarb("decide", payments, "--market", "town", "--operator", "nobody")
    assert wrong.code == 4
    assert all(name in wrong.err for name in names)
    assert skarb("decide", payments, "--market", "town").code == 4
    assert skarb("decide", payments, "--operator", names[0]).code == 2
    assert skarb("decide", payments, "--market", "nowhere", "--operator", names[0]).code == 4
    shown = skarb("register", "recordings", "--of", "town", "--format", "json")
    assert json.loads(shown.out)[0]["source"] == "BY registers.yaml"


def test_markets_that_cannot_be_made(skarb, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something.txt").touch()
    assert skarb("up", "--market", "full", *SMALL).code == 5
    assert skarb("up", "--market", "m", "--once", "--days", "-1").code == 3
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "market.yaml").write_text("law: by\nseed: many\n")
    result = skarb("up", "--market", "broken", *SMALL)
    assert result.code == 7
    assert "market.yaml" in result.err
    assert skarb("up", "--market", "m", "--once", "--chain", "nowhere.json").code == 4
    assert not (tmp_path / "m").exists()


def test_large_pasts_and_markets_without_drafts_say_so(skarb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skarb.cli.up.CHEAP_ROWS", 10)
    result = skarb("up", "--market", "town", *SMALL)
    assert result.code == 0 and "· 2 drafts not replayed over " in result.out
    assert not (tmp_path / "town" / "lake").exists()
    shutil.rmtree(tmp_path / "town" / "drafts")
    assert "· no drafts to replay" in skarb("up", "--market", "town", *SMALL).out


def test_drafts_that_cannot_be_replayed_leave_the_market_whole(skarb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr("skarb.app.draftwork.replay_drafts", broken)
    result = skarb("up", "--market", "town", *SMALL)
    assert result.code == 0 and "· drafts not replayed: disk full" in result.out


@pytest.mark.parametrize(
    ("environment", "platform", "opens"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "DISPLAY": ":10"}, "linux", False),
    ],
)
def test_a_browser_opens_only_before_the_eyes_of_who_started_the_market(
    environment: dict[str, str], platform: str, opens: bool
) -> None:
    assert _has_screen(environment, platform) is opens
