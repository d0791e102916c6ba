"""A bank's machine dies at any moment while `skarb post` runs: every receipt that came out is in the book, nothing is there twice.

The same files are simply posted again afterwards, as the command's help says.
"""

import csv
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.thorough import THOROUGH

from skarb.journal import open_book, verify

spec = importlib.util.spec_from_file_location("road_driver", Path(__file__).with_name("road_driver.py"))
road: ModuleType = importlib.util.module_from_spec(spec)
sys.modules["road_driver"] = road
spec.loader.exec_module(road)

SOURCE = Path(sys.modules["skarb"].__file__ or "").parents[1]
KILLS = 200 if THOROUGH else 20
ROWS = 1500  # more than a killed run gets through
HEADER = "id,at,activity,party,asset,amount,counterparty\n"


def row(number: int) -> str:
    return f"r{number:06},2026-08-01T10:00:00Z,fiat_pay,p{number % 7},ZZD,{number + 1}.50,p{number % 5 + 10}\n"


def write(path: Path, numbers: range | list[int]) -> Path:
    path.write_text(HEADER + "".join(row(number) for number in numbers))
    return path


@pytest.fixture
def commands(tmp_path: Path) -> Iterator["road.Commands"]:
    made = road.Commands(tmp_path)
    yield made
    made.close()


def same(receipt: dict[str, str]) -> dict[str, str]:
    """Return what a receipt says of the instruction, wherever and however often it was asked."""
    return {name: value for name, value in receipt.items() if name not in ("file", "row", "repeated")}


def test_every_receipt_that_came_out_survives(tmp_path: Path, commands: "road.Commands") -> None:
    book, chance = tmp_path / "bank.book", random.Random(2026)
    answered: dict[str, dict[str, str]] = {}
    start = 0
    for kill in range(KILLS):
        child = commands.post(book, write(tmp_path / f"day-{kill}.csv", range(start, start + ROWS)))
        # Mostly while it posts; now and then in the first moments, while it opens the book.
        out = child.answers.readline() + (child.answers.readline() if kill % 4 else b"")
        time.sleep(chance.random() * 0.2)
        child.kill()
        receipts = child.rows(out)
        for receipt in receipts:
            first = answered.setdefault(receipt["id"], receipt)
            assert same(first) == same(receipt)
            assert first is receipt or receipt["repeated"] == "True"
        start = max(0, start + len(receipts) - chance.choice([0, 0, 30, 200]))
    assert len(answered) > KILLS * 10
    report = verify(book)
    assert (report.findings, report.seal) == ([], "open")
    with open_book(book) as opened:
        places = {
            one.id: (str(batch.sequence), str(number))
            for batch in opened.batches()
            for number, one in enumerate(batch.instructions)
        }
        count = opened.instructions
    assert len(places) == count  # nothing is there twice
    assert {name: (one["sequence"], one["book_row"]) for name, one in answered.items()}.items() <= places.items()
    again = write(tmp_path / "again.csv", sorted(int(name.removeprefix("r")) for name in places))
    code, repeats, messages = commands.post(book, again).finish()
    assert code == 0, messages
    assert Counter(receipt["repeated"] for receipt in repeats) == {"True": count}
    found = {receipt["id"]: same(receipt) for receipt in repeats}
    assert {name: found[name] for name in answered} == {name: same(receipt) for name, receipt in answered.items()}
    report = verify(book)
    assert (report.findings, report.seal, report.instructions) == ([], "closed", count)


def test_a_machine_may_die_while_it_makes_the_book(tmp_path: Path, commands: "road.Commands") -> None:
    """Whatever stands at the path by then, the same command afterwards makes the book and posts everything."""
    file = write(tmp_path / "day.csv", range(20))
    for number in range(20):
        book = tmp_path / f"{number}.book"
        child = commands.post(book, file)
        while not book.exists():
            time.sleep(0)
        time.sleep(number * 0.0005)
        child.kill()
        child.rows()
        code, receipts, messages = commands.post(book, file).finish()
        assert (code, len(receipts)) == (0, 20), (number, messages)
        report = verify(book)
        assert (report.findings, report.instructions) == ([], 20)


def test_receipts_come_out_when_they_are_durable(tmp_path: Path, commands: "road.Commands") -> None:
    """Nobody waits for a buffer to fill: what a reader of the pipe sees is in the book, while the rest is still being posted."""
    book = tmp_path / "bank.book"
    child = commands.post(book, write(tmp_path / "day.csv", range(3000)))
    lines = [child.answers.readline() for _ in range(65)]
    child.kill(signal.SIGSTOP)
    receipts = [receipt["id"] for receipt in csv.DictReader(b"".join(lines).decode().splitlines())]
    with open_book(book) as opened:
        ids = {instruction.id for batch in opened.batches() for instruction in batch.instructions}
    child.kill()
    assert len(receipts) == 64
    assert set(receipts) <= ids
    assert len(ids) < 3000


def test_a_reader_that_stops_listening_is_no_failure(tmp_path: Path) -> None:
    book, file = tmp_path / "bank.book", write(tmp_path / "day.csv", range(3000))
    words = [
        "post",
        str(file),
        "--book",
        str(book),
        "--law",
        "zz",
        "--assume",
        "natural_person",
        "--batch",
        "64",
        "--format",
        "csv",
    ]
    child = subprocess.Popen(
        [sys.executable, "-m", "skarb.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    child.stdout.readline()
    child.stdout.close()
    errors = child.stderr.read().decode()
    assert (child.wait(), errors) == (0, "")
    report = verify(book)
    assert (report.findings, report.seal) == ([], "closed")
    assert report.instructions < 3000
