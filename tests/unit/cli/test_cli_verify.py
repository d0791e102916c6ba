"""`skarb verify`: a good book passes, a changed one is found, located, and the exit code says so."""

import json
import random
from pathlib import Path

import pytest

LAW = ("--law", "zz", "--assume", "natural_person")


@pytest.fixture
def book(skarb, payments: Path, tmp_path: Path) -> Path:
    skarb("post", payments, *LAW, "--book", "my.book")
    return tmp_path / "my.book"


def test_a_good_book(skarb, book: Path) -> None:
    result = skarb("verify", book)
    assert result.code == 0
    assert "7 instructions" in result.out and "✗" not in result.out
    assert "ZZD" in result.out
    (report,) = json.loads(skarb("verify", book, "--json").out)
    assert (report["instructions"], report["findings"]) == (7, [])


def test_any_flipped_byte_is_found(skarb, book: Path) -> None:
    data = book.read_bytes()
    chance = random.Random(5)
    for at in [0, 100, len(data) - 1, data.index(b"ZZ-D2-2026/pay"), *(chance.randrange(len(data)) for _ in range(6))]:
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        book.write_bytes(changed)
        result = skarb("verify", book)
        assert result.code == 9, at
        assert "✗" in result.out
        (report,) = json.loads(skarb("verify", book, "--json").out)
        assert any(f["start"] is not None and f["start"] <= at < f["stop"] for f in report["findings"])
    book.write_bytes(data)
    assert skarb("verify", book).code == 0


def test_a_damaged_book_is_not_written_to(skarb, book: Path, payments: Path) -> None:
    data = bytearray(book.read_bytes())
    data[data.index(b"p10") + 1] ^= 1
    book.write_bytes(data)
    result = skarb("post", payments, *LAW, "--book", book)
    assert result.code not in (0, 1)
    assert "skarb verify" in result.err.replace("\n", " ")
    assert skarb("verify", book).code == 9


def test_the_worst_of_several_books_counts(skarb, book: Path, payments: Path, tmp_path: Path) -> None:
    skarb("post", payments, *LAW, "--book", "other.book")
    other = bytearray((tmp_path / "other.book").read_bytes())
    other[200] ^= 1
    (tmp_path / "other.book").write_bytes(other)
    assert skarb("verify", book, "other.book").code == 9
    assert skarb("verify", "other.book", book).code == 9


def test_what_is_no_book(skarb, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no book")
    (tmp_path / "empty.book").touch()
    for name, code in (("nothing.book", 4), (tmp_path, 3), ("note.txt", 9), ("empty.book", 9)):
        assert (str(name), skarb("verify", name).code) == (str(name), code)
