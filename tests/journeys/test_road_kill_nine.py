"""A bank's machine dies at any moment while `skarb post` runs: every receipt that came out is in the book, nothing is there twice.

The same files are simply posted again afterwards, as the command's help says.
"""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from skarb.journal import open_book, verify

SOURCE = Path(sys.modules["skarb"].__file__ or "").parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE)}
KILLS = 200 if os.environ.get("SKARB_THOROUGH") == "1" else 20
ROWS = 1500  # more than a killed run gets through
HEADER = "id,at,activity,party,asset,amount,counterparty\n"


def row(number: int) -> str:
    return f"r{number:06},2026-08-01T10:00:00Z,fiat_pay,p{number % 7},ZZD,{number + 1}.50,p{number % 5 + 10}\n"


def words(book: Path, *files: Path) -> list[str]:
    given = ("--book", str(book), "--law", "zz", "--assume", "natural_person", "--batch", "64", "--format", "csv")
    return ["post", *map(str, files), *given]


def command(book: Path, *files: Path) -> list[str]:
    return [sys.executable, "-m", "skarb.cli", *words(book, *files)]


@pytest.fixture
def driver() -> Iterator[subprocess.Popen[str]]:
    """A process that starts commands."""
    path = Path(__file__).with_name("road_driver.py")
    with subprocess.Popen(
        [sys.executable, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        yield process
        process.stdin.close()


def post_until_killed(driver: subprocess.Popen[str], pipe: Path, book: Path, file: Path, delay: float) -> list[dict[str, str]]:
    """Post, wait for the first receipt (with a delay below zero: not even for that), kill, and return the receipts that came through whole."""
    print(json.dumps([str(pipe), *words(book, file)]), file=driver.stdin, flush=True)
    child = int(driver.stdout.readline())
    with pipe.open("rb") as answers:
        out = answers.readline() + (answers.readline() if delay >= 0 else b"")
        time.sleep(abs(delay))
        os.kill(child, signal.SIGKILL)
        out += answers.read()
    return list(csv.DictReader(out.decode().rpartition("\n")[0].splitlines()))


def test_every_receipt_that_came_out_survives(tmp_path: Path, driver: subprocess.Popen[str]) -> None:
    book, pipe, chance = tmp_path / "bank.book", tmp_path / "answers", random.Random(2026)
    os.mkfifo(pipe)
    answered: dict[str, dict[str, str]] = {}
    start = 0
    for kill in range(KILLS):
        file = tmp_path / f"day-{kill}.csv"
        file.write_text(HEADER + "".join(row(number) for number in range(start, start + ROWS)))
        # Mostly while it posts; now and then in the first moments, while it opens the book.
        receipts = post_until_killed(driver, pipe, book, file, chance.random() * 0.2 if kill % 4 else -chance.random() * 0.1)
        for receipt in receipts:
            first = answered.setdefault(receipt["id"], receipt)
            assert same(first) == same(receipt)
            assert (receipt["repeated"] == "True") == (first is not receipt or receipt["repeated"] == "True")
        start = max(0, start + len(receipts) - chance.choice([0, 0, 30, 200]))
    assert len(answered) > KILLS * 10
    report = verify(book)
    assert (report.findings, report.seal) == ([], "open")
    with open_book(book) as opened:
        places = {
            instruction.id: (str(batch.sequence), str(number))
            for batch in opened.batches()
            for number, instruction in enumerate(batch.instructions)
        }
        count = opened.instructions
    assert len(places) == count  # nothing is there twice
    assert {name: (receipt["sequence"], receipt["book_row"]) for name, receipt in answered.items()}.items() <= places.items()
    again = tmp_path / "again.csv"
    again.write_text(HEADER + "".join(row(int(name.removeprefix("r"))) for name in sorted(places)))
    done = subprocess.run(command(book, again), capture_output=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr.decode()
    repeats = list(csv.DictReader(done.stdout.decode().splitlines()))
    assert Counter(receipt["repeated"] for receipt in repeats) == {"True": count}
    found = {receipt["id"]: same(receipt) for receipt in repeats}
    assert {name: found[name] for name in answered} == {name: same(receipt) for name, receipt in answered.items()}
    report = verify(book)
    assert (report.findings, report.seal, report.instructions) == ([], "closed", count)


def same(receipt: dict[str, str]) -> dict[str, str]:
    """Return what a receipt says of the instruction, wherever and however often it was asked."""
    return {name: value for name, value in receipt.items() if name not in ("file", "row", "repeated")}


def test_receipts_come_out_when_they_are_durable(tmp_path: Path) -> None:
    """Nobody waits for a buffer to fill: what a reader of the pipe sees is in the book, and the first batch comes while the rest is posted."""
    file, book = tmp_path / "day.csv", tmp_path / "bank.book"
    file.write_text(HEADER + "".join(row(number) for number in range(3000)))
    child = subprocess.Popen(command(book, file), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    lines = [child.stdout.readline() for _ in range(65)]
    os.kill(child.pid, signal.SIGSTOP)
    seen = [line.decode().split(",")[2] for line in lines[1:]]
    with open_book(book) as opened:
        ids = {instruction.id for batch in opened.batches() for instruction in batch.instructions}
    child.kill()
    child.communicate()
    assert set(seen) <= ids
    assert len(ids) < 3000


def test_a_reader_that_stops_listening_is_no_failure(tmp_path: Path) -> None:
    file, book = tmp_path / "day.csv", tmp_path / "bank.book"
    file.write_text(HEADER + "".join(row(number) for number in range(3000)))
    child = subprocess.Popen(command(book, file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    child.stdout.readline()
    child.stdout.close()
    errors = child.stderr.read().decode()
    assert (child.wait(), errors) == (0, "")
    report = verify(book)
    assert (report.findings, report.seal) == ([], "closed")
    assert report.instructions < 3000
