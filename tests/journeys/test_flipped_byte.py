"""Somebody changes one byte of a bank's book: verification says that, and where."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest
from tests.thorough import THOROUGH

from skarb.journal import check_seal, read_seal, seal_path, verify
from skarb.journal.seal import BLOCK
from skarb.journal.sealcheck import different_blocks
from skarb.store.pages import page_size

spec = importlib.util.spec_from_file_location("small_book", Path(__file__).with_name("small_book.py"))
small = importlib.util.module_from_spec(spec)
sys.modules["small_book"] = small
spec.loader.exec_module(small)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A closed book of a few batches, small and large, as the bytes of its file and of its seal."""
    path = tmp_path_factory.mktemp("flipped") / "bank.book"
    start = 0
    for size in (1, 30, 300, 1, 5):
        with small.create(path) as book:
            small.hand_in(book, [small.instruction(number) for number in range(start, start + size)])
        start += size
    assert verify(path).ok
    return path.read_bytes(), seal_path(path).read_bytes()


@pytest.fixture
def book(tmp_path: Path, original: tuple[bytes, bytes]) -> Path:
    path = tmp_path / "bank.book"
    path.write_bytes(original[0])
    seal_path(path).write_bytes(original[1])
    return path


def flip(path: Path, at: int, mask: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ mask]))


def test_every_byte_of_the_header_page_is_guarded(book: Path, original: tuple[bytes, bytes]) -> None:
    seal, chance = read_seal(book), random.Random(1)
    assert list(different_blocks(book, seal)) == []
    for at in range(page_size(book, 0)):
        mask = chance.randrange(1, 256)
        flip(book, at, mask)
        _, start, stop, given, expected = next(different_blocks(book, seal))
        assert (start, stop, expected) == (0, BLOCK, seal.blocks[0]) != (0, BLOCK, given)
        flip(book, at, mask)
    assert book.read_bytes() == original[0]


def test_any_byte_anywhere_is_found_and_located(book: Path) -> None:
    chance = random.Random(2)
    size = book.stat().st_size
    header = list(range(100))
    for at in header + [chance.randrange(size) for _ in range(2_000 if THOROUGH else 150)]:
        mask = 1 << chance.randrange(8)
        flip(book, at, mask)
        (finding,) = check_seal(book).findings
        assert finding.check == "seal"
        assert finding.start <= at < finding.stop
        assert finding.stop - finding.start <= BLOCK
        assert f"page {at // 16384 + 1}" in finding.where or "pages" in finding.where
        flip(book, at, mask)
    assert check_seal(book).findings == []
    assert sorted(file.name for file in book.parent.iterdir()) == ["bank.book", "bank.book.seal"]


@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_every_byte_of_the_seal_is_guarded(book: Path, mask: int) -> None:
    seal = seal_path(book)
    for at in range(seal.stat().st_size):
        flip(seal, at, mask)
        check = check_seal(book)
        assert check.state == "damaged"
        (finding,) = check.findings
        assert (finding.start, finding.stop) == (at, at + 1)
        flip(seal, at, mask)
    assert verify(book).ok


@pytest.mark.parametrize("sealed", [True, False])
def test_a_byte_of_an_instruction_names_its_batch_and_row(book: Path, sealed: bool) -> None:
    data = book.read_bytes()
    places = {
        "i-000000": (2, 0),
        "i-000001": (3, 0),
        "i-000017": (3, 16),
        "i-000200": (4, 169),
        "i-000332": (6, 0),
        "i-000336": (6, 4),
    }
    if not sealed:
        seal_path(book).unlink()
    for name, (sequence, row) in places.items():
        assert data.count(name.encode()) == 1
        at = data.index(name.encode()) + 7
        flip(book, at, 0x01)
        report = verify(book)
        assert report.seal == ("closed" if sealed else "missing")
        assert (sequence, row) in {(finding.sequence, finding.row) for finding in report.findings if finding.check == "identity"}
        assert {finding.sequence for finding in report.findings if finding.check == "chain"} == {sequence}
        if sealed:
            assert any(finding.check == "seal" and f"batch {sequence}" in finding.where for finding in report.findings)
        flip(book, at, 0x01)
    assert verify(book).ok


def test_without_a_seal_any_byte_of_a_batch_is_found_by_the_chain(book: Path) -> None:
    seal_path(book).unlink()
    assert (verify(book).ok, verify(book).skipped) == (True, {"seal"})
    from skarb.store import open_store

    store, data, chance = open_store(book, still=True), book.read_bytes(), random.Random(3)
    for entry in store.read():
        piece = entry.body[:2000]
        origin = data.index(piece)
        for at in [0, 1, *(chance.randrange(len(piece)) for _ in range(5)), len(piece) - 1]:
            flip(book, origin + at, 1 << chance.randrange(8))
            report = verify(book)
            assert entry.sequence in {finding.sequence for finding in report.findings if finding.check == "chain"}
            book.write_bytes(data)
    store.close()


def test_damage_of_any_size_ends_in_a_report(book: Path, original: tuple[bytes, bytes]) -> None:
    chance = random.Random(4)
    data = original[0]
    for attempt in range(200 if THOROUGH else 20):
        piece = chance.randbytes(chance.choice([1, 8, 100, 5_000, 40_000]))
        at = chance.randrange(len(data) - len(piece))
        changed = data[:at] + piece + data[at + len(piece) :]
        changed = changed[: chance.randrange(1, len(data))] if attempt % 5 == 0 else changed
        book.write_bytes(changed)
        if attempt % 3 == 0:
            seal_path(book).unlink(missing_ok=True)
        else:
            seal_path(book).write_bytes(original[1])
        report = verify(book)
        assert not report.ok or report.seal == "missing"
    for content in (b"", b"\0", data[:99], data[:16_384]):
        book.write_bytes(content)
        seal_path(book).write_bytes(original[1])
        assert not verify(book).ok


def test_an_older_copy_of_the_book_is_not_taken_for_the_sealed_one(book: Path, original: tuple[bytes, bytes]) -> None:
    with small.create(book) as opened:
        small.hand_in(opened, [small.instruction(1_000)])
    book.write_bytes(original[0])
    report = verify(book)
    assert report.failed("seal")
    last = next(finding for finding in report.findings if finding.where == "last batch")
    assert (last.given.split()[0], last.expected.split()[0]) == ("6", "7")
