"""The travel rule on the command line: an office, a server in a process of its own, an inquiry, a look; and instructions that
carry their payloads."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from skarb.app.setting import open_registers
from skarb.app.travel.wire import fingerprint_of
from skarb.cli import make_app
from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.core.screening_list import Listed, Name
from skarb.registers import Admission, Party

spec = spec_from_file_location("travel_pair", Path(__file__).with_name("travel_pair.py"))
assert spec is not None and spec.loader is not None
world: Any = module_from_spec(spec)
sys.modules["travel_pair"] = world
spec.loader.exec_module(world)


def run(*words: object) -> Any:
    return make_app()([str(word) for word in words], result_action="return_value")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())


class Beside:
    """Beta's server in a process of its own, and alpha's office."""

    def __init__(self, folder: Path) -> None:
        self.folder, authority = folder, world.Authority(folder, "authority")
        registers = open_registers("zz", folder, world.Clock())
        empty = world.ScreeningList(
            list="own", regime="national", publisher="us", version="1", published=world.NOW.date(), entries=()
        )
        assert not registers.record_list(empty, "us").problems
        papers = {name: authority.certify(name) for name in ("alpha", "beta")}
        for name, paper in papers.items():
            known = {"kind": "legal_entity", "country": "ZZ", "resident": True, "identified": True, "valid_from": world.LONG_AGO}
            party = Party(party=name, certificates=(fingerprint_of(paper.certificate),), **known)
            assert not registers.record(
                [party, Admission(party=name, gate="regime", licence="platform", valid_from=world.LONG_AGO)], "x"
            ).problems
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        more = {"beta": ("--answer", "automatic", "--pay-to", f"BTC:{world.PAY_TO}"), "alpha": ()}
        for name, paper in papers.items():
            run(
                "travel", "init", folder / name, "--party", name, "--registers", folder, "--url", f"https://localhost:{port}",
                "--listen", f"127.0.0.1:{port}", "--certificate", paper.certificate, "--key", paper.key, "--trust", paper.trust,
                "--law", "zz", *more[name],
            )  # fmt: skip
        words = [sys.executable, "-m", "skarb.cli", "travel", "serve", str(folder / "beta")]
        self.server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ})
        assert self.server.stdout is not None and "listening" in self.server.stdout.readline()


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    made = Beside(tmp_path)
    yield made
    made.server.terminate()
    made.server.wait(10)


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_an_inquiry_from_one_process_to_another(beside: Beside, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("travel", "address", tmp_path / "beta", "boris")
    address = capsys.readouterr().out.split()[-1]
    thin = written(tmp_path / "thin.json", world.payload_tree(beneficiary=world.person("Boris", "Kolas", kind="ALIA")))
    to = ("--to", "beta", "--address", address, "--asset", "BTC", "--amount", "0.5")
    assert run("travel", "send", tmp_path / "alpha", thin, *to) == 9
    assert "beneficiary.beneficiaryPerson[0].naturalPerson.name.nameIdentifier (C6)" in " ".join(capsys.readouterr().err.split())

    full, request = written(tmp_path / "full.json", world.payload_tree()), str(uuid4())
    assert run("travel", "send", tmp_path / "alpha", full, *to, "--request", request) == 0
    capsys.readouterr()
    run("travel", "show", tmp_path / "alpha", "--format", "json")
    (exchange,) = json.loads(capsys.readouterr().out)
    assert (exchange["state"], exchange["address"], exchange["missing"]) == ("approved", f"BTC:{world.PAY_TO}", "")

    row = {
        "id": "t-1",
        "at": "2026-10-01T10:00:00Z",
        "activity": "token_transfer_out",
        "party": "anna",
        "asset": "BTC",
        "amount": "0.5",
    }
    there = {"wallet": f"BTC:{world.PAY_TO}", "declared": {"travel_payload": exchange["reference"]}}
    file = tmp_path / "rows.jsonl"
    file.write_text(
        "".join(json.dumps(one) + "\n" for one in ({**row, **there}, {**row, "id": "t-2", "wallet": f"BTC:{world.PAY_TO}"}))
    )
    run(
        "decide", file, "--law", "zz", "--as", "crypto_bank", "--assume", "natural_person", "--travel", tmp_path / "alpha",
        "--output", tmp_path / "out.json",
    )  # fmt: skip
    first, second = rows_of(tmp_path / "out.json")
    assert (first["verdict"], first["missing"]) == ("permit", "")
    assert (second["verdict"], second["provision"], second["missing"]) == ("refer", "ZZ-R3-2026/travel-rule", "payload")

    run("travel", "confirm", tmp_path / "alpha", request, "--txid", "cd" * 32)
    capsys.readouterr()
    run("travel", "show", tmp_path / "beta", "--format", "json")
    (received,) = json.loads(capsys.readouterr().out)
    assert (received["state"], received["txid"]) == ("confirmed", "cd" * 32)
    run("travel", "show", tmp_path / "beta", received["reference"], "--purpose", "a question")
    assert "Kupala" in capsys.readouterr().out
    assert "a question" in (tmp_path / "beta" / "looks.jsonl").read_text()


ROW = {
    "at": "2026-10-01T10:00:00Z",
    "activity": "token_transfer_out",
    "party": "anna",
    "asset": "BTC",
    "wallet": f"BTC:{world.PAY_TO}",
}


def instructions(path: Path) -> Path:
    thin = world.payload_tree(beneficiary=world.person("Boris", "Kolas", kind="ALIA"))
    rows = [
        {**ROW, "id": "thin", "amount": "0.5", "declared": {"travel_rule": "complete"}, "travel_payload": thin},
        {**ROW, "id": "full", "amount": "0.50", "travel_payload": world.payload_tree()},
        {**ROW, "id": "none", "amount": "0.5", "declared": {"travel_rule": "complete"}},
        {**ROW, "id": "broken", "amount": "half", "travel_payload": world.payload_tree()},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_that_carries_payloads_is_decided_by_them(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    file = instructions(tmp_path / "rows.jsonl")
    run("decide", file, "--law", "zz", "--as", "crypto_bank", "--assume", "natural_person", "--output", out)
    found = {row["id"]: (row["verdict"], row["missing"]) for row in rows_of(out)}
    assert found == {
        "thin": ("refer", "beneficiary.beneficiaryPerson[0].naturalPerson.name.nameIdentifier (C6)"),
        "full": ("permit", ""),
        "none": ("refer", "payload"),
    }


def test_posting_keeps_them_sealed_and_again_gives_the_same_receipts(tmp_path: Path) -> None:
    file, office, book = instructions(tmp_path / "rows.jsonl"), tmp_path / "office", tmp_path / "a.book"
    words = ("post", file, "--book", book, "--law", "zz", "--as", "crypto_bank", "--assume", "natural_person")
    with pytest.raises(ConfigurationError, match="--travel"):
        run(*words)
    authority = world.Authority(tmp_path, "authority")
    paper = authority.certify("alpha")
    run(
        "travel", "init", office, "--party", "alpha", "--registers", tmp_path, "--url", "https://localhost:1", "--law", "zz",
        "--certificate", paper.certificate, "--key", paper.key, "--trust", paper.trust,
    )  # fmt: skip
    seen = []
    for out in (tmp_path / "1.json", tmp_path / "2.json"):
        run(*words, "--travel", office, "--output", out)
        seen.append({row["id"]: (row["outcome"], row["missing"], row["repeated"], row["head"]) for row in rows_of(out)})
    first, second = seen
    assert {name: row[:2] for name, row in first.items()} == {
        "thin": ("referred", "beneficiary.beneficiaryPerson[0].naturalPerson.name.nameIdentifier (C6)"),
        "full": ("posted", ""),
        "none": ("referred", "payload"),
    }
    assert run("verify", book) in (None, 0)
    assert second == {name: (*row[:2], True, row[3]) for name, row in first.items()}
    kept = b"".join(path.read_bytes() for path in (*office.iterdir(), book) if path.is_file())
    assert b"Kupala" not in kept

    changed = file.read_text().replace("Kupala", "Bahdanovic")
    file.write_text(changed)
    assert run(*words, "--travel", office, "--output", tmp_path / "3.json") == 5  # another payload under the same id
    assert {row["id"]: row["outcome"] for row in rows_of(tmp_path / "3.json")} == {
        "thin": "conflict",
        "full": "conflict",
        "none": "referred",
    }


def test_checking_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = written(tmp_path / "good.json", world.payload_tree())
    bad = written(tmp_path / "bad.json", {**world.payload_tree(), "originator": {}})
    assert run("travel", "check", good, "--law", "zz", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["verdict"] == "valid"
    assert run("travel", "check", good, bad, "--day", "2026-10-01", "--format", "json") == 9
    found = [row for row in json.loads(capsys.readouterr().out) if row["file"] == "bad.json"]
    assert [(row["verdict"], row["path"]) for row in found] == [("invalid", "originator.originatorPerson")]
    assert run("travel", "check", good, "--law", "by", "--format", "json") == 0
    assert {row["path"] for row in json.loads(capsys.readouterr().out)} == {"beneficiary.account"}
    firm = written(
        tmp_path / "firm.json",
        {"name": {"nameIdentifier": [{"legalPersonName": "Zed Works", "legalPersonNameIdentifierType": "LEGL"}]}},
    )
    assert run("travel", "check", firm, "--format", "json") in (0, 9)
    assert {row["what"] for row in json.loads(capsys.readouterr().out)} == {"legalPerson"}  # no message that names a provider
    codes = tmp_path / "authorities.json.gz"
    codes.write_bytes(gzip.compress(json.dumps([{"option": "RA000628", "country": "US"}]).encode()))
    assert run("travel", "check", good, "--authorities", codes) == 0
    with pytest.raises(InputError, match="no code of a registration authority"):
        run("travel", "check", good, "--authorities", good)
    with pytest.raises(NotFound, match="travel init"):
        run("travel", "send", tmp_path, good, "--to", "b", "--address", "ta", "--asset", "BTC", "--amount", "x")


def test_lists_that_change_are_seen_from_the_command_line(
    beside: Beside, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("travel", "address", tmp_path / "beta", "boris")
    to = ("--to", "beta", "--address", capsys.readouterr().out.split()[-1], "--asset", "BTC", "--amount", "0.5")
    full, request = written(tmp_path / "full.json", world.payload_tree()), str(uuid4())
    assert run("travel", "send", tmp_path / "alpha", full, *to, "--request", request) == 0
    assert run("travel", "screen", tmp_path / "alpha") == 0
    boris = Listed(entry="8", kind="person", names=(Name(text="Boris Kolas"),))
    newer = world.ScreeningList(list="un", regime="un", publisher="x", version="1", published=world.NOW.date(), entries=(boris,))
    assert not open_registers("zz", tmp_path, world.Clock()).record_list(newer, "x").problems
    capsys.readouterr()
    assert run("travel", "screen", tmp_path / "alpha", "--format", "json") == 9
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["payload"], row["before"], row["now"]) == (f"originator/{request}", "clear", "possible")
    assert "un/8" in row["screening"] and row["ruling"] == "refer by ZZ-R3-2026/possible"
    assert run("travel", "send", tmp_path / "alpha", full, *to) == 9
    said = " ".join(capsys.readouterr().err.split())
    assert "held" in said and "un/8" in said and "Kolas" not in said
    with pytest.raises(InputError, match="--days"):
        run("travel", "screen", tmp_path / "alpha", "--days", "0")
    with pytest.raises(NotFound, match="said nothing in words"):
        run("travel", "show", tmp_path / "alpha", request, "--purpose", "case 9")
