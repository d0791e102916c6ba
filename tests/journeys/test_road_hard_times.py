"""A bank's day goes wrong: two clerks at one book, a full disk, an interruption, an approval that arrives from elsewhere."""

import importlib.util
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from skarb.journal import open_book, verify

spec = importlib.util.spec_from_file_location("road_driver", Path(__file__).with_name("road_driver.py"))
road: ModuleType = importlib.util.module_from_spec(spec)
sys.modules["road_driver"] = road
spec.loader.exec_module(road)

HEADER = "id,at,activity,party,asset,amount,counterparty,entered_by,approves\n"


def write(path: Path, rows: int, first: int = 0) -> Path:
    lines = (f"r{n:06},2026-08-01T10:00:00Z,fiat_pay,p{n % 7},ZZD,{n + 1}.50,q,olga,\n" for n in range(first, first + rows))
    path.write_text(HEADER + "".join(lines))
    return path


@pytest.fixture
def commands(tmp_path: Path) -> Iterator["road.Commands"]:
    made = road.Commands(tmp_path)
    yield made
    made.close()


def test_two_clerks_at_one_new_book(tmp_path: Path, commands: "road.Commands") -> None:
    book = tmp_path / "bank.book"
    files = [write(tmp_path / "a.csv", 600), write(tmp_path / "b.csv", 600, 10_000)]
    results = [child.finish() for child in [commands.post(book, file) for file in files]]
    codes = sorted(code for code, _, _ in results)
    assert codes in ([0, 0], [0, 6]), results
    for code, receipts, messages in results:
        assert "Traceback" not in messages
        assert len(receipts) == (600 if code == 0 else 0)
    report = verify(book)
    assert (report.findings, report.instructions) == ([], 600 * codes.count(0))
    for file in files:
        assert commands.post(book, file).finish()[0] == 0
    report = verify(book)
    assert (report.findings, report.instructions, report.seal) == ([], 1200, "closed")


@pytest.mark.parametrize("room", [20_000, 150_000, 400_000])
def test_a_disk_that_is_full(room: int, tmp_path: Path, commands: "road.Commands") -> None:
    """What was answered is there; the rest says why it was not done, and goes when there is room again."""
    book, file = tmp_path / "bank.book", write(tmp_path / "day.csv", 3000)
    code, receipts, messages = commands.post(book, file, room=room).finish()
    assert code == 6, messages
    assert "Traceback" not in messages
    assert messages.strip()
    if receipts:
        with open_book(book) as opened:
            ids = {instruction.id for batch in opened.batches() for instruction in batch.instructions}
        assert {receipt["id"] for receipt in receipts} <= ids
    code, again, messages = commands.post(book, file).finish()
    assert (code, len(again)) == (0, 3000), messages
    heads = {receipt["id"]: receipt["head"] for receipt in receipts}
    repeated = [receipt for receipt in again if receipt["id"] in heads]
    assert all(receipt["repeated"] == "True" and receipt["head"] == heads[receipt["id"]] for receipt in repeated)
    report = verify(book)
    assert (report.findings, report.instructions) == ([], 3000)


def test_an_interruption_closes_the_book(tmp_path: Path, commands: "road.Commands") -> None:
    book = tmp_path / "bank.book"
    child = commands.post(book, write(tmp_path / "day.csv", 6000))
    begun = child.answers.readline() + child.answers.readline()
    time.sleep(0.05)
    child.kill(signal.SIGINT)
    code, _, messages = child.finish()
    assert begun
    assert (code, "Traceback" in messages) == (130, False), messages
    report = verify(book)
    assert (report.findings, report.seal) == ([], "closed")
    assert 0 < report.instructions < 6000


def test_an_approval_arrives_in_a_file_of_its_own(tmp_path: Path, commands: "road.Commands") -> None:
    book, day = tmp_path / "bank.book", tmp_path / "day.csv"

    def ask(name: str, by: str, approves: str) -> str:
        return f"{name},2026-08-01T10:00:00Z,token_gift,p1,BTC,1,q,{by},{approves}\n"

    def outcomes(*rows: str, batch: int = 64) -> tuple[int, list[str]]:
        day.write_text(HEADER + "".join(rows))
        code, receipts, _ = commands.post(book, day, batch=batch).finish()
        return code, [receipt["outcome"] for receipt in receipts]

    assert outcomes(ask("x1", "olga", "")) == (0, ["referred"])
    assert outcomes(ask("y1", "olga", "x1")) == (0, [])
    assert outcomes(ask("y2", "petra", "x1")) == (0, ["posted"])
    assert outcomes(ask("y3", "ruta", "x1")) == (0, ["not_posted"])
    assert outcomes(ask("y2", "petra", "x1")) == (0, ["posted"])
    assert outcomes(ask("y2", "ruta", "x1")) == (5, ["conflict"])
    # In one file it works, too, when the referral is durable before its approval is looked at.
    assert outcomes(ask("z1", "olga", ""), ask("z2", "petra", "z1"), batch=1) == (0, ["referred", "posted"])
    assert verify(book).findings == []
