"""Three institutions feed a lake: money goes from a client of one over a client of another to a venue abroad, and each hop is a row of a journal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skarb.app.flowwork import flow_part, follow_flows
from skarb.cli import make_app
from skarb.core.errors import SkarbError
from skarb.journal import open_book
from skarb.rulebook.words import LANGUAGES

BOOKS = ("alpha", "beta", "gamma")
UETR = "174c245f-2682-4291-ad67-2a41e530cd27"
REGISTERS = """
parties:
  - {party: alpha, kind: legal_entity, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: beta, kind: legal_entity, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: gamma, kind: legal_entity, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: anna, kind: natural_person, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: boris, kind: natural_person, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: cora, kind: natural_person, country: ZZ, resident: true, identified: true, valid_from: 2000-01-01}
licences:
  - {party: alpha, gate: central_bank, licence: bank, valid_from: 2000-01-01}
  - {party: beta, gate: central_bank, licence: bank, valid_from: 2000-01-01}
  - {party: gamma, gate: central_bank, licence: bank, valid_from: 2000-01-01}
venues:
  - {venue: far-venue, country: QM, licence: foreign_provider, valid_from: 2000-01-01}
"""
LIST = {"list": "watched", "regime": "own", "publisher": "the bank", "version": "1", "published": "2026-01-01",
        "entries": [{"entry": "7", "name": "Somebody", "parties": ["nobody-here"]}]}  # fmt: skip


def row(number: int, day: int, party: str, counterparty: str, amount: str, **more: Any) -> dict[str, Any]:
    at = f"2026-06-{day:02d}T10:00:00+00:00"
    return {
        "id": f"i{number}",
        "at": at,
        "activity": "fiat_pay",
        "party": party,
        "counterparty": counterparty,
        "asset": "ZZD",
        "amount": amount,
        **more,
    }


ROWS = {
    "alpha": [
        row(1, 1, "gamma", "anna", "900.00", end_to_end_id="salary"),  # gamma says nothing of it
        row(2, 2, "anna", "beta", "900.00", end_to_end_id="E-1"),
    ],
    "beta": [
        row(1, 3, "alpha", "boris", "890.00", end_to_end_id="E-1"),  # less a fee of ten
        row(2, 3, "alpha", "boris", "10.00"),
        row(3, 4, "boris", "gamma", "895.00", end_to_end_id=UETR),
    ],
    "gamma": [
        row(1, 4, "beta", "cora", "895.00", end_to_end_id=UETR),
        row(2, 6, "cora", "", "892.00", venue="far-venue"),
    ],
}


class Supervised:
    """A folder with three books, their feeds and a lake, and the command line over it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        (folder / "town.yaml").write_text(REGISTERS)
        (folder / "list.json").write_text(json.dumps(LIST))
        assert self.run("register", "import", "town.yaml", "list.json", "--to", "kept", "--law", "zz")[0] == 0
        for name in BOOKS:
            self.book(name)

    def book(self, name: str) -> None:
        """Post what an institution was asked for, each from another kind of file, and feed it."""
        rows = [{key: value for key, value in one.items() if value != ""} for one in ROWS[name]]
        keys = list(dict.fromkeys(key for one in rows for key in one))
        columns = {key: [one.get(key) for one in rows] for key in keys}
        match name:
            case "alpha":
                file = "alpha.csv"
                lines = [",".join(keys), *(",".join(str(one.get(key) or "") for key in keys) for one in rows)]
                (self.folder / file).write_text("\n".join(lines) + "\n")
            case "beta":
                file = "beta.jsonl"
                (self.folder / file).write_text("\n".join(json.dumps(one) for one in rows))
            case _:
                file = "gamma.parquet"
                pq.write_table(pa.table(columns), self.folder / file)
        place = ("--book", f"{name}.book", "--of", "kept", "--operator", name, "--law", "zz")
        code, said = self.run("post", file, *place, "--format", "json")
        assert code == 0, said
        assert [one["outcome"] for one in json.loads(said)] == ["posted"] * len(rows), said
        assert self.run("proof", "key", f"{name}.key")[0] == 0
        assert self.run("feed", f"{name}.book", "--to", "feed", "--key", f"{name}.key", "--law", "zz")[0] == 0
        assert self.run("lake", "trust", "lake", name, f"{name}.key.pub")[0] == 0

    def run(self, *words: str) -> tuple[int, str]:
        code = make_app()(list(words), result_action="return_value")
        return code or 0, self.capsys.readouterr().out


