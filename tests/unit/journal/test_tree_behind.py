"""The tree kept behind a writer is the one that the journal gives, and asks nothing of the writer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from skarb.core.errors import Conflict, InputError, Unavailable
from skarb.journal import NewAccount, open_ledger, read_seal, verify
from skarb.journal.tree import laws_of, open_tree, tree_path
from skarb.journal.treebehind import TreeBehind
from skarb.store import BookUrl, open_store

FILES = ("nodes", "keys", "accounts", "batches")


def files(path: Path) -> dict[str, bytes]:
    return {name: (tree_path(path) / name).read_bytes() for name in FILES}


def made_anew(path: Path) -> dict[str, bytes]:
    for name in FILES:
        (tree_path(path) / name).unlink()
    store = open_store(path)
    with open_tree(path, store, store.meta("book") or "", laws_of(store), whole=True):
        pass
    store.close()
    return files(path)


@pytest.mark.parametrize("name", ["bank.book", "bank.segments"])
def test_it_is_the_tree_of_the_journal_and_the_book_is_sealed(small: ModuleType, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with small.create(path) as book, TreeBehind(book) as behind:
        for size in (20, 1, 30, 300, 1):
            start = book.instructions - 20
            small.hand_in(book, [small.instruction(start + row) for row in range(size)])
            if size == 30:
                assert behind.wait() == book.sequence
    kept = files(path)
    assert len(kept["batches"]) == 112 * (1 + book.sequence)
    assert made_anew(path) == kept
    seal = read_seal(path)
    assert seal is not None and seal.state == "closed", "nobody is reading any more when the book is closed"
    assert verify(path).ok


def test_it_goes_on_where_a_tree_stands_and_knows_a_ledger_without_instructions(tmp_path: Path) -> None:
    path = tmp_path / "fund.book"
    for number in range(3):
        with open_ledger(path, clock=lambda: datetime(2026, 10, 1, tzinfo=UTC), name="fund") as ledger, TreeBehind(ledger.book):
            ledger.open_accounts([NewAccount(f"member/{number}", "BYN")])
    kept = files(path)
    assert len(kept["batches"]) == 112 * 4
    assert kept["keys"] == b""
    assert made_anew(path) == kept


def test_what_goes_wrong_is_said_by_the_follower_and_not_by_the_writer(small: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "bank.book"
    tree_path(path).write_bytes(b"a file where the folder must be")
    with small.create(path) as book:
        behind = TreeBehind(book)
        with pytest.raises(Conflict, match="followed already"):
            TreeBehind(book)
        small.hand_in(book, [small.instruction(row) for row in range(20)])
        with pytest.raises(Unavailable, match="the book is whole"):
            behind.wait()
        with pytest.raises(Unavailable):
            behind.close()
        small.hand_in(book, [small.instruction(0)])
    assert verify(path).ok


def test_a_book_in_a_database_has_no_place_for_it(small: ModuleType, tmp_path: Path) -> None:
    with small.create(tmp_path / "bank.book") as book:
        book.path = BookUrl("postgresql://nobody@nowhere/x", "bank")
        with pytest.raises(InputError, match="lies in a database"):
            TreeBehind(book)
        book.path = tmp_path / "bank.book"
