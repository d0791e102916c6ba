"""Files of accounts, transfers and transactions in a ledger without law: every row gets its answer, and nothing is done by half."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skarb.app.ledger import Answer, Tally, open_from, post_from
from skarb.app.ledgerview import accounts, reverse, transfers
from skarb.core.errors import InputError, NotFound
from skarb.intake.ledger_lines import read_accounts, read_postings
from skarb.journal import LedgerBook, NewAccount, open_ledger, verify

Rows = Iterable[dict[str, Any]]
ACCOUNTS = [
    {"address": "member/1", "asset": "BYN", "floor": "-1000", "metadata": {"name": "Alena"}},
    {"address": "member/2", "asset": "BYN", "ceiling": 5000},
    {"address": "member/3", "asset": "BYN", "flags": ["history"], "code": 7},
    {"address": "member/1", "asset": "USD", "floor": str(-(1 << 100))},
    {"address": "member/2", "asset": "USD"},
]


def clock() -> datetime:
    return datetime(2026, 10, 1, tzinfo=UTC)


def opened(path: Path, *, rehearse: bool = False) -> LedgerBook:
    return open_ledger(path, clock=clock, name=None if rehearse else "fund", rehearse=rehearse)


def lines(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "fund.book"
    with opened(place) as book:
        found = list(open_from(book, read_accounts(lines(tmp_path / "accounts.jsonl", ACCOUNTS)).parts, Tally()))
        assert [answer.outcome for answer in found] == ["created"] * 5
    return place


def post(path: Path, file: Path, *, rehearse: bool = False, batch: int = 8192) -> list[Answer]:
    with opened(path, rehearse=rehearse) as book:
        return list(post_from(book, read_postings(file, batch).parts, Tally(), batch))


def one(name: str, amount: Any = 1, debit: str = "member/1", credit: str = "member/2", **more: Any) -> dict[str, Any]:
    return {"id": name, "debit": debit, "credit": credit, "asset": "BYN", "amount": amount} | more


def many(name: str, *legs: tuple[str, int], asset: str = "BYN", **more: Any) -> dict[str, Any]:
    return {"id": name, "legs": [{"account": account, "asset": asset, "amount": amount} for account, amount in legs]} | more


def said(answers: list[Answer]) -> list[tuple[int, str, str]]:
    return [(answer.row, answer.outcome, answer.code) for answer in answers]


def balances(path: Path) -> dict[tuple[str, str], int]:
    with opened(path, rehearse=True) as book:
        return {(row.address, row.asset): row.posted for row in accounts(book)}


MIXED = [
    one("a", 100, metadata={"why": "rent"}),
    one("b", 10_000),
    one("c", 1, debit="nobody"),
    one("d", 1, flags=["linked"]),
    one("e", "1.5"),
    many("f", ("member/1", -50), ("member/2", 20), ("member/3", 30)),
    one("g", 1, flags=["linked"]),
    one("h", 2),
    one("i", 1, flags=["linked"]),
    one("j", 100_000),
    many("k", ("member/1", -5), ("member/2", 4)),
]
ANSWERS = [
    (1, "created", "created"),
    (2, "rejected", "exceeds_floor"),
    (3, "malformed", ""),
    (4, "rejected", "linked_event_failed"),
    (5, "malformed", ""),
    (6, "created", "created"),
    (7, "created", "created"),
    (8, "created", "created"),
    (9, "rejected", "linked_event_failed"),
    (10, "rejected", "exceeds_floor"),
    (11, "malformed", ""),
]
AFTER = {
    ("member/1", "BYN"): -153, ("member/2", "BYN"): 123, ("member/3", "BYN"): 30, ("member/1", "USD"): 0, ("member/2", "USD"): 0,
}  # fmt: skip


@pytest.mark.parametrize("batch", [1, 3, 8192])
def test_a_file_twice_and_in_any_steps_gives_the_same_book(path: Path, tmp_path: Path, batch: int) -> None:
    file = lines(tmp_path / "t.jsonl", MIXED)
    before = path.read_bytes()
    rehearsed = post(path, file, rehearse=True, batch=batch)
    assert path.read_bytes() == before
    assert set(balances(path).values()) == {0}
    answers = post(path, file, batch=batch)
    assert answers == rehearsed
    assert said(answers) == ANSWERS
    assert balances(path) == AFTER
    again = {"created": ("repeated", "exists"), "exceeds_floor": ("rejected", "id_already_failed")}
    assert said(post(path, file, batch=batch)) == [(row, *again.get(code, (outcome, code))) for row, outcome, code in ANSWERS]
    assert balances(path) == AFTER
    assert verify(path).ok
    problems = {answer.row: answer.problem for answer in answers if answer.problem}
    assert "open in BYN" in problems[3]
    assert "row 5" in problems[4]
    assert "smallest units" in problems[5]
    assert "add up to -1" in problems[11]
    assert [json.loads(answer.content) for answer in answers] == MIXED


def test_an_id_that_stands_for_something_else_is_a_conflict(path: Path, tmp_path: Path) -> None:
    first = [
        one("a", 100),
        many("t", ("member/1", -50), ("member/2", 20), ("member/3", 30)),
        one("l", 1, flags=["linked"]),
        one("m", 1),
    ]
    assert {answer.outcome for answer in post(path, lines(tmp_path / "1.jsonl", first))} == {"created"}
    before = balances(path)
    other = [
        one("a", 101),
        many("t", ("member/1", -50), ("member/2", 20), ("member/3", 31), ("member/1", -1)),
        many("t", ("member/1", -20), ("member/2", 20)),
        many("t", ("member/1", -50), ("member/2", 20), ("member/3", 30)),
        one("l", 1, flags=["linked"]),
        one("new", 1),
        one("new", 1, flags=["linked"]),
        one("m", 1),
    ]
    answers = post(path, lines(tmp_path / "2.jsonl", other))
    assert said(answers) == [
        (1, "conflict", "exists_with_different_amount"),
        (2, "conflict", "exists_with_different_amount"),
        (3, "conflict", "exists_with_different_flags"),
        (4, "repeated", "exists"),
        (5, "conflict", "exists"),
        (6, "conflict", "linked_event_failed"),
        (7, "conflict", "linked_event_failed"),
        (8, "conflict", "exists"),
    ]
    assert balances(path) == before


def test_accounts_again_and_otherwise(path: Path, tmp_path: Path) -> None:
    rows = [
        *ACCOUNTS[:2],
        ACCOUNTS[2] | {"floor": 0},
        {"address": "x", "asset": "EUR", "floor": 2, "ceiling": 1},
        {"address": "x", "asset": "EUR", "flags": ["debits_must_not_exceed_credits", "credits_must_not_exceed_debits"]},
        {"address": "", "asset": "EUR"},
        {"address": "y", "asset": "EUR", "floor": "many"},
        {"address": "y", "asset": "EUR", "colour": "red"},
        {"address": "y", "asset": "EUR"},
    ]
    with opened(path) as book:
        answers = list(open_from(book, read_accounts(lines(tmp_path / "more.jsonl", rows)).parts, tally := Tally()))
        found = {(row.address, row.asset): (row.floor, row.ceiling, row.flags, row.code) for row in accounts(book)}
    assert [answer.outcome for answer in answers] == ["repeated", "repeated", "conflict", *["malformed"] * 5, "created"]
    assert (tally.rows, tally.of("malformed")) == (9, 5)
    assert found["member/1", "BYN"] == (-1000, None, "", 1)
    assert found["member/2", "BYN"] == (None, 5000, "", 1)
    assert found["member/3", "BYN"] == (None, None, "history", 7)
    assert found["member/1", "USD"] == (-(1 << 100), None, "", 1)
    assert ("y", "EUR") in found
    assert verify(path).ok


def test_the_first_account_of_an_asset_must_be_one(path: Path) -> None:
    """Else its number would go to the next asset as well."""
    with opened(path) as book:
        with pytest.raises(InputError, match=r"floor_above_ceiling.*first one in its asset"):
            book.open_accounts([NewAccount("x", "EUR", floor=2, ceiling=1), NewAccount("x", "CHF")])
        assert book.open_accounts(
            [NewAccount("x", "CHF"), NewAccount("y", "CHF", floor=2, ceiling=1), NewAccount("z", "GBP")]
        ).any()
        assert (book.asset("CHF"), book.asset("GBP")) == (3, 4)
    assert verify(path).ok


def table(rows: Rows) -> list[dict[str, Any]]:
    """The same rows flat: flags in one cell, metadata in columns."""
    flat = [
        {key: " ".join(value) if isinstance(value, list) else value for key, value in row.items() if key != "metadata"}
        | {f"metadata.{name}": word for name, word in row.get("metadata", {}).items()}
        for row in rows
    ]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    return [{column: None if row.get(column) is None else str(row[column]) for column in columns} for row in flat]


def as_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize(("write", "name"), [(as_csv, "t.csv"), (as_csv, "t.csv.gz"), (as_parquet, "t.parquet")])
def test_tables_say_the_same_as_lines(path: Path, tmp_path: Path, write: Any, name: str) -> None:
    rows = [row for row in MIXED if "legs" not in row]
    by_lines = post(path, lines(tmp_path / "t.jsonl", rows), rehearse=True)
    answers = post(path, write(tmp_path / name, table(rows)))
    assert [(a.id, a.outcome, a.code) for a in answers] == [(a.id, a.outcome, a.code) for a in by_lines]
    legs = [
        {"id": row["id"], **leg, "metadata.note": "n"}
        for row in (
            many("t", ("member/1", -50), ("member/2", 20), ("member/3", 30)),
            many("u", ("member/1", -5), ("member/2", 4)),
        )
        for leg in row["legs"]
    ]
    answers = post(path, write(tmp_path / f"legs-{name}", table(legs)), batch=2)
    assert [(answer.id, answer.outcome) for answer in answers] == [("t", "created"), ("u", "malformed")]
    assert balances(path)["member/3", "BYN"] == 30
    again = lines(tmp_path / "again.jsonl", (json.loads(answer.content) for answer in answers))
    assert [answer.outcome for answer in post(path, again)] == ["repeated", "malformed"], (
        "a row is handed back as a line that can be read"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,debit,credit,asset\n1,2,3,4\n", "without amount"),
        ("id,debit,credit,asset,amount,colour\n1,2,3,4,5,6\n", "with colour"),
        ("id,account,asset,amount,debit\n1,2,3,4,5\n", "with debit"),
    ],
)
def test_columns_that_are_not_understood_are_refused_as_a_whole(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_postings(tmp_path / "t.csv")


def test_words_of_our_own_or_too_many_are_refused_with_their_row(path: Path, tmp_path: Path) -> None:
    rows = [one("a", metadata={"id": "b"}), one("b", metadata={"x": "y" * 70_000}), one("c", metadata={"x": "y"})]
    assert [answer.outcome for answer in post(path, lines(tmp_path / "t.jsonl", rows))] == ["malformed", "malformed", "created"]


def test_transfers_are_found_by_id_and_account_with_what_really_moved(path: Path, tmp_path: Path) -> None:
    rows = [
        one("hold", 10, flags=["pending"]),
        one("post", 4, flags=["post_pending_transfer"], pending_id="hold", metadata={"why": "partly"}),
        one("all", 1 << 90, flags=["balancing_debit"], effective=1_790_000_000_000_000_000),
        many("t", ("member/1", -50), ("member/2", 20), ("member/3", 30)),
    ]
    post(path, lines(tmp_path / "t.jsonl", rows))
    post(path, lines(tmp_path / "t.jsonl", rows))
    with opened(path, rehearse=True) as book:
        found = list(transfers(book))
        assert [(row.id, row.result) for row in found][:2] == [("hold", "created"), ("post", "created")]
        assert found[1].settles == "hold"
        assert json.loads(found[1].metadata) == {"why": "partly"}
        assert (found[0].flags, found[1].flags) == ("pending", "post_pending_transfer")
        assert [(row.id, row.credit, row.amount) for row in transfers(book, "t") if row.result == "created"] == [
            ("t", "member/2", 20),
            ("t", "member/3", 30),
        ]
        assert {row.id for row in transfers(book, account="member/3")} == {"t"}
        assert [row.effective for row in transfers(book, "all")] == ["2026-09-21T14:13:20.000000000Z"]
        with pytest.raises(NotFound):
            list(transfers(book, account="nobody"))
        assert list(transfers(book, "nothing")) == []


def test_a_transaction_is_taken_back_whole_and_once(path: Path, tmp_path: Path) -> None:
    rows = [many("t", ("member/1", -50), ("member/2", 20), ("member/3", 30)), one("a", 100), one("hold", 1, flags=["pending"])]
    post(path, lines(tmp_path / "t.jsonl", rows))
    for outcome in ("created", "repeated"):
        with opened(path) as book:
            assert (reverse(book, "t").outcome, reverse(book, "a").outcome) == (outcome, outcome)
        assert set(balances(path).values()) == {0}
    with opened(path) as book:
        (made,) = (row for row in transfers(book) if json.loads(row.metadata or "{}") == {"reverses": "a"})
        assert [row.amount for row in transfers(book, "t")] == [20, 30, 20, 30]
        assert [row.amount for row in transfers(book, account="member/3")] == [30, 30], "asking again leaves no line"
        assert made.id.startswith("0x")
        with pytest.raises(NotFound, match="no transfer 'x'"):
            reverse(book, "x")
        with pytest.raises(InputError, match="void the hold"):
            reverse(book, "hold")
        assert reverse(book, made.id).outcome == "created", "a reversal may be reversed; its id is shown in hex"
    assert verify(path).ok


def test_random_files_leave_what_one_by_one_would(path: Path, tmp_path: Path) -> None:
    """Units of every kind in random order and steps: the balances are those of the rows that were answered `created`."""
    chance = random.Random(7)
    rows: list[dict[str, Any]] = []
    for number in range(400):
        members = chance.sample(["member/1", "member/2", "member/3", "nobody"], 2)
        amount = chance.choice((1, 5, 400, 3000))
        kind = chance.random()
        if kind < 0.3:
            rows.append(many(f"t{number}", (members[0], -amount), (members[1], amount)))
        else:
            name = f"r{chance.randrange(300)}"
            rows.append(one(name, amount, *members, **({"flags": ["linked"]} if kind < 0.5 else {})))
    rows += rows[:40]
    answers = post(path, lines(tmp_path / "t.jsonl", rows), batch=7)
    assert [answer.row for answer in answers] == list(range(1, 441))
    expected = dict.fromkeys(balances(path), 0)
    for answer, row in zip(answers, rows, strict=True):
        if answer.outcome == "created":
            legs = row.get("legs") or [
                {"account": row["debit"], "amount": -row["amount"]}, {"account": row["credit"], "amount": row["amount"]}
            ]  # fmt: skip
            for leg in legs:
                expected[leg["account"], "BYN"] += leg["amount"]
    assert balances(path) == expected
    assert {answer.outcome for answer in answers} == {"created", "repeated", "conflict", "rejected", "malformed"}
    assert verify(path).ok
