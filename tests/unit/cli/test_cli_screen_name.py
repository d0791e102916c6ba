from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from cyclopts import App

from skarb.app.files import now
from skarb.app.setting import open_registers
from skarb.cli.screen_name import add_to
from skarb.core.errors import NotFound
from skarb.core.screening_list import Listed, Name, ScreeningList


@pytest.fixture
def app() -> App:
    app = App(name="screen", result_action="return_value")
    add_to(app)
    return app


@pytest.fixture
def file(tmp_path: Path) -> Path:
    entries = (Listed(entry="7", kind="person", names=(Name(text="Ганна Зялёная"),), births=("1980-05-17",)),)
    found = ScreeningList(list="named", regime="un", publisher="X", version="1", published=date(2026, 1, 1), entries=entries)
    path = tmp_path / "named.json"
    path.write_bytes(msgspec.json.encode(found))
    return path


def test_a_name_is_explained_in_words_and_as_json(app: App, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["name", "Hanna Zialionaja", "--lists", str(file), "--kind", "person", "--born", "1980-05-17", "--method", "rules"]
    app(given)
    said = capsys.readouterr().out
    assert "Ганна Зялёная" in said
    assert "likeness" in said
    assert "1980-05-17 is the same day" in said
    app([*given, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] in ("possible", "confirmed")
    assert answer["hits"][0]["entry"] == "7"
    assert answer["method"].startswith("names by rules")


def test_without_names_on_any_list_it_says_that_nothing_was_compared(
    app: App, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    numbers = {"list": "n", "regime": "own", "publisher": "x", "version": "1", "published": "2026-01-01"}
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps({**numbers, "entries": [{"entry": "1", "passports": ["MP1"]}]}))
    app(["name", "Anybody", "--law", "zz", "--method", "rules", "--lists", str(file)])
    assert "nothing could be compared" in " ".join(capsys.readouterr().err.split())


def test_without_the_lists_that_a_country_requires_nobody_is_said_to_be_clear(
    app: App, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    entries = (Listed(entry="1", parties=("somebody",)),)
    old = ScreeningList(list="un-sc", regime="un", publisher="X", version="1", published=date(2020, 1, 1), entries=entries)
    open_registers("by", tmp_path, now).record_list(old, "un-sc")
    app(["name", "Anybody", "--of", str(tmp_path), "--method", "rules"])
    said = " ".join(capsys.readouterr().err.split())
    assert "nobody is clear: a national list is not loaded" in said and "un-sc of 2020-01-01 is older than 30 days" in said
    app(["name", "Anybody", "--of", str(tmp_path), "--method", "rules", "--json"])
    assert len(json.loads(capsys.readouterr().out)["missing"]) == 2


def test_an_entry_that_has_only_a_name_is_compared_by_it(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    app(["name", "Zed Zedson", "--law", "zz", "--method", "rules"])
    said = capsys.readouterr()
    assert said.out.startswith("possible") and "example EX-1" in said.out and not said.err


def test_what_is_not_there_or_no_list_is_refused(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        app(["name", "Anybody", "--of", str(tmp_path / "none")])
    with pytest.raises(NotFound, match=r"none\.json"):
        app(["name", "Anybody", "--lists", str(tmp_path / "none.json")])
