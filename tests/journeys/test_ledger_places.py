"""A fund's ledger without law from the first account to the proof, in a file, a folder and a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from skarb.cli import make_app

MEMBERS = 20
WHY = ("--purpose", "a test")


def run(*words: object) -> int:
    code = make_app()([str(word) for word in words], result_action="return_value")
    return code if isinstance(code, int) else 0


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("kind", ["sqlite", "segments", "postgres"])
def test_a_day_of_a_fund(kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where looks into a book of a database are written
    if kind == "postgres":
        new_schema: Callable[[], object] = request.getfixturevalue("new_schema")
        place = str(new_schema())
    else:
        place = str(tmp_path / ("fund.book" if kind == "sqlite" else "fund.segments"))
    accounts, day, answers, left = (tmp_path / name for name in ("accounts.csv", "day.jsonl", "answers.jsonl", "left.jsonl"))
    accounts.write_text("address,asset,floor\n" + "fund,BYN,\n" + "".join(f"member/{n},BYN,0\n" for n in range(MEMBERS)))
    rows = [
        {"id": f"in-{n}", "debit": "fund", "credit": f"member/{n}", "asset": "BYN", "amount": 1000 + n} for n in range(MEMBERS)
    ]
    shares = [{"account": f"member/{n}", "asset": "BYN", "amount": 10} for n in range(1, MEMBERS)]
    rows.append({"id": "share", "legs": [{"account": "member/0", "asset": "BYN", "amount": -190}, *shares]})
    rows.append({"id": "too-much", "debit": "member/1", "credit": "fund", "asset": "BYN", "amount": 5000})
    day.write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert run("ledger", "open", place, accounts) == 0
    assert run("ledger", "post", place, day, "--batch", 8, "--dry-run", "--output", tmp_path / "dry.jsonl") == 10
    assert run("ledger", "post", place, day, "--batch", 8, "--output", answers, "--rejected", left) == 10
    assert read(answers) == read(tmp_path / "dry.jsonl")
    assert [one["id"] for one in read(left)] == ["too-much"]
    assert run("ledger", "post", place, day, "--batch", 100) == 10
    assert run("ledger", "reverse", place, "share") == run("ledger", "reverse", place, "share") == 0

    out = tmp_path / "out.jsonl"
    assert run("ledger", "accounts", "--purpose", "a test", place, "member", "--output", out) == 0
    assert [one["posted"] for one in read(out)] == [str(1000 + n) for n in range(MEMBERS)]
    assert run("ledger", "transfers", "--purpose", "a test", place, "share", "--output", out) == 0
    assert len(read(out)) == 2 * (MEMBERS - 1), "each leg, and what took it back"
    assert run("balance", place, "member", "--prefix", "--output", out) == 0
    assert [one["balance"] for one in read(out)] == ["201.90"]
    assert run("statement", place, "member/0", "--purpose", "a test", "--asset", "BYN", "--output", out) == 0
    assert [one["instruction"] for one in read(out)][1:3] == ["in-0", "share"]
    assert len(list(tmp_path.glob("*.looks.jsonl"))) == 1, "no look lies elsewhere"
    assert run("supply", place) == run("verify", place) == 0
    if kind != "postgres":
        key = tmp_path / "key"
        assert run("proof", "key", key) == 0
        assert (
            run(
                "proof", "balance", place, "--account", "member/3", "--asset", "BYN", "--key", key, *WHY, "-o", tmp_path / "proof"
            )
            == 0
        )
        assert run("proof", "check", tmp_path / "proof", "--public", f"{key}.pub") == 0
        assert run("rebuild", place, "--check") == 0