@pytest.fixture
def supervised(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Supervised:
    monkeypatch.chdir(tmp_path)
    made = Supervised(tmp_path, capsys)
    assert made.run("lake", "add", "lake", "feed")[0] == 0
    return made


def test_money_is_followed_over_two_books_to_a_venue_abroad(supervised: Supervised) -> None:
    code, said = supervised.run("flows", "paths", "lake", "--law", "zz", "--format", "json", "--purpose", "case 17")
    hops = [(one["way"], one["hop_book"], one["source"], one["target"], one["units"]) for one in json.loads(said)]
    assert code == 0
    assert hops == [
        (1, "alpha", "outside/gamma", "client/anna", "89000"),
        (1, "alpha", "client/anna", "outside/beta", "89000"),
        (1, "beta", "outside/alpha", "client/boris", "89000"),
        (1, "beta", "client/boris", "outside/gamma", "89000"),
        (1, "gamma", "outside/beta", "client/cora", "89000"),
        (1, "gamma", "client/cora", "outside/far-venue", "89000"),
        (2, "beta", "outside/alpha", "client/boris", "200"),  # of the ten that have no id: nobody knows from whom
        (2, "beta", "client/boris", "outside/gamma", "200"),
        (2, "gamma", "outside/beta", "client/cora", "200"),
        (2, "gamma", "client/cora", "outside/far-venue", "200"),
    ]
    for one in json.loads(said):
        with open_book(supervised.folder / f"{one['hop_book']}.book") as book:
            envelope = next(item for item in book.envelopes() if item.sequence == one["hop_sequence"])
        assert 0 <= one["hop_row"] < envelope.rows
    _, told = supervised.run("flows", "paths", "lake", "--law", "zz")
    assert "over alpha → beta → gamma" in told and "client/anna" not in told  # people by number, unless there is a purpose


def test_a_payment_that_takes_too_long_is_none(supervised: Supervised) -> None:
    _, said = supervised.run("flows", "paths", "lake", "--law", "zz", "--format", "json", "--days", "0")
    assert {one["hop_book"] for one in json.loads(said)} == {"beta", "gamma"}  # a day lies between alpha and beta


def test_what_was_sent_and_what_arrived_are_laid_side_by_side(supervised: Supervised) -> None:
    code, said = supervised.run("flows", "ties", "lake", "--all", "--format", "json")
    found = {
        (one["found"], one["sent_book"], one["sent_amount"], one["arrived_book"], one["arrived_amount"])
        for one in json.loads(said)
    }
    assert code == 9
    assert found == {
        ("tied", "alpha", "900.00", "beta", "890.00"),
        ("tied", "beta", "895.00", "gamma", "895.00"),
        ("no_sending", None, None, "alpha", "900.00"),
    }
    _, told = supervised.run("flows", "ties", "lake")
    assert "no sending" in told and "890.00" not in told


def test_the_page_shows_the_institutions_and_leads_to_each_row(supervised: Supervised) -> None:
    follow_flows(supervised.folder, "zz", dict.fromkeys(BOOKS, 1))
    for code in LANGUAGES:
        part = flow_part(supervised.folder, code) or ""
        assert "alpha → beta → gamma" in part
        rows = set(re.findall(rf"/book/(\w+)/batch/(\d+)/row/(\d+)\?lang={code}", part))
        assert {
            ("alpha", "1", "0"),
            ("alpha", "1", "1"),
            ("beta", "1", "0"),
            ("beta", "1", "2"),
            ("gamma", "1", "0"),
            ("gamma", "1", "1"),
        } <= rows
    figures = json.loads((supervised.folder / "flows" / "flows.json").read_text())
    assert figures["ties"] == {"tied": 2, "no_sending": 1}


@pytest.mark.parametrize(
    "words", [("ties", "lake", "--days", "-1"), ("paths", "lake", "--days", "367"), ("ties", "feed"), ("ties", "nowhere")]
)
def test_bad_questions_are_answered_in_words(supervised: Supervised, words: tuple[str, ...]) -> None:
    with pytest.raises(SkarbError):
        supervised.run("flows", *words)
