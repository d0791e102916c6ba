"""A bank whose machine dies at any moment: what it answered is there, nothing is there twice.

A child process posts to a book and prints each receipt once it may be given. It is killed with a signal that it cannot see.
"""

import importlib.util
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
import pytest
from tests.thorough import THOROUGH

from skarb.core.decision import Receipt
from skarb.journal import open_book, read_seal, verify
from skarb.store import Location

DRIVER = Path(__file__).with_name("small_book.py")
SOURCE = Path(sys.modules["skarb"].__file__ or "").parents[1]
KILLS = 200 if THOROUGH else 20

spec = importlib.util.spec_from_file_location("small_book", DRIVER)
small = importlib.util.module_from_spec(spec)
sys.modules["small_book"] = small
spec.loader.exec_module(small)


@pytest.fixture(params=["bank.book", "bank.segments", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    return request.getfixturevalue("new_schema")() if request.param == "postgres" else tmp_path / request.param


def post_until_killed(path: Location, start: int, size: int, delay: float, *style: str) -> list[Receipt]:
    """Let a child post, kill it, and return the receipts whose whole line came through."""
    with NamedTemporaryFile() as err:
        errors = Path(err.name)
        child = subprocess.Popen(
            [sys.executable, str(DRIVER), str(path), str(start), str(size), *style],
            bufsize=0,  # what a buffer here had read ahead would be lost
            stdout=subprocess.PIPE,
            stderr=err,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
    ready = child.stdout.readline()
    killer = threading.Timer(delay, child.kill)
    killer.start()
    out = child.stdout.read()
    child.wait()
    killer.join()
    child.stdout.close()
    assert (ready, child.returncode) == (b"ready\n", -signal.SIGKILL), errors.read_text()
    receipts = [msgspec.json.decode(line, type=Receipt) for line in out.split(b"\n")[:-1]]
    assert [receipt.id for receipt in receipts] == [small.instruction(start + row).id for row in range(len(receipts))]
    return receipts


def settled(receipt: Receipt) -> Receipt:
    return msgspec.structs.replace(receipt, repeated=False)


def test_every_acknowledged_receipt_survives_and_nothing_is_there_twice(place: Location) -> None:
    path, chance = place, random.Random(2026)
    kills = KILLS if path.name == "bank.book" else KILLS // 2
    answered: dict[int, Receipt] = {}
    unseen: set[int] = set()  # acknowledged since the book was looked at
    start = 0
    for kill in range(kills):
        receipts = post_until_killed(path, start, chance.choice([1, 3, 40]), chance.random() * 0.15)
        given = {start + row: settled(receipt) for row, receipt in enumerate(receipts)}
        # Mostly the next child recovers by itself, with nobody looking in between, and hands in some ids again.
        answered |= {number: answered.get(number, receipt) for number, receipt in given.items()}
        assert {number: answered[number] for number in given} == given
        unseen |= given.keys()
        start = max(0, start + len(receipts) - chance.choice([0, 0, 2]))
        if kill % 4 == 3:
            look(path, {number: answered[number] for number in sorted(unseen)})
            unseen.clear()
    assert len(answered) > kills
    with small.create(path) as book:
        again = small.hand_in(book, [small.instruction(number) for number in sorted(answered)])
        assert [settled(receipt) for receipt in again] == [answered[number] for number in sorted(answered)]
    assert not isinstance(path, Path) or read_seal(path).state == "closed"
    assert verify(path).ok


def look(path: Location, answered: dict[int, Receipt]) -> None:
    """Check the book as it was left, then recover it and hand in again what was answered."""
    left = verify(path)
    state = "open" if isinstance(path, Path) else "missing"
    assert (left.seal, [str(finding) for finding in left.findings], left.skipped) == (state, [], {"seal"})
    with small.create(path) as book:
        count = book.instructions
        again = small.hand_in(book, [small.instruction(number) for number in answered])
        assert [settled(receipt) for receipt in again] == list(answered.values())
        assert all(receipt.repeated for receipt in again)
        assert book.instructions == count
        ids = [instruction.id for batch in book.batches() for instruction in batch.instructions]
        assert len(ids) == len(set(ids)) == count


@pytest.mark.parametrize("name", ["bank.book", "bank.segments"])
def test_a_machine_may_die_while_it_closes_the_book(tmp_path: Path, name: str) -> None:
    """Folding the log into the file, giving back room and writing the seal can be cut short anywhere, too."""
    path, chance, start = tmp_path / name, random.Random(7), 0
    for _ in range(KILLS // 3):
        receipts = post_until_killed(path, start, 2, chance.random() * 0.2, "closing")
        report = verify(path)
        assert [str(finding) for finding in report.findings] == []
        assert report.instructions >= 20 + start + len(receipts)
        start = report.instructions - 20
    with small.create(path) as book:
        assert all(receipt.repeated for receipt in small.hand_in(book, [small.instruction(number) for number in range(start)]))
    assert (verify(path).seal, verify(path).ok) == ("closed", True)


def test_a_batch_that_was_written_but_not_answered_is_found_by_its_ids(tmp_path: Path) -> None:
    """The answer got lost, not the batch: handing the same in again gives the answer that nobody received."""
    path = tmp_path / "bank.book"
    lost = post_until_killed(path, 0, 40, 0.05)
    with small.create(path) as book:
        before = book.instructions
        number = before - 20  # the first instruction that nobody can have had an answer to, or the very next
        receipt = small.hand_in(book, [small.instruction(max(0, number - 1))])[0]
        assert receipt.repeated == (number > 0)
        assert book.instructions == before + (0 if receipt.repeated else 1)
        assert len(lost) <= before


@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_a_torn_log_loses_only_what_was_not_acknowledged(tmp_path: Path, damage: str) -> None:
    """Bytes of a transaction that never came to its end are passed over; the batches before it are whole."""
    path = tmp_path / "bank.book"
    small.create(path).close()
    receipts = post_until_killed(path, 0, 5, 0.1)
    log = path.with_name(path.name + "-wal")
    whole = log.read_bytes()
    torn = whole[: len(whole) - 3000] if damage == "cut" else whole + random.Random(1).randbytes(40_000)
    log.write_bytes(torn)
    with open_book(path) as book:
        have = book.instructions - 20
        assert have >= len(receipts) - (5 if damage == "cut" else 0)
        assert have % 5 == 0
    report = verify(path)
    assert (report.findings, report.seal) == ([], "open")
    with small.create(path) as book:
        small.hand_in(book, [small.instruction(number) for number in range(have + 10)])
    assert verify(path).ok
