"""`skarb ledger` on the command line: exit codes, what is written where, and the commands of every book on such a one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

WHY = ("--purpose", "a test")
ACCOUNTS = "address,asset,floor,metadata.name\nmember/1,BYN,-1000,Alena\nmember/2,BYN,,\nmember/2,USD,,\n"
TRANSFERS = (
    '{"id": "a", "debit": "member/1", "credit": "member/2", "asset": "BYN", "amount": 100, "metadata": {"why": "rent"}}\n'
    '{"id": "t", "legs": [{"account": "member/1", "asset": "BYN", "amount": -5}, {"account": "member/2", "asset": "BYN", "amount": 5}]}\n'
)
REJECTED = '{"id": "b", "debit": "member/1", "credit": "member/2", "asset": "BYN", "amount": 100000}\n'
CONFLICT = TRANSFERS.splitlines(keepends=True)[0].replace("100", "101")


@pytest.fixture
def book(skarb, tmp_path: Path) -> str:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    assert skarb("ledger", "open", "fund.book", "accounts.csv").code == 0
    return "fund.book"


def post(skarb, book: str, text: str, *words: object):
    Path("t.jsonl").write_text(text)
    return skarb("ledger", "post", book, "t.jsonl", *words)


def test_exit_codes_say_what_became_of_the_worst_row(skarb, book: str) -> None:
    assert post(skarb, book, TRANSFERS).code == 0
    assert post(skarb, book, TRANSFERS).code == 0
    assert post(skarb, book, TRANSFERS + REJECTED).code == 10
    assert post(skarb, book, REJECTED + CONFLICT).code == 5
    assert post(skarb, book, REJECTED + CONFLICT + "nothing\n").code == 3
    assert skarb("ledger", "post", "no.book", "t.jsonl").code == 4
    assert skarb("ledger", "post", book, "no.jsonl").code == 4
    assert post(skarb, book, TRANSFERS, "--batch", 0).code == 3
    assert skarb("ledger", "reverse", book, "x").code == 4


def test_answers_go_where_they_are_wanted_and_rejected_rows_can_be_handed_in_again(skarb, book: str) -> None:
    result = post(skarb, book, REJECTED + TRANSFERS + "nothing\n", "--format", "csv", "--rejected", "left.jsonl")
    assert [(row["row"], row["id"], row["outcome"], row["code"]) for row in result.rows] == [
        ("1", "b", "rejected", "exceeds_floor"),
        ("2", "a", "created", "created"),
        ("3", "t", "created", "created"),
        ("4", "", "malformed", ""),
    ]
    assert "4 rows answered" in result.err
    left = [json.loads(line) for line in Path("left.jsonl").read_text().splitlines()]
    assert [one["content"] for one in left] == [REJECTED.strip(), "nothing"]
    for name in ("answers.json", "answers.csv", "answers.parquet"):
        assert post(skarb, book, TRANSFERS, "--output", name).code == 0
    assert pq.read_table("answers.parquet").column("outcome").to_pylist() == ["repeated", "repeated"]
    assert skarb("ledger", "post", book, "t.jsonl", "--rejected", "t.jsonl").code == 3, "the file itself is not overwritten"


def test_a_dry_run_writes_nothing_and_needs_no_book_to_open_one(skarb, book: str, tmp_path: Path) -> None:
    before = Path(book).read_bytes()
    result = post(skarb, book, TRANSFERS + REJECTED, "--dry-run")
    assert result.code == 10
    assert "nothing was written" in result.out
    assert Path(book).read_bytes() == before
    assert skarb("ledger", "open", "other.book", "accounts.csv", "--dry-run").code == 0
    assert not (tmp_path / "other.book").exists()
    assert skarb("ledger", "reverse", book, "a", "--dry-run").code == 4


def test_accounts_and_transfers_are_shown_in_words(skarb, book: str) -> None:
    post(skarb, book, TRANSFERS)
    assert skarb("ledger", "reverse", book, "t").code == 0
    rows = json.loads(skarb("ledger", "accounts", "--purpose", "a test", book, "member/1", "--metadata", "--format", "json").out)
    assert rows == [
        {
            "address": "member/1", "asset": "BYN", "posted": "-100", "held_out": "0", "held_in": "0", "available": "-100",
            "floor": "-1000", "ceiling": None, "closed": False, "code": 1, "flags": "", "metadata": {"name": "Alena"},
        }
    ]  # fmt: skip
    assert len(skarb("ledger", "accounts", "--purpose", "a test", book, "--format", "csv").rows) == 3
    assert skarb("ledger", "accounts", "--purpose", "a test", book, "memb").code == 4
    assert "Alena" not in skarb("ledger", "accounts", "--purpose", "a test", book).out
    shown = json.loads(skarb("ledger", "transfers", "--purpose", "a test", book, "a", "--format", "json").out)
    assert [(row["id"], row["debit"], row["credit"], row["amount"], row["metadata"]) for row in shown] == [
        ("a", "member/1", "member/2", "100", {"why": "rent"})
    ]
    assert [row["id"][:2] for row in skarb("ledger", "transfers", "--purpose", "a test", book, "--format", "csv").rows] == [
        "a",
        "t",
        "0x",
    ]
    assert len(skarb("ledger", "transfers", "--purpose", "a test", book, "--limit", 2, "--format", "csv").rows) == 2
    assert skarb("ledger", "transfers", "--purpose", "a test", book, "zzz").code == 4
    assert skarb("ledger", "transfers", "--purpose", "a test", book, "--account", "zzz").code == 4


def test_the_commands_of_every_book_know_a_ledger_without_law(skarb, book: str) -> None:
    post(skarb, book, TRANSFERS)
    (row,) = skarb("balance", book, "member/1", "--purpose", "a test", "--format", "csv").rows
    assert row["balance"] == "-1.05"
    rows = skarb("statement", book, "member/1", "--purpose", "a test", "--asset", "BYN", "--format", "csv").rows
    assert [(one["instruction"], one["amount"]) for one in rows] == [("", ""), ("a", "-1.00"), ("t", "-0.05"), ("", "")]
    assert [one["difference"] for one in skarb("supply", book, "--format", "csv").rows] == ["0.00", "0.00"]
    assert skarb("rebuild", book).code == skarb("rebuild", book, "--check").code == skarb("verify", book).code == 0
    assert skarb("proof", "key", "k").code == 0
    assert skarb("proof", "head", book, "--key", "k", "-o", "h").code == 0
    assert skarb("proof", "balance", book, "--account", "member/2", "--asset", "BYN", "--head", "h", *WHY, "-o", "b").code == 0
    assert skarb("proof", "check", "b", "--public", "k.pub").code == 0
    for words in (("include", book, "--id", "a", "--head", "h", *WHY), ("consistent", book, "--from", "h", "--head", "h")):
        refused = skarb("proof", *words)
        assert refused.code == 4
        assert "holds no instructions" in refused.err
    database = skarb("proof", "head", "postgresql://somebody@nowhere.invalid/db#bank", "--key", "k")
    assert database.code == 3
    assert "in a database" in database.err


def test_the_book_of_an_institution_is_not_posted_to(skarb, payments: Path) -> None:
    assert skarb("post", payments, "--law", "zz", "--assume", "natural_person", "--book", "bank.book").code == 0
    for words in (("post", "bank.book", "t.jsonl"), ("accounts", "bank.book"), ("transfers", "bank.book")):
        Path("t.jsonl").write_text(TRANSFERS)
        result = skarb("ledger", *words)
        assert result.code == 3
        assert "the book of an institution" in result.err


def test_the_reference_calls_commands_as_they_are_called(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "skarb.cli.reference", tmp_path], check=True, capture_output=True)
    text = (tmp_path / "commands.md").read_text()
    assert "skarb ledger post [OPTIONS] BOOK FILE" in text
    assert "skarb proof head --key PATH [OPTIONS] BOOK" in text
    assert "skarb.cli" not in text


@pytest.mark.parametrize("words", [("accounts",), ("accounts", "member"), ("transfers",), ("transfers", "a")])
def test_who_looks_at_accounts_says_why(skarb, book: str, words: tuple[str, ...]) -> None:
    post(skarb, book, TRANSFERS)
    log = Path(f"{book}.looks.jsonl")
    refused = skarb("ledger", words[0], book, *words[1:])
    assert refused.code == 8 and "--purpose" in refused.err and "member/1" not in refused.out and not log.exists()
    shown = skarb("ledger", words[0], book, *words[1:], "--purpose", "closing of the day")
    assert shown.code == 0 and "member/1" in shown.out
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["purpose"] == "closing of the day"
